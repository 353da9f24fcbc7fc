"""A parameter space: named parameters, and columns of values with one row a sample."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import random
from pe_sdk.parameters import Column, Parameter, parameter_from_json

Columns = dict[str, Column]
"""A column a parameter, by name; all of the same length."""

Degree = float | Mapping[str, float]
"""How far a variation goes, in [0, 1]: for all parameters, or by name."""


SCHEMA = 1


class ParameterSpace(Mapping[str, Parameter]):
    """An immutable mapping of parameter names to parameters.

    Values travel as columns: a dict with one array a parameter, row i of each belonging to sample i. Nothing here keeps
    state: each method is a function of its arguments, and row i of a result depends on row i of the arguments alone.
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
        """Draw every parameter uniformly over its range (on its own scale). seeds: uint64 [n]."""
        return {
            name: p.sample(random.uniforms(seeds, f"sample/{name}")) for name, p in self.items()
        }

    def vary(self, params: Columns, degree: Degree, seeds: random.Seeds) -> Columns:
        """Vary each row as Sim-PE does (see `pe_sdk.parameters`); degree 0 gives the values back.

        Args:
            params: columns of n rows.
            degree: a number in [0, 1], or a mapping of parameter names to numbers; the name "*" stands for the rest.
            seeds: uint64 [n].

        Raises:
            ValueError: a degree outside [0, 1], an unknown name, or a mapping that leaves a parameter out.
        """
        degrees = self.degrees(degree)
        varied = {}
        for name, p in self.items():
            move, value = random.uniforms(seeds, f"vary/{name}", size=2).T
            varied[name] = p.vary(params[name], degrees[name], move, value)
        return varied

    def degrees(self, degree: Degree) -> dict[str, float]:
        """The degree of every parameter by name. Errors as of `vary`."""
        if isinstance(degree, Mapping):
            if unknown := sorted(set(degree) - set(self) - {"*"}):
                raise ValueError(
                    f"degree for unknown parameters {unknown}; the space has {sorted(self)}"
                )
            if "*" not in degree and (missing := sorted(set(self) - set(degree))):
                raise ValueError(f"no degree for {missing}; name them or give '*' for the rest")
            result = {name: float(degree.get(name, degree.get("*", 0.0))) for name in self}
        else:
            result = dict.fromkeys(self, float(degree))
        if outside := {name: d for name, d in result.items() if not 0.0 <= d <= 1.0}:
            raise ValueError(f"a variation degree lies in [0, 1], got {outside}")
        return result

    def contains(self, params: Mapping[str, Column]) -> NDArray[np.bool_]:
        """Which rows lie inside, bool [n].

        Raises:
            ValueError: the columns are not exactly those of the space.
        """
        if set(params) != set(self):
            raise ValueError(f"columns {sorted(params)} do not match the parameters {sorted(self)}")
        inside = [p.contains(np.asarray(params[name])) for name, p in self.items()]
        return np.asarray(np.logical_and.reduce(inside))

    def distance(self, a: Mapping[str, Column], b: Mapping[str, Column]) -> NDArray[np.float64]:
        """Mean over the parameters of the distance as a share of the range, row by row: float64 [n] in [0, 1]."""
        return np.asarray(
            np.mean([p.distance(a[name], b[name]) for name, p in self.items()], axis=0)
        )

    def to_json(self) -> dict[str, Any]:
        """A JSON-able description, with "schema": 1."""
        return {"schema": SCHEMA, "parameters": {name: p.to_json() for name, p in self.items()}}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "ParameterSpace":
        """Inverse of `to_json`.

        Raises:
            ValueError: a schema or a parameter kind this version does not know.
        """
        if document.get("schema") != SCHEMA:
            raise ValueError(
                f"parameter space of schema {document.get('schema')!r}; this version reads {SCHEMA}"
            )
        return cls({name: parameter_from_json(p) for name, p in document["parameters"].items()})
