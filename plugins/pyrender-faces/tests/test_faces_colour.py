import colorsys

import numpy as np

from pe_pyrender_faces.colour import from_hsv, to_linear
from pe_pyrender_faces.skin import hair_colour, skin_colour

STEPS = np.linspace(0, 1, 21)


def luminance(colours):
    return colours @ np.array([0.2126, 0.7152, 0.0722])


def test_hsv_is_that_of_the_standard_library():
    rng = np.random.default_rng(5)
    hue, saturation, value = 360 * rng.random(200), rng.random(200), rng.random(200)
    expected = [
        colorsys.hsv_to_rgb(h / 360, s, v) for h, s, v in zip(hue, saturation, value, strict=True)
    ]
    assert np.allclose(from_hsv(hue, saturation, value), expected, atol=1e-12)


def test_linear_light_at_the_points_of_the_standard():
    assert np.allclose(
        to_linear(np.array([0.0, 0.04045, 0.5, 1.0])), [0, 0.04045 / 12.92, 0.21404, 1], atol=1e-5
    )


def test_more_melanin_is_darker_skin_and_more_blood_is_redder():
    tones = skin_colour(STEPS, np.full(21, 0.4))
    assert (np.diff(luminance(tones)) < 0).all()
    # lightest and darkest in the measured range of people
    # (Monk scale: relative luminance about 0.83 to 0.02)
    assert luminance(tones)[0] > 0.3 and 0.01 < luminance(tones)[-1] < 0.07
    assert (tones[:, 0] > tones[:, 1]).all() and (tones[:, 1] > tones[:, 2]).all()
    flushed = skin_colour(np.full(21, 0.3), STEPS)
    assert (np.diff(flushed[:, 0] / flushed[:, 1]) > 0).all()


def test_hair_runs_from_blond_to_black_red_and_white():
    zeros = np.zeros(21)
    assert (np.diff(luminance(hair_colour(STEPS, zeros, zeros))) < 0).all()
    red = hair_colour(np.full(21, 0.3), STEPS, zeros)
    assert (np.diff(red[:, 0] / red[:, 2]) > 0).all()
    assert np.allclose(hair_colour(STEPS, zeros, np.ones(21)), [0.50, 0.50, 0.51], atol=1e-6)
