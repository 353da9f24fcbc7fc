"""The parameters of a picture.

Most are shares in [0, 1] of a range; what they mean for a shape is stated in the shape's module.
"""

from pe_sdk import Categorical, Float, Int, ParameterSpace

SHAPES = ("top", "dress", "trousers", "shoe", "sandal", "bag", "icon", "tissue", "vessels")
NECKS = ("round", "v", "collar", "hood", "high", "straps")
FRONTS = ("plain", "buttons", "zip", "open", "pocket")
TEXTURES = ("plain", "stripes", "checks", "dots", "noise", "print", "block")
REPEATS = ("once", "row", "grid")

_SHARE = Float(0.0, 1.0)
OUTLINE = (
    "width",  # breadth relative to height
    "flare",  # widening of the lower end: hem, skirt, trouser leg, bag
    "waist",  # narrowing of the middle
    "sleeve",  # length of sleeves
    "sleeve_angle",  # spread of sleeves
    "sleeve_width",
    "opening",  # depth of a neckline or of a shoe's opening; size of an icon's hole
    "neck_width",
    "hem",  # curve of the lower edge
    "legs",  # gap between trouser legs
    "rise",  # from waist to crotch; vamp of a shoe
    "heel",  # height of the heel
    "heel_width",
    "shaft",  # height of a shoe's shaft
    "sole",  # thickness of the sole
    "toe",  # how pointed a toe is
    "strap",  # width of straps and handles
    "handle",  # height of a handle
    "roundness",  # of corners
    "detail",  # strength of seams, laces, flaps, cuffs, belts
)
SURFACE = (
    "texture_scale",
    "texture_contrast",
    "fold",
    "fold_scale",
    "rim",  # darkening towards the outline
    "grain",
    "soft",
    "saturation",
)

_NUMBERS: dict[str, Float | Int] = {
    **dict.fromkeys(OUTLINE, _SHARE),
    **dict.fromkeys(SURFACE, _SHARE),
    "texture_angle": Float(0.0, 180.0, wrap=True),
    "light_x": Float(-1.0, 1.0),
    "light_y": Float(-1.0, 1.0),
    "ink": Float(0.1, 1.15),
    "accent": Float(0.0, 1.0),
    "ground": Float(0.0, 1.0),
    "hue": Float(0.0, 360.0, wrap=True),
    "accent_hue": Float(0.0, 360.0, wrap=True),
    "ground_hue": Float(0.0, 360.0, wrap=True),
    "x": Float(-0.15, 0.15),
    "y": Float(-0.15, 0.15),
    "scale": Float(0.5, 1.05),
    "rotation": Float(-180.0, 180.0, wrap=True),
    "count": Int(2, 9),
}
CHOICES = {
    "shape": Categorical(SHAPES),
    "neck": Categorical(NECKS),
    "front": Categorical(FRONTS),
    "texture": Categorical(TEXTURES),
    "repeat": Categorical(REPEATS),
}
SPACE = ParameterSpace({**CHOICES, **_NUMBERS})
