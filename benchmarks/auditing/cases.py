"""The neighbouring data sets, many replicas of each in one data set.

A replica, called a *slot*, has places of its own, far from those of all others: a place is an image
with k candidates around it, or, for class counts, a class. The unit under audit (the *target*, one
record or one client) and others stand at these places. Because noise is independent by coordinate,
the coordinates of a slot with its target are a draw under D, those of one without it a draw under D
minus the target. So one vote call yields a draw for every slot.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pe_host.embeddings.grid import Grid, to_grid
from pe_host.embeddings.pixels import Pixels
from pe_host.privacy.plan import Unit
from pe_sdk import OutputSpec

OUTPUT = OutputSpec.image(4, 4)

_OFFSET = 3
"""Grey levels between a place and its candidates. Places are random, and hundreds of levels apart.
"""


@dataclass(frozen=True)
class Case:
    """A pair of neighbouring data sets.

    Args:
        name: for the table.
        kind: what is released.
        unit: what is added or removed.
        votes: k.
        target: the places of the target's records, from 0.
        others: the places of the records of others; each is a client of its own.
        epsilon: target of the plan. For class counts only their share of it is spent.
    """

    name: str
    kind: Literal["votes", "class-counts"]
    unit: Unit
    votes: int
    target: tuple[int, ...]
    others: tuple[int, ...]
    epsilon: float

    @property
    def places(self) -> int:
        """Places of a slot."""
        return max(self.target + self.others) + 1


ALONE = Case("a record decides a candidate", "votes", "record", 1, (0,), (), 4.0)
DUPLICATE = Case("one of three duplicates", "votes", "record", 1, (0,), (0, 0), 4.0)
MANY_VOTES = Case("a record with k = 4", "votes", "record", 4, (0,), (0,), 4.0)
CLIENT = Case("a client of 3 records, k = 2", "votes", "client", 2, (0, 0, 1), (1,), 4.0)
COUNTS = Case("class counts, records", "class-counts", "record", 1, (0,), (0,) * 8, 60.0)
CLIENT_COUNTS = Case(
    "class counts, clients", "class-counts", "client", 1, (0, 0, 1), (0, 1) * 8, 60.0
)
CASES = (ALONE, DUPLICATE, MANY_VOTES, CLIENT, COUNTS, CLIENT_COUNTS)

_SLOTS_OF_CLASS = 50
"""Slots that share a class, for votes. Records vote within their class, so this saves distances."""


class World:
    """`slots` replicas of a case, as files that a reader opens and candidates to vote on."""

    def __init__(self, case: Case, slots: int) -> None:
        self.case, self.slots = case, slots
        rng = np.random.default_rng(20)  # of the layout, not of any noise
        self._images = rng.integers(20, 230, (slots, case.places, *OUTPUT.shape), dtype=np.uint8)
        slot = np.repeat(np.arange(slots), case.places).reshape(slots, case.places)
        place = np.broadcast_to(np.arange(case.places), slot.shape)
        by_votes = case.kind == "votes"
        self._labels = slot // _SLOTS_OF_CLASS if by_votes else slot * case.places + place
        self.class_names = tuple(f"c{i}" for i in range(int(self._labels.max()) + 1))

    def write(self, path: Path, present: NDArray[np.bool_]) -> None:
        """Write the data set in which the slots of `present`, bool [slots], have their target."""
        case = self.case
        groups = [
            (np.flatnonzero(present), case.target, True),
            *((np.arange(self.slots), (place,), False) for place in case.others),
        ]
        images, labels, clients, next_client = [], [], [], 0
        for slots, places, one_client in groups:
            for place in places:
                images.append(self._images[slots, place])
                labels.append(self._labels[slots, place])
                clients.append(next_client + np.arange(len(slots)))
                next_client += 0 if one_client else len(slots)
            next_client += len(slots)
        # One more that is always there, because an empty data set is refused.
        images.append(np.full((1, *OUTPUT.shape), 128, np.uint8))
        labels.append(np.zeros(1, np.int64))
        clients.append(np.array([next_client]))
        arrays = {"images": np.concatenate(images), "labels": np.concatenate(labels)}
        if case.unit == "client":
            arrays["clients"] = np.concatenate(clients)
        names = np.array(self.class_names)
        np.savez(path, label_names=names, **arrays)  # type: ignore[arg-type]  # stubs miss keywords

    def candidates(self) -> tuple[Grid, NDArray[np.int64]]:
        """Vectors, int16 [N, d], and labels of k candidates at each place, slot by slot."""
        votes = self.case.votes
        images = np.repeat(self._images[:, :, None], votes, axis=2)
        flat = images.reshape(self.slots, self.case.places, votes, -1)
        for j in range(votes):
            flat[:, :, j, j] += _OFFSET
        vectors = to_grid(Pixels(OUTPUT).embed(flat.reshape(-1, *OUTPUT.shape)))
        return vectors, np.repeat(self._labels.ravel(), votes).astype(np.int64)
