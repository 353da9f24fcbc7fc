"""The fronts over the checks: a call with a report, and a pytest decorator."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pe_sdk.errors import SourceError
from pe_sdk.output import OutputSpec
from pe_sdk.testing.bench import Bench, Wish
from pe_sdk.testing.registry import Check, Failed, Skipped, checks
from pe_sdk.testing.report import FAILED, PASSED, SKIPPED, CheckReport, CheckResult
from pe_sdk.testing.subject import Subject, find_subject


def check_generator(
    subject: Any,
    *,
    level: str = "full",
    output: OutputSpec | None = None,
    labels: Iterable[str] | None = None,
    options: Mapping[str, str] | None = None,
    only: Iterable[str] | None = None,
) -> CheckReport:
    """Run the checks of a generator.

    Args:
        subject: an entry point's name, `module:attribute` of a spec or hook (`module:` for its hooks), or a spec.
        level: static, basic or full.
        output: what to make; by default the form that the spec declares is tried, then images of a few sizes and a series.
        labels: label names; those of the spec by default.
        options: texts by name, as `--set` takes them.
        only: names of the checks to run.

    Raises:
        LookupError: no such subject, or no check of a name in `only`.
        ValueError: an unknown level.
    """
    wish = Wish(output, tuple(labels or ()), dict(options or {}))
    return run(find_subject("generator", subject), wish, level, only)


def check_embedding(
    subject: Any,
    *,
    level: str = "full",
    output: OutputSpec | None = None,
    labels: Iterable[str] | None = None,
    options: Mapping[str, str] | None = None,
    only: Iterable[str] | None = None,
) -> CheckReport:
    """Run the checks of an embedding; arguments as of `check_generator`."""
    wish = Wish(output, tuple(labels or ()), dict(options or {}))
    return run(find_subject("embedding", subject), wish, level, only)


def check_reader(
    subject: Any,
    *,
    location: str = "",
    level: str = "full",
    labels: Iterable[str] | None = None,
    only: Iterable[str] | None = None,
) -> CheckReport:
    """Run the checks of a reader; location: of a source that it can read. Other arguments as of `check_generator`."""
    return run(
        find_subject("reader", subject),
        Wish(labels=tuple(labels or ()), location=location),
        level,
        only,
    )


def run(subject: Subject, wish: Wish, level: str, only: Iterable[str] | None = None) -> CheckReport:
    """The checks of a subject up to a level. Errors as of `check_generator`."""
    chosen = checks(subject.kind, level)
    if only is not None:
        wanted = set(only)
        if unknown := sorted(wanted - {c.name for c in chosen}):
            raise LookupError(f"no check {unknown[0]!r} of a {subject.kind} at level {level}")
        chosen = tuple(c for c in chosen if c.name in wanted)
    bench = Bench(subject, wish)
    return CheckReport(
        subject.spec.name, subject.kind, level, tuple(run_one(c, bench) for c in chosen)
    )


def run_one(one: Check, bench: Bench) -> CheckResult:
    """One check; whatever the plugin raises is a failure."""
    try:
        return CheckResult(one.name, one.rule, PASSED, one.function(bench) or "")
    except Skipped as error:
        return CheckResult(one.name, one.rule, SKIPPED, str(error))
    except Failed as error:
        return CheckResult(one.name, one.rule, FAILED, str(error))
    except Exception as error:
        told = (
            ""
            if bench.subject.kind == "reader" and not isinstance(error, SourceError)
            else f": {error}"
        )
        return CheckResult(
            one.name, one.rule, FAILED, f"{type(error).__name__}{told}"
        )  # a reader's may quote a record


def parametrize_with_checks(
    subjects: Iterable[Any],
    *,
    level: str = "full",
    expected_failures: Mapping[tuple[str, str], str] | None = None,
    kind: str = "generator",
    output: OutputSpec | None = None,
    labels: Iterable[str] | None = None,
    options: Mapping[str, str] | None = None,
    location: str = "",
) -> Callable[[Any], Any]:
    """A pytest decorator: one test a check of each subject, for a test function with the one argument `check`.

    The function calls `check()`. An expected failure, {(name, check): reason}, that passes is a failure.

    Raises:
        LookupError: as `check_generator`, or an expected failure of a check that is not run.
    """
    import pytest

    expected = dict(expected_failures or {})
    parameters = []
    for given in subjects:
        subject = find_subject(kind, given)
        bench = Bench(subject, Wish(output, tuple(labels or ()), dict(options or {}), location))
        for one in checks(kind, level):
            reason = expected.pop((subject.spec.name, one.name), None)
            marks = (
                [pytest.mark.xfail(reason=reason, strict=True, raises=AssertionError)]
                if reason
                else []
            )
            name = f"{subject.spec.name}-{one.name}"
            parameters.append(pytest.param(_test(one, bench), marks=marks, id=name))
    if expected:
        raise LookupError(f"failures are expected of checks that are not run: {sorted(expected)}")
    return pytest.mark.parametrize("check", parameters)


def _test(one: Check, bench: Bench) -> Callable[[], None]:
    def test() -> None:
        import pytest

        result = run_one(one, bench)
        if result.status == SKIPPED:
            pytest.skip(result.detail)
        CheckReport(bench.spec.name, one.kind, one.level, (result,)).raise_for_failures()

    return test
