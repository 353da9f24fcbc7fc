"""Generated pages of the site: README, CONTRIBUTING, CHANGELOG, and the help of the commands."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from mkdocs.structure.files import File, Files

from pe_host.cli import _app
from pe_host.cli._errors import INTERRUPTED
from pe_host.errors import DataError, PeError, PluginFailure, PrivacyRefusal, UsageError

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changes.md": "CHANGELOG.md",
}
COMMANDS = "reference/commands.md"


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages to the files that mkdocs found (a hook of mkdocs)."""
    for name, source in TEXTS.items():
        files.append(
            File.generated(
                config, name, content=of_site((ROOT / source).read_text(encoding="utf-8"))
            )
        )
    files.append(File.generated(config, COMMANDS, content=commands_page()))
    return files


def of_site(text: str) -> str:
    """Rewrite the links of a file beside `docs/` for a page inside it."""
    text = re.sub(r"\]\(docs/", "](", text)
    return (
        text.replace("](CONTRIBUTING.md)", "](contributing.md)")
        .replace("](README.md)", "](index.md)")
        .replace("[examples/](examples/README.md)", "`examples/`")
    )


def commands_page() -> str:
    """Usage, arguments and options of every command."""
    group: Any = typer.main.get_command(_app())
    text = (
        "Results go to stdout and everything else to stderr. "
        "`--json` makes the result of a command machine-readable."
    )
    parts = ["# Commands", text, *command_parts("", group)]
    parts += [
        part for name, command in group.commands.items() for part in command_parts(name, command)
    ]
    return "\n\n".join([*parts, "## Exit codes", exit_codes()])


def exit_codes() -> str:
    """Table of the exit codes, from the errors that define them."""
    meanings = {
        0: "done",
        PeError.exit_code: "a bug: please report it",
        UsageError.exit_code: "usage: an invalid option or argument",
        PluginFailure.exit_code: (
            "a plugin is missing, is broken, cannot make the requested output or fails a check"
        ),
        PrivacyRefusal.exit_code: (
            "a privacy refusal: continuing would break the guarantee or leave it open"
        ),
        DataError.exit_code: "the data or the configuration is invalid",
        INTERRUPTED: "interrupted; completed work is kept",
    }
    return "\n".join(
        [
            "| code | meaning |",
            "|---|---|",
            *(f"| {code} | {text} |" for code, text in meanings.items()),
        ]
    )


def command_parts(name: str, command: Any) -> Iterator[str]:
    """Markdown parts of one command's section: title, usage, help, arguments, options."""
    title = f"pe {name}".strip()
    context = command.make_context(title, [], resilient_parsing=True)
    yield f"## {title}"
    yield f"```text\n{command.get_usage(context)}\n```"
    yield command.help or ""
    for title, kind in (("Argument", "argument"), ("Option", "option")):
        rows = [
            _row(parameter, context)
            for parameter in command.params
            if parameter.param_type_name == kind
        ]
        if rows:
            yield f"| {title} | |\n|---|---|\n" + "\n".join(rows)


def _row(parameter: Any, context: Any) -> str:
    names, text = parameter.get_help_record(context)
    return f"| `{names}` | {' '.join(text.split())} |"
