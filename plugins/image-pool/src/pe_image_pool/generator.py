"""The generator: random draws from the pool, and variations among nearest neighbours."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_image_pool.features import describe
from pe_image_pool.index import Index
from pe_image_pool.law import POOL, POOL_ID, degree_of, gamma
from pe_image_pool.pictures import Pictures
from pe_image_pool.search import choose
from pe_sdk import CannotMake, Degree, Generator, Samples, Seeds, random


class PoolGenerator(Generator):
    """Generator whose samples are pictures of a pool.

    The state columns `pool_id` (int64) and `pool` (uint64, the pool's identity) name a picture.
    Row i of a result is a function, bit for bit, of row i of the arguments and of the pool. A pool
    may change between two sessions of a run, so that ids mean other pictures; the identity
    reveals it.

    Args:
        pictures: the pool.
        index: its cells, in groups that do not mix.
        groups: int64 [labels], the group that each label of the run draws from.
        neighbours: γ at degree 1.
    """

    state_only, takes_foreign = True, True

    def __init__(
        self, pictures: Pictures, index: Index, groups: NDArray[np.int64], neighbours: int
    ) -> None:
        self._pictures = pictures
        self._index = index
        self._groups = groups
        self._neighbours = neighbours
        bounds = index.starts[index.group_cells]
        self._first, self._size = bounds[:-1], np.diff(bounds)

    def random(self, labels: NDArray[np.int64], seeds: Seeds) -> Samples:
        groups = self._group(labels)
        size = self._size[groups]
        rank = np.minimum(
            (random.uniforms(seeds, "image-pool/random") * size).astype(np.int64), size - 1
        )
        ids = self._index.members[self._first[groups] + rank].astype(np.int64)
        return self._samples(labels, ids)

    def vary(self, samples: Samples, degree: Degree, seeds: Seeds) -> Samples:
        """Draw uniformly among the γ nearest pictures of the label's group, itself included.

        Samples of other generators, which have data and no `pool_id`, are looked up by their data;
        for these, degree 0 yields the nearest picture.

        Args:
            samples: with `pool_id`, or with data.
            degree: see `law.gamma`.
            seeds: uint64 [n].

        Raises:
            CannotMake: the samples are of another pool.
            ValueError: a degree lies outside [0, 1], a label or `pool_id` does not exist, or
                samples have neither `pool_id` nor data.
        """
        share = degree_of(degree)
        groups = self._group(samples.labels)
        if POOL_ID in samples.state:
            ids = self._checked(samples.state)
            if share == 0.0:
                return self._samples(samples.labels, ids)
            queries = self._pictures.features[ids]
        elif samples.data is not None:
            if samples.data.dtype != np.uint8 or samples.data.shape[1:] != self._pictures.shape:
                raise ValueError(
                    f"samples to vary must be uint8 {list(self._pictures.shape)}, like the "
                    f"pictures of the pool; got {samples.data.dtype} {list(samples.data.shape[1:])}"
                )
            queries = describe(samples.data)
        else:
            raise ValueError(
                f"samples to vary need the state {POOL_ID!r} or data; these have neither"
            )
        chosen = np.empty(len(groups), np.int64)
        index = self._index
        choose(
            np.asarray(queries),
            groups,
            gamma(share, self._neighbours),
            random.uniforms(seeds, "image-pool/vary"),
            index.centres,
            index.group_cells,
            index.starts,
            index.features,
            index.members,
            chosen,
        )
        return self._samples(samples.labels, chosen)

    def restore(self, labels: NDArray[np.int64], state: Mapping[str, NDArray[Any]]) -> Samples:
        ids = self._checked(state)
        return replace(self._samples(labels, ids), data=self._pictures.take(ids))

    def _samples(self, labels: NDArray[np.int64], ids: NDArray[np.int64]) -> Samples:
        return Samples(
            None, labels, {POOL_ID: ids, POOL: np.full(len(ids), self._pictures.identity)}
        )

    def _group(self, labels: NDArray[np.int64]) -> NDArray[np.int64]:
        if len(labels) and not 0 <= labels.min() <= labels.max() < len(self._groups):
            raise ValueError(f"labels must lie in 0..{len(self._groups) - 1}")
        return self._groups[labels]

    def _checked(self, state: Mapping[str, NDArray[Any]]) -> NDArray[np.int64]:
        ids, count = state[POOL_ID], self._pictures.count
        if (state[POOL] != self._pictures.identity).any():
            raise CannotMake(
                "these samples are of another pool: its pictures have changed since the run began; "
                "restore the old ones (same files, same package versions), or start a new run"
            )
        if ids.dtype.kind not in "iu" or (len(ids) and not 0 <= ids.min() <= ids.max() < count):
            raise ValueError(f"{POOL_ID} must lie in 0..{count - 1}, the pictures of this pool")
        return ids.astype(np.int64)
