"""The net behind `simulator-features`: body, heads, training. Everything is a function of its arguments.

Vectors of a batch do not depend on each other: convolutions and the last layer treat each picture alone, nothing is normalised over the
batch, and the caller gives blocks of one size.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pe_sdk import Categorical, ParameterSpace, Samples, Weights

BATCH = 128
PARAMETER_WEIGHT = 0.1
"""Weight of the parameters beside the labels in the loss: labels say what votes must not confuse, parameters how it looks."""


@dataclass(frozen=True)
class Targets:
    """What the heads learn to read.

    Args:
        labels: int64 [n].
        label_count: number of classes.
        numbers: float32 [n, p], numerical parameters scaled to [-1, 1].
        codes: int64 [n, q], categorical parameters.
        code_counts: number of choices of each of the q.
    """

    labels: NDArray[np.int64]
    label_count: int
    numbers: NDArray[np.float32]
    codes: NDArray[np.int64]
    code_counts: tuple[int, ...]


def targets_of(examples: Samples, space: ParameterSpace | None, label_count: int) -> Targets:
    """Labels and, where there is a space, its parameters."""
    numbers, codes, counts = [], [], []
    for name, parameter in (space or {}).items():
        column = examples.state[name]
        if isinstance(parameter, Categorical):
            codes.append(column)
            counts.append(len(parameter.choices))
        else:
            centre = (parameter.low + parameter.high) / 2
            numbers.append((column - centre) / ((parameter.high - parameter.low) / 2))
    n = len(examples)
    return Targets(
        examples.labels,
        label_count,
        np.stack(numbers, axis=1).astype(np.float32) if numbers else np.zeros((n, 0), np.float32),
        np.stack(codes, axis=1).astype(np.int64) if codes else np.zeros((n, 0), np.int64),
        tuple(counts),
    )


class _Unit(nn.Module):
    """Rows to unit length; a zero row stays zero."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(x, dim=1)


def _body(shape: tuple[int, ...], width: int, dim: int) -> nn.Sequential:
    height, across, channels = shape
    layers: list[nn.Module] = []
    while min(height, across) > 7:
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        height, across, channels, width = height // 2, across // 2, width, min(2 * width, 128)
    layers += [nn.Flatten(), nn.Dropout(0.2), nn.Linear(channels * height * across, dim), nn.ReLU()]
    body = nn.Sequential(*layers)
    body.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # its stubs leave this out
    return body


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Sums must not depend on how many cores a machine has; and for nets this small, threads cost more than they bring."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _pictures(data: NDArray[Any]) -> torch.Tensor:
    # NHWC in memory is what convolutions on a CPU like best, so the axes are renamed and nothing is copied.
    return torch.from_numpy(data).permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.channels_last) / 255


def train(
    data: NDArray[np.uint8], targets: Targets, width: int, dim: int, steps: int, seed: int
) -> dict[str, NDArray[Any]]:
    """Train body and heads; return the weights of the body by name.

    Cross-entropy on labels (smoothed by 0.05) and categorical parameters, squared error on numerical ones; AdamW with a
    one-cycle rate. Deterministic on one machine with the same versions.

    Args:
        data: uint8 [n, H, W, C].
        targets: n rows.
        width, dim: size of the net.
        steps: number of batches.
        seed: of initial weights, order of batches and dropout.
    """
    with torch.random.fork_rng(devices=[]), _one_thread():
        torch.manual_seed(seed)
        body = _body(data.shape[1:], width, dim)
        label_head = nn.Linear(dim, targets.label_count)
        number_head = nn.Linear(dim, targets.numbers.shape[1]) if targets.numbers.size else None
        code_heads = nn.ModuleList(nn.Linear(dim, count) for count in targets.code_counts)
        modules = nn.ModuleList([body, label_head, code_heads, *([number_head] if number_head else [])])
        optimizer = torch.optim.AdamW(modules.parameters(), 1e-3, weight_decay=1e-4)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
        pictures, labels = _pictures(data), torch.from_numpy(targets.labels)
        numbers, codes = torch.from_numpy(targets.numbers), torch.from_numpy(targets.codes)
        modules.train()
        for _ in range(steps):
            rows = torch.randint(0, len(pictures), (BATCH,))
            features = body(pictures[rows])
            loss = nn.functional.cross_entropy(label_head(features), labels[rows], label_smoothing=0.05)
            if number_head:
                loss = loss + PARAMETER_WEIGHT * nn.functional.mse_loss(number_head(features), numbers[rows])
            for column, head in enumerate(code_heads):
                loss = loss + PARAMETER_WEIGHT * nn.functional.cross_entropy(head(features), codes[rows, column])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return {name: tensor.detach().numpy().copy() for name, tensor in body.state_dict().items()}


def load_body(shape: tuple[int, ...], width: int, dim: int, weights: Weights) -> nn.Module:
    """The body in evaluation mode with these weights.

    Raises:
        ValueError: weights of another net.
    """
    body = _body(shape, width, dim)
    try:
        body.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in weights.items()})
    except RuntimeError as error:
        raise ValueError(f"weights do not fit simulator-features of width {width}, dim {dim}, shape {shape}") from error
    return nn.Sequential(*body, _Unit()).eval()


def features(body: nn.Module, data: NDArray[Any]) -> NDArray[np.float32]:
    """uint8 [n, H, W, C] -> float32 [n, dim] of unit length (zero where all activations are)."""
    with torch.inference_mode(), _one_thread():
        vectors: NDArray[np.float32] = body(_pictures(data)).numpy()
    return vectors
