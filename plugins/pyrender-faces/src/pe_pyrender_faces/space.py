"""The parameters of a face.

Every parameter changes the picture, and every point of the space is a person, though not an
equally common one.
"""

from collections.abc import Mapping
from types import MappingProxyType

from pe_pyrender_faces.coefficients import EXPRESSIONS
from pe_pyrender_faces.parts import BROWS, FACIAL_HAIR, GLASSES, HAIR
from pe_sdk import Categorical, Float, Parameter, ParameterSpace

IDENTITIES = 10
"""Number of principal components of identity."""

BEARDED = 0.4
"""Facial hair shows only on faces whose sex is above this.

Otherwise uniform draws would put beards on half of all women.
"""

EYE_COLOURS = ("black", "brown", "hazel", "green", "blue", "grey")

PERSON: dict[str, Parameter] = {
    "sex": Float(0.0, 1.0),  # female to male
    "age": Float(18.0, 85.0),  # years
    "weight": Float(0.0, 1.0),  # thin to heavy, 0.5 is the average
    "african": Float(0.0, 1.0),  # share of African features
    "asian": Float(0.0, 1.0),  # share of Asian features in the remainder; the rest is European
    # two standard deviations each way
    **{f"identity_{k}": Float(-1.0, 1.0) for k in range(1, IDENTITIES + 1)},
}
EXPRESSION: dict[str, Parameter] = {
    "expression": Categorical(EXPRESSIONS),
    "intensity": Float(0.4, 1.0),  # of the expression
    "mouth_open": Float(0.0, 0.4),  # 1 is wide open
    "eyelids": Float(0.0, 0.4),  # 0 wide open, 1 closed
    "brows": Float(-1.0, 1.0),  # lowered to raised
    "gaze_x": Float(-0.35, 0.35),  # radians from straight ahead, to the viewer's right
    "gaze_y": Float(-0.2, 0.2),  # radians, up
}
SURFACE: dict[str, Parameter] = {
    "skin": Float(0.0, 1.0),  # melanin, light to dark
    "redness": Float(0.0, 1.0),  # blood in the skin
    "freckles": Float(0.0, 1.0),
    "shine": Float(0.0, 1.0),  # matt to oily
    "lipstick": Float(0.0, 1.0),
    "eye_colour": Categorical(EYE_COLOURS),
}
HEAD_HAIR: dict[str, Parameter] = {
    "hair": Categorical(HAIR),
    "hair_melanin": Float(0.0, 1.0),  # blond to black
    "hair_red": Float(0.0, 1.0),
    "hair_grey": Float(0.0, 1.0),  # share of the hair that may be grey at this age
    "brow_shape": Categorical(BROWS),
    "facial_hair": Categorical(FACIAL_HAIR),  # shows where sex > BEARDED
    "glasses": Categorical(GLASSES),
}
CAMERA: dict[str, Parameter] = {
    "yaw": Float(-50.0, 50.0),  # degrees; the face turns to the viewer's right
    "pitch": Float(-20.0, 20.0),  # degrees; it looks up
    "roll": Float(-15.0, 15.0),  # degrees; it tilts clockwise
    "zoom": Float(0.5, 0.85, log=True),  # height of the head relative to the picture
    "x": Float(-0.08, 0.08),  # right, share of the picture
    "y": Float(-0.08, 0.08),  # up
    # of the camera in decimetres: near ones make noses large
    "distance": Float(5.0, 25.0, log=True),
}
LIGHT: dict[str, Parameter] = {
    "light_yaw": Float(-100.0, 100.0),  # degrees of the key light to the viewer's right
    "light_pitch": Float(-10.0, 65.0),  # degrees above the eyes
    "light_key": Float(0.2, 0.9),  # the key light's share of all light
    "light_warmth": Float(-1.0, 1.0),  # blue to orange
    "exposure": Float(0.6, 1.5, log=True),
}
SURROUNDINGS: dict[str, Parameter] = {
    "clothes_hue": Float(0.0, 360.0, wrap=True),
    "clothes_saturation": Float(0.0, 0.8),
    "clothes_value": Float(0.05, 0.9),
    "background_hue": Float(0.0, 360.0, wrap=True),
    "background_saturation": Float(0.0, 0.4),
    "background_value": Float(0.05, 0.95),
    "background_gradient": Float(-0.4, 0.4),  # of the value, from left to right
    "background_fall": Float(-0.4, 0.4),  # of the value, from top to bottom
}

GROUPS: Mapping[str, Mapping[str, Parameter]] = MappingProxyType(
    {
        "person": PERSON,
        "expression": EXPRESSION,
        "surface": SURFACE,
        "hair and glasses": HEAD_HAIR,
        "camera": CAMERA,
        "light": LIGHT,
        "surroundings": SURROUNDINGS,
    }
)
"""The parameters by topic, for readers."""

SPACE = ParameterSpace(
    {name: parameter for group in GROUPS.values() for name, parameter in group.items()}
)
