"""Rules about a plugin in a process of its own, all answered by one fresh interpreter."""

from pe_sdk.testing.bench import Bench, full
from pe_sdk.testing.fresh import digest
from pe_sdk.testing.registry import Skipped, check, expect

GROWTH = 24 * 2**20
RATE = 2.0


@check("generator", "full")
def survives_spawn(bench: Bench) -> None:
    """The plugin can be imported, made and called in a fresh process that shares nothing with this one."""
    bench.need()
    expect("error" not in bench.fresh, bench.fresh.get("error", ""))


@check("generator", "full")
def same_in_another_process(bench: Bench) -> None:
    """The same seeds give the same output in another process."""
    n = bench.rows
    own = full(bench.generator, bench.generator.random(bench.codes(n), bench.seeds(n)))
    expect(bench.seen("digest") == digest(own), "another process gives other bits")


@check("generator", "full")
def no_writes(bench: Bench) -> None:
    """Python code of the plugin writes no file outside the scratch folder and the user's caches."""
    expect(not bench.seen("writes"), f"it writes {', '.join(bench.seen('writes')[:3])}")


@check("generator", "full")
def no_network(bench: Bench) -> None:
    """Python code of the plugin opens no network connection and looks up no host."""
    expect(not bench.seen("network"), f"it calls {', '.join(bench.seen('network'))}")


@check("generator", "full")
def cpu_only(bench: Bench) -> None:
    """A plugin that declares no GPU opens none."""
    if bench.spec.gpu:
        raise Skipped("it declares a GPU")
    expect(
        not bench.seen("gpu"), f"it opens {', '.join(bench.seen('gpu'))}; set gpu=True in the spec"
    )


@check("generator", "full")
def memory_flat(bench: Bench) -> str:
    """Once the plugin has warmed up, memory grows by at most 24 MiB over as many calls as fit into a few seconds."""
    grown = bench.seen("growth") / 2**20
    told = f"{grown:+.1f} MiB after {bench.seen('calls')} calls of {bench.rows} rows"
    expect(bench.seen("growth") <= GROWTH, told)
    return told


@check("generator", "full")
def throughput(bench: Bench) -> str:
    """On a CPU a plugin that declares no GPU makes at least two samples a second; the rate is reported."""
    rate = bench.seen("rate")
    expect(bench.spec.gpu or rate >= RATE, f"{rate:.2f} samples a second")
    return f"{rate:.3g} samples a second"
