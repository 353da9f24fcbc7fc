"""Rules that hold before anything is made: metadata, options, and what an import costs."""

import re
from dataclasses import is_dataclass

from pe_sdk.options import describe_options
from pe_sdk.testing.bench import Bench
from pe_sdk.testing.registry import check, expect

IMPORT_SECONDS = 1.0
FORBIDDEN = (
    *(
        "pe_host",
        "torch",
        "tensorflow",
        "jax",
        "diffusers",
        "transformers",
        "numba",
        "sklearn",
        "scipy",
        "pandas",
    ),
    *("matplotlib", "trimesh", "pyrender", "mujoco", "pybullet", "pygame"),
)
"""Never needed to say what a plugin is: the factory may import them (pe_host: nothing may)."""


def metadata(bench: Bench) -> None:
    """The spec has a normalised name, a summary of one line, distinct labels and a block of at least one row."""
    spec = bench.spec
    expect(
        re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", spec.name), f"name {spec.name!r} is not like-this"
    )
    expect(
        spec.summary.strip() and "\n" not in spec.summary,
        "the summary is empty or has several lines",
    )
    if bench.subject.kind == "generator":
        expect(len(set(spec.labels)) == len(spec.labels), f"a label occurs twice: {spec.labels}")
        expect(isinstance(spec.block, int) and spec.block >= 1, f"block is {spec.block!r}")


def options_documented(bench: Bench) -> None:
    """The options are a frozen dataclass in which every field has a default and a help text."""
    options = bench.spec.options
    frozen = is_dataclass(options) and getattr(options, "__dataclass_params__").frozen  # noqa: B009  unknown to its stubs
    expect(frozen, "the options are no frozen dataclass")
    try:
        options()
    except TypeError as error:
        expect(False, f"an option has no default: {error}")
    bare = [info.name for info in describe_options(options) if not info.help.strip()]
    expect(not bare, f"options without help: {', '.join(bare)}")


def import_budget(bench: Bench) -> str:
    """Importing the plugin's module takes at most one second of processor time beyond pe_sdk in a fresh interpreter."""
    seconds = bench.imported["import_seconds"]
    expect(seconds <= IMPORT_SECONDS, f"{seconds:.2f} s; import heavy packages inside the factory")
    return f"{seconds:.2f} s"


def forbidden_imports(bench: Bench) -> None:
    """Importing the plugin's module imports neither the host nor a heavy package."""
    found = sorted(set(bench.imported["modules"]) & set(FORBIDDEN) - set(bench.allowed))
    expect(
        not found, f"it imports {', '.join(found)}; import them inside the factory (pe_host never)"
    )


for _kind in ("generator", "embedding", "reader"):
    check(_kind, "static")(metadata)
    if _kind != "reader":
        check(_kind, "static")(options_documented)
    check(_kind, "static")(import_budget)
    check(_kind, "static")(forbidden_imports)
