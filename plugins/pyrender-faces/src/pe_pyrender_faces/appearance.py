"""The renderer's input, from parameter columns: colours, light, pose, camera and background."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_pyrender_faces.bake import Batch
from pe_pyrender_faces.coefficients import coefficients
from pe_pyrender_faces.colour import from_hsv, to_linear
from pe_pyrender_faces.head import PAINTS, Material
from pe_pyrender_faces.parts import FACIAL_HAIR, GLASSES, HAIR
from pe_pyrender_faces.skin import EYES, hair_colour, skin_colour
from pe_pyrender_faces.space import BEARDED

Columns = Mapping[str, NDArray[Any]]
Array = NDArray[np.float64]

_NONE, _STUBBLE = FACIAL_HAIR.index("none"), FACIAL_HAIR.index("stubble")
_SHADOWED = np.isin(FACIAL_HAIR, ("stubble", "goatee", "short_beard", "full_beard")).astype(float)
_MOUSTACHED = np.isin(
    FACIAL_HAIR, ("stubble", "moustache", "goatee", "short_beard", "full_beard")
).astype(float)
_SCALP = np.array([{"bald": 0.04, "buzz": 0.8, "receding": 0.35}.get(name, 0.5) for name in HAIR])
_FRAMES = np.array(
    [{"rectangular": 0.02, "thick": 0.012, "sunglasses": 0.01}.get(name, 0.12) for name in GLASSES]
)


def batch_of(columns: Columns) -> Batch:
    """The faces to draw.

    Args:
        columns: the columns of `space.SPACE`, n rows. Row i of the result depends on row i only.
    """
    skin, brow_hair = _Skin(columns), _hair(columns)
    frames = np.repeat(_FRAMES[columns["glasses"]][:, None], 3, axis=1)
    key, ambient = _light(columns)
    return Batch(
        coefficients=coefficients(columns),
        parts=_rows(
            columns["hair"], columns["brow_shape"], shown_facial_hair(columns), columns["glasses"]
        ).astype(np.int32),
        pose=_float32(np.radians(_rows(columns["yaw"], columns["pitch"], columns["roll"]))),
        gaze=_float32(_rows(columns["gaze_x"], columns["gaze_y"])),
        camera=_float32(_rows(columns["zoom"], columns["x"], columns["y"], columns["distance"])),
        materials=_float32(_materials(columns, skin)),
        paint=_float32(np.stack([skin.paints[name][0] for name in PAINTS], axis=1)),
        opacity=_float32(_rows(*(skin.paints[name][1] for name in PAINTS))),
        parts_colour=_float32(
            np.stack([brow_hair, brow_hair * 0.75, brow_hair * 0.85, frames], axis=1)
        ),
        key=_float32(key),
        ambient=_float32(ambient),
        specular=_float32(columns["shine"]),
        background=_float32(_background(columns)),
    )


def shown_facial_hair(columns: Columns) -> NDArray[np.int64]:
    """Codes of the visible facial hair, int64 [n]: none on faces whose sex is below `BEARDED`."""
    return np.where(columns["sex"] > BEARDED, columns["facial_hair"], _NONE).astype(np.int64)


def _rows(*columns: NDArray[Any]) -> NDArray[Any]:
    return np.stack([np.asarray(column, np.float64) for column in columns], axis=1)


def _float32(values: NDArray[Any]) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, dtype=np.float32)


def _age(columns: Columns) -> Array:
    """Share of the way from 18 years (0) to 85 years (1)."""
    return np.asarray((columns["age"] - 18.0) / 67.0)


def _hair(columns: Columns) -> Array:
    grey = columns["hair_grey"] * np.clip((columns["age"] - 32.0) / 45.0, 0.0, 1.0)
    return hair_colour(columns["hair_melanin"], columns["hair_red"], grey).astype(np.float64)


class _Skin:
    """The skin of n faces.

    Returns:
        Its colour [n, 3], and the paint over its parts: by name of the mask, colour [n, 3] and
        opacity [n].
    """

    def __init__(self, columns: Columns) -> None:
        melanin, blood, age = columns["skin"], columns["redness"], _age(columns)
        hair, male = _hair(columns), np.clip((columns["sex"] - BEARDED) / (1 - BEARDED), 0.0, 1.0)
        n, ones = len(melanin), np.ones(len(melanin))
        self.colour = skin_colour(melanin, blood).astype(np.float64)
        flushed = skin_colour(melanin, blood + 0.55).astype(np.float64)
        rosy = skin_colour(melanin, blood + 0.35).astype(np.float64)
        lips = skin_colour(melanin * 0.85 - 0.02, 1.15 + 0.35 * blood).astype(np.float64)
        rouge = np.broadcast_to([0.40, 0.025, 0.040], (n, 3))
        made_up = columns["lipstick"] * (1 - 0.9 * male)
        shadow, moustache = (has[shown_facial_hair(columns)] for has in (_SHADOWED, _MOUSTACHED))
        stubble = 0.5 * self.colour + 0.5 * hair
        self.paints = {
            "lips": (lips + made_up[:, None] * 0.75 * (rouge - lips), ones * 0.9),
            "cheeks": (flushed, ones * 0.55),
            "nose": (rosy, ones * 0.5),
            "ears": (flushed, ones * 0.5),
            "eyelids": (skin_colour(melanin + 0.10, blood + 0.2).astype(np.float64), ones * 0.6),
            "undereye": (
                skin_colour(melanin + 0.12, blood + 0.1).astype(np.float64),
                0.35 + 0.5 * age,
            ),
            "brow": (hair, ones * 0.35),
            "scalp": (hair, _SCALP[columns["hair"]]),
            "beard": (stubble, 0.10 * male + 0.55 * shadow),
            "moustache": (stubble, 0.10 * male + 0.55 * moustache),
            "neck": (skin_colour(melanin + 0.03, blood).astype(np.float64), ones * 0.5),
            "lashline": (0.12 * self.colour, 0.7 + 0.25 * made_up),
            "wrinkles": (0.55 * self.colour, 0.4 * age),
            "freckles": (
                skin_colour(melanin + 0.28, blood).astype(np.float64),
                columns["freckles"] * 0.85,
            ),
        }


def _materials(columns: Columns, skin: _Skin) -> Array:
    n, age = len(skin.colour), _age(columns)
    colours = np.empty((n, len(Material), 3))
    colours[:, Material.SKIN] = skin.colour
    colours[:, Material.SCLERA] = np.array([0.62, 0.59, 0.57]) - age[:, None] * np.array(
        [0.04, 0.07, 0.12]
    )
    colours[:, Material.IRIS] = EYES[columns["eye_colour"]]
    colours[:, Material.PUPIL] = 0.004
    colours[:, Material.TEETH] = np.array([0.60, 0.57, 0.50]) - age[:, None] * np.array(
        [0.08, 0.10, 0.14]
    )
    colours[:, Material.MOUTH] = [0.16, 0.030, 0.030]
    colours[:, Material.LASH] = 0.5 * _hair(columns) * (1 - 0.5 * columns["lipstick"][:, None])
    colours[:, Material.CLOTH] = to_linear(
        from_hsv(columns["clothes_hue"], columns["clothes_saturation"], columns["clothes_value"])
    )
    return colours


def _light(columns: Columns) -> tuple[Array, Array]:
    """The key light [n, 6] and the irradiance [n, 9, 3] of everything else.

    The latter is a set of spherical harmonics: sky, ground and a fill light from the front.
    """
    yaw, pitch = np.radians(columns["light_yaw"]), np.radians(columns["light_pitch"])
    towards = _rows(np.cos(pitch) * np.sin(yaw), np.sin(pitch), np.cos(pitch) * np.cos(yaw))
    warm = columns["light_warmth"]
    tint = _rows(1 + 0.22 * warm, 1 + 0.02 * warm, 1 - 0.28 * warm)
    strength, share = columns["exposure"], columns["light_key"]
    key = (1.55 * strength * share)[:, None] * tint
    fill = (strength * (0.25 + 0.85 * (1 - share)))[:, None] * (1 + 0.35 * (1 / tint - 1))
    ambient = np.zeros((len(yaw), 9, 3))
    # E(n) = fill * (0.66 + 0.22 n_y + 0.16 n_z), by the constants of the real harmonics Y00,
    # Y1-1 (y) and Y10 (z)
    ambient[:, 0], ambient[:, 1], ambient[:, 2] = (
        fill * 0.66 / 0.282095,
        fill * 0.22 / 0.488603,
        fill * 0.16 / 0.488603,
    )
    return np.concatenate([towards, key], axis=1), ambient


def _background(columns: Columns) -> Array:
    across, down = columns["background_gradient"] / 2, columns["background_fall"] / 2
    corners = [
        from_hsv(
            columns["background_hue"],
            columns["background_saturation"],
            np.clip(columns["background_value"] + dx * across + dy * down, 0.0, 1.0),
        )
        for dy in (-1, 1)
        for dx in (-1, 1)
    ]
    return np.stack(corners, axis=1)
