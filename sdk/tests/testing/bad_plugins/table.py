"""Table of the checks that find each bad plugin: `python -m bad_plugins.table` prints it.

Run it in sdk/tests/testing.
"""

from pe_sdk.testing import CheckReport, check_generator, checks

NAMES = [c.name for c in checks("generator")]


def report(name: str) -> CheckReport:
    """Run all checks on the bad plugin meant for one of them."""
    return check_generator(f"bad_plugins.{name}:SPEC")


if __name__ == "__main__":
    for name in NAMES:
        print(f"{name:26}", ", ".join(r.name for r in report(name).failures) or "nothing")
