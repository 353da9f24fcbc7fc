"""Each attack of a plugin and of an embedding, before and after the part that stops it.

    python benchmarks/attacks.py

Runs the tests of `pe_host.isolation` that try the attacks, as the user who calls it, and prints a
table: what happened without the parts of the confinement that are named, and with all of them, in a
host with the capabilities of the user and in one without any. It ends with 1 if an attack was not
refused, or did not succeed before, which would show nothing.
"""

import os
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = {
    "a plugin tries to": ("test_wall.py", "test_an_attack_is_refused"),
    "an embedding tries to": ("test_host.py", "test_an_attack_of_an_embedding_is_refused"),
}
BEFORE = ("test_the_attack_succeeds_without_these_parts", "test_it_succeeds_without_these_parts")


class Collector:
    """Keeps how each test ended, and the parts that its attack is tried without."""

    def __init__(self) -> None:
        self.outcomes: dict[tuple[str, str, str], str] = {}
        self.parts: dict[tuple[str, str], str] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            attacks = getattr(getattr(item, "module", None), "ATTACKS", {})
            for name, (_, parts) in attacks.items():
                self.parts[item.path.name, name] = ", ".join(sorted(parts))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        found = re.fullmatch(r".*?([^/]+\.py)::(\w+)\[(.*)\]", report.nodeid)
        if found and (report.when == "call" or report.outcome == "skipped"):
            self.outcomes[found[1], found[2], found[3]] = report.outcome


def main() -> None:
    folder, kept = ROOT / "pe_host/isolation/tests", Collector()
    files = [str(folder / file) for file, _ in TESTS.values()]
    chosen = " or ".join([*BEFORE, *(test for _, test in TESTS.values())])
    words = ["-q", "--no-header", "-p", "no:cacheprovider", "--rootdir", str(ROOT), "-k", chosen]
    pytest.main([*files, *words], plugins=[kept])
    print(f"\nuser {os.getuid()}, Linux {os.uname().release}")
    wrong = not kept.outcomes
    for title, (file, test) in TESTS.items():
        print(f"\n{title:46} {'without':38} {'then':9} {'now':8} now, without capabilities")
        for (place, name), parts in kept.parts.items():
            if place != file:
                continue
            before = [kept.outcomes.get((file, each, name)) for each in BEFORE]
            after = [kept.outcomes.get((file, test, f"{name}-{c}")) for c in ("with", "without")]
            then = "succeeds" if "passed" in before else "?"
            now = ["refused" if outcome == "passed" else "?" for outcome in after]
            wrong |= "?" in (then, *now)
            print(f"{name:46} {parts:38} {then:9} {now[0]:8} {now[1]}")
    sys.exit(wrong)


if __name__ == "__main__":
    main()
