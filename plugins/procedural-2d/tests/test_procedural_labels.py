import numpy as np
import pytest

import pe_procedural_2d
from pe_procedural_2d.preset import PRESET, preset_of
from pe_procedural_2d.space import SPACE
from pe_sdk import CannotMake, OutputSpec, random

SEEDS = random.derive(3, "labels", 300)


def made(names, **options):
    return pe_procedural_2d.make(
        OutputSpec.image(28, 28), names, pe_procedural_2d.Options(**options)
    )


def test_constraints_for_an_unknown_label_are_refused():
    with pytest.raises(CannotMake, match="hat"):
        made(("bag",), labels={"hat": "shape:bag"})


def test_the_preset_knows_its_names_in_any_spelling_and_no_others():
    known = preset_of(("T-shirt/top", "ANKLE_BOOT", "bag", "hat"))
    assert set(known) == {"T-shirt/top", "ANKLE_BOOT", "bag"}
    assert set(preset_of(pe_procedural_2d.GARMENTS).values()) == set(PRESET.values())


def test_the_preset_can_be_left_out_or_overridden():
    shape = SPACE["shape"].choices
    assert made(("Bag",)).space_for("Bag")["shape"].among == ("bag",)
    assert made(("Bag",), preset="none").space_for("Bag")["shape"].among == shape
    assert made(("Bag",), labels={"Bag": "shape:icon"}).space_for("Bag")["shape"].among == ("icon",)
    with pytest.raises(ValueError, match="auto or none"):
        pe_procedural_2d.Options(preset="some")


def test_garments_of_different_kinds_can_be_told_apart_by_their_mean_picture():
    """Nearest mean of ten classes: chance, and so any simulator that ignores labels, gets 0.1."""
    labels = pe_procedural_2d.GARMENTS
    simulator = made(labels)
    pictures = []
    for code, label in enumerate(labels):
        params = simulator.space_for(label).sample(SEEDS)
        pictures.append(
            simulator.render(params, np.full(300, code), SEEDS).reshape(300, -1) / 255.0
        )
    means = np.stack([p[:150].mean(0) for p in pictures])
    right = [
        (((p[150:, None] - means) ** 2).sum(2).argmin(1) == k).mean()
        for k, p in enumerate(pictures)
    ]
    assert np.mean(right) > 0.3
