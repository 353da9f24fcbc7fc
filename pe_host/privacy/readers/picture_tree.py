"""The folders of a source with what lies in them, for the recognition of its layout."""

from collections.abc import Iterator

from pe_host.formats.collection import Listing
from pe_host.privacy.readers.picture_names import is_picture


class Tree:
    """Files and folders by the folder that they lie in.

    Folders are named by their path with `/` at the end; the source itself is "".
    """

    def __init__(self, listing: Listing) -> None:
        self._files: dict[str, list[str]] = {}
        self._folders: dict[str, list[str]] = {}
        for name in listing.names:
            root, slash, file = name.rpartition("/")
            self._files.setdefault(f"{root}{slash}", []).append(file)
        for name in listing.folders:
            root, slash, folder = name.rpartition("/")
            self._folders.setdefault(f"{root}{slash}", []).append(folder)

    def files(self, root: str) -> list[str]:
        """Names of the files directly in a folder."""
        return self._files.get(root, [])

    def folders(self, root: str) -> tuple[str, ...]:
        """Names of the folders directly in a folder."""
        return tuple(self._folders.get(root, ()))

    def below(self, root: str) -> Iterator[str]:
        """Paths of all files below a folder, relative to the source."""
        yield from (f"{root}{file}" for file in self.files(root))
        for folder in self.folders(root):
            yield from self.below(f"{root}{folder}/")

    def has_pictures(self, root: str) -> bool:
        """Whether pictures lie directly in a folder."""
        return any(map(is_picture, self.files(root)))

    def has_pictures_below(self, root: str) -> bool:
        return any(map(is_picture, self.below(root)))
