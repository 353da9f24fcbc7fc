"""The command line: a file for each command. None imports anything heavy before it runs."""

import gc
import os
import sys
from typing import Annotated

import typer

from pe_host import __version__
from pe_host.cli import (
    account,
    budget,
    check_plugin,
    continue_,
    describe,
    doctor,
    export,
    generate,
    inspect,
    list_plugins,
    new_plugin,
    replay,
    report,
    samples,
)
from pe_host.cli._errors import guarded

__all__ = ["main"]


def main() -> int:
    """Run `pe` and return the exit code."""
    # By default each thread of OpenBLAS spins for 2^26 cycles before it sleeps, at the import too.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
    # Imports make many objects that stay; the collector would look through them again and again.
    gc.set_threshold(20_000)
    # Never import from the working directory, however the interpreter was started.
    sys.path[:] = [entry for entry in sys.path if entry]
    _open_streams()
    for stream in (sys.stdout, sys.stderr):  # a terminal without ε shows a question mark instead
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    return guarded(lambda: typer.main.get_command(_app()).main(prog_name="pe"))


def _open_streams() -> None:
    """Replace closed standard streams (`>&-`), which Python sets to None, by the null device."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def _app() -> typer.Typer:
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # they show local variables
        rich_markup_mode=None,  # rich takes longer to import than everything else together
        help="Differentially private synthetic data by Private Evolution, with generator plugins.",
    )
    app.callback()(_global_options)
    commands = (
        generate,
        continue_,
        inspect,
        list_plugins,
        describe,
        check_plugin,
        report,
        export,
        samples,
        replay,
        account,
        doctor,
        new_plugin,
    )
    for module in commands:
        app.command(module.NAME)(module.command)
    app.add_typer(budget.commands, name=budget.NAME)
    return app


def _show_version(given: bool) -> None:
    if given:
        typer.echo(f"pe {__version__}")
        raise typer.Exit


_Version = Annotated[
    bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
]


def _global_options(version: _Version = False) -> None:
    pass
