"""Colours of skin, hair and eyes from what colours them: melanin and blood.

Skin: an absorbing layer of melanin over a scattering one with blood. The absorption of melanosomes and the diffuse
reflectance exp(-A / sqrt(3 (1 + mu_s' / mu_a))) are those of S. L. Jacques' notes on skin optics (1998) and his review (Phys. Med.
Biol. 58, 2013), taken at one wavelength for each of red, green and blue. Scattering, the other absorbers, the ranges and the
colours of eyes were set by eye, so that the ends of the scale look like the lightest and the darkest skin there is. Hair:
absorption of eumelanin and pheomelanin as in E. d'Eon et al., "An energy-conserving hair reflectance model", EGSR 2011; colour of
many fibres by the fit of M. J.-Y. Chiang et al., "A practical and controllable hair and fur model", EGSR 2016. All colours are
linear RGB, float32.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Colours = NDArray[np.float32]

_WAVELENGTHS = np.array([610.0, 550.0, 465.0])  # nm
_MELANOSOME = 6.6e11 * _WAVELENGTHS**-3.33  # 1/cm
_BLOOD = np.array(
    [12.0, 235.0, 200.0]
)  # 1/cm, whole blood of 150 g/l, oxygenated for the most part
_TISSUE = np.array([0.25, 0.45, 1.3])  # 1/cm, what absorbs beside blood; carotene in the blue
_SCATTERING = np.array([20.0, 24.0, 33.0])  # 1/cm, reduced
_EPIDERMIS = 0.02  # cm, there and back through 0.1 mm
_SURFACE = 0.012  # reflected before it enters
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
"""Irises, in the order of `space.EYE_COLOURS`."""


def skin_colour(melanin: Array, blood: Array) -> Colours:
    """Albedo of skin. melanin, blood: [n], 0..1 from the least to the most; values beyond go on on the same scale. Gives [n, 3]."""
    low, high = _MELANIN
    share = low * (high / low) ** melanin
    pale, flushed = _BLOOD_SHARE
    absorbed = _TISSUE + _BLOOD * (pale * (flushed / pale) ** blood)[:, None]
    dermis = np.exp(-7.5 / np.sqrt(3 * (1 + _SCATTERING / absorbed)))
    return (
        _SURFACE + (1 - _SURFACE) * dermis * np.exp(-_MELANOSOME * _EPIDERMIS * share[:, None])
    ).astype(np.float32)


def hair_colour(melanin: Array, red: Array, grey: Array) -> Colours:
    """Albedo of hair. melanin: blond to black; red: share of pheomelanin; grey: share of hairs without any; all [n], 0..1."""
    low, high = _HAIR_MELANIN
    dark = low * (high / low) ** melanin
    absorbed = (dark * (1 - 0.6 * red))[:, None] * _EUMELANIN + (0.35 * red)[:, None] * _PHEOMELANIN
    pigmented = _HAIR_SURFACE + np.exp(-_FIBRE * np.sqrt(absorbed))
    return (pigmented + grey[:, None] * (_GREY - pigmented)).astype(np.float32)
