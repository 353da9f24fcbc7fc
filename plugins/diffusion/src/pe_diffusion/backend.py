"""What the generator needs of a model, whatever it denoises: pixels, folded pixels or latents."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Place:
    """Where a model computes, and in which precision."""

    device: torch.device
    dtype: torch.dtype


@dataclass(frozen=True)
class Defaults:
    """What a kind of model uses where an option is 0, and how far a degree reaches.

    Args:
        steps, guidance, batch: see the options.
        power: a degree d noises to the share d ** power of the time steps.
    """

    steps: int
    guidance: float
    batch: int
    power: float


class Backend(ABC):
    """A model in evaluation mode. Rows do not mix: what a pass gives for a row is a function of that row.

    Attributes:
        picture: (H, W, C) of the pictures it makes.
        noise: (C, H, W) of what is denoised.
        scheduler: configured for the model's noise schedule; it is copied, never stepped.
        place: see `Place`.
    """

    picture: tuple[int, int, int]
    noise: tuple[int, int, int]
    scheduler: DPMSolverMultistepScheduler
    place: Place
    defaults: Defaults

    @abstractmethod
    def predict(self, x: Tensor, t: Tensor, labels: NDArray[np.int64], guidance: float) -> Tensor:
        """The model's output (noise, velocity or picture) for float32 x [n, *noise] at time step t, as float32."""

    @abstractmethod
    def encode(self, pictures: Tensor) -> Tensor:
        """float32 pictures [n, C, H, W] in [-1, 1] to what is denoised, float32 [n, *noise]. Deterministic."""

    @abstractmethod
    def decode(self, x: Tensor) -> Tensor:
        """Inverse of `encode`."""


def guided(plain: Tensor, conditional: Tensor, guidance: float) -> Tensor:
    """Classifier-free guidance (arXiv 2207.12598) in the convention of pipelines: 1 is the conditional output alone."""
    return plain + guidance * (conditional - plain)
