"""Kill, starve and resume runs of `pe generate` at random, and count what was really drawn.

    python benchmarks/kills.py [--sequences N] [--seed S]

A sequence is one run. It is disturbed at a random operation or moment: host or worker killed,
SIGTERM, SIGINT or SIGHUP, the disk of the run or of the budget full or read-only. Then it is
resumed, perhaps disturbed again, up to six times, and at last left in peace. Each draw of noise on
private values is recorded outside the run, from within the sampler. After each command every draw
must have its line in the ledger and its place in the budget; at the end the run must be finished
within its ε.

Commands are real processes and go through the whole command line. Disks are small tmpfs in a mount
namespace of this process: full and read-only for real. Without the right to mount them (superuser
or user namespaces), those kinds are left out, and the result says so. A killed process is not a
power cut: what it wrote stays in the page cache.

Ends with code 1 if a run was lost or a draw was not paid for. Sequences take about two seconds.
"""

import argparse
import gc
import json
import os
import sys
import tempfile
import threading
from pathlib import Path

# Before numpy: a process with threads cannot be forked.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

from killing.attempt import load_server
from killing.disk import enter_namespace
from killing.disturbance import WEIGHTS
from killing.judge import FAULTS
from killing.mistakes import MISTAKES
from killing.phases import PHASES
from killing.scenarios import SCENARIOS
from killing.sequences import Chosen, Result, Sequences
from killing.table import document, lines

KEPT = 5
"""Run folders of sequences with faults that --keep copies at most."""


def main() -> None:
    words = _words()
    why_not = enter_namespace()
    load_server()
    gc.freeze()  # or the first collection in each fork copies the memory of all these modules
    assert threading.active_count() == 1, "forking a process with threads is not safe"
    mistake = MISTAKES[words.mistake] if words.mistake else None
    names = [scenario.name for scenario in SCENARIOS]
    chosen = Chosen(
        words.scenario or names, words.kind or list(WEIGHTS), words.phase or PHASES, mistake
    )
    results: list[Result] = []
    with (
        tempfile.TemporaryDirectory(prefix="pe-kills-", ignore_cleanup_errors=True) as folder,
        Sequences.open(Path(folder), chosen, real_disks=not why_not) as sequences,
    ):
        for number in range(words.first, words.first + words.sequences):
            results.append(sequences.run(words.seed, number))
            _show_progress(results, words.sequences)
            failed = sum(bool(one.faults) for one in results)
            if results[-1].faults and words.keep and failed <= KEPT:
                sequences.keep(words.keep / str(number))
            if words.until in {fault.what for fault in results[-1].faults}:
                break
    if why_not:
        print(f"left out: full and read-only disks; {why_not}", file=sys.stderr)
    print("\n".join(lines(results)), file=sys.stderr if words.json else sys.stdout)
    if words.json:
        print(json.dumps(document(results, words.seed, why_not), indent=1))
    if any(one.faults for one in results):
        raise SystemExit(1)


def _show_progress(results: list[Result], total: int) -> None:
    last = results[-1]
    if last.faults:
        print(f"sequence {last.number} ({last.scenario})", file=sys.stderr)
        for text in last.planned:
            print(f"  {text}", file=sys.stderr)
        for fault in last.faults:
            print(f"  {fault.what.upper()}: {fault.seen}", file=sys.stderr)
    if len(results) % 50 == 0:
        print(f"{len(results):,} of {total:,} sequences", file=sys.stderr, flush=True)


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sequences", type=int, default=1000, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--first", type=int, default=0, metavar="I", help="number of the first one")
    parser.add_argument("--json", action="store_true", help="print JSON, and the tables on stderr")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="copy runs with faults to it")
    parser.add_argument("--until", choices=FAULTS, help="end when this fault has shown")
    parser.add_argument("--mistake", choices=MISTAKES, help="make one, which must be caught")
    for name, known in (
        ("scenario", [scenario.name for scenario in SCENARIOS]),
        ("kind", list(WEIGHTS)),
        ("phase", list(PHASES)),
    ):
        parser.add_argument(f"--{name}", action="append", choices=known, help="only this; repeat")
    return parser.parse_args()


if __name__ == "__main__":
    main()
