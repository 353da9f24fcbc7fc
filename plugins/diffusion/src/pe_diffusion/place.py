"""Device and precision, and memory that is not enough."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from pe_diffusion.backend import Place
from pe_sdk import CannotMake


def place(device: str, dtype: str) -> Place:
    """Where to compute. auto: a GPU where there is one; there bfloat16 or else float16, on a CPU with instructions for it bfloat16.

    Raises:
        CannotMake: a GPU is asked for and there is none, or float16 on a CPU.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise CannotMake(
            "diffusion finds no GPU that torch can use; take --set device=cpu, or a torch built for CUDA"
        )
    on_gpu = device != "cpu" and torch.cuda.is_available()
    if not on_gpu and dtype == "float16":
        raise CannotMake("float16 is for GPUs; on a CPU take --set dtype=float32 or dtype=bfloat16")
    if dtype != "auto":
        kind: torch.dtype = getattr(torch, dtype)
    elif on_gpu:
        kind = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    else:
        kind = torch.bfloat16 if _cpu_has_bfloat16() else torch.float32
    return Place(torch.device("cuda" if on_gpu else "cpu"), kind)


def _cpu_has_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 itself: without, it is slower than float32."""
    ask = getattr(torch.cpu, "get_capabilities", dict)  # not in every torch
    has = ask()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16"))


@contextmanager
def memory_guard(device: torch.device, batch: int) -> Iterator[None]:
    """Say what to do where memory runs out; cuDNN is held to kernels that give the same bits again.

    Raises:
        CannotMake: out of memory.
    """
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
            yield
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        raise CannotMake(
            f"not enough memory on {device.type} for passes of {batch} samples; "
            f"take a smaller one, --set batch={max(1, batch // 2)}, or a smaller model or size"
        ) from error


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means this: torch has a class for GPUs, and a text for CPUs."""
    return isinstance(
        error, MemoryError | torch.OutOfMemoryError
    ) or "can't allocate memory" in str(error)
