"""What a tree of names is taken for, and what is asked where names do not say it."""

import re

import pytest

from pe_host.formats.collection import Listing, folders_of
from pe_host.formats.names import natural_key
from pe_host.privacy.readers.picture_layout import FOLDERS, NONE, Layout, find_layout
from pe_host.privacy.readers.picture_names import is_picture, part_of
from pe_host.privacy.readers.split_names import normalised, split_of
from pe_sdk import SourceError, SourceOptions

WHERE = "data"


def listing(*names: str, empty: tuple[str, ...] = ()) -> Listing:
    folders = {**folders_of(names), **folders_of(f"{name}/x" for name in empty)}
    return Listing(tuple(sorted(names, key=natural_key)), tuple(sorted(folders, key=natural_key)))


def found(*names: str, empty: tuple[str, ...] = (), **options: str) -> Layout:
    return find_layout(listing(*names, empty=empty), SourceOptions(**options), WHERE)


def refused(*names: str, **options: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        found(*names, **options)
    return caught.value


def images(*folders: str) -> list[str]:
    return [f"{folder}/{number}.png" for folder in folders for number in (1, 2, 10)]


def test_each_folder_is_a_class_in_natural_order() -> None:
    layout = found(*images("b", "a"))
    assert layout.labels == FOLDERS and layout.classes == ("a", "b")
    assert layout.names == ("a/1.png", "a/2.png", "a/10.png", "b/1.png", "b/2.png", "b/10.png")
    numbers = [str(number) for number in range(12)]
    assert found(*images(*numbers)).classes == tuple(numbers)
    assert found(*images("x2", "x10", "x1")).classes == ("x1", "x2", "x10")


def test_nested_folders_belong_to_their_class_and_an_empty_folder_is_one() -> None:
    layout = found(*images("disc/site1", "disc/site2", "bar/site1"), empty=("rare",))
    assert layout.classes == ("bar", "disc", "rare")
    assert {layout.group_of(name) for name in layout.names} == {"bar", "disc"}
    assert found(*images("only")).classes == ("only",)


def test_a_folder_without_folders_is_one_class() -> None:
    for names in (["1.png", "2.png"], ["1", "2"], images("images"), images("IMG")):
        layout = found(*names)
        assert layout.labels == NONE and layout.classes == ()
    assert found("1.png", "README.md", "LICENSE").passed_over == ("LICENSE", "README.md")


@pytest.mark.parametrize(
    "parts",
    [("train", "test"), ("Train", "VAL", "Test"), ("training", "validation"), ("trainA", "testA"),
     ("train2017", "val2017"), ("train_images", "test_images"), ("valid", "class-like")],
)  # fmt: skip
def test_parts_of_a_data_set_are_never_classes(parts: tuple[str, ...]) -> None:
    nested = images(*(f"{part}/{name}" for part in parts for name in ("disc", "bar")))
    for names in (nested, images(*parts)):
        error = refused(*names)
        first = next(part for part in parts if part_of(part))
        assert "of a data set, not" in error.what and f"--split {first}" in error.fix
    layout = found(*nested, split=first)
    assert layout.classes == ("bar", "disc") and layout.options.split == first
    assert all(name.startswith(f"{first}/") for name in layout.names)
    assert found(*nested, labels=FOLDERS).classes == tuple(sorted(parts, key=natural_key))


def test_a_part_is_found_by_any_of_its_names_and_all_of_them_together() -> None:
    names = images("Training/a", "Training/b", "Valid/a", "Test/b")
    for wanted in ("train", "training", "TRAINING"):
        assert found(*names, split=wanted).options.split == "Training"
    assert len(found(*names, split="validation").names) == 3
    every = found(*names, split="all")
    assert len(every.names) == 12 and every.classes == ("a", "b")
    assert {every.group_of(name) for name in every.names} == {"a", "b"}
    error = refused(*names, split="extra")
    assert "no part 'extra'" in error.what and "Test, Training, Valid" in error.fix
    assert "leave out --split" in refused(*images("a", "b"), split="train").fix


def test_the_only_part_is_read_and_said() -> None:
    layout = found(*images("train/a", "train/b"))
    assert layout.classes == ("a", "b") and layout.options.split == "train"
    assert "the only part, train" in layout.what
    again = find_layout(listing(*images("train/a", "train/b")), layout.options, WHERE)
    assert again.names == layout.names and again.classes == layout.classes


def test_parts_within_class_folders() -> None:
    names = images("a/train", "a/test", "b/train", "b/test")
    assert "--split" in refused(*names).fix
    layout = found(*names, split="train")
    assert layout.classes == ("a", "b") and len(layout.names) == 6
    assert len(found(*names, labels=FOLDERS).names) == 12


def test_folders_around_all_others_are_entered() -> None:
    layout = found(*images("data/pictures/a", "data/pictures/b"))
    assert layout.classes == ("a", "b") and "in data; in pictures" in layout.what
    assert found(*images("data/train/a", "data/test/a"), split="train").classes == ("a",)
    assert "--split" in refused(*images("data/train/a", "data/test/a")).fix


@pytest.mark.parametrize(
    "folders", [("images", "masks"), ("image", "label"), ("Images", "Annotations")]
)
def test_masks_and_annotations_are_asked_about(folders: tuple[str, ...]) -> None:
    error = refused(*images(*folders))
    assert "looks like no class" in error.what
    wanted = error.fix.split()[2]
    assert error.fix.startswith("add --images ") and wanted in folders
    layout = found(*images(*folders), images=wanted)
    assert layout.labels == NONE and all(name.startswith(wanted) for name in layout.names)
    assert found(*images(*folders), labels=FOLDERS).classes == tuple(sorted(folders))


def test_a_folder_beside_masks_is_not_named_as_it_can_be_a_person() -> None:
    error = refused(*images("gt", "anna"))
    assert "'gt' looks like no class" in error.what and "--images FOLDER" in error.fix
    assert "anna" not in str(error) + error.fix


def test_masks_below_class_folders_and_below_parts_are_asked_about() -> None:
    assert "looks like no class" in refused(*images("a/images", "a/masks", "b/images")).what
    names = images("train/images", "train/masks", "test/images", "test/masks")
    error = refused(*names, split="train")
    assert "--images train/images" in error.fix
    assert len(found(*names, split="train", images="train/images").names) == 3


def test_numbered_buckets_are_asked_about_unless_a_list_says_the_labels() -> None:
    names = images("00000", "00001")
    error = refused(*names)
    assert f"--labels {FOLDERS}" in error.fix and f"--labels {NONE}" in error.fix
    assert found(*names, labels=FOLDERS).classes == ("00000", "00001")
    assert found(*names, labels=NONE).classes == ()
    assert found(*names, "dataset.json").labels == "dataset.json"
    assert found(*images("0", "1", "00")).classes == ("0", "00", "1"), "short numbers are classes"


def test_a_list_beside_the_images_is_asked_about_with_its_columns() -> None:
    names = (*images("img_align_celeba"), "list_attr_celeba.txt")
    with pytest.raises(SourceError) as caught:
        find_layout(listing(*names), SourceOptions(), WHERE, (), lambda file: ("Male", "Smiling"))
    assert "--labels list_attr_celeba.txt:Male" in caught.value.fix
    assert "Smiling" in caught.value.fix
    assert "labels.csv" in refused("1.png", "2.png", "labels.csv").what
    layout = find_layout(
        listing(*names),
        SourceOptions(labels="list_attr_celeba.txt:Male"),
        WHERE,
        ["list_attr_celeba.txt"],
    )
    assert len(layout.names) == 3 and layout.passed_over == ()


def test_a_list_beside_the_part_that_holds_the_images_is_asked_about() -> None:
    names = ("train.csv", "train/1.png", "train/2.png")
    assert "--labels train.csv:COLUMN" in refused(*names).fix
    assert "--labels train.csv:COLUMN" in refused(*names, "test/3.png", split="train").fix
    assert found(*images("train/a", "train/b"), "train.csv").classes == ("a", "b")
    assert (
        "--split test" in refused("train/1.png", "test/2.png", "test/dataset.json", split="all").fix
    )


def test_a_list_that_names_the_images_is_asked_about_beside_folders() -> None:
    """The folders can be those of patients, whose names would be classes."""

    def find(*names: str, **options: str) -> Layout:
        return find_layout(
            listing(*images("anna", "bob"), *names), SourceOptions(**options), WHERE, (),
            lambda file: ("grade", "age"), lambda file: file.endswith("labels.csv"),
        )  # fmt: skip

    for names, where in ((("labels.csv",), "data"), (("other.csv", "labels.csv"), "data")):
        with pytest.raises(SourceError, match="the file labels.csv beside the folders") as caught:
            find(*names)
        assert caught.value.where == where and "anna" not in str(caught.value)
        assert "--labels labels.csv:grade" in caught.value.fix
        assert f"--labels {FOLDERS} if each folder is a class" in caught.value.fix
    with pytest.raises(SourceError, match="a file beside the folders that ends in .csv") as caught:
        find("annas_labels.csv")
    assert "annas" not in str(caught.value) + caught.value.fix
    assert find("classes.txt", "other.csv").classes == ("anna", "bob")
    assert find("labels.csv", labels=FOLDERS).classes == ("anna", "bob")
    assert find("labels.csv", "metadata.jsonl").classes == ("anna", "bob")
    with_clients = find_layout(
        *(listing(*images("a", "b"), "labels.csv"), SourceOptions(), WHERE, ["labels.csv"]),
        names_images=lambda file: True,
    )
    assert with_clients.classes == ("a", "b"), "the options say what the list is for"


def test_a_metadata_file_is_no_question() -> None:
    layout = found("train/metadata.csv", "train/1.png", "train/2.png")
    assert layout.metadata == "train/metadata.csv" and layout.labels == NONE
    layout = found("metadata.jsonl", *images("a", "b"))
    assert layout.labels == FOLDERS and layout.passed_over == ("metadata.jsonl",)


def test_other_files_are_errors_where_every_file_is_a_record() -> None:
    for stray in ("a/labels.csv", "a/x/notes.txt", "b/film.mp4", "a/old.zip"):
        error = refused(*images("a", "b"), stray)
        assert "is no image by its name" in error.what and error.where.startswith("data/")
        assert error.name == stray.partition("/")[2] and error.name not in str(error)
    assert "film" not in str(refused("1.png", "film.mp4"))
    layout = found(*images("a", "b"), "README.md", "labels.csv", "old.zip", "x.py")
    assert layout.passed_over == (
        "README.md",
        "labels.csv",
        "1 file that ends in .zip",
        "1 file that ends in .py",
    )


def test_what_is_left_out_is_counted_and_not_named_unless_many_data_sets_have_it() -> None:
    """A file or folder beside the images can be one of a person."""
    layout = found(
        *("anna.png", "anna.txt", "bob/1.png", "bob.txt", "bob.csv", "carl/x.pdf", "eva/notes.md"),
        *("LICENSE", "Readme.TXT", "readme.anna", "list_attr_celeba.txt", "dataset.json"),
        labels=NONE,
    )
    assert set(layout.passed_over) == {
        *("LICENSE", "Readme.TXT", "list_attr_celeba.txt", "dataset.json"),
        *("2 files that end in .txt", "1 file that ends in .csv", "1 other file"),
        "2 folders without images",
    }


def test_errors_name_no_folder_and_no_file_that_can_be_a_person() -> None:
    for error in (
        refused("anna.png", "anna.txt"),
        refused("anna/1.png", "anna/2.txt", labels=NONE),
        refused("anna/1.png", "anna/readme.anna", labels=NONE),
        refused(*images("01234", "05678")),
        refused("anna/1.zip", "eva/2.zip"),
    ):
        shown = f"{error} {error.where} {error.fix}"
        assert not {"anna", "eva", "01234"} & set(re.findall(r"\w+", shown)), shown
    assert refused("anna.png", "anna.txt").name == "anna.txt"
    assert "--labels FILE:COLUMN" in refused("anna.png", "anna.txt").fix


def test_images_beside_folders_are_an_error_that_says_what_to_do() -> None:
    for options in ({}, {"labels": FOLDERS}):
        error = refused(*images("a", "b"), "stray.png", **options)
        assert "images lie beside folders" in error.what and f"--labels {NONE}" in error.fix
    assert len(found(*images("a", "b"), "stray.png", labels=NONE).names) == 7


def test_nothing_to_read_names_an_archive_if_there_is_one() -> None:
    assert "no images" in refused().what
    assert "no images in the folders" in refused_empty("a", "b").what
    for name in ("pictures.zip", "below/train-00000-of-00001.parquet", "shard-0.tar"):
        assert refused("README.md", name).fix == f"pass --data data/{name}"


def refused_empty(*folders: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        found(empty=folders)
    return caught.value


def test_folders_and_arrays_have_the_same_words_for_a_part() -> None:
    for word in ("train", "Training", "trn", "val", "VALID", "validation", "dev", "test", "tst",
                 "testing", "eval", "evaluation", "t10k"):  # fmt: skip
        part = part_of(word)
        assert part and part == normalised(word) == split_of(f"x_{word.lower()}")[0]
        assert part_of(f"{word}_set") == part_of(f"{word}2017") == part
    assert not any(map(part_of, ("tr", "te", "tr1", "extra", "unlabeled")))


def test_names_that_say_what_a_file_is() -> None:
    assert all(map(is_picture, ("a.png", "A.JPG", "IM0001", "1.2.840.113", "x.HEIC", "x.unknown")))
    assert not any(map(is_picture, ("a.csv", "README", "license.txt", "a.TXT", "x.zip", "n.pdf")))
    assert not any(map(part_of, ("value", "tests", "developer", "trainstation", "tester", "a")))
