"""The wall around one process: what it is made of here, and how it is put up."""

import os
from collections.abc import Collection, Mapping
from typing import NamedTuple

from pe_host.isolation import calls, landlock

FILES, TCP, ABSTRACT, SIGNALS, CALLS = "files", "tcp", "abstract", "signals", "calls"
LANDLOCK = (FILES, TCP, ABSTRACT, SIGNALS)


class Wall(NamedTuple):
    """What a kernel can keep plugins from.

    Args:
        abi: version of Landlock; 0 for none.
        calls: whether system calls can be refused.
    """

    abi: int
    calls: bool

    @property
    def holds(self) -> bool:
        """Whether files and network are closed, without which private data are not safe."""
        return self.abi >= 1 and self.calls


def offered(left_out: Collection[str] = ()) -> Wall:
    """Return what the running kernel offers.

    Args:
        left_out: parts to do without, in tests.
    """
    abi = 0 if set(LANDLOCK) <= set(left_out) else landlock.version()
    return Wall(abi, CALLS not in left_out and calls.supported())


_kept: list[int] = []


def build(
    rules: Mapping[str, landlock.Access], *, network: bool, left_out: Collection[str] = ()
) -> None:
    """Put the wall up around this process and all that it starts.

    Args:
        rules: what may be done with files, by path.
        network: whether internet sockets are left.
        left_out: parts to do without, in tests.

    Raises:
        OSError: the kernel offers a part, and refuses it.
    """
    wall = offered(left_out)
    if wall.abi:
        # /proc/self is the folder of this very process. The kernel would forget that it is open
        # as soon as nobody used the folder, so it is held.
        _kept.append(os.open("/proc/self", os.O_PATH | os.O_CLOEXEC))
        landlock.restrict(
            rules,
            files=FILES not in left_out,
            tcp=TCP not in left_out and not network,
            abstract=ABSTRACT not in left_out,
            signals=SIGNALS not in left_out,
        )
    if wall.calls:
        calls.refuse(network=network, truncate=0 < wall.abi < 3)
