"""Parts of a pipeline, from safetensors alone, and the errors of damaged folders as one sentence."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError

from pe_diffusion.denoise import scheduler_from
from pe_diffusion.folder import ModelFolder
from pe_sdk import CannotMake

T = TypeVar("T")


def part(folder: ModelFolder, name: str, load: Callable[..., T], **how: Any) -> T:
    """One part by its `from_pretrained`, from the folder alone.

    Raises:
        CannotMake: a file that cannot be read.
    """
    try:
        return load(folder.part(name), local_files_only=True, **how)
    except (OSError, ValueError, TypeError, KeyError, SafetensorError) as error:
        raise CannotMake(
            f"cannot load {name!r} of {folder.name!r}: files are missing, damaged or not in safetensors, the one form of "
            "weights that is read; save it again with save_pretrained(..., safe_serialization=True)"
        ) from error


def net(folder: ModelFolder, name: str, kind: Any, device: torch.device, dtype: torch.dtype) -> Any:
    """A net of a class of diffusers or transformers, in evaluation mode, without gradients.

    Raises:
        CannotMake: no safetensors, a file that cannot be read, or weights that are not in it: they would be drawn at random.
    """
    how = {"use_safetensors": True, "torch_dtype": dtype, "output_loading_info": True}
    module, info = part(folder, name, kind.from_pretrained, **how)
    if missing := sorted(info["missing_keys"]):
        raise CannotMake(
            f"the weights of {name!r} of {folder.name!r} are not those of its configuration: {missing[0]!r} is missing, "
            f"one of {len(missing)}; save it again with save_pretrained"
        )
    return module.to(device).eval().requires_grad_(False)


def scheduler(folder: ModelFolder) -> Any:
    """The solver on the noise schedule of the folder."""
    return scheduler_from(folder.config("scheduler", "scheduler_config.json"))
