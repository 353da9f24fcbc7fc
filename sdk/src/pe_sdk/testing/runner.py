"""Functions that run the checks: a call that returns a report, and a pytest decorator."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pe_sdk.errors import SourceError
from pe_sdk.output import OutputSpec
from pe_sdk.testing.bench import Bench, CheckSettings
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
        subject: an entry point's name, `module:attribute` of a spec or hook (`module:` for the
            hooks of the module), or a spec.
        level: static, basic or full.
        output: what to make; by default the output that the spec declares, then images of a few
            sizes and a series are tried.
        labels: label names; by default those of the spec.
        options: strings by name, as `--set` takes them.
        only: names of the checks to run.

    Raises:
        LookupError: the subject does not exist, or `only` names an unknown check.
        ValueError: an unknown level.
    """
    settings = CheckSettings(output, tuple(labels or ()), dict(options or {}))
    return run(find_subject("generator", subject), settings, level, only)


def check_embedding(
    subject: Any,
    *,
    level: str = "full",
    output: OutputSpec | None = None,
    labels: Iterable[str] | None = None,
    options: Mapping[str, str] | None = None,
    only: Iterable[str] | None = None,
) -> CheckReport:
    """Run the checks of an embedding. Arguments and errors are those of `check_generator`."""
    settings = CheckSettings(output, tuple(labels or ()), dict(options or {}))
    return run(find_subject("embedding", subject), settings, level, only)


def check_reader(
    subject: Any,
    *,
    location: str = "",
    level: str = "full",
    labels: Iterable[str] | None = None,
    only: Iterable[str] | None = None,
) -> CheckReport:
    """Run the checks of a reader.

    Args:
        subject: as in `check_generator`.
        location: location of a source that the reader can read.
        level: static, basic or full.
        labels: label names; by default those of the source.
        only: names of the checks to run.

    Raises:
        LookupError: the subject does not exist, or `only` names an unknown check.
        ValueError: an unknown level.
    """
    return run(
        find_subject("reader", subject),
        CheckSettings(labels=tuple(labels or ()), location=location),
        level,
        only,
    )


def check_exporter(
    subject: Any, *, level: str = "full", only: Iterable[str] | None = None
) -> CheckReport:
    """Run the checks of an exporter. Arguments and errors are those of `check_generator`."""
    return run(find_subject("exporter", subject), CheckSettings(), level, only)


def run(
    subject: Subject, settings: CheckSettings, level: str, only: Iterable[str] | None = None
) -> CheckReport:
    """Run the checks of a subject up to a level. Errors are those of `check_generator`."""
    chosen = checks(subject.kind, level)
    if only is not None:
        wanted = set(only)
        if unknown := sorted(wanted - {c.name for c in chosen}):
            raise LookupError(f"no check {unknown[0]!r} for a {subject.kind} at level {level}")
        chosen = tuple(c for c in chosen if c.name in wanted)
    bench = Bench(subject, settings)
    return CheckReport(
        subject.spec.name, subject.kind, level, tuple(run_one(c, bench) for c in chosen)
    )


def run_one(one: Check, bench: Bench) -> CheckResult:
    """Run one check; any exception that the plugin raises is a failure."""
    try:
        return CheckResult(one.name, one.rule, PASSED, one.function(bench) or "")
    except Skipped as error:
        return CheckResult(one.name, one.rule, SKIPPED, str(error))
    except Failed as error:
        return CheckResult(one.name, one.rule, FAILED, str(error))
    except Exception as error:
        detail = type(error).__name__
        # The message of a reader's error may quote a record.
        if bench.subject.kind != "reader" or isinstance(error, SourceError):
            detail = f"{detail}: {error}"
        return CheckResult(one.name, one.rule, FAILED, detail)


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
    """Parametrize a test function, whose one argument is `check`, with the checks of each subject.

    The function calls `check()`. An expected failure that passes is a failure.

    Args:
        subjects: entry points' names, addresses or specs, as in `check_generator`.
        level: static, basic or full.
        expected_failures: a reason for each expected failure: {(name, check): reason}.
        kind: generator, embedding or reader.
        output: as in `check_generator`.
        labels: label names; by default those of the spec or of the source.
        options: strings by name, as `--set` takes them.
        location: location of a source that a reader can read.

    Raises:
        LookupError: a subject does not exist, or an expected failure belongs to a check that is not
            run.
        ValueError: an unknown level.
    """
    import pytest

    expected = dict(expected_failures or {})
    parameters = []
    for given in subjects:
        subject = find_subject(kind, given)
        bench = Bench(
            subject, CheckSettings(output, tuple(labels or ()), dict(options or {}), location)
        )
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
        raise LookupError(f"expected failures of checks that are not run: {sorted(expected)}")
    return pytest.mark.parametrize("check", parameters)


def _test(one: Check, bench: Bench) -> Callable[[], None]:
    def test() -> None:
        import pytest

        result = run_one(one, bench)
        if result.status == SKIPPED:
            pytest.skip(result.detail)
        CheckReport(bench.spec.name, one.kind, one.level, (result,)).raise_for_failures()

    return test
