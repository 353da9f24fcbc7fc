"""The parameters of a rendered text, and their order for the renderer."""

from pe_sdk import Categorical, Float, ParameterSpace

BENDS = ("xx", "xy", "yy", "xxx", "xxy", "xyy", "yyy")
"""Terms of the smooth deformation: Legendre products in x and y of degree 2 and 3.

Degree 1 is the affine map.
"""

PLACING = {
    # Size of the ink box; 1 is the largest upright box of the face's proportions that fits the
    # picture. Digits are commonly normalised to 20 of 28 pixels (0.71, the middle) or to the full
    # picture, and people write up to half wider or narrower than type.
    "width": Float(0.48, 1.05, log=True),
    "height": Float(0.52, 0.98, log=True),
    "rotation": Float(-15.0, 15.0),  # degrees, clockwise
    "shear": Float(-0.25, 0.5),  # tangent of the slant; most writing leans to the right
    "x": Float(-0.07, 0.07),  # offset of the centre of mass, share of the picture
    "y": Float(-0.07, 0.07),
}
INK = {
    # pen width, share of the picture: 1.4 to 3.9 pixels of 28
    "stroke": Float(0.05, 0.14, log=True),
    "blur": Float(0.0, 0.02),  # standard deviation, share of the picture
    "ink": Float(0.85, 2.0, log=True),  # brightness; above 1 edges saturate
}
NUMERIC = (*PLACING, *INK, *(f"bend_{axis}_{term}" for axis in "xy" for term in BENDS))
"""Names of the numerical parameters, in the order of the renderer's columns."""


def space_of(fonts: tuple[str, ...]) -> ParameterSpace:
    """The space for the given face names."""
    bends = {name: Float(-1.0, 1.0) for name in NUMERIC if name.startswith("bend_")}
    return ParameterSpace({"font": Categorical(fonts), **PLACING, **INK, **bends})
