"""The generator: fresh samples from noise, variations from noised samples, in fixed-size passes."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pe_diffusion.backend import Backend
from pe_diffusion.denoise import solve
from pe_diffusion.pictures import to_model, to_records
from pe_diffusion.place import memory_guard
from pe_sdk import Degree, Generator, OutputSpec, Samples, Seeds, random


class DiffusionGenerator(Generator):
    """A diffusion model as a black box. Samples are pictures and labels; there is no state.

    It can therefore vary pictures made by any generator. The noise of a row comes from its seed,
    and the solver adds none. The model runs in passes of `batch` rows, with the last one padded, so
    the picture of a row does not depend on the rest of its block.

    Args:
        backend: the model, made for the labels.
        output: an image with 1 or 3 channels; the model's pictures are resized to it, and resized
            back for a variation.
        steps: denoising steps of a fresh sample; a variation takes the share of them that
            corresponds to its level, at least two.
        guidance: scale of classifier-free guidance; 1 disables it.
        batch: rows per pass.
    """

    takes_foreign = True

    def __init__(
        self, backend: Backend, output: OutputSpec, steps: int, guidance: float, batch: int
    ) -> None:
        self.backend = backend
        self.output = output
        self.steps = steps
        self.guidance = guidance
        self.batch = batch

    def random(self, labels: NDArray[np.int64], seeds: Seeds) -> Samples:
        return Samples(self._passes(None, labels, 1.0, seeds), labels)

    def vary(self, samples: Samples, degree: Degree, seeds: Seeds) -> Samples:
        """Noise the pictures to the level of the degree, then denoise them.

        Degree 0 returns the pictures unchanged, and 1 makes fresh samples.

        Raises:
            ValueError: the degree lies outside [0, 1], it names parameters (there are none; "*"
                stands for all), or the samples are not pictures of this output.
        """
        level = _level(degree)
        data = samples.data
        if data is None:
            raise ValueError("diffusion varies pictures, but these samples have no data")
        self.output.check(data, len(samples))
        if level == 0:
            return Samples(data.copy(), samples.labels)
        reach = level**self.backend.defaults.power
        return Samples(
            self._passes(None if level == 1 else data, samples.labels, reach, seeds), samples.labels
        )

    def _passes(
        self, data: NDArray[np.uint8] | None, labels: NDArray[np.int64], degree: float, seeds: Seeds
    ) -> NDArray[np.uint8]:
        done = np.empty((len(labels), *self.output.shape), np.uint8)
        for start in range(0, len(labels), self.batch):
            rows = np.arange(start, min(start + self.batch, len(labels)))
            padded = np.pad(rows, (0, self.batch - len(rows)), mode="edge")
            with torch.inference_mode(), memory_guard(self.backend.place.device, self.batch):
                made = self._one_pass(
                    None if data is None else data[padded], labels[padded], degree, seeds[padded]
                )
                done[rows] = to_records(made[: len(rows)], self.output.shape)
        return done

    def _one_pass(
        self, data: NDArray[np.uint8] | None, labels: NDArray[np.int64], degree: float, seeds: Seeds
    ) -> Tensor:
        backend, device = self.backend, self.backend.place.device
        size = int(np.prod(backend.noise))
        drawn = random.normals(seeds, "diffusion/noise", size=size).reshape(-1, *backend.noise)
        noise = torch.from_numpy(drawn.astype(np.float32)).to(device)
        clean = None if data is None else backend.encode(to_model(data, backend.picture).to(device))
        predict = self._predict(labels)
        return backend.decode(solve(backend.scheduler, self.steps, degree, clean, noise, predict))

    def _predict(self, labels: NDArray[np.int64]) -> Callable[[Tensor, Tensor], Tensor]:
        return lambda x, t: self.backend.predict(x, t, labels, self.guidance)


def _level(degree: Degree) -> float:
    """The single degree of a generator without parameters."""
    if isinstance(degree, Mapping):
        if set(degree) != {"*"}:
            raise ValueError(
                "diffusion has no parameters, so the degree must be one number (or '*'), "
                f"got {dict(degree)}"
            )
        degree = degree["*"]
    if not 0.0 <= degree <= 1.0:
        raise ValueError(f"the degree of a variation must lie in [0, 1], got {degree}")
    return float(degree)
