"""The parts: names, the files of python_avatars that draw them, and colours.

The names are those of the package's enumerations, in lower case; the hair style that it calls hat
is `hat_hair` here.
"""

from types import MappingProxyType


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


HAIR = _names(
    "big_hair bob bun caesar_side_part caesar curly curvy dreads frida frizzle fro_band fro "
    "long_not_too_long mia_wallace shaggy_mullet shaggy shaved_sides short_curly short_dreads_1 "
    "short_dreads_2 short_flat short_round short_waved sides straight_1 straight_2 "
    "straight_strand astronaut braids bride buzzcut cornrows curly_2 dreadlocks einstein_hair "
    "elvis evil_spike half_shaved hat_hair long_hair_curly loose_hair mohawk mowgli pixie "
    "pompadour quiff twist_long_hair twist_long_hair_2 wick wild"
)
HATS = _names(
    "hat hijab turban winter_hat_1 winter_hat_2 winter_hat_3 winter_hat_4 chef_cap jedi "
    "gladiator_helmet"
)

CHOICES = MappingProxyType(
    {
        "style": ("transparent", "circle"),
        "top": ("none", *HAIR, *HATS),
        "eyebrows": _names(
            "none angry_natural angry default_natural default flat_natural frown_natural "
            "raised_excited_natural raised_excited sad_concerned_natural sad_concerned "
            "unibrow_natural up_down_natural up_down"
        ),
        "eyes": _names(
            "closed cry default eye_roll happy heart side squint surprised wink_wacky wink x_dizzy"
        ),
        "nose": ("default", "small", "wide"),
        "mouth": _names(
            "concerned default disbelief eating grimace sad scream_open serious smile tongue "
            "twinkle vomit big_smile"
        ),
        "facial_hair": _names(
            "none beard_light beard_magestic beard_medium moustache_fancy moustache_magnum "
            "einstein_moustache wick_beard"
        ),
        "accessory": _names(
            "none eyepatch kurt prescription_1 prescription_2 round sunglasses wayfarers "
            "sunglasses_2 wayfarers_2"
        ),
        "clothing": _names(
            "none blazer_shirt blazer_sweater collar_sweater graphic_shirt hoodie overall "
            "shirt_crew_neck shirt_scoop_neck shirt_v_neck astronaut_suit bond_suit chef "
            "gladiator jedi_robe shirt_wick"
        ),
    }
)
"""Choices of every part. A shirt's graphic is not among them: it lies below the crop."""

_FOLDERS = {
    "style": "styles",
    "facial_hair": "facial_hair",
    "accessory": "accessories",
    "clothing": "clothes",
    "eyebrows": "eyebrows",
    "eyes": "eyes",
    "nose": "nose",
    "mouth": "mouth",
}
_FILES = {  # choices whose file has another name
    ("top", "none"): "no_hair",
    ("top", "astronaut"): "astronout",
    ("top", "hat_hair"): "hat",
    ("facial_hair", "einstein_moustache"): "einstien_mustache",
    ("accessory", "prescription_1"): "prescription_01",
    ("accessory", "prescription_2"): "prescription_02",
}

HAIR_COLOURS = MappingProxyType(
    {
        "auburn": "#A55728",
        "black": "#2C1B18",
        "blonde": "#B58143",
        "blonde_golden": "#D6B370",
        "brown": "#724133",
        "brown_dark": "#4A312C",
        "pastel_pink": "#F59797",
        "platinum": "#ECDCBF",
        "red": "#C93305",
        "silver_gray": "#E8E1E1",
    }
)
FABRIC_COLOURS = MappingProxyType(
    {
        "black": "#262E33",
        "blue_01": "#65C9FF",
        "blue_02": "#5199E4",
        "blue_03": "#25557C",
        "gray_01": "#E6E6E6",
        "gray_02": "#929598",
        "heather": "#3C4F5C",
        "pastel_blue": "#B1E2FF",
        "pastel_green": "#A7FFC4",
        "pastel_orange": "#FFDEB5",
        "pastel_yellow": "#FFFFB1",
        "pink": "#FF488E",
        "red": "#FF5C5C",
        "white": "#FFFFFF",
    }
)
COLOURS = MappingProxyType(
    {
        "background_color": MappingProxyType(
            {"default": "#65C9FF", "black": "#262E33", "white": "#FFFFFF"}
        ),
        "skin_color": MappingProxyType(
            {
                "tanned": "#FD9841",
                "yellow": "#F8D25C",
                "pale": "#FFDBB4",
                "light": "#EDB98A",
                "brown": "#D08B5B",
                "dark_brown": "#AE5D29",
                "black": "#614335",
            }
        ),
        "hair_color": HAIR_COLOURS,
        "hat_color": FABRIC_COLOURS,
        "facial_hair_color": HAIR_COLOURS,
        "clothing_color": FABRIC_COLOURS,
    }
)
"""The colours of every area that can be coloured, by the names of the package."""


def file_of(part: str, choice: str) -> str:
    """Path of the drawing below the package's folder of parts; "" if the choice draws nothing."""
    if choice == "none" and part != "top":
        return ""
    folder = _FOLDERS.get(part) or ("top/hat" if choice in HATS else "top/hair")
    return f"{folder}/{_FILES.get((part, choice), choice)}.svg"
