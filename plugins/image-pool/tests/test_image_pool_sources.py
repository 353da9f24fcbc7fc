"""Sources: every format gives the same pool; broken content is counted or refused."""

import io
import json
import os
import pathlib
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image, ImageFile, PngImagePlugin

import pe_image_pool
from pe_image_pool import sources
from pe_image_pool.pictures import Bad, fitted
from pe_image_pool.sources import Picture
from pe_sdk import CannotMake, OutputSpec, PluginWarning
from pe_sdk.pictures import FILE_BYTES, SUFFIXES

LABELS = ("cat", "dog")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def images():
    return np.random.default_rng(3).integers(0, 256, (6, 9, 11, 3), dtype=np.uint8)


def png(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "png")
    return file.getvalue()


def folder(root, images):
    for i, image in enumerate(images):
        path = root / LABELS[i // 3] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(image))
    (root / "notes.txt").write_text("no picture")


def npz(root, images):
    root.mkdir()
    np.savez_compressed(
        root / "a.npz", images=images, labels=np.arange(6) // 3, label_names=np.array(LABELS)
    )


def webdataset(root, images):
    root.mkdir()
    for shard in range(2):
        with tarfile.open(root / f"{shard}.tar", "w") as archive:
            for i in range(3 * shard, 3 * shard + 3):
                for name, content in [
                    (f"x/{i}.json", b"{}"),
                    (f"x/{i}.png", png(images[i])),
                    (f"x/{i}.cls", LABELS[shard].encode() + b"\n"),
                ]:
                    member = tarfile.TarInfo(name)
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))


def parquet(root, images, struct=False):
    pa = pytest.importorskip("pyarrow", reason="Parquet is an extra of the package")
    import pyarrow.parquet as pq

    root.mkdir()
    column = (
        [{"bytes": png(i), "path": None} for i in images] if struct else [png(i) for i in images]
    )
    labels = [i // 3 for i in range(6)] if struct else [LABELS[i // 3] for i in range(6)]
    table = pa.table({"image": column, "label": labels, "other": [0.5] * 6})
    if struct:
        features = {"info": {"features": {"label": {"names": list(LABELS), "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(features)})
    pq.write_table(table, root / "a.parquet", row_group_size=4)


def parquet_of_structs(root, images):
    parquet(root, images, struct=True)


def make(path, labels=LABELS, shape=(9, 11, 3), **options):
    chosen = pe_image_pool.Options(source=str(path), **options)
    return pe_image_pool.make(OutputSpec("image", shape, "uint8"), labels, chosen, None)


@pytest.mark.parametrize("write", [folder, npz, webdataset, parquet, parquet_of_structs])
def test_a_format_brings_pictures_and_labels_in_order(tmp_path, images, write):
    write(tmp_path / "pool", images)
    made = make(tmp_path / "pool", use_labels="yes")
    ids = np.arange(6)
    np.testing.assert_array_equal(
        made.restore(ids // 3, {"pool_id": ids, "pool": np.full(6, made._pictures.identity)}).data,
        images,
    )
    drawn = made.random(np.repeat([0, 1], 50), np.arange(100, dtype=np.uint64)).state["pool_id"]
    np.testing.assert_array_equal(drawn // 3, np.repeat([0, 1], 50))
    kind = sources.find(str(tmp_path / "pool")).kind
    assert sources.find(f"{kind}:{tmp_path / 'pool'}").kind == kind


def test_a_flat_folder_has_no_labels(tmp_path, images):
    for i, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / f"{i}.png")
    with pytest.warns(PluginWarning, match="no labels"):
        make(tmp_path)
    with pytest.raises(CannotMake, match="no labels"):
        make(tmp_path, use_labels="yes")


def test_a_single_file_of_a_known_format_may_be_named(tmp_path, images):
    npz(tmp_path / "pool", images)
    assert make(tmp_path / "pool" / "a.npz")._pictures.count == 6


def test_bad_pictures_are_one_warning_that_counts_and_names_the_first_at_every_use(
    tmp_path, images
):
    folder(tmp_path / "pool", images)
    (tmp_path / "pool" / "cat" / "1.png").write_bytes(png(images[1])[:60])
    (tmp_path / "pool" / "dog" / "empty.png").write_bytes(b"")
    for _ in range(2):
        with pytest.warns(PluginWarning, match=r"2 pictures .* first is .*cat/1\.png") as caught:
            made = make(tmp_path / "pool")
        assert len(caught) == 1 and made._pictures.count == 5


def test_no_usable_picture_is_an_error(tmp_path):
    (tmp_path / "pool").mkdir()
    (tmp_path / "pool" / "a.png").write_bytes(b"none")
    with pytest.raises(CannotMake, match=r"no usable picture.*a\.png"):
        make(tmp_path / "pool")
    assert not list((tmp_path / "cache" / "pe" / "image-pool").glob("*.part"))


def test_sources_that_are_not_there(tmp_path):
    with pytest.raises(CannotMake, match="no pool of pictures"):
        make(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CannotMake, match="nothing to draw from"):
        make(tmp_path / "empty")
    with pytest.raises(CannotMake, match="format npz"):
        make(f"npz:{tmp_path / 'empty'}")


@pytest.mark.parametrize("name", ["a.npz", "a.tar", "a.parquet"])
def test_a_container_that_is_torn_is_an_error_that_names_it(tmp_path, images, name):
    if name == "a.parquet":
        pytest.importorskip("pyarrow", reason="Parquet is an extra of the package")
    (tmp_path / name).write_bytes(b"PK\x03\x04 not at all what it says" * 40)
    with pytest.raises(CannotMake, match=name.replace(".", r"\.")):
        make(tmp_path / name)


@pytest.mark.parametrize(
    "arrays",
    [
        {"pictures": np.zeros((2, 4, 4), np.uint8)},
        {"images": np.zeros((2, 4, 4), np.float32)},
        {"images": np.zeros((2, 4, 4, 2), np.uint8)},
        {"images": np.zeros((2, 4, 4), np.uint8), "labels": np.zeros(3, int)},
        {
            "images": np.zeros((2, 4, 4), np.uint8),
            "labels": np.array([0, 5]),
            "label_names": np.array(["a"]),
        },
        {"images": np.zeros((2, 4, 4), np.uint8), "labels": np.array(1)},
        {"images": np.zeros((2, 4, 4), np.uint8), "labels": np.zeros((2, 1), int)},
        {"images": np.zeros((2, 0, 4), np.uint8)},
        {"images": np.array([{}, {}])},
    ],
)
def test_an_npz_with_other_arrays_is_an_error(tmp_path, arrays):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(CannotMake, match=r"a\.npz"):
        make(tmp_path / "a.npz")


def test_an_npz_that_promises_more_than_memory_is_an_error(tmp_path):
    """No row is read before its size is known to be one that a picture can have."""
    with (
        zipfile.ZipFile(tmp_path / "a.npz", "w") as archive,
        archive.open("images.npy", "w") as file,
    ):
        header = {"descr": "|u1", "fortran_order": False, "shape": (1, 1 << 40, 1 << 40)}
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(CannotMake, match="at most 100,000,000 pixels"):
        make(tmp_path / "a.npz")


def test_a_small_file_that_says_it_is_a_huge_picture_is_not_decoded(tmp_path, images):
    folder(tmp_path / "pool", images)
    (tmp_path / "pool" / "cat" / "0.png").write_bytes(b"P5 32768 4096 255\n")
    with pytest.warns(PluginWarning, match="announces more than 100 million pixels"):
        assert make(tmp_path / "pool")._pictures.count == 5


POSTSCRIPT = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 8 8
%%EndComments
newpath 0 0 8 8 rectfill
showpage
%%EOF
"""


def test_postscript_under_the_name_of_a_picture_starts_no_program(tmp_path, images, monkeypatch):
    """Pillow itself takes the file for PostScript and would hand it to Ghostscript."""
    started = []

    def ghostscript(*arguments):
        started.append(arguments)
        raise OSError("no Ghostscript in this test")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", ghostscript)
    with Image.open(io.BytesIO(POSTSCRIPT)) as opened:
        assert opened.format == "EPS"
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "zz.png").write_bytes(POSTSCRIPT)
    with pytest.raises(CannotMake, match=r"no usable picture.*zz\.png \(cannot be read as"):
        make(tmp_path / "alone")
    folder(tmp_path / "pool", images)
    (tmp_path / "pool" / "cat" / "zz.png").write_bytes(POSTSCRIPT)
    with pytest.warns(PluginWarning, match=r"zz\.png \(cannot be read as an"):
        assert make(tmp_path / "pool")._pictures.count == 6
    assert started == []


def test_every_suffix_of_a_picture_is_searched_for(tmp_path):
    for number, suffix in enumerate(SUFFIXES):
        (tmp_path / f"{number}{suffix.upper()}").write_bytes(b"")
    for other in ("a.txt", ".hidden.png", "__MACOSX/a.png"):
        (tmp_path / other).parent.mkdir(exist_ok=True)
        (tmp_path / other).write_bytes(b"")
    assert len(sources.find(str(tmp_path)).files) == len(SUFFIXES)


def test_a_member_of_a_tar_that_climbs_out_is_read_and_not_written(tmp_path, images):
    (tmp_path / "pool").mkdir()
    with tarfile.open(tmp_path / "pool" / "a.tar", "w") as archive:
        for name, kind in [("../../outside.png", tarfile.REGTYPE), ("/x.png", tarfile.SYMTYPE)]:
            member, content = tarfile.TarInfo(name), png(images[0])
            member.type, member.size, member.linkname = kind, len(content), "/etc/hostname"
            archive.addfile(member, io.BytesIO(content) if kind == tarfile.REGTYPE else None)
    assert make(tmp_path / "pool", labels=("x",))._pictures.count == 1
    assert not list(tmp_path.rglob("outside.png"))
    assert not (tmp_path.parent / "outside.png").exists()


def test_a_home_that_nobody_has_and_a_folder_that_is_closed(tmp_path, monkeypatch):
    with pytest.raises(CannotMake, match="no pool of pictures"):
        make("~no-such-user/pool")

    def closed(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pathlib.Path, "exists", closed)
    with pytest.raises(CannotMake, match="cannot be read"):
        make(tmp_path / "pool")


def test_without_pyarrow_a_parquet_pool_says_how_to_get_it(tmp_path, monkeypatch):
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(CannotMake, match=r"pip install 'pe-plugin-image-pool\[parquet\]'"):
        make(tmp_path / "a.parquet")


def test_a_pool_is_built_again_when_a_file_changes(tmp_path, images):
    folder(tmp_path / "pool", images)
    make(tmp_path / "pool")
    (tmp_path / "pool" / "dog" / "9.png").write_bytes(png(images[0]))
    assert make(tmp_path / "pool")._pictures.count == 7


def rows_of(*contents, shape=(4, 4, 1)):
    """The pictures in the shape of a record, and what was wrong with others."""
    bad = Bad()
    made = [Picture("x", None, lambda content=content: content) for content in contents]
    blocks = [rows.copy() for rows, _ in fitted(made, shape, bad)]
    return (np.concatenate(blocks) if blocks else np.empty((0, *shape))), bad


def test_pictures_are_cut_to_the_middle_and_scaled_with_antialiasing():
    image = np.zeros((8, 16), np.uint8)
    # only the middle half is left, in pairs that average 100
    image[:, 4:12] = np.tile([0, 200], (8, 4))
    rows, _ = rows_of(image, png(image))
    assert abs(rows[:, :, 1:3].astype(int) - 100).max() <= 8
    assert np.array_equal(rows[0], rows[1])
    assert rows_of(image, shape=(4, 4, 3))[0].shape == (1, 4, 4, 3)
    assert rows_of(image, shape=(20, 3, 1))[0].shape == (1, 20, 3, 1)


def test_unusual_pictures_show_what_a_viewer_shows():
    ramp = np.arange(16, dtype=np.uint16).reshape(4, 4) * 4096
    assert np.array_equal(rows_of(png(ramp))[0][0, ..., 0], np.rint(ramp / 257))
    share, file = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4), io.BytesIO()
    Image.fromarray(share).save(file, "tiff")  # was read as black
    assert np.array_equal(rows_of(file.getvalue())[0][0, ..., 0], np.rint(share * 255))
    clear = np.zeros((4, 4, 4), np.uint8)
    assert (rows_of(png(clear))[0] == 255).all()
    turned, file = np.zeros((3, 4), np.uint8), io.BytesIO()
    turned[:, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(turned).save(file, "png", exif=exif)
    upright = rows_of(file.getvalue(), shape=(4, 3, 1))[0][0, ..., 0]
    assert np.array_equal(upright, np.rot90(turned, -1))


def text_bomb() -> bytes:
    """A picture of 4 x 4 with 4 MiB of text in some kilobytes."""
    info = PngImagePlugin.PngInfo()
    for number in range(8):
        info.add_text(f"Comment{number}", "x" * (1 << 19), zip=True)
    file = io.BytesIO()
    Image.new("L", (4, 4)).save(file, format="PNG", pnginfo=info)
    return file.getvalue()


def test_a_picture_with_much_text_is_bad_and_its_limits_are_pillows_again(tmp_path):
    before = PngImagePlugin.MAX_TEXT_MEMORY
    with Image.open(io.BytesIO(text_bomb())) as opened:
        opened.load()
    assert "text" in rows_of(text_bomb())[1].first
    assert before == PngImagePlugin.MAX_TEXT_MEMORY > 1 << 20


def test_a_truncated_picture_is_bad_whatever_a_library_has_set(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    file = io.BytesIO()
    Image.effect_noise((64, 64), 90).save(file, format="JPEG")
    rows, bad = rows_of(file.getvalue()[:-900])
    assert not len(rows) and "is damaged" in bad.first


def test_a_pipe_that_takes_the_place_of_a_picture_does_not_block(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    (picture,) = sources.find(str(tmp_path)).pictures()
    (tmp_path / "a.png").unlink()
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(OSError, match="not a file"):
        picture.read()


def test_a_large_file_is_bad_and_not_read_to_its_end(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    os.truncate(tmp_path / "a.png", FILE_BYTES + 100)
    (picture,) = sources.find(str(tmp_path)).pictures()
    content = picture.read()
    assert len(content) == FILE_BYTES + 1
    assert "256 MiB" in rows_of(content)[1].first


def test_labels_that_announce_more_memory_than_there_may_be_are_refused(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<i8", "fortran_order": False, "shape": (2**40,)}
    )
    images = io.BytesIO()
    np.save(images, np.zeros((2, 4, 4), np.uint8))
    with zipfile.ZipFile(tmp_path / "pool.npz", "w") as archive:
        archive.writestr("images.npy", images.getvalue())
        archive.writestr("labels.npy", header.getvalue())
    with pytest.raises(CannotMake, match="larger than 1024 MiB"):
        list(sources.find(str(tmp_path / "pool.npz")).pictures())
