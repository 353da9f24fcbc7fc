"""Constraints for labels named like the classes of Fashion-MNIST.

That data set has product pictures on black, with one item that fills the picture. The ranges were
set by hand, after looking at pictures of the public data set and at a classifier's confusions on
its test pictures; no code fitted them.
"""

_PICTURE = (
    "repeat:once,rotation:-3..3,ground:0..0.02,x:-0.02..0.02,y:-0.02..0.02,scale:0.93..1.03,"
    "soft:0..0.6,ink:0.22..1.15,grain:0..0.7"
)
_CLOTH = f"{_PICTURE},fold:0..1,rim:0..0.9"
_SHOE = f"{_PICTURE},accent:0.1..1,texture:plain|noise|block|print,texture_contrast:0..0.5"

PRESET = {
    "tshirttop": f"{_CLOTH},shape:top,sleeve:0..0.42,sleeve_angle:0.2..1,neck:round|v|straps,"
    "front:plain,detail:0..0.55,width:0.05..0.85,hem:0.2..0.6,waist:0..0.8",
    "trouser": f"{_CLOTH},shape:trousers,front:plain,width:0..0.75,flare:0..0.6",
    "pullover": f"{_CLOTH},shape:top,sleeve:0.8..1,sleeve_angle:0..0.8,neck:round|v|high|hood,"
    "front:plain|pocket,width:0..0.75,hem:0.2..0.6",
    "dress": f"{_CLOTH},shape:dress,sleeve:0..0.9,neck:round|v|straps|collar,front:plain|buttons,"
    "width:0..0.9,flare:0..0.8",
    "coat": f"{_CLOTH},shape:top,sleeve:0.8..1,sleeve_angle:0..0.7,neck:collar|hood|high|v,"
    "front:zip|open|buttons,detail:0.1..1,width:0..0.75,hem:0.2..0.6",
    "sandal": f"{_SHOE},shape:sandal",
    "shirt": f"{_CLOTH},shape:top,sleeve:0.2..1,neck:collar|v|round,front:buttons|plain,"
    "width:0..0.75",
    "sneaker": f"{_SHOE},shape:shoe,shaft:0..0.24,heel:0..0.2,sole:0.1..1,"
    "front:plain|buttons|open|pocket,roundness:0.2..1",
    "bag": f"{_PICTURE},shape:bag,width:0.4..1,rise:0..0.7,roundness:0..0.8,"
    "texture_contrast:0..0.8",
    "ankleboot": f"{_SHOE},shape:shoe,shaft:0.3..0.9,heel:0..1",
}
"""Constraints by label name, reduced to its letters (in lower case) and digits."""


def preset_of(labels: tuple[str, ...]) -> dict[str, str]:
    """Constraints by label, for the labels with a preset."""
    plain = {label: "".join(c for c in label.lower() if c.isalnum()) for label in labels}
    return {label: PRESET[name] for label, name in plain.items() if name in PRESET}
