"""The files of a run folder that the private side writes. `pe_host.run.folder` names all others."""

LOCK = ".lock"
LEDGER = "ledger.jsonl"

COUNTS = "iterations/000/class_counts"
"""Name of the released class counts, without the suffix of the store."""

EVALUATION = "internal/evaluation.json"
"""Clean measurements of public data, for the operator."""


def votes_name(round: int) -> str:
    """Name of the noisy votes of a round, without the suffix of the store."""
    return f"iterations/{round:03d}/votes"
