"""Colours of figures on a dark page."""

from deepfeat.writing import canvas

_DARK = {
    canvas.SKY: "#3f86b5",
    canvas.BLUE: "#6db8ea",
    canvas.INK: "#e7e9ec",
    canvas.GREY: "#a3abb5",
    canvas.GRID: "#30363d",
    canvas.ORANGE: "#f08a3c",
    canvas.GREEN: "#35c49b",
    canvas.VIOLET: "#dd92b8",
    canvas.YELLOW: "#f0b840",
    canvas.BELOW: "#6b3f22",
    canvas.ON_DARK: "#0d1318",
}
_DARK_RAMP = (
    "#1b2128",
    "#1c2b38",
    "#1d374a",
    "#1f455f",
    "#235678",
    "#2b6a93",
    "#5a9fcf",
    "#85bce2",
    "#b3d8f0",
)
"""On a dark page, more is lighter."""


def figure_rules() -> str:
    """Style rules that give the figures' colours both themes."""
    pairs = {**_DARK, **dict(zip(canvas.RAMP, _DARK_RAMP, strict=True))}
    rules = [
        f'.drawing [{name}="{light}"]{{{name}:light-dark({light},{dark})}}'
        for light, dark in pairs.items()
        for name in ("fill", "stroke")
    ]
    return "\n".join([*rules, '.drawing [fill="#ffffff"]{fill:none}'])
