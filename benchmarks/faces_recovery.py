"""What a run on `demo:faces` recovered of the data, and what its release is good for.

First `pe generate --plugin pyrender-faces --out RUN`, then
`python benchmarks/faces_recovery.py RUN [SEEDS]`. RUN must be a run of 64 x 64 on `demo:faces`.

Prints the distance of each true marginal from the random sample and from the release, as in the
internal report, and the accuracy on fresh private records, averaged over the classes, of a small
classifier (glasses or none) trained on the initial sample, on the release and on the private
records. All three are trained with the same augmentation: rendered pictures are sharper and cleaner
than those of a camera, so whoever trains on them adds blur and grain.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

import pe_pyrender_faces
from pe_host.embeddings.preprocessing import IMAGES
from pe_pyrender_faces import demo
from pe_sdk import OutputSpec, parse_options

EPOCHS, BATCH, FRESH = 6, 128, "faces,records=2000,part=test"
SPOIL = 1.0
"""Strength of the augmentation, as `simulator-features` uses it."""


def classifier(channels: int, classes: int) -> nn.Module:
    layers: list[nn.Module] = []
    for width in (16, 32, 64, 96):
        layers += [
            nn.Conv2d(channels, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
        channels = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.3), nn.Linear(96 * 16, classes))


def tensor(images: np.ndarray) -> torch.Tensor:
    """float32 [n, C, H, W] in [0, 1]."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255


def levelled(pictures: torch.Tensor) -> torch.Tensor:
    """Pictures without the mean and contrast of each: labels do not depend on the light."""
    return (pictures - pictures.mean((1, 2, 3), keepdim=True)) / (
        pictures.std((1, 2, 3), keepdim=True) + 0.05
    )


def accuracy(
    train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], seed: int
) -> float:
    """Mean of the accuracies of the classes, so that a class's share does not help."""
    torch.manual_seed(seed)
    pictures, labels = tensor(train[0]), torch.from_numpy(train[1])
    net = classifier(pictures.shape[1], 2)
    weight = len(labels) / (2.0 * torch.bincount(labels, minlength=2).clamp(min=1))
    steps = EPOCHS * -(-len(labels) // BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), 1e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(labels)).split(BATCH):
            batch = pictures[rows]
            batch = torch.where(torch.rand(len(rows), 1, 1, 1) < 0.5, batch.flip(3), batch)
            loss = nn.functional.cross_entropy(
                net(levelled(IMAGES.augment(batch, SPOIL))), labels[rows], weight
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    net.eval()
    with torch.inference_mode():
        guessed = (
            torch.cat([net(levelled(part)) for part in tensor(test[0]).split(500)])
            .argmax(1)
            .numpy()
        )
    return float(np.mean([(guessed[test[1] == c] == c).mean() for c in range(2)]))


def initial(run: Path, output: OutputSpec, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The random sample that the run began with, rendered again from its parameters."""
    options = parse_options(
        pe_pyrender_faces.Options, json.loads((run / "manifest.json").read_text())["config"]["set"]
    )
    simulator = pe_pyrender_faces.make(output, names, options)
    with np.load(run / "iterations/000/population.npz") as held:
        columns = {name: held[f"state/{name}"] for name in simulator.space}
        labels, seeds = held["labels"], held["state/render_seed"]
    return simulator.render(columns, labels, seeds), labels


def marginals(run: Path) -> None:
    """Print distances of the first sample, the release and other private records, by parameter."""
    measured = json.loads((run / "internal/evaluation.json").read_text())
    print(f"{'':<24}{'initial':>9}{'release':>9}{'private':>9}")
    distance = measured["frechet"]
    rows = {"Fréchet distance": (distance["populations"], distance["perfect"])}
    rows |= {
        name: (about["populations"], about["perfect"])
        for name, about in measured["marginals"].items()
    }
    for name, (populations, perfect) in rows.items():
        worse = "  no better" if populations[-1] >= populations[0] else ""
        print(f"{name:<24}{populations[0]:>9.4f}{populations[-1]:>9.4f}{perfect:>9.4f}{worse}")


def main() -> None:
    if not 2 <= len(sys.argv) <= 3:
        raise SystemExit(__doc__)
    run, seeds = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3
    marginals(run)
    info = demo.describe("faces")
    with np.load(run / "release/samples.npz") as held:
        release = held["images"], held["labels"].astype(np.int64)
    private, fresh = (
        demo.read(where, demo.describe(where).output, info.label_names)
        for where in ("faces", FRESH)
    )
    sets = {
        "initial sample": initial(run, info.output, info.label_names),
        "release": release,
        "private records": (private.data, private.labels),
    }
    for name, (images, labels) in sets.items():
        scores = [
            accuracy((images, labels), (fresh.data, fresh.labels), seed) for seed in range(seeds)
        ]
        print(
            f"{name:<16} {len(labels):>6} pictures  accuracy on fresh records {np.mean(scores):.3f}"
        )


if __name__ == "__main__":
    main()
