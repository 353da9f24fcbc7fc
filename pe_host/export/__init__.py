"""Writers of released data. Each writes beside the destination and renames, and never over anything that exists."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from pe_host.export.image_folder import write_image_folder
from pe_host.export.npz import write_npz

Writer = Callable[[Path, NDArray[Any], NDArray[Any], Sequence[str]], Path]

WRITERS: Mapping[str, Writer] = MappingProxyType({"npz": write_npz, "imagefolder": write_image_folder})
"""What `pe export --to` takes, to the function that writes it: (destination, images, labels, label names)."""

__all__ = ["WRITERS", "Writer", "write_image_folder", "write_npz"]
