"""Chain and mixture over small generators of this test: who makes what, with which state, and what
is refused.
"""

from dataclasses import replace

import numpy as np
import pytest

import pe_combined
from pe_combined.chain import SETTLED, participation
from pe_combined.parts import MAKER
from pe_sdk import (
    PARAMETERS_KNOWN,
    CannotMake,
    Float,
    Generator,
    GeneratorSpec,
    OutputSpec,
    ParameterSpace,
    Released,
    Samples,
    Simulator,
    SimulatorGenerator,
    parse_options,
    random,
)

OUTPUT = OutputSpec.image(4, 4)
LABELS = ("a", "b")
N = 60
COLUMN, SEEDS, MORE = np.arange(N) % 2, random.derive(1, "s", N), random.derive(2, "s", N)


class Grey(Simulator):
    space = ParameterSpace({"level": Float(0, 100)})

    def render(self, params, labels, seeds):
        return np.repeat(np.rint(params["level"]).astype(np.uint8), 16).reshape(-1, 4, 4, 1)


class Tens(Grey):
    """Greys whose labels have narrower spaces, none of which contains 0."""

    space = ParameterSpace({"level": Float(10, 100)})

    def space_for(self, label):
        return ParameterSpace({"level": Float(10, 50) if label == "a" else Float(60, 100)})


class Model(Generator):
    """Bright pictures; a variation of anything adds 100 x degree. Takes blocks of 8, or one row."""

    takes_foreign = True

    def __init__(self, adapted=()):
        self.adapted = adapted

    def random(self, labels, seeds):
        n = len(labels)
        assert n in (1, 8), "blocks are padded"
        return Samples(np.full((n, 4, 4, 1), 200, np.uint8), labels, {"word": np.array(["ab"] * n)})

    def adapt(self, released):
        assert set(released.state) == {"word"} and len(released.votes) == len(released.labels)
        return Model((*self.adapted, (released.t, int(released.votes.sum()))))

    def vary(self, samples, degree, seeds):
        assert len(samples) == 8 and set(samples.state) in ({"word"}, set())
        degree = degree["*"] if isinstance(degree, dict) else degree
        if degree == 0 and samples.state:
            return samples
        words = np.array(["own" if samples.state else "foreign"] * 8)
        return Samples(samples.data + np.uint8(100 * degree), samples.labels, {"word": words})


class Pool:
    """`pe_sdk.Peers` of this test."""

    def spec(self, name):
        if name not in ("grey", "tens", "model", "other", "both"):
            raise CannotMake(f"no generator {name!r} is installed")
        return GeneratorSpec(name, "", None, exact=name not in ("model", "both"), block=8)

    def make(self, name, output, labels, options):
        if options:
            raise CannotMake(f"{name}: unknown option {min(options)!r}")
        if name == "both":
            return make(mix="grey:1,model:1")
        return (
            Model()
            if name == "model"
            else SimulatorGenerator(Tens() if name == "tens" else Grey(), output, labels)
        )


def make(**options):
    given = {name.replace("__", "."): value for name, value in options.items()}
    return pe_combined.make(OUTPUT, LABELS, parse_options(pe_combined.Options, given), Pool())


def released(t, samples, votes=None, noise=1.0, iterations=6):
    votes = np.full(len(samples), 50) if votes is None else votes
    return Released(t, iterations, samples.labels, votes, noise, samples.state)


def test_a_chain_hands_over_at_its_iteration():
    # Fails if the stage is that of the votes (one too late), or of the population before.
    chain = make(stages="grey:0-2,model:3-")
    made = chain.random(COLUMN, SEEDS)
    assert set(made.state[MAKER]) == {"grey"} and made.data.max() <= 100
    for t, maker in ((1, "grey"), (2, "grey"), (3, "model"), (6, "model")):
        varied = chain.adapt(released(t, made)).vary(made, 0.5, MORE)
        assert set(varied.state[MAKER]) == {maker}, t
    assert np.array_equal(varied.data, made.data + 50) and set(varied.state["model/word"]) == {
        "foreign"
    }
    # Samples still carry what they began with.
    assert np.array_equal(varied.state["grey/level"], made.state["grey/level"])
    again = chain.adapt(released(4, varied)).vary(varied, 0.5, SEEDS)
    assert set(again.state["model/word"]) == {"own"}


def test_parameters_of_a_chain_are_those_of_its_first_stage():
    chain = make(stages="grey:0-0,model:1-")
    made = chain.random(COLUMN, SEEDS)
    varied = chain.adapt(released(1, made)).vary(made, 0.5, MORE)
    for samples in (made, varied):
        assert chain.space.contains({name: samples.state[name] for name in chain.space}).all()
    assert list(chain.space) == ["grey/level"] and all(
        list(space) == ["grey/level"] for space in chain.label_spaces
    )
    assert make(stages="model:0-").space is None


def test_parameters_of_a_mixture_are_those_of_its_simulator_where_they_are_known():
    # Fails if rows of others carry zeros (outside the space), or if a sample that is handed over
    # loses what it began with.
    mixture = make(mix="model:1,tens:2")
    made = mixture.random(COLUMN, SEEDS)
    model = made.state[MAKER] == "model"
    assert np.array_equal(made.state[PARAMETERS_KNOWN], ~model) and list(mixture.space) == [
        "tens/level"
    ]
    handing = mixture.adapt(released(2, made, np.where(model, 4000, 10)))
    varied = handing.vary(made, 0.5, MORE)
    handed = ~model & (varied.state[MAKER] == "model")
    assert handed.sum() > 10 and np.array_equal(varied.state[PARAMETERS_KNOWN], ~model)
    assert np.array_equal(varied.state["tens/level"][handed], made.state["tens/level"][handed])
    for samples in (made, varied):
        for label, space in enumerate(mixture.label_spaces):
            assert space.contains(
                {"tens/level": samples.state["tens/level"][label == COLUMN]}
            ).all()
    fresh = handing.vary(made, 1.0, MORE)
    assert np.array_equal(fresh.state[PARAMETERS_KNOWN], fresh.state[MAKER] == "tens"), (
        "nothing is left of a parent"
    )
    clipped = make(mix="model:1,tens:2", degrees__model="4").adapt(
        released(2, made, np.where(model, 4000, 10))
    )
    for degree, kept in ((0.2, True), (0.3, False), ({"*": 0.2}, True), ({"*": 0.3}, False)):
        assert clipped.vary(made, degree, MORE).state[PARAMETERS_KNOWN][handed].any() == kept


def test_a_mixture_has_the_parameters_of_who_makes_half_of_it_or_nobodys():
    assert list(make(mix="grey:1,tens:2").space) == ["tens/level"]
    assert list(make(mix="grey:1,tens:1").space) == ["grey/level"]
    for mix in ("model:1", "model:2,grey:1"):
        assert make(mix=mix).space is None
        assert PARAMETERS_KNOWN not in make(mix=mix).random(COLUMN, SEEDS).state


def test_what_a_part_does_not_know_is_not_known():
    """A part may be a mixture itself; fails if everything it made counts as known."""
    mixture = make(mix="both:2,model:1")
    many = random.derive(5, "many", 400)
    made = mixture.random(np.zeros(400, np.int64), many)
    inner = (made.state[MAKER] == "both") & (made.state["both/maker"] == "grey")
    for samples in (made, mixture.vary(made, 0.5, random.derive(6, "many", 400))):
        assert 0 < inner.sum() < (made.state[MAKER] == "both").sum()
        assert np.array_equal(samples.state[PARAMETERS_KNOWN], inner)


def test_a_chain_knows_what_its_first_stage_knows_until_a_later_one_draws_afresh():
    for stages, some in (("both:0-0,model:1-", True), ("grey:0-0,model:1-", False)):
        chain = make(stages=stages)
        made = chain.random(COLUMN, SEEDS)
        then = chain.adapt(released(1, made))
        assert (0 < made.state[PARAMETERS_KNOWN].sum() < N) == some
        assert np.array_equal(
            then.vary(made, 0.5, MORE).state[PARAMETERS_KNOWN], made.state[PARAMETERS_KNOWN]
        )
        assert not then.vary(made, 1.0, MORE).state[PARAMETERS_KNOWN].any()


def test_degrees_by_parameter_reach_the_generator_they_are_of():
    mixture = make(mix="grey:1,model:1")
    made = mixture.random(COLUMN, SEEDS)
    model = made.state[MAKER] == "model"
    still = mixture.vary(made, {"grey/level": 0.0, "*": 0.4}, MORE)
    assert (
        np.array_equal(still.data[~model], made.data[~model]) and (still.data[model] == 240).all()
    )
    for wrong in ({"level": 0.1, "*": 0.4}, {"grey/levl": 0.1, "*": 0.4}):
        for generator in (mixture, make(stages="grey:0-")):
            with pytest.raises(ValueError, match="lev"):
                generator.vary(made, wrong, MORE)
    with pytest.raises(ValueError, match="grey/level"):
        make(mix="model:2,grey:1").vary(made, {"grey/level": 0.1}, MORE)
    handing = mixture.adapt(released(2, made, np.where(model, 4000, 10)))
    assert np.array_equal(handing.vary(made, {"*": 0.0}, MORE).state[MAKER], made.state[MAKER])


def test_rows_of_both_makers_are_varied_in_their_places():
    chain = make(stages="grey:0-0,model:1-")
    made = chain.random(COLUMN, SEEDS)
    then = chain.adapt(released(1, made))
    half = then.vary(made, 0.5, MORE)
    mixed = Samples.concatenate([made.take(slice(0, N, 2)), half.take(slice(1, N, 2))]).take(
        np.argsort(np.concatenate([np.arange(0, N, 2), np.arange(1, N, 2)]))
    )
    varied = then.vary(mixed, 0.5, SEEDS)
    assert np.array_equal(varied.labels, COLUMN) and np.array_equal(varied.data, mixed.data + 50)
    assert varied.state["model/word"].tolist() == ["foreign", "own"] * (N // 2)


def test_columns_are_the_same_whoever_made_the_samples():
    for generator in (make(stages="grey:0-0,model:1-"), make(mix="grey:1,model:1")):
        made = generator.random(COLUMN, SEEDS)
        varied = generator.adapt(released(1, made)).vary(made, 0.5, MORE)
        for samples in (made, varied):
            assert sorted(samples.state) == [
                "grey/level",
                "grey/render_seed",
                MAKER,
                "model/word",
                PARAMETERS_KNOWN,
            ]
            assert samples.state[MAKER].dtype == np.dtype("<U5")


def test_a_simulator_cannot_follow():
    with pytest.raises(CannotMake, match="other cannot vary samples of another generator"):
        make(stages="model:0-1,other:2-")
    make(stages="model:0-")


def test_a_mixture_begins_with_its_shares_and_each_varies_its_own():
    mixture = make(mix="grey:3,model:1")
    many = random.derive(5, "many", 8000)
    makers = mixture.random(np.zeros(8000, np.int64), many).state[MAKER]
    assert abs((makers == "grey").mean() - 0.75) < 5 * np.sqrt(0.75 * 0.25 / 8000)
    made = mixture.random(COLUMN, SEEDS)
    varied = mixture.vary(made, 0.5, MORE)
    assert np.array_equal(varied.state[MAKER], made.state[MAKER]) and np.array_equal(
        varied.labels, COLUMN
    )
    model = made.state[MAKER] == "model"
    assert (
        0 < model.sum() < N
        and (varied.data[model] == 250).all()
        and (varied.data[~model] <= 100).all()
    )


def test_votes_decide_who_is_handed_what():
    # A model with four times the votes a candidate takes over three of four samples of the
    # simulator, less an allowance for noise.
    mixture = make(mix="grey:1,model:1")
    made = mixture.random(np.zeros(4000, np.int64), random.derive(7, "m", 4000))
    model = made.state[MAKER] == "model"
    better = mixture.adapt(released(2, made, np.where(model, 40, 10))).vary(
        made, 0.5, random.derive(8, "m", 4000)
    )
    handed = (better.state[MAKER] == "model")[~model].mean()
    assert abs(handed - 0.75) < 5 * np.sqrt(0.75 * 0.25 / (~model).sum()) + 0.01
    assert (better.state[MAKER][model] == "model").all()
    unsure = [
        (np.where(model, 10, 40), 1.0),
        (np.where(model, 40, 10), 1e4),
        (np.where(model, 0, -5), 1.0),
    ]
    for votes, noise in unsure:
        same = mixture.adapt(released(2, made, votes, noise)).vary(
            made, 0.5, MORE.repeat(67)[:4000]
        )
        assert np.array_equal(same.state[MAKER], made.state[MAKER]), (
            "worse, or within the noise: nothing is handed over"
        )


def test_equal_generators_hand_nothing_over_whatever_the_noise():
    # Fails (some of 200 times) if votes are compared without regard to noise, or with one standard
    # deviation.
    mixture = make(mix="grey:1,model:1")
    made = mixture.random(np.zeros(400, np.int64), random.derive(7, "m", 400))
    rng = np.random.default_rng(0)
    for _ in range(200):
        votes = np.rint(0.5 + 20 * rng.normal(size=400)).astype(np.int64)
        assert not mixture.adapt(released(2, made, votes, 20.0))._handed


def test_a_part_adapts_to_its_own_candidates():
    for generator in (make(mix="grey:1,model:1"), make(stages="grey:0-0,model:1-")):
        made = generator.random(COLUMN, SEEDS)
        mixed = generator.adapt(released(1, made)).vary(made, 0.5, MORE)
        votes = np.arange(N)
        adapted = generator.adapt(released(2, mixed, votes))._parts[1].generator.adapted
        assert adapted == ((2, int(votes[mixed.state[MAKER] == "model"].sum())),)


def test_adapting_is_pure_and_starts_from_what_was_made():
    mixture = make(mix="grey:1,model:1")
    made = mixture.random(COLUMN, SEEDS)
    before = mixture.vary(made, 0.5, MORE)
    mixture.adapt(released(2, made, np.where(made.state[MAKER] == "model", 400, 10)))
    assert np.array_equal(mixture.vary(made, 0.5, MORE).state[MAKER], before.state[MAKER])


def test_an_auto_stage_waits_until_votes_fall_evenly():
    chain = make(stages="grey,model:auto")
    made = chain.random(COLUMN, SEEDS)

    def next_maker(t, votes, samples=made):
        (maker,) = set(
            chain.adapt(released(t, samples, votes)).vary(samples, 0.5, MORE).state[MAKER]
        )
        return maker

    few, even = np.where(np.arange(N) < 4, 500, 0), np.full(N, 30)
    assert next_maker(2, few) == "grey" and next_maker(2, even) == "model"
    assert next_maker(5, few) == "model", "the last population is always the model's"
    handed = chain.adapt(released(2, made, even)).vary(made, 0.5, MORE)
    assert next_maker(3, few, handed) == "model", "it never goes back"


def test_a_stage_of_the_release_makes_only_the_release():
    chain = make(stages="grey,model:release")
    made = chain.random(COLUMN, SEEDS)
    even = np.full(N, 30)
    makers = [
        set(chain.adapt(released(t, made, even)).vary(made, 0.5, MORE).state[MAKER])
        for t in range(1, 7)
    ]
    assert makers == [{"grey"}] * 5 + [{"model"}]
    early = replace(released(3, made, even), final=True)  # no budget is left for more votes
    assert set(chain.adapt(early).vary(made, 0.5, MORE).state[MAKER]) == {"model"}


def test_a_stage_of_the_release_varies_what_the_first_made_of_the_parents():
    # Fails if the parents themselves go to the second stage, or if it takes foreign samples for its
    # own.
    chain, grey = make(stages="grey,model:release"), make(stages="grey:0-")
    made = chain.random(COLUMN, SEEDS)
    released_by_grey = grey.vary(made, 0.3, MORE)
    whole = chain.adapt(released(6, made)).vary(made, 0.3, MORE)
    assert not np.array_equal(released_by_grey.data, made.data)
    assert np.array_equal(whole.data, released_by_grey.data + np.uint8(30)) and set(
        whole.state["model/word"]
    ) == {"foreign"}
    assert np.array_equal(whole.state["grey/level"], released_by_grey.state["grey/level"])
    both = Samples.concatenate([whole.take(slice(0, N, 2)), made.take(slice(1, N, 2))])
    # Rows that the second stage made are its own.
    again = chain.adapt(released(6, made)).vary(both, 0.3, MORE)
    assert np.array_equal(again.data[: N // 2], both.data[: N // 2] + np.uint8(30))
    assert again.state["model/word"].tolist() == ["own"] * (N // 2) + ["foreign"] * (N // 2)


def test_participation_is_that_of_the_votes_without_their_noise():
    labels, n = np.zeros(20000, np.int64), 20000
    rng = np.random.default_rng(0)
    true = np.where(np.arange(n) % 4 == 0, 40.0, 0.0)  # a quarter takes part
    for noise in (0.0, 10.0):
        votes = np.rint(true + noise * rng.normal(size=n)).astype(np.int64)
        assert participation(Released(1, 2, labels, votes, noise)) == pytest.approx(0.25, abs=0.01)
    classes = np.repeat(np.arange(10), 100)
    shares = []
    for seed in range(200):  # even votes, one noise scale each, a hundred candidates a class
        votes = np.rint(20 + 20 * np.random.default_rng(seed).normal(size=1000)).astype(np.int64)
        shares.append(participation(Released(1, 2, classes, votes, 20.0)))
    assert np.median(shares) > 0.9 and np.mean(np.array(shares) > SETTLED) > 0.99
    assert participation(Released(1, 2, labels, np.full(n, 7), 0.0)) == 1.0
    assert participation(Released(1, 2, labels, np.full(n, -3), 5.0)) == 0.0


@pytest.mark.parametrize("options", [{"stages": "grey:0-1,model:2-"}, {"mix": "grey:1,model:1"}])
def test_degree_0_is_the_identity(options):
    generator = make(**options)
    made = generator.random(COLUMN, SEEDS)
    same = generator.vary(made, 0.0, MORE)
    assert np.array_equal(same.data, made.data)
    assert all(np.array_equal(same.state[name], column) for name, column in made.state.items())


def test_order_plays_no_part_where_generators_are_exact():
    mixture = make(mix="grey:1,other:1")
    whole = mixture.vary(mixture.random(COLUMN, SEEDS), 0.3, MORE)
    order = np.random.default_rng(0).permutation(N)
    again = mixture.vary(mixture.random(COLUMN[order], SEEDS[order]), 0.3, MORE[order])
    assert np.array_equal(again.data, whole.data[order])


def test_factors_on_degrees():
    chain = make(stages="grey:0-0,model:1-", degrees__model="0.5")
    made = chain.random(COLUMN, SEEDS)
    assert np.array_equal(chain.adapt(released(1, made)).vary(made, 0.4, MORE).data, made.data + 20)


def test_stages_have_to_end_with_the_iterations():
    for stages, what in (
        ("grey:0-9,model:10-", "begins at 10"),
        ("grey:0-2,model:3-5", "ends at 5.*write model:3-"),
    ):
        chain = make(stages=stages)
        with pytest.raises(CannotMake, match=what):
            chain.adapt(released(1, chain.random(COLUMN, SEEDS)))


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"stages": "gray:0-"}, "no generator 'gray'"),
        ({"mix": "grey:1", "model__steps": "3"}, "'model.steps' belongs to none of the named"),
        ({"mix": "grey:1", "grey__steps": "3"}, "unknown option 'steps'"),
        ({"mix": "grey:1", "degrees__model": "3"}, "degrees.model belongs to none"),
        ({"mix": "grey:1", "degrees__grey": "-1"}, "must be a number of at least 0"),
    ],
)
def test_what_cannot_be_combined_says_so(options, what):
    with pytest.raises(CannotMake, match=what):
        make(**options)
