"""The evaluation by the private side, read for the internal page."""

import math
from typing import Any

from pe_host.errors import DataError
from pe_host.metrics import bins_of
from pe_host.privacy.evaluation import SCHEMA
from pe_host.report.data import CurveView, EvaluationView, MarginalView
from pe_host.run.folder import EVALUATION, RunFolder
from pe_sdk import ParameterSpace


def read_evaluation(run: RunFolder) -> EvaluationView | None:
    """Read the evaluation of a run; None if it was not measured.

    Raises:
        DataError: the file is damaged, or has another schema.
    """
    document = run.read_json(EVALUATION)
    if document is None:
        return None
    try:
        return _view(document)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError):
        fix = f"delete the file; this version reads schema {SCHEMA}"
        raise DataError(
            "this evaluation cannot be read", where=str(run.path(EVALUATION)), fix=fix
        ) from None


def _view(document: Any) -> EvaluationView:
    if document["schema"] != SCHEMA:
        raise ValueError("another schema")
    marginals = [_marginal(name, about) for name, about in document["marginals"].items()]
    frechet = document["frechet"]
    if not frechet["populations"]:
        raise ValueError("nothing was measured")
    return EvaluationView(
        embedding=str(document["embedding"]["embedding"]),
        samples=int(document["samples"]),
        records=int(document["records"]),
        frechet=tuple(map(_finite, frechet["populations"])),
        frechet_perfect=_finite(frechet["perfect"]),
        coverage=_curve(document.get("coverage"), len(frechet["populations"])),
        density=_curve(document.get("density"), len(frechet["populations"])),
        neighbours=int(document.get("neighbours", 0)),
        marginals=tuple(sorted(marginals, key=lambda view: (-view.before, view.name))),
    )


def _curve(about: Any, populations: int) -> CurveView | None:
    if about is None:  # too few records, or measured by an earlier version
        return None
    values = tuple(map(_finite, about["populations"]))
    if len(values) != populations:
        raise ValueError("not a value for each population")
    return CurveView(values, _finite(about["perfect"]))


def _marginal(name: str, about: Any) -> MarginalView:
    shares = {
        which: tuple(map(_finite, about["shares"][which])) for which in ("private", "first", "last")
    }
    space = ParameterSpace.from_json({"schema": 1, "parameters": {name: about["parameter"]}})
    if {len(bins) for bins in shares.values()} != {bins_of(space[name]).count}:
        raise ValueError("not a share for each bin")
    distances = [_finite(value) for value in about["populations"]]
    return MarginalView(
        name, space[name], distances[0], distances[-1], _finite(about["perfect"]), **shares
    )


def _finite(value: Any) -> float:
    if not math.isfinite(number := float(value)):
        raise ValueError("not a finite number")
    return number
