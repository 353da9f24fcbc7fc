"""The hooks of this plugin. Importing it is cheap, because `pe` does so to describe it."""

from collections.abc import Iterable

from pe_sdk import DoctorSpec, EmbeddingSpec, GeneratorSpec, ReaderSpec, hookimpl

from pe_mujoco_scene import demo, look, machine, making
from pe_mujoco_scene.parameters import KINDS


@hookimpl
def pe_generators() -> Iterable[GeneratorSpec]:
    return [
        GeneratorSpec(
            name="mujoco-scene",
            summary="objects dropped on a table by MuJoCo's physics, seen by a camera",
            factory=making.make,
            options=making.Options,
            labels=KINDS,
            default_data="mujoco-scene-data:demo",
            embedding="mujoco-scene-look",
            exact=True,
            block=64,
        )
    ]


@hookimpl
def pe_embeddings() -> Iterable[EmbeddingSpec]:
    return [
        EmbeddingSpec(
            name="mujoco-scene-look",
            summary="places of colours, their hues and directions of edges; nothing to train",
            factory=look.make,
        )
    ]


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    return [
        ReaderSpec(
            name="mujoco-scene-data",
            summary="demo: synthetic pictures of a robot's camera",
            describe=demo.describe,
            read=demo.read,
        )
    ]


@hookimpl
def pe_doctor() -> Iterable[DoctorSpec]:
    return [
        DoctorSpec(
            name="mujoco-scene",
            summary="MuJoCo, and OpenGL without a screen",
            check=machine.check,
        )
    ]
