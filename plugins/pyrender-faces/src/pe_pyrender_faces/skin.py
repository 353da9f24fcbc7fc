"""Colours of skin, hair and eyes from their pigments: melanin and blood.

Skin is an absorbing layer of melanin over a scattering one with blood. The absorption of
melanosomes and the diffuse reflectance exp(-A / sqrt(3 (1 + mu_s' / mu_a))) follow S. L. Jacques'
notes on skin optics (1998) and his review (Phys. Med. Biol. 58, 2013), at one wavelength each for
red, green and blue. Scattering, the other absorbers, the ranges and the colours of eyes were set by
eye, so that the ends of the scale look like the lightest and the darkest existing skin. Hair uses
the absorption of eumelanin and pheomelanin of E. d'Eon et al., "An energy-conserving hair
reflectance model", EGSR 2011, and the colour of many fibres by the fit of M. J.-Y. Chiang et al.,
"A practical and controllable hair and fur model", EGSR 2016. All colours are linear RGB, float32.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Colours = NDArray[np.float32]

_WAVELENGTHS = np.array([610.0, 550.0, 465.0])  # nm
_MELANOSOME = 6.6e11 * _WAVELENGTHS**-3.33  # 1/cm
_BLOOD = np.array([12.0, 235.0, 200.0])  # 1/cm, whole blood of 150 g/l, mostly oxygenated
_TISSUE = np.array([0.25, 0.45, 1.3])  # 1/cm, absorbers besides blood; carotene in the blue
_SCATTERING = np.array([20.0, 24.0, 33.0])  # 1/cm, reduced
_EPIDERMIS = 0.02  # cm, there and back through 0.1 mm
_SURFACE = 0.012  # share reflected before entering
_MELANIN = (0.010, 0.24)  # volume share of melanosomes, lightest and darkest skin
_BLOOD_SHARE = (0.0022, 0.0080)  # volume share in the dermis, pale and flushed

_EUMELANIN = np.array([0.419, 0.697, 1.37])
_PHEOMELANIN = np.array([0.187, 0.4, 1.05])
_FIBRE = 5.89  # Chiang's polynomial at an azimuthal roughness of 0.3
_HAIR_MELANIN = (0.06, 2.5)  # lightest blond, black
_HAIR_SURFACE = 0.010
_GREY = np.array([0.50, 0.50, 0.51])

EYES = np.array(
    [
        [0.015, 0.009, 0.006],
        [0.070, 0.033, 0.014],
        [0.100, 0.065, 0.026],
        [0.070, 0.095, 0.042],
        [0.055, 0.105, 0.180],
        [0.105, 0.120, 0.130],
    ]
)
"""Colours of irises, in the order of `space.EYE_COLOURS`."""


def skin_colour(melanin: Array, blood: Array) -> Colours:
    """Albedo of skin, [n, 3].

    Args:
        melanin, blood: [n], 0..1 from the least to the most; values beyond extend the scale.
    """
    low, high = _MELANIN
    share = low * (high / low) ** melanin
    pale, flushed = _BLOOD_SHARE
    absorbed = _TISSUE + _BLOOD * (pale * (flushed / pale) ** blood)[:, None]
    dermis = np.exp(-7.5 / np.sqrt(3 * (1 + _SCATTERING / absorbed)))
    melanin_passes = np.exp(-_MELANOSOME * _EPIDERMIS * share[:, None])
    colour: Colours = (_SURFACE + (1 - _SURFACE) * dermis * melanin_passes).astype(np.float32)
    return colour


def hair_colour(melanin: Array, red: Array, grey: Array) -> Colours:
    """Albedo of hair, [n, 3].

    Args:
        melanin: [n], 0..1, blond to black.
        red: [n], 0..1, share of pheomelanin.
        grey: [n], 0..1, share of hairs without pigment.
    """
    low, high = _HAIR_MELANIN
    dark = low * (high / low) ** melanin
    absorbed = (dark * (1 - 0.6 * red))[:, None] * _EUMELANIN + (0.35 * red)[:, None] * _PHEOMELANIN
    pigmented = _HAIR_SURFACE + np.exp(-_FIBRE * np.sqrt(absorbed))
    colour: Colours = (pigmented + grey[:, None] * (_GREY - pigmented)).astype(np.float32)
    return colour
