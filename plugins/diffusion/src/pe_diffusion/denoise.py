"""Denoising: a few steps of DPM-Solver++ (arXiv 2211.01095) that draw no fresh noise."""

import warnings
from collections.abc import Callable

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler
from torch import Tensor

from pe_sdk import CannotMake

Predict = Callable[[Tensor, Tensor], Tensor]


def scheduler_from(config: dict[str, object]) -> DPMSolverMultistepScheduler:
    """The second-order multistep solver on the noise schedule that a model was trained with.

    Raises:
        CannotMake: the model has no such schedule (flow matching, for example), or an unknown one.
    """
    if "beta_schedule" not in config or config.get("prediction_type", "epsilon") not in (
        "epsilon",
        "v_prediction",
        "sample",
    ):
        raise CannotMake(
            "diffusion cannot denoise with the noise schedule of "
            f"{config.get('_class_name', 'this model')}; choose a model with a beta schedule "
            "(DDPM, DDIM, PNDM, Euler or DPM-Solver in its scheduler folder)"
        )
    kept = (
        "num_train_timesteps",
        "beta_start",
        "beta_end",
        "beta_schedule",
        "trained_betas",
        "prediction_type",
    )
    schedule = {
        name: config[name]
        for name in (*kept, "rescale_betas_zero_snr")
        if config.get(name) is not None
    }
    try:
        return DPMSolverMultistepScheduler(**schedule, algorithm_type="dpmsolver++", solver_order=2)
    except (NotImplementedError, TypeError, ValueError) as error:
        raise CannotMake(
            f"diffusion cannot follow the noise schedule of this model: {error}"
        ) from error


def times(total: int, steps: int, degree: float) -> list[int]:
    """Time steps to visit for a degree in (0, 1], in falling order.

    They start at round(degree × total) - 1 and are round(degree × steps) in number, evenly spaced.
    There are at least two where there is room: a single step returns the mean of all pictures that
    fit, which is blurred.
    """
    start = max(1, round(degree * total))
    count = min(start, max(2, round(degree * steps)))
    return [int(t) - 1 for t in np.rint(start * (count - np.arange(count)) / count)]


def solve(
    scheduler: DPMSolverMultistepScheduler,
    steps: int,
    degree: float,
    clean: Tensor | None,
    noise: Tensor,
    predict: Predict,
) -> Tensor:
    """Denoise from the level of a degree (SDEdit, arXiv 2108.01073), or from pure noise.

    Args:
        scheduler: from `scheduler_from`; it is not changed.
        steps: number of steps at degree 1.
        degree: in (0, 1].
        clean: float32 [n, *shape], or None to start from pure noise.
        noise: standard normal, of the same shape. Nothing else is random.
        predict: (x, time step) -> the model's output, float32.
    """
    solver = DPMSolverMultistepScheduler.from_config(scheduler.config)
    visited = times(solver.config.num_train_timesteps, steps, degree)
    with warnings.catch_warnings():
        # diffusers converts a tensor to an array by numpy 1's protocol
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        solver.set_timesteps(timesteps=visited, device=noise.device)
    solver.set_begin_index(0)
    x = (
        noise
        if clean is None
        else solver.add_noise(clean, noise, solver.timesteps[:1].expand(len(noise)))
    )
    for t in solver.timesteps:
        x = solver.step(predict(x, t), t, x).prev_sample.to(torch.float32)
    return x
