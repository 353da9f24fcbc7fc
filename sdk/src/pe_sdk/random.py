"""Randomness as a pure function of (seed, stream, index): counter-based, vectorised, stateless.

A sample has one 64-bit seed. Every random number it needs is a hash of that seed, the name of the
purpose (the stream) and a counter. So a sample is the same in any batch, in any order and in any
process. The hash applies the 64-bit finaliser of SplitMix64 (Steele, Lea, Flood: Fast Splittable
Pseudorandom Number Generators, OOPSLA 2014) after each of the three inputs. It is not a
cryptographic source: privacy noise never comes from here.
"""

from functools import cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Seeds = NDArray[np.uint64]
"""One seed for each sample, uint64 [n]."""

_WEYL = np.uint64(0x9E3779B97F4A7C15)


def _mix(z: Seeds) -> Seeds:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@cache
def _stream_key(stream: str) -> int:
    return int.from_bytes(blake2b(stream.encode(), digest_size=8).digest(), "little")


def bits(seeds: Seeds, stream: str, index: int = 0, size: int | None = None) -> Seeds:
    """Hash to 64 uniform bits.

    Args:
        seeds: uint64 [n].
        stream: name of the purpose; different streams are independent.
        index: counter of the first number in the stream.
        size: number of consecutive counters; None means one, without an axis of its own.

    Returns:
        uint64 [n], or [n, size] with column j at counter index + j.
    """
    seeds = np.ascontiguousarray(seeds, dtype=np.uint64)
    with np.errstate(over="ignore"):
        keyed = _mix(_mix(seeds + _WEYL) ^ np.uint64(_stream_key(stream)))
        counters = np.arange(index, index + (1 if size is None else size), dtype=np.uint64)
        out = _mix(keyed[:, None] ^ _mix((counters + np.uint64(1)) * _WEYL))
    return out[:, 0] if size is None else out


def uniforms(
    seeds: Seeds, stream: str, index: int = 0, size: int | None = None
) -> NDArray[np.float64]:
    """Draw uniform numbers in [0, 1) with 53 random bits: float64 [n] or [n, size].

    The arguments are those of `bits`.
    """
    return (bits(seeds, stream, index, size) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def integers(
    seeds: Seeds, stream: str, high: int, index: int = 0, size: int | None = None
) -> NDArray[np.int64]:
    """Draw uniform integers in [0, high): int64 [n] or [n, size].

    The bias is below `high / 2**53`. The other arguments are those of `bits`.

    Raises:
        ValueError: high is not in `1..2**53`.
    """
    if not 1 <= high <= 2**53:
        raise ValueError(f"high must lie in 1..2**53, got {high}")
    return np.minimum((uniforms(seeds, stream, index, size) * high).astype(np.int64), high - 1)


def normals(
    seeds: Seeds, stream: str, index: int = 0, size: int | None = None
) -> NDArray[np.float64]:
    """Draw standard normal numbers: float64 [n] or [n, size].

    They are the Box-Muller transform of two uniform streams. The arguments are those of `bits`.
    """
    radius = np.sqrt(-2.0 * np.log1p(-uniforms(seeds, stream + "/radius", index, size)))
    angle: NDArray[np.float64] = 2.0 * np.pi * uniforms(seeds, stream + "/angle", index, size)
    return radius * np.cos(angle)


def derive(seed: int, stream: str, count: int, start: int = 0) -> Seeds:
    """Derive the seeds of `count` samples from one master seed: uint64 [count].

    Row i is counter start + i of the stream.
    """
    master = np.array([seed & (2**64 - 1)], dtype=np.uint64)
    return bits(master, stream, start, count).reshape(count)
