"""`pe describe`: a plugin's facts and options, as it describes itself in a child process."""

import re
from typing import Annotated, Any

import typer

from pe_host.cli._output import write_json, write_lines, write_table
from pe_host.errors import UsageError
from pe_host.plugins import resolve_any
from pe_host.plugins.names import one_line

NAME = "describe"


def command(
    plugin: Annotated[
        str, typer.Argument(help="Its name, or distribution/name.", metavar="PLUGIN")
    ],
    kind: Annotated[
        str,
        typer.Option(
            help="generator, embedding, reader, exporter or doctor, if several share the name."
        ),
    ] = "",
    options: Annotated[
        list[str] | None,
        typer.Option("--set", help="Option of the plugin; may be repeated.", metavar="NAME=VALUE"),
    ] = None,
    shape: Annotated[
        str,
        typer.Option(
            help="Shape of the records to make, or series:TxF; by default the generator's own.",
            metavar="HxW[xC]",
        ),
    ] = "",
    timeout: Annotated[float, typer.Option(help="Time limit.", metavar="SECONDS")] = 120.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Describe a plugin and its options.

    Shows its flags too, and the parameters of a simulator with their ranges. The plugin runs in a
    process of its own.
    """
    from pe_host.job.setting import key_values, read_option
    from pe_host.plugins.isolated import describe

    if not timeout > 0:
        raise UsageError(
            f"got {timeout}, expected a number of seconds > 0",
            where="--timeout",
            fix="leave it out for 120",
        )
    given = read_option("--set", key_values, options or [])
    document = describe(resolve_any(plugin, kind), given, _output_spec(shape), timeout)
    if as_json:
        write_json(document)
    else:
        _show(document)


def _output_spec(text: str) -> dict[str, Any] | None:
    """The spec of `--shape` as JSON, or None where it was not given."""
    from pe_sdk import OutputSpec

    if not text:
        return None
    side = r"([1-9]\d{0,4})"
    if match := re.fullmatch(f"series:{side}x{side}", text):
        return OutputSpec.series(int(match[1]), int(match[2])).to_json()
    if match := re.fullmatch(f"{side}x{side}(?:x([13]))?", text):
        return OutputSpec.image(int(match[1]), int(match[2]), int(match[3] or 1)).to_json()
    what = f"got {text!r}, expected HxW or HxWxC with C = 1 or 3, or series:TxF"
    raise UsageError(what, where="--shape", fix="such as 28x28")


def _show(document: dict[str, Any]) -> None:
    write_lines(
        [
            f"{document['name']}: {one_line(document['summary'])}",
            f"{document['kind']} of {document['distribution']} {document['version']}",
        ]
    )
    if document["kind"] == "generator":
        write_lines([f"{name}: {value}" for name, value in _facts(document)])
    if document["kind"] == "exporter":
        write_lines([f"{name}: {value}" for name, value in _what_it_writes(document)])
    if document["options"]:
        write_lines(["", "options, for --set NAME=VALUE"])
        keys = ("name", "type", "default", "help")
        write_table(
            ("NAME", "TYPE", "DEFAULT", "WHAT"),
            [[o[key] for key in keys] for o in document["options"]],
        )
    if document.get("makes", {}).get("space"):
        write_lines(["", f"parameters, for {_records(document)}"])
        parameters = document["makes"]["space"]["parameters"]
        write_table(
            ("NAME", "KIND", "RANGE"),
            [[name, p["kind"], _range(p)] for name, p in parameters.items()],
        )


def _facts(document: dict[str, Any]) -> list[tuple[str, str]]:
    exact = (
        "bit for bit, in any batch"
        if document["exact"]
        else f"in equal blocks of {document['block']}"
    )
    facts = [
        ("labels", ", ".join(document["labels"]) or "those of the data"),
        ("default data", document["default_data"] or "none; give --data"),
        ("embedding", document["embedding"] or "chosen by the host"),
        ("reproducible", exact),
        ("uses a GPU", "if there is one" if document["gpu"] else "no"),
    ]
    makes = document["makes"]
    if "cannot" in makes:
        facts.append((f"cannot make {_size(document)}", makes["cannot"]))
    else:
        facts.append(
            ("type", "black box" if makes["space"] is None else "simulator with named parameters")
        )
    return facts


def _what_it_writes(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("writes", "a folder" if document["folder"] else "a file"),
        ("records", ", ".join(document["kinds"]) or "of every kind"),
        ("does not keep", document["loses"] or "nothing: data and labels are whole"),
    ]


def _size(document: dict[str, Any]) -> str:
    return "x".join(str(side) for side in document["makes"]["shape"])


def _records(document: dict[str, Any]) -> str:
    from pe_host.modality import modality_of
    from pe_sdk import OutputSpec

    plural = modality_of(OutputSpec.from_json(document["makes"]["output"])).plural
    return f"{plural} of {_size(document)}"


def _range(parameter: dict[str, Any]) -> str:
    if parameter["kind"] == "categorical":
        choices = parameter["choices"]
        return (
            f"{len(choices)} choices: {', '.join(choices[:5])}{', …' if len(choices) > 5 else ''}"
        )
    marks = [mark for mark in ("log", "wrap") if parameter.get(mark)]
    return " ".join([f"{parameter['low']:g} to {parameter['high']:g}", *marks])
