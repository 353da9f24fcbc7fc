"""Every bad plugin against the checks: `python -m bad_plugins.table` in sdk/tests prints which check finds which."""

from pe_sdk.testing import CheckReport, check_generator, checks

NAMES = [c.name for c in checks("generator")]


def report(name: str) -> CheckReport:
    """All checks over the bad plugin that is meant for this one."""
    return check_generator(f"bad_plugins.{name}:SPEC")


if __name__ == "__main__":
    for name in NAMES:
        print(f"{name:26}", ", ".join(r.name for r in report(name).failures) or "nothing")
