"""Every rule about exporters catches the mistake that it is there for."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest

from pe_sdk import CannotMake, ExporterSpec, OutputSpec, Release
from pe_sdk.testing import check_exporter, checks


def write(path, release):
    if release.output.kind not in ("image", "series"):
        raise CannotMake("no")
    about = {"output": release.output.to_json(), "names": release.label_names}
    text = json.dumps({**about, "labels": release.labels.tolist(), "data": release.data.tolist()})
    path.write_text(text)


def read(path):
    found = json.loads(path.read_text())
    output = OutputSpec.from_json(found["output"])
    data = np.array(found["data"], output.dtype)
    return Release(output, data, np.array(found["labels"], np.int64), tuple(found["names"]))


GOOD = ExporterSpec("good", "JSON", write, kinds=("image", "series"), read=read)


def failed(spec):
    return {result.name for result in check_exporter(spec).results if result.status == "failed"}


def also(action):
    def wrapped(path, release):
        write(path, release)
        action(path, release)

    return replace(GOOD, write=wrapped)


def changed(**parts):
    def wrapped(path):
        release = read(path)
        return replace(release, **{name: part(release) for name, part in parts.items()})

    return replace(GOOD, read=wrapped)


def linked(path, release):
    path.unlink()
    path.symlink_to("/dev/null")


def counted(path, release, seen=[]):  # noqa: B006  the mistake is that calls know each other
    seen.append(path)
    path.write_text(path.read_text() + " " * len(seen))


def rounded(path, release):
    write(path, replace(release, data=np.rint(release.data).astype(release.data.dtype)))


def dated(path, release):
    path.write_text(path.read_text() + " " * (int(time.time()) % 4096))


def named(path, release):
    path.write_text(path.read_text() + " " * len(path.name))


def only_series_refused(path, release):
    if release.output.kind == "series":
        raise CannotMake("no")
    path.write_text(str(release.data.tolist()))


def series_zeroed(path, release):
    if release.output.kind == "series":
        release.data[:] = 0


def zeroed(path, release):
    release.data[:] = 0


MISTAKES = {
    "exporter_metadata": [replace(GOOD, kinds="image"), replace(GOOD, read=None)],
    "writes_at_the_path": [
        also(lambda path, release: (path.parent / "more").write_text("x")),
        also(lambda path, release: path.unlink()),
        also(linked),
        replace(GOOD, folder=True, write=lambda path, release: path.rmdir()),
        replace(GOOD, folder=True, write=lambda path, release: None),
        replace(GOOD, write=lambda path, release: path.touch()),
    ],
    "reads_back": [
        changed(data=lambda release: release.data // 2),
        changed(data=lambda release: release.data.astype("int64")),
        replace(GOOD, write=rounded),
        changed(labels=lambda release: release.labels[::-1]),
        changed(labels=lambda release: release.labels.astype("int32")),
        changed(label_names=lambda release: release.label_names[::-1]),
    ],
    "refuses_other_kinds": [
        replace(GOOD, kinds=("image",)),
        replace(GOOD, kinds=("image",), write=only_series_refused, read=None, loses="much"),
    ],
    "writes_deterministically": [also(counted), also(dated), also(named)],
    "changes_nothing": [also(zeroed), also(series_zeroed)],
    "metadata": [replace(GOOD, name="Not good")],
}


def test_a_good_exporter_passes():
    assert not failed(GOOD)


@pytest.mark.parametrize("check", MISTAKES)
def test_every_mistake_is_caught(check):
    for spec in MISTAKES[check]:
        assert check in failed(spec)


def test_every_rule_of_exporters_has_a_mistake():
    proved_elsewhere = {"import_budget", "forbidden_imports"}  # the same function for all kinds
    assert {check.name for check in checks("exporter")} - proved_elsewhere == set(MISTAKES)
