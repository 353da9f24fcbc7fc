"""What a privacy plan guarantees, in plain sentences: for the plan, the card and the report."""

import math

from pe_host.privacy.plan import DEFAULT_DELTA, PrivacyPlan
from pe_host.privacy.shares import COUNT_BUDGET


def sentences(plan: PrivacyPlan, n: int | None, confined: bool) -> list[str]:
    """The guarantee and every assumption it rests on; see `PrivacyPlan.sentences`."""
    if not plan.private:
        return [
            "NOT PRIVATE: ε is infinite, votes and class counts carry no noise; "
            "the result may show any record.",
        ]
    noisy_counts = plan.count_scale is not None
    one = "one record" if plan.unit == "record" else "one client, with all its records,"
    who = "a record" if plan.unit == "record" else "a client, over all its records,"
    return [
        f"Everything released is ({plan.epsilon:g}, {plan.delta:g})-differentially private: "
        f"adding or removing {one} changes the probability of any outcome by a factor of at "
        f"most exp({plan.epsilon:g}), up to δ = {plan.delta:g}.",
        f"It is {_upwards(plan.mu)}-Gaussian-DP as well. ε covers the whole run: up to "
        f"{plan.rounds} noisy histograms"
        + (" and the noisy class counts." if noisy_counts else "; no class counts are released."),
        f"In each histogram {who} casts at most {plan.votes} votes of one, each on another "
        "candidate; each count of votes gets discrete Gaussian noise of scale "
        f"{plan.vote_scale:.6g} from a cryptographic source.",
        _shares_sentence(plan),
        f"{_delta_sentence(plan)} {_size_sentence(plan, n or plan.shares.size or 0)} "
        f"The number of {plan.unit}s n is "
        + ("released with noise only." if noisy_counts else "a declared public figure."),
        f"Assumed public: that the data set exists, the {len(plan.class_names)} class names, "
        f"and the form of a record ({plan.output.kind}, {plan.output.form})"
        f"{_features_sentence(plan)}.",
        _well_formed_sentence(plan),
        "Trusted, because they see private records: "
        f"{', '.join((plan.reader, *plan.embeddings))}. Generators are given none. "
        f"{_wall_sentence(plan, confined)}",
        "Not covered: how long the run takes, and what the operator reads on the terminal or "
        "in the folder 'internal'.",
    ]


def _wall_sentence(plan: PrivacyPlan, confined: bool) -> str:
    """What keeps a malicious generator from getting records by itself."""
    if plan.unconfined:
        return (
            "The kernel of the machine did not confine them, and the run went on all the same: a "
            "malicious one could read every file of its user, the private data included."
        )
    if not confined:
        return (
            "They ran unconfined, as in all versions before: a malicious one could read every "
            "file of its user, the private data included."
        )
    closed = (
        "The kernel keeps their processes from the private data and the user's files (except "
        "those named in their options)"
    )
    if not plan.network:
        return f"{closed}, and from the network."
    return (
        f"{closed}. The operator let {' and '.join(plan.network)} use the network "
        "(--allow-network)."
    )


def _features_sentence(plan: PrivacyPlan) -> str:
    """Ranges and step of the spec: they may come from the private file, and are published."""
    ranges = [
        f"{f.name} {f.low:g} to {f.high:g}" for f in plan.output.features if f.low is not None
    ]
    step = (plan.output.step, plan.output.step_unit) != (1.0, "")
    facts = [f"the ranges of its features ({', '.join(ranges)})"] if ranges else []
    if step:
        facts.append(f"its step ({plan.output.step:g} {plan.output.step_unit})".replace(" )", ")"))
    if facts and plan.public_ranges:
        facts.append("which the operator declares public")
    return "".join(f", {fact}" for fact in facts)


def _well_formed_sentence(plan: PrivacyPlan) -> str:
    """What happens to a record that cannot be used: that a run succeeds can depend on it."""
    if plan.bad_records == "drop":
        return (
            "A record that is not well-formed is dropped and contributes nothing anywhere. "
            "Whether it is follows from this record and from public values only. How many were "
            "dropped is private and is not published. Assumed: at least one record is "
            "well-formed."
        )
    return (
        "Assumed: every record is well-formed. One that is not stops the run before anything "
        "is spent, and the guarantee does not cover that it stopped."
    )


def _delta_sentence(plan: PrivacyPlan) -> str:
    if plan.delta == DEFAULT_DELTA:
        return "δ is the fixed default, chosen without a look at the data."
    return (
        "δ was given by the operator; the guarantee assumes that it was not computed from the data."
    )


def _size_sentence(plan: PrivacyPlan, n: int) -> str:
    if not plan.is_large_delta(n):
        return "It should be well below 1/n."
    return (
        f"It is NOT below 1/n for n = {n:,}: at this δ, publishing one whole {plan.unit} would "
        "be allowed. The operator accepted that."
    )


def _shares_sentence(plan: PrivacyPlan) -> str:
    if plan.count_scale is not None:
        return (
            f"The number of {plan.unit}s of each class"
            + (", each counted in its most frequent one," if plan.unit == "client" else "")
            + f" is released with discrete Gaussian noise of scale {plan.count_scale:.6g}, "
            f"for {COUNT_BUDGET:.0%} of the budget."
        )
    how = "equal" if plan.shares.origin == "uniform" else "as declared"
    return (
        f"Class shares are taken to be {how}, of a declared {plan.shares.size} {plan.unit}s: "
        "nothing is released."
    )


def _upwards(value: float) -> str:
    """The value to four digits, rounded up."""
    step = 10.0 ** (math.floor(math.log10(value)) - 3)
    return f"{math.ceil(value / step) * step:.4g}"
