"""Private files as an attacker, or bad luck, makes them: exit code and message of each.

Every one ends in one clear error before anything is spent, and leaves no run folder. Names of files
show only where the user asks for them.
"""

import gzip
import io
import json
import os
import socket
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pe_host.formats.tests.test_archives import header
from pe_host.formats.tests.test_pictures import POSTSCRIPT, png_of, text_bomb

NAME = "jane-doe.png"
CLASSES = ("dark", "light")


def write_pictures(root: Path) -> Path:
    """60 pictures of 8 x 8 in two class folders."""
    rng = np.random.default_rng(3)
    for number in range(60):
        place = root / CLASSES[number % 2] / f"p{number:02d}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.normal(60 + 120 * (number % 2), 8, (8, 8)).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(place)
    return root


def listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


def link_to(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def content(data: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(data) and None


def device(path: Path) -> None:
    os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero


def outside(path: Path) -> None:
    secret = path.parents[2] / "secret.png"
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(secret)
    path.symlink_to(secret)


def truncated(path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (8, 8), np.uint8)
    Image.fromarray(pixels).save(path)
    path.write_bytes(path.read_bytes()[:-50])


def colour(path: Path) -> None:
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)


PICTURES: dict[str, tuple[Callable[[Path], None], str]] = {
    "PostScript under another name": (content(POSTSCRIPT), "cannot be read as an image"),
    "a pipe": (lambda path: os.mkfifo(path), "is a pipe, not a file"),
    "a socket": (listen, "is a socket, not a file"),
    "a device": (device, "is a device, not a file"),
    "a link to a device": (link_to("/dev/zero"), "is a link that leads out of the folder"),
    "a link out": (outside, "is a link that leads out of the folder"),
    "a link to nothing": (link_to("nothing"), "cannot be opened"),
    "30,000 x 30,000": (content(png_of(30_000, 30_000)), "announces more than 100 million pixels"),
    "a zTXt bomb": (content(png_of(8, 8, text_bomb(b"zTXt"))), "holds more than 1 MiB of text"),
    "an iTXt bomb": (content(png_of(8, 8, text_bomb(b"iTXt"))), "holds more than 1 MiB of text"),
    "an empty file": (content(b""), "cannot be read as an image"),
    "a truncated picture": (truncated, "is damaged"),
    "another size": (content(png_of(9, 8)), "has 8 × 9 pixels, not 8 × 8"),
    "another kind": (colour, "is a colour image (mode RGB), not gray"),
}


def check_refused(pe, done, says: str) -> None:
    assert done.returncode == 5, done.stderr
    assert says in done.stderr and "next: " in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and "this is a bug" not in done.stderr
    assert not done.stdout and not (pe.folder / "run").exists(), "nothing is left"


@pytest.mark.parametrize("what", PICTURES)
def test_a_hostile_picture_is_one_clear_error_without_its_name(pe, what):
    make, says = PICTURES[what]
    if what == "a device" and os.geteuid() != 0:
        pytest.skip("needs the superuser")
    data = write_pictures(pe.folder / "data")
    make(data / "light" / NAME)
    words = ["generate", *pe.small, "--data", "data", "--out", "run"]
    done = pe(*words)
    check_refused(pe, done, f"data/light: the file in row 0 of this class folder {says}")
    assert "jane" not in done.stderr and "--show-names" in done.stderr
    if what == "an empty file":
        shown = pe(*words, "--show-names")
        check_refused(pe, shown, f"file: '{NAME}'")


def test_hostile_pictures_are_dropped_and_nothing_says_how_many(pe):
    data = write_pictures(pe.folder / "data")
    for number, what in enumerate(PICTURES):
        if what != "a device":
            PICTURES[what][0](
                data / "light" / f"a{number:02d}-{NAME}"
            ) if what != "a link out" else 0
    words = ["generate", *pe.small, "--data", "data", "--out", "run", "--bad-records", "drop"]
    done = pe(*words)
    assert done.returncode == 0, done.stderr
    run = pe.folder / "run"
    card = (run / "release/README.md").read_text()
    assert "is dropped and contributes nothing" in card
    assert "bad_records" in (run / "config.toml").read_text()
    log = (run / "internal/log.txt").read_text()
    texts = [done.stderr, done.stdout, log, card, (run / "internal/report.html").read_text()]
    for text in texts:
        assert "jane" not in text and "11 records" not in text and "dropped 1" not in text
    dry = pe("generate", *pe.small, "--data", "data", "--dry-run")
    assert dry.returncode == 0 and "every record is well-formed" in dry.stdout


def write_bomb(path: Path) -> None:
    """256 MiB of zeros behind the header of 6 images, in some hundred kilobytes."""
    head = struct.pack(">BBBB3I", 0, 0, 8, 3, 6, 8, 8)
    path.write_bytes(gzip.compress(head + bytes(1 << 28), 9))


def write_npz(path: Path, **arrays: object) -> None:
    good = {"images": np.zeros((6, 8, 8), np.uint8), "labels": np.arange(6) % 2}
    np.savez(path, **{**good, **arrays})


def write_announced(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", header((2**30, 64, 64)) + b"x")
        archive.writestr("labels.npy", header((2**30,), "<i8") + b"x")


def write_other_member(path: Path) -> None:
    write_npz(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"../{NAME}", b"")


def names(*values: str) -> Callable[[Path], None]:
    return lambda path: write_npz(path, label_names=np.array(values))


class Trap:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code of the data ran')",))


FILES: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "a gz bomb": ("x-images-idx3-ubyte.gz", write_bomb, "does not match its header"),
    "objects": (
        "x.npz",
        lambda path: write_npz(path, labels=np.array([Trap()] * 6, object)),
        "'labels' holds Python objects, which are not read",
    ),
    "an announced array": ("x.npz", write_announced, "announces another size"),
    "a member of another name": ("x.npz", write_other_member, "member 2 of the archive is not"),
    "a surrogate": ("x.npz", names("a", "\ud800"), "class 1 holds the character U+D800"),
    "a control": ("x.npz", names("a", "b\x1b[2J"), "class 1 holds the character U+001B"),
    "a line end": ("x.npz", names("a\nb", "c"), "class 0 holds the character U+000A"),
    "a long name": ("x.npz", names("a", "b" * 10_000), "class 1 has 10,000 characters"),
    "no records": (
        "x.npz",
        lambda path: write_npz(
            path, images=np.zeros((0, 8, 8), np.uint8), labels=np.zeros(0, np.int64)
        ),
        "there are no records",
    ),
    "a pipe": ("x.npz", lambda path: os.mkfifo(path), "this is a pipe, not a file"),
    "a device": ("x.npz", link_to("/dev/zero"), "this is a device, not a file"),
}


@pytest.mark.parametrize("what", FILES)
def test_a_hostile_file_is_one_clear_error(pe, what):
    name, make, says = FILES[what]
    make(pe.folder / name)
    labels = struct.pack(">BBBBI", 0, 0, 8, 1, 6) + bytes(6)
    (pe.folder / "x-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
    done = pe("generate", *pe.small, "--classes", "a,b", "--data", name, "--out", "run")
    if says.startswith("class"):
        done = pe("generate", *pe.small, "--data", name, "--out", "run")
    check_refused(pe, done, says)
    assert "jane" not in done.stderr
    assert not any(ord(c) < 32 and c != "\n" for c in done.stderr)


def write_zip(path: Path, *names: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, png_of(8, 8))


def write_understated_zip(path: Path) -> None:
    """256 MiB, announced as 100 bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"a/{NAME}", bytes(1 << 28))
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\1\2") + 24
    content[place : place + 4] = struct.pack("<L", 100)
    path.write_bytes(content)


def write_zip_bomb(path: Path) -> None:
    """A picture of 256 MiB and a byte, in some hundred kilobytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(f"a/{NAME}", bytes((1 << 28) + 1))


def write_tar(path: Path, name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        picture, header = tarfile.TarInfo("0.png"), tarfile.TarInfo(name)
        picture.size = len(png_of(8, 8))
        archive.addfile(picture, io.BytesIO(png_of(8, 8)))
        header.type, header.size, header.linkname = kind, size, "/etc/hostname"
        archive.addfile(header)
    path.write_bytes(gzip.compress(content.getvalue() + bytes(max(0, min(size, 1 << 20)))))


OUT = f"../{NAME}"
ARCHIVES: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "a zip that leads out": ("x.zip", lambda path: write_zip(path, "a/1.png", OUT), "member 1 of"),
    "an absolute name": ("x.zip", lambda path: write_zip(path, f"/tmp/{NAME}"), "plain relative"),
    "a zip bomb": ("x.zip", write_zip_bomb, "is larger than 256 MiB"),
    "a zip that understates": ("x.zip", write_understated_zip, "cannot be read from the archive"),
    "a tar that leads out": ("x.tar.gz", lambda path: write_tar(path, OUT), "plain relative path"),
    "a tar with a link": (
        "x.tar.gz",
        lambda path: write_tar(path, NAME, tarfile.SYMTYPE),
        "is a link or another thing that is not a file",
    ),
    "a name twice": ("x.tar.gz", lambda path: write_tar(path, "0.png"), "name of another one"),
    "a tar bomb": (
        "x.tar.gz",
        lambda path: write_tar(path, NAME, size=1 << 40),
        "is larger than 256 MiB",
    ),
    "a tar that leads back": (
        "x.tar.gz",
        lambda path: write_tar(path, NAME, size=-512),
        "this is not a tar file, or it is damaged",
    ),
}


@pytest.mark.parametrize("what", ARCHIVES)
def test_a_hostile_archive_is_one_clear_error_and_nothing_is_unpacked(pe, what):
    name, make, says = ARCHIVES[what]
    (pe.folder / "data").mkdir()
    make(pe.folder / "data" / name)
    before = sorted(pe.folder.rglob("*"))
    done = pe("generate", *pe.small, "--data", f"data/{name}", "--out", "run")
    check_refused(pe, done, says)
    assert "jane" not in done.stderr
    assert [path for path in sorted(pe.folder.rglob("*")) if "jane" in path.name] == []
    assert set(before) <= set(pe.folder.rglob("*"))


def test_a_class_folder_with_a_name_that_is_no_text_is_one_clear_error(pe):
    data = write_pictures(pe.folder / "data")
    (data / "dark").rename(os.fsdecode(os.fsencode(data) + b"/\xffdark"))
    done = pe("generate", *pe.small, "--data", "data", "--out", "run")
    check_refused(pe, done, "the name of class 1 holds the character U+DCFF")


def test_a_large_delta_by_the_released_number_is_refused_and_can_be_allowed(pe, digits):
    """400 records and a noise of a few: never near 100."""
    words = ["generate", *pe.small, "--delta", "0.01", "--data", digits, "--out", "run"]
    done = pe(*words)
    assert done.returncode == 4 and "is not below 1/n" in done.stderr, done.stderr
    assert "--allow-large-delta" in done.stderr and not (pe.folder / "run/release").exists()
    lines = (pe.folder / "run/ledger.jsonl").read_text().splitlines()
    assert [json.loads(line).get("kind") for line in lines] == [None, "class-counts"]
    done = pe(*words, "--resume", "--allow-large-delta")
    assert done.returncode == 0, done.stderr
    assert "NOT below 1/n" in (pe.folder / "run/release/README.md").read_text()


def test_clients_keep_their_other_records_where_one_is_dropped(pe):
    """The unit is the client; a client whose records are all bad contributes nothing."""
    series = np.random.default_rng(1).random((200, 8, 8)) * 60
    images = series.astype(np.uint8)
    labels = np.arange(200) % 2
    labels[::10] = 9
    names = np.array(CLASSES)
    np.savez(
        pe.folder / "x.npz",
        images=images,
        labels=labels,
        clients=np.arange(200) // 4,
        label_names=names,
    )
    words = ["generate", *pe.small, "--data", "x.npz", "--out", "run", "--labels-from", "0"]
    refused = pe(*words)
    check_refused(pe, refused, "the label in row 0 is not one of the 2 classes")
    done = pe(*words, "--bad-records", "drop")
    assert done.returncode == 0, done.stderr
    plan = json.loads((pe.folder / "run/manifest.json").read_text())["plan"]
    assert plan["bad_records"] == "drop" and plan["unit"] == "client"


def test_the_bombs_are_bombs():
    """Small, and large when they are inflated."""
    assert len(text_bomb(b"zTXt")) < 5_000
    assert len(zlib.decompress(text_bomb(b"zTXt")[17:-4])) == 1 << 21
