"""The parameters of a face. Every one changes the picture; all of the space is people, if not equally common ones."""

from types import MappingProxyType

from pe_pyrender_faces.coefficients import EXPRESSIONS
from pe_pyrender_faces.parts import BROWS, FACIAL_HAIR, GLASSES, HAIR
from pe_sdk import Categorical, Float, ParameterSpace

IDENTITIES = 10
"""Principal components of identity."""

BEARDED = 0.4
"""Facial hair shows on faces whose sex is above this: uniform draws would put beards on half of all women else."""

EYE_COLOURS = ("black", "brown", "hazel", "green", "blue", "grey")

PERSON = {
    "sex": Float(0.0, 1.0),  # female to male
    "age": Float(18.0, 85.0),  # years
    "weight": Float(0.0, 1.0),  # thin to heavy, 0.5 is the average
    "african": Float(0.0, 1.0),  # share of African features
    "asian": Float(0.0, 1.0),  # share of Asian features in what is left; the rest is European
    **{
        f"identity_{k}": Float(-1.0, 1.0) for k in range(1, IDENTITIES + 1)
    },  # two standard deviations each way
}
EXPRESSION = {
    "expression": Categorical(EXPRESSIONS),
    "intensity": Float(0.4, 1.0),  # of the expression
    "mouth_open": Float(0.0, 0.4),  # 1 is as far as it goes
    "eyelids": Float(0.0, 0.4),  # 0 wide open, 1 closed
    "brows": Float(-1.0, 1.0),  # lowered to raised
    "gaze_x": Float(-0.35, 0.35),  # radians from straight ahead, to the viewer's right
    "gaze_y": Float(-0.2, 0.2),  # radians, up
}
SURFACE = {
    "skin": Float(0.0, 1.0),  # melanin, light to dark
    "redness": Float(0.0, 1.0),  # blood in the skin
    "freckles": Float(0.0, 1.0),
    "shine": Float(0.0, 1.0),  # matt to oily
    "lipstick": Float(0.0, 1.0),
    "eye_colour": Categorical(EYE_COLOURS),
}
HEAD_HAIR = {
    "hair": Categorical(HAIR),
    "hair_melanin": Float(0.0, 1.0),  # blond to black
    "hair_red": Float(0.0, 1.0),
    "hair_grey": Float(0.0, 1.0),  # share of what may be grey at this age
    "brow_shape": Categorical(BROWS),
    "facial_hair": Categorical(FACIAL_HAIR),  # shows where sex > BEARDED
    "glasses": Categorical(GLASSES),
}
CAMERA = {
    "yaw": Float(-50.0, 50.0),  # degrees; the face turns to the viewer's right
    "pitch": Float(-20.0, 20.0),  # degrees; it looks up
    "roll": Float(-15.0, 15.0),  # degrees; it tilts clockwise
    "zoom": Float(0.5, 0.85, log=True),  # height of the head as a share of the picture
    "x": Float(-0.08, 0.08),  # shares of the picture, right
    "y": Float(-0.08, 0.08),  # up
    "distance": Float(
        5.0, 25.0, log=True
    ),  # of the camera in decimetres: near ones make noses large
}
LIGHT = {
    "light_yaw": Float(-100.0, 100.0),  # degrees, where the key light stands: to the viewer's right
    "light_pitch": Float(-10.0, 65.0),  # degrees above the eyes
    "light_key": Float(0.2, 0.9),  # the key light's share of all light
    "light_warmth": Float(-1.0, 1.0),  # blue to orange
    "exposure": Float(0.6, 1.5, log=True),
}
SURROUNDINGS = {
    "clothes_hue": Float(0.0, 360.0, wrap=True),
    "clothes_saturation": Float(0.0, 0.8),
    "clothes_value": Float(0.05, 0.9),
    "background_hue": Float(0.0, 360.0, wrap=True),
    "background_saturation": Float(0.0, 0.4),
    "background_value": Float(0.05, 0.95),
    "background_gradient": Float(-0.4, 0.4),  # of the value, from left to right
    "background_fall": Float(-0.4, 0.4),  # of the value, from top to bottom
}

GROUPS = MappingProxyType(
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
"""The parameters by what they are about, for those who read."""

SPACE = ParameterSpace(
    {name: parameter for group in GROUPS.values() for name, parameter in group.items()}
)
