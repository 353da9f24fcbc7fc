"""Tables of the rules in Markdown; `python -m pe_sdk.testing.rules` prints those of every kind."""

import sys

from pe_sdk.testing.registry import checks


def rules(kind: str) -> str:
    """Return the table of a kind: one row for each check, with its level and its rule."""
    lines = [f"| `{c.name}` | {c.level} | {c.rule} |" for c in checks(kind)]
    return "\n".join(["| check | level | rule |", "|---|---|---|", *lines])


if __name__ == "__main__":
    for kind in ("generator", "embedding", "reader"):
        article = "an" if kind == "embedding" else "a"
        sys.stdout.write(f"## Rules of {article} {kind}\n\n{rules(kind)}\n\n")
