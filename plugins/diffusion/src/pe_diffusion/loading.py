"""Loading parts of a pipeline from safetensors only, with one clear error for a damaged folder."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError

from pe_diffusion.denoise import scheduler_from
from pe_diffusion.folder import ModelFolder
from pe_sdk import CannotMake

T = TypeVar("T")


def part(folder: ModelFolder, name: str, load: Callable[..., T], **how: Any) -> T:
    """Load one part by its `from_pretrained`, from the local folder only.

    Raises:
        CannotMake: a file cannot be read.
    """
    try:
        return load(folder.part(name), local_files_only=True, **how)
    except (OSError, ValueError, TypeError, KeyError, SafetensorError) as error:
        raise CannotMake(
            f"cannot load {name!r} of {folder.name!r}: files are missing, damaged or not in "
            "safetensors, the only weights format that is read; save the model again with "
            "save_pretrained(..., safe_serialization=True)"
        ) from error


def net(folder: ModelFolder, name: str, kind: Any, device: torch.device, dtype: torch.dtype) -> Any:
    """Load a network of a diffusers or transformers class, in evaluation mode, without gradients.

    Raises:
        CannotMake: there is no safetensors file, a file cannot be read, or weights are missing,
            which would otherwise be drawn at random.
    """
    how = {"use_safetensors": True, "torch_dtype": dtype, "output_loading_info": True}
    module, info = part(folder, name, kind.from_pretrained, **how)
    if missing := sorted(info["missing_keys"]):
        raise CannotMake(
            f"the weights of {name!r} of {folder.name!r} do not match its configuration: "
            f"{missing[0]!r} is missing, one of {len(missing)}; save the model again with "
            "save_pretrained"
        )
    return module.to(device).eval().requires_grad_(False)


def scheduler(folder: ModelFolder) -> Any:
    """The solver on the noise schedule that the folder declares."""
    return scheduler_from(folder.config("scheduler", "scheduler_config.json"))
