"""The interface between the generator and a model of pixels, folded pixels or latents."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Place:
    """The device and the precision that a model computes with."""

    device: torch.device
    dtype: torch.dtype


@dataclass(frozen=True)
class Defaults:
    """Values that a kind of model uses where an option is 0, and the reach of a degree.

    Args:
        steps, guidance, batch: as in the options.
        power: degree d noises up to the share d ** power of the time steps.
    """

    steps: int
    guidance: float
    batch: int
    power: float


class Backend(ABC):
    """A model in evaluation mode. Rows do not mix: the output of a row depends on that row only.

    Attributes:
        picture: (H, W, C) of the pictures it makes.
        noise: (C, H, W) of the tensor that is denoised.
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
        """The model's output for x at time step t: noise, velocity or picture, as it was trained.

        x is float32 [n, *noise], and so is the output.
        """

    @abstractmethod
    def encode(self, pictures: Tensor) -> Tensor:
        """Map pictures, float32 [n, C, H, W] in [-1, 1], to the tensor that is denoised.

        The result is float32 [n, *noise]. Deterministic.
        """

    @abstractmethod
    def decode(self, x: Tensor) -> Tensor:
        """Map a denoised tensor back to pictures: the inverse of `encode`."""


def guided(plain: Tensor, conditional: Tensor, guidance: float) -> Tensor:
    """Classifier-free guidance (arXiv 2207.12598) with the convention of diffusers pipelines.

    Guidance 1 is the conditional output, without any guidance.
    """
    return plain + guidance * (conditional - plain)
