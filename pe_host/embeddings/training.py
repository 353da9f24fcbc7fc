"""How the net of `simulator-features` learns to read labels and parameters off records that are spoilt a little.

Of a generator without parameters it learns instead which records are variations of each other.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pe_host.embeddings.feature_net import load_weights, make_body, one_thread
from pe_host.embeddings.preprocessing import Size
from pe_sdk import PARAMETERS_KNOWN, Categorical, ParameterSpace, Samples, Weights

BATCH = 128
PARAMETER_WEIGHT, UNREAD_WEIGHT = 0.1, 0.9
"""Weight of the parameters beside the labels in the loss: labels say what votes must not confuse, parameters how it looks. The second
is added in the measure in which labels cannot be read: in random samples they may have nothing to do with the pictures, and a net that
learns little else then tells no picture from another. The same holds of variations where there are no parameters."""

TEMPERATURE = 0.2
"""Of the contrast between variations of one picture and other pictures."""

SMOOTHING = 0.05
"""Of the labels."""

FRESH_RATE, AGAIN_RATE = 4e-3, 2e-3
"""Highest rate of a training from random weights, and from weights that have learnt already."""


@dataclass(frozen=True)
class Targets:
    """What the heads learn to read.

    Args:
        labels: int64 [n].
        label_count: number of classes.
        numbers: float32 [n, p], numerical parameters scaled to [-1, 1].
        codes: int64 [n, q], categorical parameters.
        code_counts: number of choices of each of the q.
        known: bool [n], the rows whose numbers and codes are to be learnt.
        pairs: row 2i + 1 is a variation of row 2i, and that is to be learnt.
        groups: int64 [n], alike for rows whose pairs begin with the same picture; empty without pairs.
    """

    labels: NDArray[np.int64]
    label_count: int
    numbers: NDArray[np.float32]
    codes: NDArray[np.int64]
    code_counts: tuple[int, ...]
    known: NDArray[np.bool_]
    pairs: bool = False
    groups: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


def targets_of(examples: Samples, space: ParameterSpace | None, label_count: int) -> Targets:
    """Labels and, where there is a space, its parameters; else pairs."""
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
        np.ones(n, np.bool_)
        if space is None
        else examples.state.get(PARAMETERS_KNOWN, np.ones(n, np.bool_)),
        pairs=space is None,
        groups=_groups(examples) if space is None else np.zeros(0, np.int64),
    )


def _groups(examples: Samples) -> NDArray[np.int64]:
    """The pictures of a pool come again, as do those that were drawn as parents several times."""
    assert examples.data is not None
    seen: dict[bytes, int] = {}
    firsts = [seen.setdefault(picture.tobytes(), len(seen)) for picture in examples.data[::2]]
    return np.repeat(np.array(firsts, np.int64), 2)


class _TrainingNet(nn.Module):
    """The body, and a head for each thing to read."""

    def __init__(self, size: Size, targets: Targets) -> None:
        super().__init__()
        self.body = make_body(size)
        self.label_head = nn.Linear(size.dim, targets.label_count)
        self.number_head = (
            nn.Linear(size.dim, targets.numbers.shape[1]) if targets.numbers.size else None
        )
        self.code_heads = nn.ModuleList(nn.Linear(size.dim, count) for count in targets.code_counts)

    def loss(
        self,
        pictures: torch.Tensor,
        labels: torch.Tensor,
        numbers: torch.Tensor,
        codes: torch.Tensor,
        known: torch.Tensor,
        groups: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Cross-entropy on labels (smoothed) and categorical parameters, squared error on numerical ones, where they are known; or
        contrast of pairs.
        """
        features = self.body(pictures)
        logits = self.label_head(features)
        loss = nn.functional.cross_entropy(logits, labels, label_smoothing=SMOOTHING)
        weight = PARAMETER_WEIGHT + UNREAD_WEIGHT * unread(loss.item(), logits.shape[1]) ** 2
        read, weight = features[known], weight * known.float().mean().item()
        if self.number_head and len(read):
            loss = loss + weight * nn.functional.mse_loss(self.number_head(read), numbers[known])
        for column, head in enumerate(self.code_heads if len(read) else ()):
            loss = loss + weight * nn.functional.cross_entropy(head(read), codes[known, column])
        return loss if groups is None else loss + weight * contrast(features, groups)


def contrast(features: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
    """How badly pairs are told from other rows: NT-Xent (Chen et al., arXiv 2002.05709, Equation 1), a scalar.

    Args:
        features: float32 [2m, d]; rows 2i and 2i + 1 are a pair.
        groups: int64 [2m]; rows of one group are not told from each other.
    """
    unit = nn.functional.normalize(features, dim=1)
    likeness = unit @ unit.T / TEMPERATURE
    own = torch.arange(len(unit)) ^ 1
    alike = (groups[:, None] == groups[None, :]).scatter(1, own[:, None], False)
    return nn.functional.cross_entropy(likeness.masked_fill(alike, -torch.inf), own)


def unread(loss: float, classes: int) -> float:
    """What is left to read of the labels: 0 where their loss is the least that smoothing allows, 1 where it is that of guessing."""
    if classes == 1:
        return 1.0
    other = SMOOTHING / classes
    own = 1 - SMOOTHING + other
    least = -own * math.log(own) - (classes - 1) * other * math.log(other)
    return min(max((loss - least) / (math.log(classes) - least), 0.0), 1.0)


def _batch(examples: int, pairs: bool) -> torch.Tensor:
    """Rows of a batch, int64 [BATCH]; pairs stay together, and none comes twice."""
    if not pairs:
        return torch.randint(0, examples, (BATCH,))
    firsts = torch.randperm(examples // 2)[: BATCH // 2]
    return torch.stack([2 * firsts, 2 * firsts + 1], dim=1).flatten()


def train(
    data: NDArray[Any],
    targets: Targets,
    size: Size,
    steps: int,
    strength: float,
    seed: int,
    start: Weights | None = None,
) -> dict[str, NDArray[Any]]:
    """Train body and heads; return their weights by name. AdamW with a one-cycle rate.

    Deterministic on one machine with the same versions.

    Args:
        data: [n, *shape].
        targets: n rows.
        size: of records and net.
        steps: number of batches.
        strength: of spoiling.
        seed: of initial weights, order of batches, spoiling and dropout.
        start: weights of an earlier training on the same targets, to go on from.

    Raises:
        ValueError: `start` is of another net or of other targets.
    """
    with torch.random.fork_rng(devices=[]), one_thread():
        torch.manual_seed(seed)
        net, preprocessor = _TrainingNet(size, targets), size.preprocessor
        small = np.concatenate(
            [
                preprocessor.shrink(data[i : i + BATCH], size.factor)
                for i in range(0, len(data), BATCH)
            ]
        )
        if start is None:
            preprocessor.fit_normalisation(net.body, small)
        else:
            load_weights(net, start, size)
        optimizer = torch.optim.AdamW(net.parameters(), weight_decay=1e-4)
        rate = FRESH_RATE if start is None else AGAIN_RATE
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
        columns = (targets.labels, targets.numbers, targets.codes, targets.known, targets.groups)
        labels, numbers, codes, known, groups = map(torch.from_numpy, columns)
        net.train()
        for _ in range(steps):
            rows = _batch(len(small), targets.pairs)
            pictures = preprocessor.augment(preprocessor.to_tensor(small[rows.numpy()]), strength)
            loss = net.loss(
                pictures,
                labels[rows],
                numbers[rows],
                codes[rows],
                known[rows],
                groups[rows] if targets.pairs else None,
            )
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return {name: tensor.detach().numpy().copy() for name, tensor in net.state_dict().items()}
