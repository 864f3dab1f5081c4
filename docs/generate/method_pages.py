"""`docs/methods/NAME.md`: a page for each method, from what its plugin says of itself and what it said of a known table."""

import inspect
import json
from collections.abc import Mapping
from typing import Any

from known import COLUMNS, MODELS, RESULTS, ROWS

from deepfeat.methods.describe import parameters, show_data
from deepfeat.methods.registry import Registry

Known = Mapping[str, Any]

PROBLEM = f"""\
All methods were asked about one table of which it is known what matters ({ROWS:,} rows, 12 features, two classes, {MODELS}
networks, shorter settings than the defaults; `docs/generate/known.py` makes it). `line` raises the odds in a straight line, `weak` does the same but less, `hill`
raises them at both ends (an even effect), `pair_a` and `pair_b` only matter together, `twin` is a copy of `line` (correlation
0.95) that does nothing itself, and six columns are noise."""

WAYS = {
    "straight": "matters, in a straight line",
    "curved": "matters at both ends",
    "together": "matters only together with the other",
    "stands in": "a copy of `line`, does nothing itself",
    "nothing": "noise",
}


def known_results() -> Known:
    """What each method said of the known table."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def method_pages(registry: Registry) -> dict[str, str]:
    """The text of each page, by the name of the method.

    Args:
        registry: the methods there are.
    """
    known = known_results()
    return {name: _page(registry, name, known.get(name)) for name in registry.methods}


def _page(registry: Registry, name: str, said: Known | None) -> str:
    method, data = registry.methods[name], show_data(registry, name)
    facts = [
        ("measures", data["sees"]),
        ("cannot see", data["blind_to"]),
        ("when to trust it", data["trust"]),
        ("stands in for a feature", data["removes"]),
        ("cost", f"{data['cost']}: {method.cost.meaning}"),
        ("asked", _asked(method)),
        ("paper", data["paper"]),
    ]
    parts = [
        f"# {name}",
        data["doc"],
        "| | |\n| --- | --- |\n"
        + "\n".join(f"| **{key}** | {_cell(value)} |" for key, value in facts if value),
    ]
    about = inspect.cleandoc(method.__doc__ or "").split("\n\n")[1:]
    if about:
        parts += ["## How it works", "\n\n".join(about)]
    parts += ["## Parameters", _parameters(method.Params)]
    if said is not None:
        parts += ["## On a table with a known answer", PROBLEM, *_answer(name, said)]
    parts.append(
        f"In an experiment: `methods: [{name}]`; `deepfeat methods show {name}` prints this in a terminal. All methods beside each other: [methods.md](../methods.md)."
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def _asked(method: Any) -> str:  # noqa: ANN401 - a class from a plugin
    if method.control:
        return "with every ranking of 20 networks or more, when all others have answered; about the others"
    if method.after_others:
        return "when all others have answered; about the others"
    return "about every network by itself" if method.kind == "member" else "once for all networks together"


def _parameters(params: Any) -> str:  # noqa: ANN401 - as above
    rows = parameters(params)
    if not rows:
        return "It has none."
    lines = ["| parameter | type | default | what it is |", "| --- | --- | --- | --- |"]
    for row in rows:
        default = "" if row["default"] is None else f"`{json.dumps(row['default'])}`"
        lines.append(
            f"| `{row['name']}` | {_cell(row['type'].removesuffix(' or nothing'))} | {default} | {_cell(row['help'])} |"
        )
    return "\n".join(lines)


def _answer(name: str, said: Known) -> list[str]:
    parts = []
    if "shares" in said:
        best = sorted(COLUMNS, key=lambda column: -said["shares"][column])[:5]
        alt = f"Shares of importance that {name} gives to the twelve features; first come {', '.join(best)}"
        parts.append(f"![{alt}]({name}.svg)")
    if "estimates" in said:
        parts.append(_estimates(said["estimates"]))
    for key, words in (("null_hypothesis", "Null hypothesis"), ("assumption", "Assumes")):
        if said.get(key):
            parts.append(f"{words}: {said[key]}")
    if said.get("notes"):
        parts.append("What it noted:\n\n" + "\n".join(f"- {_cell(note)}" for note in said["notes"][:4]))
    return parts


def _estimates(rows: Mapping[str, Mapping[str, float | None]]) -> str:
    keys = [
        key
        for key in ("effect", "ci_low", "ci_high", "p_value", "q_value", "selected")
        if any(row.get(key) is not None for row in rows.values())
    ]
    words = {"ci_low": "95 % from", "ci_high": "to", "p_value": "p", "q_value": "q"}
    lines = [
        f"| feature | in truth | {' | '.join(words.get(key, key) for key in keys)} |",
        f"| --- | --- | {' | '.join('---:' for _ in keys)} |",
    ]
    for column, way in COLUMNS.items():
        cells = " | ".join(_number(rows[column].get(key), key) for key in keys)
        lines.append(f"| `{column}` | {WAYS[way]} | {cells} |")
    return "\n".join(lines)


def _number(value: float | None, key: str) -> str:
    if value is None:
        return ""
    if key in {"p_value", "q_value"} and value < 0.0001:  # noqa: PLR2004 - as such numbers are printed
        return "< 0.0001"
    return f"{value:.2g}" if key in {"p_value", "q_value"} else f"{value:.3f}"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
