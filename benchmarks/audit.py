"""Audit the privacy guarantee as a whole: claims against lower bounds, and other accounting.

    OMP_NUM_THREADS=1 python benchmarks/audit.py [draws] [runs] [mistakes] [accounting]

Without a word it does all four, in about fifteen minutes of one core, and prints a table for each:

  draws       lower bounds on ε from draws of neighbouring data sets, through the real path
  runs        lower bounds on ε from whole runs of `pe generate`, one each
  mistakes    mistakes put into the code, and the checks that catch them
  accounting  the accountant against an independent lattice FFT, and ten runs composed

Ends with code 1 if a check fails. With correct code it does so with a probability of at most 1e-6.
"""

import sys
import time
from collections.abc import Callable
from itertools import groupby

from auditing import accounting, checks, mutations
from auditing.cases import CASES, World
from auditing.observe import observe

ROUNDS = (1, 4, 16)
SLOTS, RUNS = 2000, 20
"""Replicas in one data set, and runs on it: 40,000 draws of each case."""

COUNT_SLOTS, COUNT_RUNS = 400, 100
"""The same for class counts. Each replica is a class or two, so data sets are smaller."""


def draws() -> bool:
    print("Lower bounds on ε from draws, at three δ: claim ≥ bound (reachable with so many draws)")
    print(
        f"{'case':<29}{'T':>3} {'draws':>7} {'scale':>6}  "
        + "  ".join(f"{f'δ = {delta:g}':^21}" for delta in checks.DELTAS)
    )
    holds = True
    for case in CASES:
        counts = case.kind == "class-counts"
        world = World(case, COUNT_SLOTS if counts else SLOTS)
        for rounds in ROUNDS[:1] if counts else ROUNDS:
            observed = observe(world, rounds, COUNT_RUNS if counts else RUNS)
            row = checks.row_of(case, rounds, observed)
            figures = "  ".join(
                f"{claim:6.3f} ≥ {bound:5.3f} ({reachable:.3f})"
                for claim, bound, reachable in zip(
                    row.claims, row.bounds, row.reachable, strict=True
                )
            )
            failed = "" if row.holds else "  FAILS"
            print(f"{case.name:<29}{rounds:>3} {row.draws:>7,} {row.scale:6.3f}  {figures}{failed}")
            holds &= row.holds
    return holds


def runs() -> bool:
    print("Lower bounds on ε from one whole run each, at δ = 1e-10")
    print("canaries  candidates   T  k  plan ε  right guesses     claim ≥ bound (reachable)")
    rows = [checks.audit_run(settings) for settings in checks.WHOLE_RUNS]
    with mutations.noise_of_a_tenth():
        broken = checks.audit_run(checks.BROKEN_RUN)
    sound = checks.audit_run(checks.BROKEN_RUN)
    for row, what in [*((row, "") for row in [*rows, sound]), (broken, "noise of a tenth")]:
        run = row.settings
        sign = "≥" if row.holds else "<"
        print(
            f"{run.canaries:>8,}{run.candidates:>12,}{run.rounds:>4}{run.votes:>3}"
            f"{run.epsilon:>8g}{row.right:>8,} of {row.guesses:<6,}{row.claim:9.3f} {sign} "
            f"{row.bound:.3f} ({row.reachable:.3f})  {what}"
        )
    return all(row.holds for row in [*rows, sound]) and not broken.holds


def mistakes() -> bool:
    print("Mistakes put into the code, and the checks that fail")
    print(
        f"{'mistake':<29}{'must fail':<16}{'fail':<16}{'claim, bound at δ = 0.1':<25}p-value of fit"
    )
    right = True
    for mistake in (*checks.SHIPPED, *checks.MISTAKES):
        found = checks.find_mistake(mistake, SLOTS, RUNS)
        row = found.row
        must, failed = (", ".join(names) or "-" for names in (mistake.caught_by, found.alarms))
        figures = f"{row.claims[-1]:.3f}, {row.bounds[-1]:.3f}"
        print(f"{mistake.name:<29}{must:<16}{failed:<16}{figures:<25}{found.goodness:.1e}")
        right &= set(mistake.caught_by) == set(found.alarms)
    return right


def accounts() -> bool:
    print("The accountant against the lattice: claimed ε over the true one, minus 1; δ over true δ")
    print(
        "ε to calibrate to  plans  sound  largest slack of ε  δ spent of the budget     δ at 1e-12"
    )
    sound = True
    for epsilon, group in groupby(accounting.compare_all(), key=lambda one: one.epsilon):
        found = list(group)
        spent = [one.true_delta[0] / one.delta for one in found]
        last = [c[-1] / t[-1][0] for c, t in ((o.claimed_deltas, o.true_deltas) for o in found)]
        print(
            f"{epsilon:>17g}{len(found):>7}{sum(one.sound for one in found):>7}"
            f"{max(one.slack for one in found):>20.2e}"
            f"{f'{min(spent):.3f} to {max(spent):.5f}':>23}"
            f"{f'{min(last):.2f} to {max(last):.2f}':>17}"
        )
        sound &= all(one.sound for one in found)
    ten = accounting.ten_runs()
    print(
        f"ten runs with ten budgets: sum of ε {ten.summed:.4f}; budget {ten.budget:.6f}; account "
        f"{ten.account:.6f}; truth between {ten.true_epsilon[0]:.6f} and {ten.true_epsilon[1]:.6f}"
    )
    return sound and min(ten.budget, ten.account) >= ten.true_epsilon[0] * (1 - 1e-8)


PARTS: dict[str, Callable[[], bool]] = {
    "draws": draws,
    "runs": runs,
    "mistakes": mistakes,
    "accounting": accounts,
}


def main() -> None:
    words = sys.argv[1:] or list(PARTS)
    if unknown := set(words) - set(PARTS):
        raise SystemExit(f"{', '.join(sorted(unknown))}: not a part of the audit\n\n{__doc__}")
    failed = []
    for word in words:
        started = time.process_time()
        with checks.own_cache():
            if not PARTS[word]():
                failed.append(word)
        print(f"({word}: {time.process_time() - started:.0f} CPU seconds)\n", flush=True)
    if failed:
        raise SystemExit(f"FAILED: {', '.join(failed)}")


if __name__ == "__main__":
    main()
