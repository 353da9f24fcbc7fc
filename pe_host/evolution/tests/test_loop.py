"""The loop, with a one-parameter generator and votes from the test: no privacy, no processes."""

from dataclasses import replace

import numpy as np
import pytest

from pe_host.evolution.loop import Evolution
from pe_host.evolution.schedule import Schedule
from pe_host.privacy.released import NoisyHistogram
from pe_sdk import Float, OutputSpec, ParameterSpace, Samples, Simulator, SimulatorGenerator

TARGETS = np.array([60.0, 200.0])
"""Levels of the private records of the two classes."""


class Grey(Simulator):
    space = ParameterSpace({"level": Float(0, 255)})

    def render(self, params, labels, seeds):
        return np.rint(params["level"]).astype(np.uint8).reshape(-1, 1, 1, 1)


class Sampler:
    def __init__(self):
        self.generator = SimulatorGenerator(Grey(), OutputSpec.image(1, 1), ("dark", "light"))
        self.lookaheads, self.adapted, self.phis = [], [], []

    def random(self, labels, seeds):
        return self.generator.random(labels, seeds)

    def vary(self, samples, degree, seeds):
        return self.generator.vary(samples, degree, seeds)

    def adapt(self, released):
        self.adapted.append(released)

    def embed(self, phi, samples, lookahead, degree, seeds):
        self.phis.append(phi)
        self.lookaheads.append((lookahead, degree))
        return np.rint(samples.state["level"]).astype(np.int16)[:, None]


class Votes:
    """100 records of each class vote for the nearest candidate of their class; no noise."""

    def __init__(self, rounds_left=99):
        self.stored, self.rounds_left, self.phis = {}, rounds_left, []

    def released(self, t, candidates):
        return self.stored.get(t)

    def affordable(self):
        return self.rounds_left > 0

    def ask(self, t, phi, candidates, vectors):
        self.rounds_left -= 1
        self.phis.append(phi)
        labels = candidates.labels
        votes = np.zeros(len(labels), np.int64)
        for label, target in enumerate(TARGETS):
            rows = np.flatnonzero(labels == label)
            votes[rows[np.argmin(np.abs(vectors[rows, 0] - target))]] += 100
        self.stored[t] = NoisyHistogram(votes, t, 1.0)
        return self.stored[t]


class Store:
    def __init__(self):
        self.kept = {}

    def population(self, t, origin, make):
        if self.kept.get(t, ("",))[0] != origin:
            self.kept[t] = origin, make()
        return self.kept[t][1]

    def release(self, origin, make):
        return self.population("release", origin, make)


SCHEDULE = Schedule(sizes=(20, 20, 30), degrees=(0.2, 0.1, 0.05), samples=50, final_degree=0.01)


def evolution(**changes):
    parts = {
        "schedule": SCHEDULE,
        "shares": np.array([1.0, 1.0]),
        "sampler": Sampler(),
        "votes": Votes(),
        "store": Store(),
        "fit_embedding": lambda t, population: f"phi of {t}",
        "seed": 3,
    }
    return Evolution(**{**parts, **changes})


def ignore(step):
    pass


def test_the_population_moves_to_the_private_records():
    # Fails if selection ignores the votes: the levels then stay uniform, 60 away on average.
    release = evolution().run(ignore).release
    assert len(release) == 50
    assert np.abs(release.state["level"] - TARGETS[release.labels]).mean() < 5


def test_sizes_shares_and_order_of_iterations():
    steps = []
    result = evolution(shares=np.array([3.0, 1.0])).run(steps.append)
    assert [step.t for step in steps] == [1, 2, 3] and result.iterations == 3
    assert [np.bincount(step.candidates.labels).tolist() for step in steps] == [
        [15, 5],
        [15, 5],
        [23, 7],
    ]
    assert np.bincount(result.release.labels).tolist() == [38, 12]


def test_every_class_has_as_many_candidates_as_a_record_has_votes():
    steps = []
    evolution(schedule=replace(SCHEDULE, votes=4), shares=np.array([1.0, 1000.0])).run(steps.append)
    assert all(np.bincount(step.candidates.labels)[0] == 4 for step in steps)


def test_each_iteration_embeds_and_votes_by_the_phi_fitted_for_it():
    sampler, votes = Sampler(), Votes()

    def fit_embedding(t, population):
        return t, len(population)

    evolution(sampler=sampler, votes=votes, fit_embedding=fit_embedding).run(ignore)
    assert sampler.lookaheads == [(0, 0.2), (0, 0.1), (0, 0.05)]
    # Fails if one side embeds with the phi of another iteration: all votes are then meaningless.
    assert sampler.phis == votes.phis == [(1, 20), (2, 20), (3, 30)]


def test_parents_are_kept_beside_their_variations():
    steps = []
    evolution(schedule=replace(SCHEDULE, keep_parents=True)).run(steps.append)
    before, after = steps[0], steps[1]
    winners = before.candidates.state["level"][before.histogram.votes > 1]
    assert set(winners) <= set(after.candidates.state["level"])
    assert len(after.candidates) == 20 and len(set(after.candidates.state["level"])) == 20


def test_recalling_gives_the_same_release_and_asks_nothing_again():
    store, votes = Store(), Votes()
    first = evolution(store=store, votes=votes).run(ignore)
    del store.kept[2], store.kept["release"]
    votes.rounds_left = 0

    def fit_embedding(t, population):
        pytest.fail("released iterations need no embedding")

    again = evolution(store=store, votes=votes, fit_embedding=fit_embedding).run(ignore)
    assert np.array_equal(again.release.state["level"], first.release.state["level"])


def test_fault_6_the_run_ends_from_what_it_has_when_the_budget_is_out():
    sampler = Sampler()
    result = evolution(sampler=sampler, votes=Votes(rounds_left=2)).run(ignore)
    assert result.iterations == 2 and len(result.release) == 50
    told = [(released.t, released.final) for released in sampler.adapted if released]
    assert told == [(1, False), (2, False), (2, True)], (
        "the generator knows that the release comes next"
    )
    assert np.abs(result.release.state["level"] - TARGETS[result.release.labels]).mean() < 20


def test_without_any_votes_the_release_is_random():
    result = evolution(votes=Votes(rounds_left=0)).run(ignore)
    assert result.iterations == 0 and len(result.release) == 50
    assert np.ptp(result.release.state["level"]) > 200


def test_what_was_made_from_other_votes_is_made_again():
    """Fails if populations are recalled by name only.

    The release of three iterations would then be taken for that of two.
    """
    store, votes = Store(), Votes()
    three = evolution(store=store, votes=votes).run(ignore)
    del votes.stored[3]
    votes.rounds_left = 0
    two = evolution(store=store, votes=votes).run(ignore)
    assert two.iterations == 2
    assert not np.array_equal(two.release.state["level"], three.release.state["level"])


def test_a_run_starts_from_the_samples_of_an_earlier_one():
    """Its own where there are enough, variations where there are fewer, random ones where none."""
    earlier = Sampler().random(np.repeat([0, 1], [15, 4]), np.arange(19, dtype=np.uint64))
    run = evolution(first=earlier)
    run.run(ignore)
    first = run.store.kept[0][1]
    levels = [first.state["level"][first.labels == c] for c in range(2)]
    own = [earlier.state["level"][earlier.labels == c] for c in range(2)]
    assert [len(level) for level in levels] == [10, 10]
    np.testing.assert_array_equal(levels[0], own[0][:10])
    np.testing.assert_array_equal(levels[1][:4], own[1])
    near = np.abs(levels[1][4:, None] - own[1]).min(axis=1)
    assert 0 < near.max() <= 0.01 * 255
    only = evolution(first=earlier.take(np.arange(15)))
    only.run(ignore)
    assert (only.store.kept[0][1].labels == 1).sum() == 10


def test_another_seed_gives_other_samples():
    one, two = evolution(seed=1).run(ignore).release, evolution(seed=2).run(ignore).release
    assert not np.array_equal(one.state["level"], two.state["level"])


def test_a_schedule_needs_a_degree_for_each_size():
    with pytest.raises(ValueError, match="2 sizes and 1 degrees"):
        Schedule(sizes=(1, 2), degrees=(0.1,), samples=3)


def test_samples_without_data_pass_through():
    assert isinstance(evolution().run(ignore).release, Samples)


class Timed(Sampler):
    """Records the requests and the iteration after which they come."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def _note(self, what):
        self.asked.append((what, self.adapted[-1].t if self.adapted[-1] else 0))

    def random(self, labels, seeds):
        self._note("random")
        return super().random(labels, seeds)

    def vary(self, samples, degree, seeds):
        self._note("vary")
        return super().vary(samples, degree, seeds)

    def embed(self, *arguments):
        self._note("embed")
        return super().embed(*arguments)


def test_what_is_made_after_an_iteration_is_made_by_the_generator_that_adapted_to_it():
    sampler = Timed()
    evolution(sampler=sampler).run(ignore)
    one, two, three = ([("vary", t), ("embed", t)] for t in (1, 2, 3))
    assert sampler.asked == [("random", 0), ("embed", 0), *one, *two, three[0]]


def test_a_generator_is_not_told_votes_without_noise():
    class Exact(Votes):
        def ask(self, t, phi, candidates, vectors):
            return NoisyHistogram(super().ask(t, phi, candidates, vectors).votes, t, 0.0)

    sampler = Sampler()
    evolution(sampler=sampler, votes=Exact()).run(ignore)
    assert len(sampler.adapted) == 4 and not any(
        told.votes.any() or told.noise_scale for told in sampler.adapted[1:]
    )


def test_the_generator_adapts_to_the_votes_of_every_iteration_recalled_or_not():
    # The lookahead of iteration t varies as after iteration t - 1, also if that iteration was
    # recalled in another session.
    votes, store = Votes(), Store()
    first, again = Sampler(), Sampler()
    steps = []
    evolution(sampler=first, votes=votes, store=store).run(steps.append)
    evolution(sampler=again, votes=votes, store=store).run(ignore)
    for sampler in (first, again):
        assert sampler.adapted[0] is None
        assert [(r.t, r.iterations) for r in sampler.adapted[1:]] == [(1, 3), (2, 3), (3, 3)]
        for told, step in zip(sampler.adapted[1:], steps, strict=True):
            assert np.array_equal(told.votes, step.histogram.votes)
            assert np.array_equal(told.state["level"], step.candidates.state["level"])
