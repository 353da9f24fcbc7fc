"""Archives of images by their names. Nothing heavy is imported here: every command may ask."""

from pathlib import Path

from pe_host.formats.names import passed_over

SHARDS = (".tar", ".tar.gz", ".tgz")
ZIP = ".zip"


def is_shard(name: str) -> bool:
    """Whether a file of this name is a tar file."""
    return name.lower().endswith(SHARDS) and not passed_over(name)


def only_zip(folder: Path) -> Path | None:
    """The zip archive that is all that a folder holds, or None."""
    found = [entry for entry in folder.iterdir() if not passed_over(entry.name)]
    return found[0] if len(found) == 1 and _is_zip(found[0]) else None


def scheme_of(path: Path) -> str:
    """The reader for an archive of images, or for a folder with nothing but such; "" for others."""
    if not path.is_dir():
        if is_shard(path.name):
            return "webdataset"
        return "zip" if _is_zip(path) else ""
    if only_zip(path):
        return "zip"
    found = [entry for entry in path.iterdir() if not passed_over(entry.name)]
    are_shards = any(is_shard(entry.name) for entry in found) and not any(
        entry.is_dir() for entry in found
    )
    return "webdataset" if are_shards else ""


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ZIP and path.is_file()
