"""Rules about what a generator makes, checked in this process."""

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
from pe_sdk.testing.bench import Bench, identical, with_data
from pe_sdk.testing.registry import Failed, Skipped, check, expect

DEGREES = (0.05, 0.3, 1.0)


def _labels_and_seeds(bench: Bench, n: int) -> tuple[Any, Any]:
    return bench.codes(n), bench.seeds(n)


@check("generator", "basic")
def makes(bench: Bench) -> str:
    """The factory makes a Generator or a Simulator for an output and labels."""
    try:
        output, made = bench.require()
    except Skipped as error:
        cause = error.__cause__
        raise Failed(f"{type(cause).__name__}: {cause}") from None
    expect(isinstance(bench.generator, Generator), f"it returns {type(made).__name__}")
    return f"for {output.dtype} {list(output.shape)}"


@check("generator", "basic")
def refuses_impossible(bench: Bench) -> None:
    """The factory refuses an output of an unknown kind with CannotMake."""
    bench.require()
    try:
        bench.make(OutputSpec("no-such-kind", (1, 2, 3, 4), "float64"))
    except CannotMake:
        return
    except Exception as error:
        raise Failed(f"the factory raises {type(error).__name__} instead") from None
    raise Failed("the factory accepts it")


@check("generator", "basic")
def space_json(bench: Bench) -> None:
    """The parameter space survives a round trip through JSON."""
    space = bench.simulator.space
    document = space.to_json()
    back = ParameterSpace.from_json(document)
    expect(dict(back) == dict(space), "from_json(to_json()) gives a different space")


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
    codes, seeds = _labels_and_seeds(bench, bench.rows)
    before = bench.generator.random(codes, seeds)
    after = bench.generator.vary(before, 0.0, bench.seeds(len(codes), "other"))
    expect(
        identical(with_data(bench.generator, before), with_data(bench.generator, after)),
        "degree 0 changes samples",
    )


@check("generator", "basic")
def distance_grows(bench: Bench) -> None:
    """The mean distance between samples and their variations grows with the degree."""
    codes, seeds = _labels_and_seeds(bench, bench.rows)
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
            a, b = (with_data(generator, s).data for s in (before, after))
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
    """The same seeds give the same output, in a second call and from a second generator."""
    codes, seeds = _labels_and_seeds(bench, bench.rows)

    def run(generator: Generator) -> tuple[Samples, Samples]:
        first = generator.random(codes, seeds)
        return with_data(generator, first), with_data(generator, generator.vary(first, 0.5, seeds))

    first = run(bench.generator)
    for what, other in (
        ("call", bench.generator),
        ("generator", bench.generator_of(bench.make(bench.output))),
    ):
        again = run(other)
        expect(all(map(identical, first, again)), f"a second {what} gives different output")


@check("generator", "basic")
def batch_and_order(bench: Bench) -> None:
    """Rows of a generator declared exact depend neither on batch size nor on the order of rows."""
    if not bench.spec.exact:
        raise Skipped("not declared exact: only equal blocks give equal rows; see same_seeds")
    codes, seeds = _labels_and_seeds(bench, bench.rows)
    whole = with_data(bench.generator, bench.generator.random(codes, seeds))
    for rows in (np.arange(len(codes))[::-1], np.arange(min(5, len(codes))), np.arange(1)):
        part = with_data(bench.generator, bench.generator.random(codes[rows], seeds[rows]))
        expect(
            identical(part, whole.take(rows)),
            f"a batch of {len(rows)} of {len(codes)} rows gives different rows",
        )


@check("generator", "basic")
def output_form(bench: Bench) -> None:
    """Every batch has the dtype and shape of the OutputSpec."""
    codes, seeds = _labels_and_seeds(bench, bench.rows)
    try:
        data = with_data(bench.generator, bench.generator.random(codes, seeds)).data
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
            with_data(generator, samples)
        except Exception as error:
            raise Failed(f"label {code} fails: {type(error).__name__}: {error}") from None
        kept = np.array_equal(samples.labels, codes) and np.array_equal(varied.labels, codes)
        expect(kept, f"samples of label {code} have a different label")


@check("generator", "basic")
def no_dead_parameters(bench: Bench) -> None:
    """Every parameter changes the renders; parameters that change nothing are named."""
    dead = _dead(bench, bench.output, bench.simulator)
    for output in bench.outputs:  # a hue may do nothing in gray images, if it does in color
        if not dead:
            break
        if output != bench.output:
            with suppress(CannotMake):
                made = bench.make(output)
                dead = [name for name in _dead(bench, output, made) if name in dead]
    expect(not dead, f"parameters that change nothing: {', '.join(dead)}")


def _dead(bench: Bench, output: OutputSpec, simulator: Simulator) -> list[str]:
    """Return the parameters that change no render of this output."""
    generator = SimulatorGenerator(simulator, output, bench.labels)
    codes, seeds = _labels_and_seeds(bench, 32)
    before = generator.random(codes, seeds)
    renders = generator.restore(codes, before.state).data
    dead = []
    for name in simulator.space:
        other = generator.random(codes, bench.seeds(32, "other")).state[name]
        if np.array_equal(other, before.state[name]):
            continue  # a parameter with one value in these labels
        moved = generator.restore(codes, {**before.state, name: other}).data
        if np.array_equal(moved, renders):  # type: ignore[arg-type]  # restore returns data
            dead.append(name)
    return dead


@check("generator", "basic")
def restore_agrees(bench: Bench) -> None:
    """If state_only, only restore returns data, keeping labels and state; else random does."""
    codes, seeds = _labels_and_seeds(bench, bench.rows)
    drawn = bench.generator.random(codes, seeds)
    if not bench.generator.state_only:
        expect(drawn.data is not None, "random gives no data, but state_only is False")
        return
    expect(drawn.data is None, "random gives data, but state_only is True")
    back = bench.generator.restore(drawn.labels, drawn.state)
    kept = all(np.array_equal(back.state.get(k, ()), v) for k, v in drawn.state.items())
    expect(kept and np.array_equal(back.labels, drawn.labels), "restore changes labels or state")


@check("generator", "basic")
def adapt_is_pure(bench: Bench) -> None:
    """adapt returns a Generator and modifies neither its own generator nor the released values."""
    codes, seeds = _labels_and_seeds(bench, bench.rows)
    generator = bench.generator
    drawn = generator.random(codes, seeds)
    before = with_data(generator, generator.vary(drawn, 0.5, seeds))
    votes = np.arange(len(codes), dtype=np.int64)
    released = Released(
        1, 3, codes.copy(), votes, 1.0, {k: v.copy() for k, v in drawn.state.items()}
    )
    expect(isinstance(generator.adapt(released), Generator), "adapt does not return a Generator")
    unchanged = np.array_equal(released.votes, np.arange(len(codes))) and np.array_equal(
        released.labels, codes
    )
    expect(unchanged, "adapt modifies the released values")
    expect(
        identical(before, with_data(generator, generator.vary(drawn, 0.5, seeds))),
        "adapt modifies the generator it is called on",
    )


@check("generator", "basic")
def takes_foreign(bench: Bench) -> None:
    """If takes_foreign is declared, vary accepts samples of data and labels without a state."""
    generator = bench.generator
    if not generator.takes_foreign:
        raise Skipped("takes_foreign is not declared")
    codes, seeds = _labels_and_seeds(bench, bench.rows)
    data = with_data(generator, generator.random(codes, seeds)).data
    try:
        varied = with_data(generator, generator.vary(Samples(data, codes), 0.5, seeds))
        bench.output.check(varied.data, len(codes))  # type: ignore[arg-type]  # it refuses None
    except Exception as error:
        raise Failed(f"{type(error).__name__}: {error}") from None


@check("generator", "basic")
def no_global_random(bench: Bench) -> None:
    """No call uses or seeds the global random generators of random, numpy and torch."""
    codes, seeds = _labels_and_seeds(bench, bench.rows)
    bench.generator  # noqa: B018  made beforehand: only calls are checked
    before = _global_states()
    drawn = bench.generator.random(codes, seeds)
    with_data(bench.generator, bench.generator.vary(with_data(bench.generator, drawn), 0.5, seeds))
    after = _global_states()
    used = [name for name in before if before[name] != after[name]]
    expect(not used, f"a call uses the global generator of {', '.join(used)}; use pe_sdk.random")


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
    """Calls do not modify their arguments."""
    codes, seeds = _labels_and_seeds(bench, bench.rows)
    drawn = with_data(bench.generator, bench.generator.random(codes, seeds))
    kept = Samples(
        None if drawn.data is None else drawn.data.copy(),
        drawn.labels.copy(),
        {k: v.copy() for k, v in drawn.state.items()},
    )
    with_data(bench.generator, bench.generator.vary(drawn, 0.5, seeds))
    untouched = np.array_equal(codes, bench.codes(len(codes))) and np.array_equal(
        seeds, bench.seeds(len(codes))
    )
    expect(identical(kept, drawn) and untouched, "a call modifies its arguments")
