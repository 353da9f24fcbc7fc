"""Exporter `webdataset`: tar files of samples, for training that reads them one after the other.

A sample is `000012.png` and `000012.cls`, the position of its label. The names of the labels are in
`classes.json` beside the shards.
"""

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from pe_host.export.png import from_png, image_spec, to_png
from pe_sdk import CannotMake, ExporterSpec, Release, hookimpl

SHARD = 10_000
"""Samples in a shard."""

_CLASSES = "classes.json"


def write(path: Path, release: Release) -> None:
    """Write `shard-000000.tar`, … and `classes.json`.

    Raises:
        CannotMake: the records are not images.
    """
    if release.output.kind != "image":
        raise CannotMake(f"a web data set of images cannot hold {release.output.kind}")
    for number, start in enumerate(range(0, max(len(release.data), 1), SHARD)):
        rows = range(start, min(start + SHARD, len(release.data)))
        with tarfile.open(
            path / f"shard-{number:06d}.tar", "w", format=tarfile.USTAR_FORMAT
        ) as tar:
            for name, content in _members(release, rows):
                member = tarfile.TarInfo(name)  # no time and no owner: equal data, equal bytes
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    names = json.dumps(list(release.label_names), ensure_ascii=True)
    (path / _CLASSES).write_text(names + "\n", encoding="ascii")


def _members(release: Release, rows: range) -> Iterator[tuple[str, bytes]]:
    for row in rows:
        yield f"{row:06d}.png", to_png(release.data[row])
        yield f"{row:06d}.cls", str(release.labels[row]).encode()


def read(path: Path) -> Release:
    """Read what `write` wrote."""
    images, labels = [], []
    for shard in sorted(path.glob("shard-*.tar")):
        with tarfile.open(shard) as tar:
            for member in tar:
                stream = tar.extractfile(member)
                assert stream is not None  # it is a file
                if member.name.endswith(".png"):
                    images.append(from_png(stream.read()))
                else:
                    labels.append(int(stream.read()))
    names = tuple(json.loads((path / _CLASSES).read_text(encoding="ascii")))
    data = np.stack(images)
    return Release(image_spec(data), data, np.array(labels, np.int64), names)


WEBDATASET = ExporterSpec(
    "webdataset", "tar files of PNG images and labels", write, True, ("image",), read
)


@hookimpl
def pe_exporters() -> Iterable[ExporterSpec]:
    return [WEBDATASET]
