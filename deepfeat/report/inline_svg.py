"""An SVG file of ours as an element of the page.

The page forbids styles that are not its own, so what matplotlib writes as styles becomes attributes; there
the page's style sheet can replace the colours of `deepfeat.writing.canvas` by those of its theme. The
letters are text, in the font of the page.
"""

import re
from xml.etree import ElementTree as ET

_SVG = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"
_PIXELS = 96 / 72
"""Of a page, for each point of a figure."""
_WIDE = 800
"""Pixels; on a phone a figure that is wider would be illegible where a narrow one is only small."""
_ATTRIBUTES = frozenset(
    {
        "clip-rule", "fill", "fill-opacity", "fill-rule", "font-size", "font-style", "font-weight", "opacity",
        "stroke", "stroke-dasharray", "stroke-dashoffset", "stroke-linecap", "stroke-linejoin",
        "stroke-miterlimit", "stroke-opacity", "stroke-width", "text-anchor",
    }
)  # fmt: skip


def inline(svg: str, prefix: str) -> str:
    """The element, without a heading, styles and what readers do not need.

    Args:
        svg: the file as matplotlib wrote it.
        prefix: for identifiers, which must be different in every figure of a page.
    """
    root = ET.fromstring(svg)  # noqa: S314 - our own file
    for parent in root.iter():
        for child in list(parent):
            if child.tag.removeprefix(f"{{{_SVG}}}") in {"metadata", "style"}:
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{_SVG}}}")
        _styles_to_attributes(element)
        _prefix_identifiers(element, prefix)
    _leave_colours_to_uses(root)
    box = root.get("viewBox", "0 0 1 1")
    width, height = (f"{float(length) * _PIXELS:.0f}" for length in box.split()[2:])
    root.attrib = {"viewBox": box, "width": width, "height": height}
    if float(width) > _WIDE:
        root.set("class", "wide")
    return re.sub(r"\n\s*", "\n", ET.tostring(root, encoding="unicode"))


def _styles_to_attributes(element: ET.Element) -> None:
    style = element.attrib.pop("style", "")
    for declaration in filter(None, (part.strip() for part in style.split(";"))):
        name, _, value = declaration.partition(":")
        if name.strip() in _ATTRIBUTES:
            element.set(name.strip(), value.strip().removesuffix("px"))


def _leave_colours_to_uses(root: ET.Element) -> None:
    """Take colours from repeated paths whose repetitions say the same.

    A repetition is drawn as a child of its `use`, and the rules of the page for colours do not reach a path
    in `defs` by way of it: what it says itself would stay as it is on a dark page.
    """
    uses: dict[str, list[ET.Element]] = {}
    for use in root.iter("use"):
        uses.setdefault(use.get("href", ""), []).append(use)
    for path in root.iterfind(".//defs/path"):
        repeated = uses.get(f"#{path.get('id')}", [])
        for name in ("fill", "stroke"):
            if repeated and all(use.get(name) == path.get(name) for use in repeated):
                path.attrib.pop(name, None)


def _prefix_identifiers(element: ET.Element, prefix: str) -> None:
    own = element.attrib.pop("id", None)
    if own and element.tag in {"path", "clipPath"}:  # nothing refers to the others
        element.set("id", f"{prefix}-{own}")
    if link := element.attrib.pop(_LINK, None):
        element.set("href", f"#{prefix}-{link.removeprefix('#')}")
    if clip := element.get("clip-path"):
        element.set("clip-path", clip.replace("url(#", f"url(#{prefix}-"))
