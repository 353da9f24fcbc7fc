"""SVG documents of avatars, whole or layer by layer, from the drawings in python_avatars."""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

from pe_avatars.parts import COLOURS, HATS, file_of
from pe_sdk import CannotMake

Element = ElementTree.Element
CROP = (40, 40, 184, 184)
"""Left, top, width and height of the visible part of the 264 x 280 drawing, as in Sim-PE."""

FACE = ("mouth", "nose", "eyes", "eyebrows")
_PLACES = {
    "clothing": "Clothing",
    "mouth": "Mouth",
    "nose": "Nose",
    "eyes": "Eyes",
    "eyebrows": "Eyebrow",
}
_AREAS = {"clothing": "Fabric-Color", "facial_hair": "Facial-Hair-Color"}
_SLOTS = {"Facial-Hair": "facial_hair", "Accessory": "accessory"}
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_HREF = "xlink:href"
_TRANSLATE = re.compile(r"translate\(\s*([-\d.]+)[\s,]+([-\d.]+)\s*\)")


@dataclass(frozen=True)
class Top:
    """A hair style or hat in layers: facial hair and accessory have places between its own shapes.

    Args:
        segments: documents of the shapes before, between and after those places, not yet coloured.
        slots: the parts, at most two, that come after segments 0 and 1, with their offsets; a top
            that covers a part has no slot for it.
    """

    segments: tuple[Element, ...]
    slots: tuple[tuple[str, tuple[float, float]], ...]


def area_of(part: str, choice: str) -> str:
    """Identifier of the area of a part that can be coloured."""
    return (
        ("Fabric-Color" if choice in HATS else "Hair-Color")
        if part == "top"
        else _AREAS.get(part, "")
    )


@cache
def _parsed(path: str) -> Element:
    spec = find_spec("python_avatars")
    if spec is None or spec.origin is None:
        raise CannotMake(
            "avatars needs the drawings of python_avatars; install it: pip install python_avatars"
        )
    file = Path(spec.origin).parent / "avatar_parts" / path
    try:
        return _plain(ElementTree.fromstring(file.read_bytes()))
    except (OSError, ElementTree.ParseError) as error:
        raise CannotMake(
            f"python_avatars has no usable drawing {path}; install version 1.4: {error}"
        ) from None


def _plain(root: Element) -> Element:
    """Remove namespaces from names, as rasterisers expect; ElementTree would prefix every name."""
    for element in root.iter():
        element.tag = _tag(element)
        attributes = dict(element.attrib)
        element.attrib.clear()
        for name, value in attributes.items():
            if name == f"{{{_XLINK}}}href":
                element.set(_HREF, value)
            elif not name.startswith("{"):
                element.set(name, value)
    _wrap_masked(root)
    root.attrib |= {"xmlns": _SVG, "xmlns:xlink": _XLINK}
    return root


_EVERYWHERE = {
    "maskUnits": "userSpaceOnUse",
    "x": "-999",
    "y": "-999",
    "width": "2999",
    "height": "2999",
}


def _wrap_masked(root: Element) -> None:
    """Rewrite masks so that skia draws them as a browser does.

    Skia loses the mask of a single shape, but not that of a group around it. And it takes an
    ellipse for empty if the region of its mask is relative to the masked shape, which is the
    default. That region never cuts anything here, so a large absolute one means the same.
    """
    for parent in list(root.iter()):
        if parent.tag == "mask" and "maskUnits" not in parent.attrib:
            parent.attrib |= _EVERYWHERE
        for i, child in enumerate(list(parent)):
            if child.tag != "g" and "mask" in child.attrib:
                moved: dict[str, str] = {
                    name: child.attrib.pop(name)
                    for name in ("mask", "transform")
                    if name in child.attrib
                }
                group = ElementTree.Element("g", moved)
                parent[i] = group
                group.append(child)


def _load(part: str, choice: str) -> Element:
    """A copy of a drawing with the part's name before all identifiers.

    So its masks are not mistaken for those of another part.
    """
    root = copy.deepcopy(_parsed(file_of(part, choice)))
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if name == "id":
                element.set(name, f"{part}.{value}")
            elif name == _HREF:
                element.set(name, value.replace("#", f"#{part}.", 1))
            elif "url(#" in value:
                element.set(name, value.replace("url(#", f"url(#{part}."))
    return root


def _find(root: Element, identifier: str) -> Element | None:
    return next((e for e in root.iter() if e.get("id") == identifier), None)


def _base() -> Element:
    return _load("style", "transparent")


def _blank(root: Element) -> Element:
    """Remove the body, so that the document shows only the parts put into it."""
    for parent in root.iter():
        for child in list(parent):
            if child.get("id") == "style.Body":
                parent.remove(child)
    return root


def colour(root: Element, identifier: str, value: str) -> Element:
    """A copy with one area in a colour; the drawing has at most one area of that name."""
    painted = copy.deepcopy(root)
    if identifier and (area := _find(painted, identifier)) is not None:
        area.set("fill", value)
    return painted


def background(style: str) -> Element:
    """Only the disc, or nothing; its area is `style.Background-Color`."""
    root = _load("style", style)
    keep = _find(root, "style.Circle")
    for group in (e for e in root if str(e.get("id")).startswith("style.Avataaar/")):
        for child in list(group):
            if child is not keep:
                group.remove(child)
    return root


def body() -> Element:
    """Head and shoulders; its area is `style.Skin-Color`."""
    return _base()


def placed(part: str, choice: str) -> Element:
    """Clothing or a part of the face, in its place and with the attributes it inherits there."""
    root = _blank(_base())
    if file_of(part, choice):
        _fill(root, f"style.{_PLACES[part]}", list(_load(part, choice)))
    return root


def hung(part: str, choice: str, offset: tuple[float, float]) -> Element:
    """Facial hair or an accessory, at the offset where a top has its place."""
    root = _blank(_base())
    if file_of(part, choice):
        group = ElementTree.Element("g", transform=f"translate({offset[0]} {offset[1]})")
        group.extend(list(_load(part, choice)))
        _fill(root, "style.Top", [group])
    return root


def _fill(root: Element, identifier: str, content: list[Element]) -> None:
    place = _find(root, identifier)
    if place is None:
        raise CannotMake(
            f"the drawings of python_avatars have no place {identifier!r}; install version 1.4"
        )
    place.extend(content)


def top(choice: str) -> Top:
    """Split a top at its places for other parts.

    Raises:
        CannotMake: a place lies inside an element that is more than a translated group, so it
            cannot be split off.
    """
    source = _load("top", choice)
    order = {id(element): i for i, element in enumerate(source.iter())}
    slots = []
    for name, part in _SLOTS.items():
        path = next(_paths(source, f"top.{name}"), None)
        if path is not None:
            slots.append((order[id(path[-1])], part, _offset(choice, path)))
    slots.sort()
    bounds = [0, *(place for place, _, _ in slots), len(order)]
    segments = tuple(_segment(choice, low, high, first=low == 0) for low, high in pairwise(bounds))
    return Top(segments, tuple((part, offset) for _, part, offset in slots))


def _paths(root: Element, identifier: str) -> Iterator[list[Element]]:
    """Yield, for each element of that name, the elements from below the root down to it."""
    for child in root:
        if child.get("id") == identifier:
            yield [child]
        for path in _paths(child, identifier):
            yield [child, *path]


def _offset(choice: str, path: list[Element]) -> tuple[float, float]:
    x = y = 0.0
    for element in path:
        if {"mask", "filter", "opacity", "clip-path"} & set(element.attrib):
            raise CannotMake(
                f"the drawing of top {choice!r} cannot be split into layers; "
                "install python_avatars 1.4"
            )
        if transform := element.get("transform"):
            match = _TRANSLATE.fullmatch(transform.strip())
            if match is None:
                raise CannotMake(
                    f"the drawing of top {choice!r} is placed by {transform!r}, not by a "
                    "translation; install python_avatars 1.4"
                )
            x, y = x + float(match[1]), y + float(match[2])
    return x, y


def _segment(choice: str, low: int, high: int, first: bool) -> Element:
    """The shapes between two places, in document order.

    Definitions and the groups around places are kept.
    """
    source = _load("top", choice)
    elements = list(source.iter())
    keep = {id(element) for element in elements[low if first else low + 1 : high]}
    around = {
        id(e)
        for name in _SLOTS
        for path in list(_paths(source, f"top.{name}"))[:1]
        for e in path[:-1]
    }  # these are split themselves, neither kept nor removed whole
    definitions = {
        id(d) for e in elements if e.tag in ("defs", "mask", "filter", "clipPath") for d in e.iter()
    }

    def prune(parent: Element) -> None:
        for child in list(parent):
            if id(child) in around:
                prune(child)
            elif id(child) not in keep and id(child) not in definitions:
                parent.remove(child)

    prune(source)
    root = _blank(_base())
    _fill(root, "style.Top", list(source))
    return root


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def whole(choices: Mapping[str, str]) -> Element:
    """The document of one avatar by the names of its choices, as a browser would draw it.

    It is the reference for the layers.
    """
    root = colour(
        _load("style", choices["style"]),
        "style.Skin-Color",
        COLOURS["skin_color"][choices["skin_color"]],
    )
    root = colour(
        root, "style.Background-Color", COLOURS["background_color"][choices["background_color"]]
    )

    def painted(part: str) -> list[Element]:
        if not file_of(part, choices[part]):
            return []
        name = (
            ("hat_color" if choices["top"] in HATS else "hair_color")
            if part == "top"
            else f"{part}_color"
        )
        code = COLOURS[name][choices[name]] if name in COLOURS else ""
        return list(
            colour(_load(part, choices[part]), f"{part}.{area_of(part, choices[part])}", code)
        )

    for part in _PLACES:
        _fill(root, f"style.{_PLACES[part]}", painted(part))
    _fill(root, "style.Top", painted("top"))
    for name, part in _SLOTS.items():
        if _find(root, f"top.{name}") is not None:
            _fill(root, f"top.{name}", painted(part))
    return root


def cropped(root: Element, width: int, height: int) -> bytes:
    """The document as UTF-8, showing the crop stretched to width x height pixels."""
    root = copy.deepcopy(root)
    root.set("viewBox", " ".join(map(str, CROP)))
    root.set("width", str(width))
    root.set("height", str(height))
    root.set("preserveAspectRatio", "none")
    content: bytes = ElementTree.tostring(root, encoding="utf-8")
    return content
