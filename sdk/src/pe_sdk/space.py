"""A parameter space: named parameters, and columns of values with one row for each sample."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import random
from pe_sdk.parameters import Column, Parameter, parameter_from_json

Columns = dict[str, Column]
"""One column for each parameter, by name; all have the same length."""

Degree = float | Mapping[str, float]
"""Size of a variation, in [0, 1]: one for all parameters, or one for each by name."""


SCHEMA = 1


class ParameterSpace(Mapping[str, Parameter]):
    """An immutable mapping of parameter names to parameters.

    Values travel as columns: a dict with one array for each parameter, in which row i belongs to
    sample i. Methods keep no state: row i of a result depends only on row i of the arguments.
    """

    def __init__(self, parameters: Mapping[str, Parameter]) -> None:
        self._parameters = MappingProxyType(dict(parameters))

    def __getitem__(self, name: str) -> Parameter:
        return self._parameters[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def __repr__(self) -> str:
        return f"ParameterSpace({dict(self._parameters)!r})"

    def sample(self, seeds: random.Seeds) -> Columns:
        """Draw every parameter uniformly over its range, on its own scale.

        Args:
            seeds: uint64 [n].
        """
        return {
            name: p.sample(random.uniforms(seeds, f"sample/{name}")) for name, p in self.items()
        }

    def vary(self, params: Columns, degree: Degree, seeds: random.Seeds) -> Columns:
        """Vary each row as Sim-PE does (see `pe_sdk.parameters`); degree 0 is the identity.

        Args:
            params: columns of n rows.
            degree: a number in [0, 1], or a mapping of parameter names to numbers, in which "*"
                stands for all other parameters.
            seeds: uint64 [n].

        Raises:
            ValueError: a degree outside [0, 1], an unknown name, or a mapping that leaves out a
                parameter.
        """
        degrees = self.degrees(degree)
        varied = {}
        for name, p in self.items():
            move, value = random.uniforms(seeds, f"vary/{name}", size=2).T
            varied[name] = p.vary(params[name], degrees[name], move, value)
        return varied

    def degrees(self, degree: Degree) -> dict[str, float]:
        """Return the degree of every parameter by name. Raises the errors of `vary`."""
        if isinstance(degree, Mapping):
            if unknown := sorted(set(degree) - set(self) - {"*"}):
                raise ValueError(
                    f"degree for unknown parameters {unknown}; the space has {sorted(self)}"
                )
            if "*" not in degree and (missing := sorted(set(self) - set(degree))):
                raise ValueError(f"no degree for {missing}; add them, or '*' for all others")
            result = {name: float(degree.get(name, degree.get("*", 0.0))) for name in self}
        else:
            result = dict.fromkeys(self, float(degree))
        if outside := {name: d for name, d in result.items() if not 0.0 <= d <= 1.0}:
            raise ValueError(f"a variation degree must lie in [0, 1], got {outside}")
        return result

    def contains(self, params: Mapping[str, Column]) -> NDArray[np.bool_]:
        """Return which rows lie inside, bool [n].

        Raises:
            ValueError: the columns are not exactly those of the space.
        """
        if set(params) != set(self):
            raise ValueError(f"columns {sorted(params)} do not match the parameters {sorted(self)}")
        inside = [p.contains(np.asarray(params[name])) for name, p in self.items()]
        return np.asarray(np.logical_and.reduce(inside))

    def distance(self, a: Mapping[str, Column], b: Mapping[str, Column]) -> NDArray[np.float64]:
        """Return the mean distance over the parameters, row by row: float64 [n] in [0, 1].

        The distance of a parameter is a share of its range.
        """
        return np.asarray(
            np.mean([p.distance(a[name], b[name]) for name, p in self.items()], axis=0)
        )

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object, with "schema": 1."""
        return {"schema": SCHEMA, "parameters": {name: p.to_json() for name, p in self.items()}}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "ParameterSpace":
        """Read a space from JSON: the inverse of `to_json`.

        Raises:
            ValueError: a schema or a kind of parameter that this version does not know.
        """
        if document.get("schema") != SCHEMA:
            raise ValueError(
                f"parameter space has schema {document.get('schema')!r}; "
                f"this version reads schema {SCHEMA}"
            )
        return cls({name: parameter_from_json(p) for name, p in document["parameters"].items()})
