"""Train the network of the embedding `face-parameters` on rendered faces.

    python tools/train_reader.py [FACES] [STEPS]

It takes about 20 minutes of a core with bfloat16, and twice as much without; the last bits of the
weights depend on the machine. Every face is a random one of the space, seen by a camera outside the
space, and two of three are degraded like the demo data. No picture of a real person and no record
of a data set is used.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn

from pe_pyrender_faces.appearance import batch_of
from pe_pyrender_faces.backends import make_renderer
from pe_pyrender_faces.bake import Baker, Batch
from pe_pyrender_faces.camera import degraded, unknown_camera
from pe_pyrender_faces.face_net import SIDE, FaceNet, to_tensor
from pe_pyrender_faces.head import Material
from pe_pyrender_faces.project import EYE_LEVEL, HEAD_HEIGHT
from pe_pyrender_faces.reading import LAYOUT
from pe_pyrender_faces.space import SPACE
from pe_pyrender_faces.targets import targets
from pe_sdk import random

BATCH, RATE, HELD_OUT = 128, 4e-3, 2_000
HARD = {"expression": 4.0, "mouth_open": 2.0}
"""Extra weight in training of readings that are small in the picture and are learnt last."""
PLACE_WEIGHT = 20.0
"""Weight of the squared error of landmarks; their spread is a fifth of that of other numbers."""
OUT = Path(__file__).resolve().parents[1] / "src/pe_pyrender_faces/assets/reader.safetensors"


def faces(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pictures, positions of eyes and mouth, numbers and codes of random faces."""
    seeds = random.derive(99, "train the reader", count)
    people = SPACE.sample(seeds)
    renderer, baker = make_renderer(SIDE, SIDE, "numba"), Baker(SIDE, SIDE)
    pictures, places = np.empty((count, SIDE, SIDE, 3), np.uint8), np.empty((count, 4), np.float32)
    for start in range(0, count, 256):
        rows = slice(start, start + 256)
        batch = unknown_camera(
            batch_of({name: column[rows] for name, column in people.items()}), seeds[rows]
        )
        for first in range(0, len(batch), baker.chunk):
            part = batch[first : first + baker.chunk]
            places[start + first : start + first + len(part)] = landmarks(baker, part)
        clean = renderer.render(batch)
        spoilt = random.integers(seeds[rows], "spoil", 3) > 0
        clean[spoilt] = degraded(clean[spoilt], seeds[rows][spoilt])
        pictures[rows] = clean
    return pictures, places, *targets(people)


def landmarks(baker: Baker, batch: Batch) -> np.ndarray:
    """Positions of the point between the irises and of the middle of the lips, float32 [n, 4].

    The format is that of `face_net.LANDMARKS`.
    """
    model, posed = baker.model, baker.posed(batch)
    lips = (model.masks[:, 0] > 0.5) & (model.material == Material.SKIN)
    zoom, right, up, distance = batch.camera.T
    found = []
    for chosen in (model.material == Material.IRIS, lips):
        x, y, z = posed[:, : len(chosen)][:, chosen].mean(axis=1).T
        grow = zoom / HEAD_HEIGHT * distance / (distance - z)
        found += [2 * (right + x * grow), -2 * (up + (y - EYE_LEVEL) * grow)]
    return np.stack(found, axis=1)


def losses(output: torch.Tensor, numbers: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """Loss of each reading, relative to one that always returns the mean."""
    count = len(LAYOUT.numbers)
    squared = 3 * (output[:, :count] - numbers).square().mean(0)
    logits = output[:, count:].split(LAYOUT.counts, dim=1)
    crossed = [
        nn.functional.cross_entropy(part, codes[:, k]) / np.log(part.shape[1])
        for k, part in enumerate(logits)
    ]
    return torch.cat([squared, torch.stack(crossed)])


def augmented(pictures: torch.Tensor) -> torch.Tensor:
    """Make each picture a little darker or lighter and grainier, and one of ten grey."""
    gain, light, grain, gray = torch.rand(4, len(pictures), 1, 1, 1)
    pictures = torch.where(gray < 0.1, pictures.mean(1, keepdim=True), pictures)
    pictures = pictures * (0.9 + 0.2 * gain) + 0.1 * (light - 0.5)
    return pictures + 0.08 * grain * torch.randn_like(pictures)


def main(count: int, steps: int) -> None:
    torch.manual_seed(0)
    pictures, *rest = faces(count)
    places, numbers, codes = map(torch.from_numpy, rest)
    names = (*LAYOUT.numbers, *LAYOUT.choices)
    weights = torch.from_numpy(
        np.concatenate([LAYOUT.number_weights, np.array(LAYOUT.choice_weights, np.float32)])
    )
    weights *= torch.tensor([HARD.get(name, 1.0) for name in names])
    net = FaceNet()
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=5e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for step in range(steps):
        rows = torch.randint(0, count - HELD_OUT, (BATCH,))
        with torch.autocast("cpu", torch.bfloat16):
            output, place = net(augmented(to_tensor(pictures[rows.numpy()])))
        each, off = (
            losses(output.float(), numbers[rows], codes[rows]),
            (place.float() - places[rows]).square().mean(),
        )
        optimizer.zero_grad()
        ((each * weights).sum() + PLACE_WEIGHT * off).backward()
        optimizer.step()
        schedule.step()
        if step % 250 == 0:
            expression = each[names.index("expression")].item()
            print(
                f"{step} of {steps}: {each.mean():.3f}, expression {expression:.3f}, "
                f"place {off**0.5:.3f}",
                flush=True,
            )
    report(net, pictures[-HELD_OUT:], *(part[-HELD_OUT:] for part in (numbers, codes)))
    state = {
        name: tensor.numpy()
        for name, tensor in net.state_dict().items()
        if "num_batches" not in name
    }
    # the file stores memory as it lies: the channels of a network on a CPU come last
    save_file({name: np.ascontiguousarray(array, np.float16) for name, array in state.items()}, OUT)


def report(
    net: nn.Module, pictures: np.ndarray, numbers: torch.Tensor, codes: torch.Tensor
) -> None:
    """Print the unexplained share on faces outside the training."""
    net.eval()
    with torch.inference_mode():
        output = torch.cat([net(to_tensor(part))[0] for part in np.split(pictures, 4)])
    left = losses(output, numbers, codes)
    for name, value in zip((*LAYOUT.numbers, *LAYOUT.choices), left.tolist(), strict=True):
        print(f"{name:<20} unexplained {value:.2f}")


if __name__ == "__main__":
    main(*(int(word) for word in (sys.argv[1:] + ["100000", "4500"][len(sys.argv) - 1 :])))
