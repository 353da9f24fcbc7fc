"""Lists of the rules in Markdown; `python -m pe_sdk.testing.rules` prints those of every kind."""

import sys
import textwrap

from pe_sdk.testing.registry import checks


def rules(kind: str) -> str:
    """Return the list of a kind: one item for each check, with its level and its rule."""
    items = (f"- `{check.name}` ({check.level}): {check.rule}" for check in checks(kind))
    return "\n".join(
        textwrap.fill(
            item, 100, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
        for item in items
    )


if __name__ == "__main__":
    for kind in ("generator", "embedding", "reader", "exporter"):
        article = "an" if kind[0] == "e" else "a"
        sys.stdout.write(f"## Rules of {article} {kind}\n\n{rules(kind)}\n\n")
