"""Train the net of the embedding `face-parameters` on rendered faces. `python tools/train_reader.py [FACES] [STEPS]`

Some 20 minutes of a core; the weights depend on the machine in their last bits.

Every face is a random one of the space, seen by a camera that the space does not know, and two of three are degraded as
demo data are. No picture of a real person and no record of a data set is used.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn

from pe_pyrender_faces.appearance import batch_of
from pe_pyrender_faces.backends import make_renderer
from pe_pyrender_faces.camera import degraded, unknown_camera
from pe_pyrender_faces.face_net import SIDE, make_net, to_tensor
from pe_pyrender_faces.reading import LAYOUT
from pe_pyrender_faces.space import SPACE
from pe_pyrender_faces.targets import targets
from pe_sdk import random

BATCH, RATE, HELD_OUT = 128, 4e-3, 2_000
OUT = Path(__file__).resolve().parents[1] / "src/pe_pyrender_faces/assets/reader.safetensors"


def faces(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures, numbers and codes of random faces."""
    seeds = random.derive(99, "train the reader", count)
    people = SPACE.sample(seeds)
    renderer = make_renderer(SIDE, SIDE, "numba")
    pictures = np.empty((count, SIDE, SIDE, 3), np.uint8)
    for start in range(0, count, 256):
        rows = slice(start, start + 256)
        batch = batch_of({name: column[rows] for name, column in people.items()})
        clean = renderer.render(unknown_camera(batch, seeds[rows]))
        spoilt = random.integers(seeds[rows], "spoil", 3) > 0
        clean[spoilt] = degraded(clean[spoilt], seeds[rows][spoilt])
        pictures[rows] = clean
    return pictures, *targets(people)


def losses(output: torch.Tensor, numbers: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """Loss of each reading, as a share of what one makes that always says the mean."""
    count = len(LAYOUT.numbers)
    squared = 3 * (output[:, :count] - numbers).square().mean(0)
    logits = output[:, count:].split(LAYOUT.counts, dim=1)
    crossed = [nn.functional.cross_entropy(part, codes[:, k]) / np.log(part.shape[1]) for k, part in enumerate(logits)]
    return torch.cat([squared, torch.stack(crossed)])


def augmented(pictures: torch.Tensor) -> torch.Tensor:
    """Each a little darker or lighter, grainier, and one of ten gray."""
    gain, light, grain, gray = torch.rand(4, len(pictures), 1, 1, 1)
    pictures = torch.where(gray < 0.1, pictures.mean(1, keepdim=True), pictures)
    pictures = pictures * (0.9 + 0.2 * gain) + 0.1 * (light - 0.5)
    return pictures + 0.08 * grain * torch.randn_like(pictures)


def main(count: int, steps: int) -> None:
    torch.manual_seed(0)
    pictures, numbers, codes = faces(count)
    data = pictures, torch.from_numpy(numbers), torch.from_numpy(codes)
    weights = torch.from_numpy(np.concatenate([LAYOUT.number_weights, np.array(LAYOUT.choice_weights, np.float32)]))
    net = make_net()
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=5e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for step in range(steps):
        rows = torch.randint(0, count - HELD_OUT, (BATCH,))
        output = net(augmented(to_tensor(pictures[rows.numpy()])))
        loss = (losses(output, data[1][rows], data[2][rows]) * weights).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 250 == 0:
            print(f"step {step} of {steps}: loss {loss.item() / weights.sum().item():.3f}", flush=True)
    report(net, data)
    state = {name: tensor.numpy() for name, tensor in net.state_dict().items() if "num_batches" not in name}
    # the file holds memory as it lies: the channels of a net on a CPU lie last
    save_file({name: np.ascontiguousarray(array, np.float16) for name, array in state.items()}, OUT)


def report(net: nn.Module, data: tuple[np.ndarray, torch.Tensor, torch.Tensor]) -> None:
    """Print what is left unexplained on faces that were not learnt from."""
    pictures, numbers, codes = (part[-HELD_OUT:] for part in data)
    net.eval()
    with torch.inference_mode():
        left = losses(torch.cat([net(to_tensor(part)) for part in np.split(pictures, 4)]), numbers, codes)
    for name, value in zip((*LAYOUT.numbers, *LAYOUT.choices), left.tolist(), strict=True):
        print(f"{name:<20} unexplained {value:.2f}")


if __name__ == "__main__":
    main(*(int(word) for word in (sys.argv[1:] + ["60000", "4000"][len(sys.argv) - 1 :])))
