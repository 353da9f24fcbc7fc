"""The program of a worker process, which `pe_host.isolation` has confined.

First the protocol moves away from 0 and 1, where a plugin's `print` would corrupt it; then come
numpy, the SDK and plugins.
"""

import gc
import os


def claim_descriptors() -> tuple[int, int]:
    """Move the protocol to two private descriptors, which processes of a plugin do not inherit.

    Then 0 reads nothing and 1 writes where 2 does.

    Returns:
        The descriptors to read requests from and to write replies to.
    """
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return source, sink


def main() -> None:
    source, sink = claim_descriptors()
    gc.disable()  # what imports make stays: the collector need not look through it, now or later
    from pe_host.compute.worker import serve

    gc.freeze()
    gc.enable()
    serve(source, sink)


if __name__ == "__main__":
    main()
