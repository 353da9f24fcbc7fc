"""The confined process in which an exporter plugin writes a release.

It is run and answers as `pe_host.plugins.child`.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from pe_host.errors import PluginFailure
from pe_host.plugins.child import main, reported
from pe_host.plugins.describe import describe_exporter
from pe_host.plugins.load import load_exporter
from pe_host.plugins.ref import PluginRef
from pe_sdk import CannotMake, OutputSpec


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Answer a request: {"do": "about", "ref"} or {"do": "write", "ref", "release", "out"}."""
    return reported(PluginRef.from_json(request["ref"]), lambda ref: _result(ref, request))


def _result(ref: PluginRef, request: dict[str, Any]) -> dict[str, Any]:
    spec = load_exporter(ref)
    if request["do"] == "about":
        return describe_exporter(spec)
    from pe_host.export.npz import read

    folder = Path(request["release"])
    release = read(folder / "release.npz")
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    output = OutputSpec.from_json(about["output"])
    release = replace(release, output=output, card=about["card"])
    if spec.kinds and output.kind not in spec.kinds:
        raise PluginFailure(f"does not write records of kind {output.kind}", where=str(ref))
    try:
        spec.write(Path(request["out"]), release)
    except CannotMake as error:
        raise PluginFailure(str(error), where=str(ref)) from None
    return {"written": True}


if __name__ == "__main__":
    main(answer)
