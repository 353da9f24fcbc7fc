"""Train the shipped model: class-conditional diffusion of 28 x 28 digits drawn by text-render.

    OMP_NUM_THREADS=1 python tools/train_digits.py FOLDER [--minutes 25]
        [--start FOLDER [--rate 7e-4]]

Minutes are CPU minutes. FOLDER becomes a model that `pe_diffusion` loads (unet/, scheduler/,
model_index.json) and is written every two minutes; --start continues from such a folder. Run
`calibrate_gain.py FOLDER` afterwards. Every step draws new pictures: no data set is read. The
training predicts velocity on the cosine schedule (Salimans, Ho, arXiv 2202.00512; Nichol, Dhariwal,
arXiv 2102.09672), keeps an exponential average of the weights, and replaces a tenth of the labels
by "none" (Ho, Salimans, arXiv 2207.12598).
"""

import argparse
import copy
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler, UNet2DModel
from torch.nn import functional

import pe_text_render
from pe_sdk import OutputSpec, random

LABELS = tuple("0123456789")
NONE = len(LABELS)
# side in pixels of the squares folded into channels: at 14 x 14 the network is four times cheaper
PATCH = 2
BATCH = 64


def network() -> UNet2DModel:
    return UNet2DModel(
        sample_size=28 // PATCH,
        in_channels=PATCH**2,
        out_channels=PATCH**2,
        layers_per_block=1,
        block_out_channels=(32, 96),
        down_block_types=("DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D"),
        add_attention=False,
        norm_num_groups=8,
        num_class_embeds=NONE + 1,
    )


def schedule() -> DPMSolverMultistepScheduler:
    return DPMSolverMultistepScheduler(
        num_train_timesteps=1000,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        solver_order=2,
    )


class Digits:
    """Batches of fresh pictures: random draws of text-render, half of them distorted further."""

    def __init__(self) -> None:
        self.made = pe_text_render.make(OutputSpec.image(28, 28), LABELS, pe_text_render.Options())

    def batch(self, step: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        seeds = random.derive(step, "train-digits", BATCH)
        labels = random.integers(seeds, "label", len(LABELS))
        pictures = self.made.render(self.made.space.sample(seeds), labels, seeds)
        x = torch.from_numpy(pictures.astype(np.float32) / 255).permute(0, 3, 1, 2)
        half = BATCH // 2
        x = torch.cat([x[:half], further(x[half:], generator)])
        return x * 2 - 1, torch.from_numpy(labels)


def further(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Displace smoothly by about a pixel, then move the edge (thickness) and steepen it (ink)."""
    n = len(x)
    amount = torch.rand(n, 1, 1, 1, generator=generator) * 1.4 * 2 / 28
    coarse = torch.randn(n, 2, 5, 5, generator=generator)
    shift = functional.interpolate(coarse, (28, 28), mode="bicubic", align_corners=True) * amount
    grid = functional.affine_grid(
        torch.eye(2, 3).expand(n, 2, 3), [n, 1, 28, 28], align_corners=False
    )
    x = functional.grid_sample(x, grid + shift.permute(0, 2, 3, 1), align_corners=False)
    steep = 1 + 0.6 * torch.rand(n, 1, 1, 1, generator=generator)
    moved = 0.12 * (2 * torch.rand(n, 1, 1, 1, generator=generator) - 1)
    return ((x - 0.5 + moved) * steep + 0.5).clamp(0, 1) * (x > 0.02)


def save(net: UNet2DModel, folder: Path) -> None:
    copy.deepcopy(net).half().save_pretrained(folder / "unet", safe_serialization=True)
    config = folder / "unet/config.json"
    document = {
        key: value
        for key, value in json.loads(config.read_text()).items()
        if key != "_name_or_path"
    }
    config.write_text(json.dumps(document, indent=2) + "\n")  # without the path of the training
    schedule().save_pretrained(folder / "scheduler")
    index = {
        "_class_name": "DDIMPipeline",
        "unet": ["diffusers", "UNet2DModel"],
        "scheduler": ["diffusers", "DPMSolverMultistepScheduler"],
        "id2label": {str(i): label for i, label in enumerate(LABELS)},
        "patch": PATCH,
    }
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=25.0)
    parser.add_argument("--start", type=Path, help="model folder to take the initial weights from")
    parser.add_argument("--rate", type=float, default=1e-3, help="peak learning rate")
    args = parser.parse_args()

    torch.manual_seed(1)
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(3 if args.start else 2)
    first = 10**6 if args.start else 0  # pictures that the initial model has not seen
    net, digits = network(), Digits()
    if args.start:
        net = UNet2DModel.from_pretrained(
            args.start, subfolder="unet", use_safetensors=True
        ).float()
    net.train()
    average = copy.deepcopy(net).eval()
    optimizer = torch.optim.AdamW(net.parameters(), args.rate, weight_decay=1e-2, betas=(0.9, 0.99))
    kept = schedule().alphas_cumprod

    start, step, saved, losses = time.process_time(), 0, 0.0, []
    while (done := (time.process_time() - start) / (60 * args.minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = (
                args.rate * min(1, (step + 1) / 200) * (0.5 + 0.5 * math.cos(math.pi * done))
            )
        x, y = digits.batch(first + step, generator)
        x = functional.pixel_unshuffle(x, PATCH)
        y = torch.where(torch.rand(BATCH, generator=generator) < 0.1, NONE, y)
        spread = (torch.arange(BATCH) + torch.rand(BATCH, generator=generator)) / BATCH
        t = (spread * len(kept)).long()[torch.randperm(BATCH, generator=generator)]
        signal, noise_share = (a.sqrt()[:, None, None, None] for a in (kept[t], 1 - kept[t]))
        noise = torch.randn(x.shape, generator=generator)
        with torch.autocast("cpu", torch.bfloat16):
            guess = net(signal * x + noise_share * noise, t, class_labels=y).sample
        loss = functional.mse_loss(guess.float(), signal * noise - noise_share * x)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        decay = min(0.999, (1 + step) / (10 + step))
        with torch.no_grad():
            for kept_weight, weight in zip(average.parameters(), net.parameters(), strict=True):
                kept_weight.lerp_(weight, 1 - decay)
        losses.append(loss.item())
        step += 1
        if time.process_time() - saved > 120:
            saved = time.process_time()
            save(average, args.folder)
            print(
                f"{step} steps, {100 * done:.0f} %, loss {np.mean(losses[-400:]):.4f}", flush=True
            )
    save(average, args.folder)
    print(
        f"{step} steps of {BATCH}, loss {np.mean(losses[-400:]):.4f}, "
        f"{time.process_time():.0f} CPU s",
        flush=True,
    )


if __name__ == "__main__":
    main()
