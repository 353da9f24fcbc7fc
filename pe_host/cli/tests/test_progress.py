import io

import pytest
from rich.console import Console

from pe_host.cli._progress import LineReporter, TerminalReporter, make_reporter
from pe_host.reporting import Reporter, Silent


def use(reporter: Reporter) -> None:
    reporter.note("a [bold]note[/bold]")
    reporter.warn("careful")
    reporter.warn("careful")
    with reporter.stage("making", 10) as stage:
        stage.advance(4)
        reporter.iteration(2, 4, "1,000 candidates")
        stage.advance()


LINES = ["a [bold]note[/bold]", "warning: careful", "iteration 2/4: 1,000 candidates"]


def test_elsewhere_than_on_a_terminal_there_are_lines_on_stderr(capsys):
    reporter = make_reporter()
    assert type(reporter) is LineReporter
    use(reporter)
    out, err = capsys.readouterr()
    assert (out, err.splitlines()) == ("", LINES)


def test_on_a_terminal_the_same_lines_stay_and_a_bar_is_shown_meanwhile(capsys):
    reporter = TerminalReporter()
    shown = io.StringIO()
    reporter._console = Console(file=shown, force_terminal=True, width=80)
    use(reporter)
    for line in LINES:
        assert shown.getvalue().count(line) == 1
    assert "making" in shown.getvalue()


def test_a_silent_reporter_shows_nothing(capsys):
    use(Silent())
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_stage_lets_errors_through(error):
    for reporter in (LineReporter(), TerminalReporter(), Silent()):
        with pytest.raises(error), reporter.stage("making", 1):
            raise error


def test_a_path_cannot_rewrite_the_terminal(capsys):
    reporter = LineReporter()
    reporter.note("runs/\x1b[2J: a note\nof two lines")
    reporter.warn("x\u202e")
    shown = "runs/\\x1b[2J: a note\nof two lines\nwarning: x\\u202e\n"
    assert capsys.readouterr().err == shown
