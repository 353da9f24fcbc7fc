"""Rules that hold before anything is made: metadata, options, and the cost of an import."""

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
"""Packages that a plugin's module may not import; its factory may, except pe_host."""


def metadata(bench: Bench) -> None:
    """The name is normalised, the summary one line, labels are distinct, the block is positive."""
    spec = bench.spec
    expect(
        re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", spec.name),
        f"name {spec.name!r} must be lower-case words joined by hyphens",
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
    parameters = getattr(options, "__dataclass_params__", None)
    frozen = is_dataclass(options) and parameters is not None and parameters.frozen
    expect(frozen, "the options are not a frozen dataclass")
    try:
        options()
    except TypeError as error:
        expect(False, f"an option has no default: {error}")
    bare = [info.name for info in describe_options(options) if not info.help.strip()]
    expect(not bare, f"options without a help text: {', '.join(bare)}")


def import_budget(bench: Bench) -> str:
    """A fresh import of the plugin's module takes at most one second of CPU time beyond pe_sdk."""
    seconds = bench.imported["import_seconds"]
    expect(seconds <= IMPORT_SECONDS, f"{seconds:.2f} s; import heavy packages inside the factory")
    return f"{seconds:.2f} s"


def forbidden_imports(bench: Bench) -> None:
    """Importing the plugin's module imports neither the host nor a heavy package."""
    found = sorted(set(bench.imported["modules"]) & set(FORBIDDEN) - set(bench.own_packages))
    expect(
        not found, f"it imports {', '.join(found)}; import them inside the factory (pe_host never)"
    )


for _kind in ("generator", "embedding", "reader", "exporter"):
    check(_kind, "static")(metadata)
    if _kind in ("generator", "embedding"):
        check(_kind, "static")(options_documented)
    check(_kind, "static")(import_budget)
    check(_kind, "static")(forbidden_imports)
