"""The rules as a table in Markdown; `python -m pe_sdk.testing.rules` prints those of every kind."""

import sys

from pe_sdk.testing.registry import checks


def rules(kind: str) -> str:
    """The table of a kind: a line a check, with its level and its rule."""
    lines = [f"| `{c.name}` | {c.level} | {c.rule} |" for c in checks(kind)]
    return "\n".join(["| check | level | rule |", "|---|---|---|", *lines])


if __name__ == "__main__":
    for kind in ("generator", "embedding", "reader"):
        sys.stdout.write(f"## Rules of a {kind}\n\n{rules(kind)}\n\n")
