"""Run the checks of a plugin, as a request in JSON on stdin asks: `python -m pe_sdk.testing`.

The report is written to the file that the request names.
"""

import json
import sys
from pathlib import Path

from pe_sdk.errors import OptionError
from pe_sdk.options import parse_options
from pe_sdk.output import OutputSpec
from pe_sdk.testing.bench import CheckSettings
from pe_sdk.testing.runner import run
from pe_sdk.testing.subject import Subject, spec_at


def main() -> None:
    """Answer one request."""
    request = json.load(sys.stdin)
    address = request["address"]
    output = OutputSpec.from_json(request["output"]) if request["output"] else None
    settings = CheckSettings(
        output, tuple(request["labels"]), request["options"], request["location"]
    )
    try:
        subject = Subject(
            request["kind"], spec_at(request["kind"], address, request["name"]), address
        )
        if request["kind"] in ("generator", "embedding"):
            parse_options(subject.spec.options, request["options"])
        answer = run(subject, settings, request["level"]).to_json()
    except OptionError as error:
        answer = {"usage": str(error)}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    Path(request["answer"]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
