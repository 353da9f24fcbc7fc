"""Set the `gain` of the shipped model: `OMP_NUM_THREADS=1 python tools/calibrate_gain.py FOLDER`

Variations of digits like those of the training should have the same levels as those digits. The
gain, in steps of a hundredth, is the one that brings the two closest: the smallest 1-Wasserstein
distance of all pixels, averaged over the degrees. The tool writes it to FOLDER/model_index.json. It
reads no data set.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from train_digits import LABELS, Digits

import pe_diffusion
from pe_diffusion.pictures import to_records
from pe_sdk import OutputSpec, random

DEGREES, BATCHES, GAINS = (0.1, 0.25, 0.5), 16, np.arange(100, 126) / 100


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    index = Path(sys.argv[1]) / "model_index.json"
    document = json.loads(index.read_text())
    torch.set_num_threads(1)
    output = OutputSpec.image(28, 28)
    model = pe_diffusion.make(output, LABELS, pe_diffusion.Options(model=sys.argv[1]))
    digits, generator = Digits(), torch.Generator().manual_seed(4)
    distances = np.zeros(len(GAINS))
    for batch in range(BATCHES):
        x, labels = digits.batch(5 * 10**6 + batch, generator)  # none from the training
        seeds = random.derive(batch, "gain", len(x))
        levels = np.sort(to_records(x, output.shape), axis=None).astype(np.float64)
        for degree in DEGREES:
            with torch.inference_mode():
                level = degree**model.backend.defaults.power
                made = model._one_pass(
                    to_records(x, output.shape), labels.numpy(), level, seeds
                ) / document.get("gain", 1.0)
            for at, gain in enumerate(GAINS):
                varied = np.sort(to_records(made * gain, output.shape), axis=None)
                distances[at] += np.abs(varied - levels).mean() / (BATCHES * len(DEGREES))
    for gain, distance in zip(GAINS, distances, strict=True):
        print(f"gain {gain:.2f}: {distance:.3f} levels")
    index.write_text(
        json.dumps({**document, "gain": float(GAINS[distances.argmin()])}, indent=2) + "\n"
    )


if __name__ == "__main__":
    main()
