"""Parts of a pipeline, from safetensors alone, and the errors of damaged folders as one sentence."""

from collections.abc import Callable
from typing import Any, TypeVar

from safetensors import SafetensorError

from pe_diffusion.denoise import scheduler_from
from pe_diffusion.folder import ModelFolder
from pe_sdk import CannotMake

T = TypeVar("T")


def part(folder: ModelFolder, name: str, load: Callable[..., T], **how: Any) -> T:
    """One part by its `from_pretrained`, from the folder alone.

    Raises:
        CannotMake: no safetensors, or a file that cannot be read.
    """
    try:
        return load(folder.path, subfolder=name, local_files_only=True, **how)
    except (OSError, ValueError, TypeError, KeyError, SafetensorError) as error:
        raise CannotMake(
            f"cannot load {name!r} of {folder.name!r}: files are missing, damaged or not in safetensors, the one form of "
            "weights that is read; save it again with save_pretrained(..., safe_serialization=True)"
        ) from error


def scheduler(folder: ModelFolder) -> Any:
    """The solver on the noise schedule of the folder."""
    return scheduler_from(folder.config("scheduler", "scheduler_config.json"))


def frozen(module: Any) -> Any:
    """In evaluation mode, without gradients."""
    return module.eval().requires_grad_(False)
