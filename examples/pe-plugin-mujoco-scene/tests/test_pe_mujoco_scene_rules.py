"""Conformance: one test for each rule of `pe_sdk.testing` that every plugin keeps."""

from collections.abc import Callable

from pe_sdk.testing import parametrize_with_checks


@parametrize_with_checks(["mujoco-scene"])
def test_the_generator_keeps_the_rules(check: Callable[[], None]) -> None:
    check()


@parametrize_with_checks(["mujoco-scene-data"], kind="reader", location="demo,records=40,size=32")
def test_the_reader_keeps_the_rules(check: Callable[[], None]) -> None:
    check()


@parametrize_with_checks(["mujoco-scene-look"], kind="embedding")
def test_the_embedding_keeps_the_rules(check: Callable[[], None]) -> None:
    check()
