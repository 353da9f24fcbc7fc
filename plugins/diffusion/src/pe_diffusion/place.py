"""Device, precision and running out of memory."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from pe_diffusion.backend import Place
from pe_sdk import CannotMake


def place(device: str, dtype: str) -> Place:
    """Choose the device and the precision.

    Device "auto" is a GPU where there is one. Precision "auto" is bfloat16 on a GPU that supports
    it and float16 on others; on a CPU it is bfloat16 where the CPU multiplies it in hardware, and
    float32 otherwise.

    Raises:
        CannotMake: a GPU is requested and there is none, or float16 is requested on a CPU.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise CannotMake(
            "diffusion finds no GPU that torch can use; "
            "use --set device=cpu, or install a torch built for CUDA"
        )
    on_gpu = device != "cpu" and torch.cuda.is_available()
    if not on_gpu and dtype == "float16":
        raise CannotMake(
            "float16 is for GPUs; on a CPU use --set dtype=float32 or --set dtype=bfloat16"
        )
    if dtype != "auto":
        kind: torch.dtype = getattr(torch, dtype)
    elif on_gpu:
        kind = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    else:
        kind = torch.bfloat16 if _cpu_has_bfloat16() else torch.float32
    return Place(torch.device("cuda" if on_gpu else "cpu"), kind)


def _cpu_has_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 in hardware; without that it is slower than float32."""
    ask = getattr(torch.cpu, "get_capabilities", dict)  # missing in some versions of torch
    has: dict[str, bool] = ask()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16"))


@contextmanager
def memory_guard(device: torch.device, batch: int) -> Iterator[None]:
    """Turn out-of-memory errors into advice, and hold cuDNN to deterministic kernels.

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
            f"use a smaller batch, --set batch={max(1, batch // 2)}, or a smaller model or size"
        ) from error


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means out of memory: torch has a class for GPUs, only a text for CPUs."""
    return isinstance(
        error, MemoryError | torch.OutOfMemoryError
    ) or "can't allocate memory" in str(error)
