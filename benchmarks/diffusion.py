"""Samples of the shipped diffusion model per CPU second, on one thread.

python benchmarks/diffusion.py [SECONDS]
"""

import os
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

import pe_diffusion
from pe_sdk import OutputSpec, random

LABELS = tuple("0123456789")
BLOCK = 64


def rate(call: Callable[[], object], seconds: float) -> float:
    """Samples per CPU second (user and system); each call makes a block."""
    call()
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        call()
        done += 1
    return done * BLOCK / spent


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    torch.set_num_threads(1)
    seeds = random.derive(1, "benchmark", BLOCK)
    labels = random.integers(seeds, "label", len(LABELS))
    print(
        f"torch {torch.__version__}, {os.cpu_count()} cores; one thread; blocks of {BLOCK}; "
        "CPU seconds of this process"
    )
    for dtype in ("auto", "float32"):
        options = pe_diffusion.Options(device="cpu", dtype=dtype)
        made = pe_diffusion.make(OutputSpec.image(28, 28), LABELS, options)
        before = made.random(labels, seeds)
        print(f"dtype={dtype} ({made.backend.place.dtype}), {made.steps} steps")
        speed = rate(lambda m=made: m.random(labels, seeds), seconds)
        print(f"  random     {speed:>7,.0f} samples per CPU second")
        for degree in (0.1, 0.2, 0.4, 0.7):
            speed = rate(lambda m=made, b=before, d=degree: m.vary(b, d, seeds), seconds)
            print(f"  vary {degree:<5} {speed:>7,.0f}")
    print(
        f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB; "
        f"numpy {np.__version__}"
    )


if __name__ == "__main__":
    main()
