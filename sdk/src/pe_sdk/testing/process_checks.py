"""Rules about a plugin in a process of its own; one fresh interpreter serves all of them."""

from pe_sdk.testing.bench import Bench, with_data
from pe_sdk.testing.fresh import digest
from pe_sdk.testing.registry import Skipped, check, expect

GROWTH = 24 * 2**20
RATE = 2.0


@check("generator", "full")
def survives_spawn(bench: Bench) -> None:
    """The plugin can be imported, made and called in a fresh process."""
    bench.require()
    expect("error" not in bench.fresh, bench.fresh.get("error", ""))


@check("generator", "full")
def same_in_another_process(bench: Bench) -> None:
    """The same seeds give the same output in another process."""
    n = bench.rows
    own = with_data(bench.generator, bench.generator.random(bench.codes(n), bench.seeds(n)))
    expect(bench.observed("digest") == digest(own), "another process gives different output")


@check("generator", "full")
def no_writes(bench: Bench) -> None:
    """The plugin's Python code writes no files outside the scratch folder and the user's caches."""
    expect(not bench.observed("writes"), f"it writes {', '.join(bench.observed('writes')[:3])}")


@check("generator", "full")
def no_network(bench: Bench) -> None:
    """The plugin's Python code opens no network connection and looks up no host."""
    expect(not bench.observed("network"), f"it calls {', '.join(bench.observed('network'))}")


@check("generator", "full")
def cpu_only(bench: Bench) -> None:
    """A plugin that declares no GPU does not open one."""
    if bench.spec.gpu:
        raise Skipped("the plugin declares a GPU")
    expect(
        not bench.observed("gpu"),
        f"it opens {', '.join(bench.observed('gpu'))}; set gpu=True in the spec",
    )


@check("generator", "full")
def memory_flat(bench: Bench) -> str:
    """After a warm-up, memory grows by at most 24 MiB over a few seconds of calls."""
    grown = bench.observed("growth") / 2**20
    growth = f"{grown:+.1f} MiB after {bench.observed('calls')} calls of {bench.rows} rows"
    expect(bench.observed("growth") <= GROWTH, growth)
    return growth


@check("generator", "full")
def throughput(bench: Bench) -> str:
    """A plugin that declares no GPU makes at least two samples a second on a CPU.

    The rate is reported.
    """
    rate = bench.observed("rate")
    expect(bench.spec.gpu or rate >= RATE, f"{rate:.2f} samples a second")
    return f"{rate:.3g} samples a second"
