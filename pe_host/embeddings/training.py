"""Training of the `simulator-features` net: read labels and parameters from augmented records.

For a generator without parameters, the net learns which records are variations of each other.
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
"""Weights of the parameters in the loss, where labels have weight 1.

Labels are what votes must not confuse; parameters are what a record looks like. UNREAD_WEIGHT is
added as far as the labels cannot be read. In random samples, labels may have nothing to do with the
records, and a net that learns little else would not tell one record from another. The same weights
apply to variations, if there are no parameters."""

TEMPERATURE = 0.2
"""Temperature of the contrast between variations of one record and other records."""

SMOOTHING = 0.05
"""Label smoothing."""

FRESH_RATE, AGAIN_RATE = 4e-3, 2e-3
"""Peak learning rate of a training from random weights, and of one from earlier weights."""


@dataclass(frozen=True)
class Targets:
    """What the heads learn to predict.

    Args:
        labels: int64 [n].
        label_count: number of classes.
        numbers: float32 [n, p], numerical parameters scaled to [-1, 1].
        codes: int64 [n, q], categorical parameters.
        code_counts: number of choices of each of the q.
        known: bool [n], rows whose numbers and codes count.
        pairs: row 2i + 1 is a variation of row 2i, which the net learns to see.
        groups: int64 [n], equal for rows whose pairs start with the same record; empty without
            pairs.
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
    """Targets of these examples: labels, and parameters if there is a space, else pairs."""
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
    """Groups of equal records: pools repeat images, and parents may be drawn several times."""
    assert examples.data is not None
    seen: dict[bytes, int] = {}
    firsts = [seen.setdefault(picture.tobytes(), len(seen)) for picture in examples.data[::2]]
    return np.repeat(np.array(firsts, np.int64), 2)


class _TrainingNet(nn.Module):
    """The body, and a head for each target."""

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
        """Loss of a batch: smoothed cross-entropy on labels, plus that of parameters or pairs.

        Known categorical parameters add a cross-entropy, numerical ones a squared error.
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
    """NT-Xent loss of pairs among other rows (Chen et al., arXiv 2002.05709, Equation 1), a scalar.

    Args:
        features: float32 [2m, d]; rows 2i and 2i + 1 are a pair.
        groups: int64 [2m]; rows of one group are not contrasted with each other.
    """
    unit = nn.functional.normalize(features, dim=1)
    likeness = unit @ unit.T / TEMPERATURE
    own = torch.arange(len(unit)) ^ 1
    alike = (groups[:, None] == groups[None, :]).scatter(1, own[:, None], False)
    return nn.functional.cross_entropy(likeness.masked_fill(alike, -torch.inf), own)


def unread(loss: float, classes: int) -> float:
    """Share of the labels that is still unread, from their loss.

    0 at the least loss that smoothing allows, 1 at the loss of guessing.
    """
    if classes == 1:
        return 1.0
    other = SMOOTHING / classes
    own = 1 - SMOOTHING + other
    least = -own * math.log(own) - (classes - 1) * other * math.log(other)
    return min(max((loss - least) / (math.log(classes) - least), 0.0), 1.0)


def _batch(examples: int, pairs: bool) -> torch.Tensor:
    """Rows of a batch, int64 [BATCH]; pairs stay together, and each occurs once."""
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
    """Train body and heads by AdamW with a one-cycle rate; return their weights by name.

    Deterministic on one machine with the same versions.

    Args:
        data: [n, *shape].
        targets: n rows.
        size: of records and net.
        steps: number of batches.
        strength: of augmentation.
        seed: of initial weights, order of batches, augmentation and dropout.
        start: weights of an earlier training on the same targets, to start from.

    Raises:
        ValueError: `start` belongs to another net or to other targets.
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
