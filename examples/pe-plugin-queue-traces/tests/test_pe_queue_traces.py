"""What is particular to this plugin."""

from pathlib import Path

import numpy as np
import pytest
from pe_sdk import OutputSpec, SourceError
from pe_sdk.random import derive

from pe_queue_traces import arrays, blossoms

OUTPUT = OutputSpec.image(32, 32)


def test_every_parameter_changes_the_picture() -> None:
    simulator = blossoms.make(OUTPUT, ("0",), blossoms.Options())
    seeds = derive(1, "test", 50)
    labels = np.zeros(50, dtype=np.int64)
    params = simulator.space.sample(seeds)
    others = simulator.space.sample(derive(2, "test", 50))
    pictures = simulator.render(params, labels, seeds)
    OUTPUT.check(pictures, 50)
    for name in simulator.space:
        changed = simulator.render({**params, name: others[name]}, labels, seeds)
        assert (changed != pictures).any(axis=(1, 2, 3)).mean() > 0.5, name


def test_more_light_is_brighter() -> None:
    simulator = blossoms.make(OUTPUT, ("0",), blossoms.Options())
    seeds = derive(1, "test", 2)
    params = {k: v[[0, 0]] for k, v in simulator.space.sample(seeds).items()}
    params["light"] = np.array([80.0, 250.0])
    dark, light = simulator.render(params, np.zeros(2, dtype=np.int64), seeds)
    assert light.mean() > 2 * dark.mean()


def test_a_folder_is_read_whole(tmp_path: Path) -> None:
    np.save(tmp_path / "b.npy", np.full((2, 4, 5), 7, dtype=np.uint8))
    np.save(tmp_path / "a.npy", np.full((3, 4, 5), 9, dtype=np.uint8))
    info = arrays.describe(str(tmp_path))
    assert (info.output.shape, info.label_names, info.public) == ((4, 5, 1), ("a", "b"), False)
    table = arrays.read(str(tmp_path), info.output, ("b", "a"))
    assert table.data.shape == (5, 4, 5, 1)
    assert table.labels.tolist() == [1, 1, 1, 0, 0]
    assert table.data[:, 0, 0, 0].tolist() == [9, 9, 9, 7, 7]


@pytest.mark.parametrize("content", [None, b"no array"])
def test_what_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content:
        (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(SourceError) as caught:
        arrays.describe(str(tmp_path))
    assert str(tmp_path) in caught.value.where
