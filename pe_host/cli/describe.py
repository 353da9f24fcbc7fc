"""`pe describe`: what a plugin is and what can be set, asked of it in a child process."""

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
        typer.Option(help="generator, embedding, reader or doctor, where several have the name."),
    ] = "",
    options: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="An option of the plugin; may be repeated.", metavar="NAME=VALUE"
        ),
    ] = None,
    shape: Annotated[
        str,
        typer.Option(
            help="Records that a generator is made for: an image, or series:TxF. By default the form it declares.",
            metavar="HxW[xC]",
        ),
    ] = "",
    timeout: Annotated[
        float, typer.Option(help="Seconds that it may take.", metavar="SECONDS")
    ] = 120.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Describe a plugin and its options.

    Also its flags, and the parameters of a simulator with their ranges. The plugin runs in a process of its own.
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
    document = describe(resolve_any(plugin, kind), given, _form(shape), timeout)
    if as_json:
        write_json(document)
    else:
        _show(document)


def _form(text: str) -> dict[str, Any] | None:
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
    if document["options"]:
        write_lines(["", "options, for --set NAME=VALUE"])
        keys = ("name", "type", "default", "help")
        write_table(
            ("NAME", "TYPE", "DEFAULT", "WHAT"),
            [[o[key] for key in keys] for o in document["options"]],
        )
    if document.get("makes", {}).get("space"):
        write_lines(["", f"parameters, for {_form_of(document)}"])
        parameters = document["makes"]["space"]["parameters"]
        write_table(
            ("NAME", "KIND", "RANGE"),
            [[name, p["kind"], _range(p)] for name, p in parameters.items()],
        )


def _facts(document: dict[str, Any]) -> list[tuple[str, str]]:
    exact = (
        "bit for bit for any batch"
        if document["exact"]
        else f"for equal blocks of {document['block']}"
    )
    facts = [
        ("labels", ", ".join(document["labels"]) or "those of the data"),
        ("default data", document["default_data"] or "none; give --data"),
        ("embedding", document["embedding"] or "the host chooses"),
        ("reproducible", exact),
        ("uses a GPU", "where there is one" if document["gpu"] else "no"),
    ]
    makes = document["makes"]
    if "cannot" in makes:
        facts.append((f"cannot make {_size(document)}", makes["cannot"]))
    else:
        facts.append(
            ("form", "black box" if makes["space"] is None else "simulator with named parameters")
        )
    return facts


def _size(document: dict[str, Any]) -> str:
    return "x".join(str(side) for side in document["makes"]["shape"])


def _form_of(document: dict[str, Any]) -> str:
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
