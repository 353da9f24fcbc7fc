"""Fixtures shared by the tests of several packages."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

GENERATOR = """
from pe_sdk import GeneratorSpec, hookimpl

@hookimpl
def pe_generators():
    return [GeneratorSpec(name={name!r}, summary="made up", factory=None)]
"""

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Returns a function that installs made-up distributions.

    A distribution is a folder for `sys.path`, with dist-info and modules.
    """

    def make(
        distribution: str,
        entries: Mapping[str, str] | str,
        *,
        modules: Mapping[str, str] | None = None,
        version: str = "1.0",
        requires: tuple[str, ...] = ("pe-sdk>=1,<2",),
        summary: str = "a summary",
        group: str = "pe.plugins",
        place: str = "site",
    ) -> Path:
        """Write a distribution into the folder `place`, and return that folder."""
        root = tmp_path / place
        info = root / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        needs = "".join(f"Requires-Dist: {need}\n" for need in requires)
        head = (
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\nSummary: {summary}\n"
        )
        (info / "METADATA").write_text(head + needs)
        lines = (
            entries
            if isinstance(entries, str)
            else "".join(f"{name} = {to}\n" for name, to in entries.items())
        )
        (info / "entry_points.txt").write_text(f"[{group}]\n{lines}")
        for name, source in (modules or {}).items():
            (root / f"{name}.py").write_text(source)
        return root

    return make


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """400 images of 8 x 8 pixels in two classes, the second brighter, so that `echo` can learn."""
    rng = np.random.default_rng(11)
    labels = np.arange(400) % 2
    images = np.clip(rng.normal(60 + 120 * labels[:, None, None], 8, (400, 8, 8)), 0, 255)
    path = tmp_path / "private.npz"
    names = np.array(["dark", "light"])
    np.savez(path, images=images.astype(np.uint8), labels=labels, label_names=names)
    return path
