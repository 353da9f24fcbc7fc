"""WebDataset shards with something wrong: samples, members, the archive, the bytes."""

import gzip
import io
import json
import tarfile

from hypothesis import strategies as st

from bad_input.cases import COMMANDS, OF_PICTURES, STAND_INS, Case, Content, edits, reading
from bad_input.picture_folders import FORMATS, MODES, SIZES, picture
from bad_input.values import NAME, NUMBER, Draw, damages, jsons, one_in, texts

Members = dict[str, bytes]


def good(draw: Draw) -> Members:
    files: Members = {}
    for i in range(6):
        stem = f"{NAME}{i:04d}"
        files[f"{stem}.png"] = picture()
        files[f"{stem}.cls"] = b"%d\n" % (i % 2)
        files[f"{stem}.txt"] = b"ab"[i % 2 : i % 2 + 1]
        about = {"label": "ab"[i % 2], "person": f"{NAME}{i // 2}", "n": i}
        files[f"{stem}.json"] = json.dumps(about).encode()
    return files


def _name(draw: Draw, files: Members) -> str:
    return draw(st.sampled_from(sorted(files)))


def drop(draw: Draw, files: Members) -> None:
    del files[_name(draw, files)]
    files.setdefault(f"{NAME}9.png", picture())


def other_picture(draw: Draw, files: Members) -> None:
    kind = [draw(st.sampled_from(each)) for each in (FORMATS, MODES, SIZES)]
    files[f"{NAME}000{draw(st.integers(0, 5))}.png"] = picture(*kind)


def label(draw: Draw, files: Members) -> None:
    raw = (b"", b"x", NAME.encode(), b"%d" % NUMBER, b"-1", b"9" * 5_000, b"\xff", b"1.5", b"[1]")
    end = draw(st.sampled_from(("cls", "txt")))
    files[f"{NAME}000{draw(st.integers(0, 5))}.{end}"] = draw(st.sampled_from(raw))


def about(draw: Draw, files: Members) -> None:
    document = draw(jsons | st.fixed_dictionaries({"label": jsons, "person": jsons}))
    content = json.dumps(document).encode("utf-8", "surrogatepass")
    raw = st.sampled_from((b"", b"{", b"[" * 50_000, b"\xff", b'{"label": 1' + b"0" * 5_000 + b"}"))
    name = f"{NAME}000{draw(st.integers(0, 5))}.json"
    files[name] = draw(raw) if one_in(draw, 4) else content


def damaged(draw: Draw, files: Members) -> None:
    name = _name(draw, files)
    files[name] = draw(damages())(files[name])


def renamed(draw: Draw, files: Members) -> None:
    new = (f"../{NAME}.png", f"/{NAME}.png", "x", f"{NAME}0000.jpg", "a/b/c.png", ".hidden.png")
    content = files.pop(_name(draw, files))
    files[draw(st.sampled_from(new) | texts.filter(bool))] = content


def no_labels(draw: Draw, files: Members) -> None:
    """Samples without .cls files, in folders or with ends that name somebody."""
    for number, name in enumerate(sorted(files)):
        content = files.pop(name)
        if name.endswith(".png"):
            files[f"{NAME}{number % 2}/{name}" if draw(st.booleans()) else name] = content
        elif not name.endswith(".cls"):
            files[f"{name.partition('.')[0]}.{NAME}.{name.partition('.')[2]}"] = content


EDITS = {
    "no labels": no_labels,
    "drop": drop,
    "other picture": other_picture,
    "label": label,
    "label again": label,
    "about": about,
    "damaged": damaged,
    "renamed": renamed,
}

TYPES = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE)


def tar(files: Members, kinds: dict[int, bytes], form: int, back: int = 0) -> bytes:
    """A tar file; some members, by number, are of another kind.

    With `back`, a last header announces as many bytes less than none.
    """
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as made:
        for number, (name, content) in enumerate(files.items()):
            info = tarfile.TarInfo(name.replace("\0", "x"))
            info.type = kinds.get(number, tarfile.REGTYPE)
            info.linkname = "/etc/passwd" if info.issym() or info.islnk() else ""
            info.size = len(content) if info.isreg() else 0
            made.addfile(info, io.BytesIO(content))
        if back:
            info = tarfile.TarInfo(".back")
            info.size = -back
            made.addfile(info)
    return stream.getvalue()


LABELS = ("cls", "txt", "json:label", "json:n", "none", "name:(z.+e)", "x", "json", "json:")
OPTIONS = {
    "--labels": LABELS,
    "--client": ("json:person", "txt", "name:e(...)", "json:x", "x"),
    "--images": ("png", "jpg", "x", "cls"),
}


@st.composite
def tar_shards(draw: Draw) -> Case:
    files = good(draw)
    notes = edits(draw, EDITS, files)
    kinds = {}
    if one_in(draw, 6):
        notes.append("type")
        kinds[draw(st.integers(0, len(files) - 1))] = draw(st.sampled_from(TYPES))
    try:
        form = draw(st.sampled_from((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT)))
        back = draw(st.sampled_from((512, 1024, 1 << 40))) if one_in(draw, 12) else 0
        notes += ["back"] if back else []
        content: Content = tar(files, kinds, form, back)
    except (ValueError, UnicodeError):  # a name that does not fit into the format
        content = tar(good(draw), kinds, tarfile.PAX_FORMAT)
    zipped = one_in(draw, 4)
    content = gzip.compress(content, 1) if zipped else content
    if one_in(draw, 4):
        notes.append("damaged")
        content = draw(damages())(content)
    if one_in(draw, 41):
        content = draw(st.sampled_from((b"", b"\x1f\x8b", bytes(1024), *STAND_INS)))
    end = draw(st.sampled_from((".tar.gz", ".tgz"))) if zipped != one_in(draw, 30) else ".tar"
    shards: dict[bytes, Content] = {f"s/x-0{end}".encode(): content}
    if one_in(draw, 4):
        shards[f"s/x-1{end}".encode()] = content  # the same samples again
    source = draw(st.sampled_from(("s", f"s/x-0{end}", f"webdataset:s/x-0{end}")))
    words = draw(reading(OPTIONS, OF_PICTURES))
    return Case(source, shards, words, tuple(notes), draw(st.sampled_from(COMMANDS)))
