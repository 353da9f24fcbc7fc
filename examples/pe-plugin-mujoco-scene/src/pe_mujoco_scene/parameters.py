"""The parameter space: the objects, how they are dropped, and how they are seen."""

from pe_sdk import Categorical, Float, Int, ParameterSpace

KINDS = ("stack", "scatter", "topple", "reach")
SHAPES = ("box", "cylinder", "sphere", "capsule", "mixed")
OBJECTS = 6

SPACE = ParameterSpace(
    {
        "kind": Categorical(KINDS),
        "shape": Categorical(SHAPES),
        "count": Int(2, OBJECTS),
        "size": Float(0.028, 0.048),
        "size_spread": Float(0.0, 0.6),
        "length": Float(0.6, 1.6, log=True),
        "spread": Float(0.0, 1.0),
        **{f"x_{i}": Float(-1.0, 1.0) for i in range(1, OBJECTS + 1)},
        **{f"y_{i}": Float(-1.0, 1.0) for i in range(1, OBJECTS + 1)},
        **{f"turn_{i}": Float(0.0, 360.0, wrap=True) for i in range(1, OBJECTS + 1)},
        "drop": Float(0.0, 0.25),
        "tilt": Float(0.0, 90.0),
        "friction": Float(0.1, 1.2, log=True),
        "bounce": Float(0.0, 1.0),
        "heavy": Float(0.2, 5.0, log=True),
        "speed": Float(0.3, 2.5),
        "direction": Float(0.0, 360.0, wrap=True),
        "time": Float(0.1, 1.2),
        "arm_turn": Float(0.0, 360.0, wrap=True),
        "arm_lift": Float(0.0, 1.0),
        "arm_reach": Float(0.0, 1.0),
        "grip": Float(0.0, 1.0),
        "hue": Float(0.0, 360.0, wrap=True),
        "hue_spread": Float(0.0, 360.0),
        "saturation": Float(0.0, 1.0),
        "value": Float(0.3, 1.0),
        "table": Categorical(("plain", "checks", "boards")),
        "table_value": Float(0.25, 0.95),
        "table_warmth": Float(0.0, 1.0),
        "light_azimuth": Float(0.0, 360.0, wrap=True),
        "light_elevation": Float(25.0, 85.0),
        "light": Float(0.5, 1.0),
        "ambient": Float(0.2, 0.6),
        "camera_azimuth": Float(0.0, 360.0, wrap=True),
        "camera_elevation": Float(12.0, 75.0),
        "camera_distance": Float(0.5, 1.0),
        "camera_height": Float(0.02, 0.16),
    }
)
