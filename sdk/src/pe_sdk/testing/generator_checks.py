"""Rules about what a generator makes, tried in this process."""

import random as global_random
import sys
from contextlib import suppress
from typing import Any

import numpy as np

from pe_sdk.adapter import SimulatorGenerator
from pe_sdk.errors import CannotMake
from pe_sdk.generator import Generator, Simulator
from pe_sdk.output import OutputSpec
from pe_sdk.released import Released
from pe_sdk.samples import Samples
from pe_sdk.space import ParameterSpace
from pe_sdk.testing.bench import Bench, full, same
from pe_sdk.testing.registry import Failed, Skipped, check, expect

DEGREES = (0.05, 0.3, 1.0)


def _pair(bench: Bench, n: int) -> tuple[Any, Any]:
    return bench.codes(n), bench.seeds(n)


@check("generator", "basic")
def makes(bench: Bench) -> str:
    """The factory makes a Generator or a Simulator for an output and labels."""
    try:
        output, made = bench.need()
    except Skipped as error:
        cause = error.__cause__
        raise Failed(f"{type(cause).__name__}: {cause}") from None
    expect(isinstance(bench.generator, Generator), f"it makes a {type(made).__name__}")
    return f"for {output.dtype} {list(output.shape)}"


@check("generator", "basic")
def refuses_impossible(bench: Bench) -> None:
    """An output of a kind that nobody can make is refused with CannotMake."""
    bench.need()
    try:
        bench.make(OutputSpec("no-such-kind", (1, 2, 3, 4), "float64"))
    except CannotMake:
        return
    except Exception as error:
        raise Failed(f"it raises {type(error).__name__} instead") from None
    raise Failed("it is made all the same")


@check("generator", "basic")
def space_json(bench: Bench) -> None:
    """The parameter space survives the round trip through JSON."""
    space = bench.simulator.space
    document = space.to_json()
    back = ParameterSpace.from_json(document)
    expect(dict(back) == dict(space), "from_json(to_json()) gives another space")


@check("generator", "basic")
def stays_inside(bench: Bench) -> None:
    """Sampled and varied parameters lie inside the space of their label."""
    n, simulator = 256, bench.simulator
    for i, label in enumerate(bench.labels):
        space = simulator.space_for(label)
        start = space.sample(bench.seeds(n))
        for what, columns in (
            ("sample", start),
            *((f"vary {d}", space.vary(start, d, bench.seeds(n))) for d in DEGREES),
        ):
            inside = ParameterSpace(dict(space)).contains(columns)
            expect(
                inside.all(),
                f"{what} leaves the space of label {i} in {int((~inside).sum())} of {n} rows",
            )


@check("generator", "basic")
def degree_zero(bench: Bench) -> None:
    """A variation of degree 0 is the identity."""
    codes, seeds = _pair(bench, bench.rows)
    before = bench.generator.random(codes, seeds)
    after = bench.generator.vary(before, 0.0, bench.seeds(len(codes), "other"))
    expect(
        same(full(bench.generator, before), full(bench.generator, after)),
        "degree 0 changes samples",
    )


@check("generator", "basic")
def distance_grows(bench: Bench) -> None:
    """The mean distance between samples and their variations grows with the degree."""
    codes, seeds = _pair(bench, bench.rows)
    generator = bench.generator
    before = generator.random(codes, seeds)
    space = getattr(generator, "space", None)
    means = []
    for degree in DEGREES:
        after = generator.vary(before, degree, bench.seeds(len(codes), "other"))
        if isinstance(space, ParameterSpace):
            plain = ParameterSpace(dict(space))
            means.append(float(np.mean(plain.distance(before.state, after.state))))
        else:
            a, b = (full(generator, s).data for s in (before, after))
            means.append(
                float(
                    np.mean(
                        np.abs(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64))
                    )
                )
            )
    expect(
        means[-1] > means[0], f"mean distances {[round(m, 4) for m in means]} at degrees {DEGREES}"
    )


@check("generator", "basic")
def same_seeds(bench: Bench) -> None:
    """The same seeds give the same output, on a second pass and from a second generator."""
    codes, seeds = _pair(bench, bench.rows)

    def run(generator: Generator) -> tuple[Samples, Samples]:
        first = generator.random(codes, seeds)
        return full(generator, first), full(generator, generator.vary(first, 0.5, seeds))

    first = run(bench.generator)
    for what, other in (
        ("pass", bench.generator),
        ("generator", bench.generator_of(bench.make(bench.output))),
    ):
        again = run(other)
        expect(all(map(same, first, again)), f"a second {what} gives other output")


@check("generator", "basic")
def batch_and_order(bench: Bench) -> None:
    """Rows of a generator flagged exact depend neither on the size of the batch nor on the order of rows."""
    if not bench.spec.exact:
        raise Skipped("not flagged exact: equal for equal blocks only, see same_seeds")
    codes, seeds = _pair(bench, bench.rows)
    whole = full(bench.generator, bench.generator.random(codes, seeds))
    for rows in (np.arange(len(codes))[::-1], np.arange(min(5, len(codes))), np.arange(1)):
        part = full(bench.generator, bench.generator.random(codes[rows], seeds[rows]))
        expect(same(part, whole.take(rows)), f"{len(rows)} of {len(codes)} rows come out otherwise")


@check("generator", "basic")
def output_form(bench: Bench) -> None:
    """Every batch has the dtype and shape of the OutputSpec."""
    codes, seeds = _pair(bench, bench.rows)
    try:
        data = full(bench.generator, bench.generator.random(codes, seeds)).data
        bench.output.check(data, len(codes))  # type: ignore[arg-type]  # it refuses None
    except ValueError as error:
        raise Failed(str(error)) from None


@check("generator", "basic")
def all_labels(bench: Bench) -> None:
    """Samples of every label can be made and varied, and keep their labels."""
    generator = bench.generator
    for code in range(len(bench.labels)):
        codes = np.full(2, code, dtype=np.int64)
        try:
            samples = generator.random(codes, bench.seeds(2))
            varied = generator.vary(samples, 0.5, bench.seeds(2))
            full(generator, samples)
        except Exception as error:
            raise Failed(f"label {code} fails: {type(error).__name__}: {error}") from None
        kept = np.array_equal(samples.labels, codes) and np.array_equal(varied.labels, codes)
        expect(kept, f"samples of label {code} come with other labels")


@check("generator", "basic")
def no_dead_parameters(bench: Bench) -> None:
    """Renders differ when a parameter differs; parameters that change nothing are named."""
    dead = _dead(bench, bench.output, bench.simulator)
    for output in bench.outputs:  # a hue is no fault of a generator that makes gray pictures too
        if not dead:
            break
        if output != bench.output:
            with suppress(CannotMake):
                made = bench.make(output)
                dead = [name for name in _dead(bench, output, made) if name in dead]
    expect(not dead, f"parameters that change nothing: {', '.join(dead)}")


def _dead(bench: Bench, output: OutputSpec, simulator: Simulator) -> list[str]:
    """The parameters that change no picture of this form."""
    generator = SimulatorGenerator(simulator, output, bench.labels)
    codes, seeds = _pair(bench, 32)
    before = generator.random(codes, seeds)
    pictures = generator.restore(codes, before.state).data
    dead = []
    for name in simulator.space:
        other = generator.random(codes, bench.seeds(32, "other")).state[name]
        if np.array_equal(other, before.state[name]):
            continue  # a parameter with one value in these labels
        moved = generator.restore(codes, {**before.state, name: other}).data
        if np.array_equal(moved, pictures):  # type: ignore[arg-type]  # they are arrays: restore gives data
            dead.append(name)
    return dead


@check("generator", "basic")
def restore_agrees(bench: Bench) -> None:
    """A generator of state only gives no data but from restore, which keeps labels and state; others give data."""
    codes, seeds = _pair(bench, bench.rows)
    drawn = bench.generator.random(codes, seeds)
    if not bench.generator.state_only:
        expect(drawn.data is not None, "it is not state_only, but random gives no data")
        return
    expect(drawn.data is None, "it is state_only, but random gives data")
    back = bench.generator.restore(drawn.labels, drawn.state)
    kept = all(np.array_equal(back.state.get(k, ()), v) for k, v in drawn.state.items())
    expect(kept and np.array_equal(back.labels, drawn.labels), "restore changes labels or state")


@check("generator", "basic")
def adapt_is_pure(bench: Bench) -> None:
    """adapt gives a generator and changes neither the one that was asked nor what was released."""
    codes, seeds = _pair(bench, bench.rows)
    generator = bench.generator
    drawn = generator.random(codes, seeds)
    before = full(generator, generator.vary(drawn, 0.5, seeds))
    votes = np.arange(len(codes), dtype=np.int64)
    released = Released(
        1, 3, codes.copy(), votes, 1.0, {k: v.copy() for k, v in drawn.state.items()}
    )
    expect(isinstance(generator.adapt(released), Generator), "adapt gives no Generator")
    unchanged = np.array_equal(released.votes, np.arange(len(codes))) and np.array_equal(
        released.labels, codes
    )
    expect(unchanged, "adapt changes what was released")
    expect(
        same(before, full(generator, generator.vary(drawn, 0.5, seeds))),
        "adapt changes the generator that was asked",
    )


@check("generator", "basic")
def takes_foreign(bench: Bench) -> None:
    """A generator that declares takes_foreign varies samples that have data and labels and no state of its own."""
    generator = bench.generator
    if not generator.takes_foreign:
        raise Skipped("it does not declare takes_foreign")
    codes, seeds = _pair(bench, bench.rows)
    data = full(generator, generator.random(codes, seeds)).data
    try:
        varied = full(generator, generator.vary(Samples(data, codes), 0.5, seeds))
        bench.output.check(varied.data, len(codes))  # type: ignore[arg-type]
    except Exception as error:
        raise Failed(f"{type(error).__name__}: {error}") from None


@check("generator", "basic")
def no_global_random(bench: Bench) -> None:
    """No call draws from or seeds the global generators of random, numpy and torch."""
    codes, seeds = _pair(bench, bench.rows)
    bench.generator  # noqa: B018  made before: only calls are watched
    before = _global_states()
    drawn = bench.generator.random(codes, seeds)
    full(bench.generator, bench.generator.vary(full(bench.generator, drawn), 0.5, seeds))
    after = _global_states()
    used = [name for name in before if before[name] != after[name]]
    expect(not used, f"it uses the global generator of {', '.join(used)}; use pe_sdk.random")


def _global_states() -> dict[str, Any]:
    states: dict[str, Any] = {"random": global_random.getstate()}
    kind, keys, *rest = np.random.get_state()
    states["numpy"] = (kind, np.asarray(keys).tobytes(), *rest)
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "random"):
        states["torch"] = torch.random.get_rng_state().numpy().tobytes()
    return states


@check("generator", "basic")
def arguments_unchanged(bench: Bench) -> None:
    """Calls do not write into their arguments."""
    codes, seeds = _pair(bench, bench.rows)
    drawn = full(bench.generator, bench.generator.random(codes, seeds))
    kept = Samples(
        None if drawn.data is None else drawn.data.copy(),
        drawn.labels.copy(),
        {k: v.copy() for k, v in drawn.state.items()},
    )
    full(bench.generator, bench.generator.vary(drawn, 0.5, seeds))
    untouched = np.array_equal(codes, bench.codes(len(codes))) and np.array_equal(
        seeds, bench.seeds(len(codes))
    )
    expect(same(kept, drawn) and untouched, "a call changes its arguments")
