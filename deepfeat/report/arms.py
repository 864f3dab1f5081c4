"""The arms of an experiment beside each other: how good they are, how they rank, and what methods show."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from deepfeat.config.dump import dump_value
from deepfeat.report.embed import Shown, left_by, numbers
from deepfeat.report.extra_tables import ShownTable
from deepfeat.report.results import Results
from deepfeat.report.words import listed
from deepfeat.runs.paths import safe_name
from deepfeat.writing.csvfiles import read_table, write_table

ITSELF = "experiment"
"""What the experiment itself is called beside its arms."""
_TOP = 10
"""Features of each ranking that the page shows; the CSV has all."""


@dataclass(frozen=True)
class Beside:
    """A figure that a method left in several arms.

    Attributes:
        title: of the figure.
        method: which left it.
        pictures: one for each arm, the experiment itself first; what several arms share stands once.
    """

    title: str
    method: str
    pictures: Sequence[Shown]


def beside(results: Results) -> dict[str, Results]:
    """The experiment and those of its arms that were carried out, by name; nothing where it has no arms."""
    arms = {name: Results(results.paths.arm(name).root) for name in results.experiment.arms}
    there = {name: arm for name, arm in arms.items() if arm.paths.ranking.is_file()}
    return {ITSELF: results, **there} if there else {}


def arm_tables(results: Results) -> list[ShownTable]:
    """What the arms are and how good, and their rankings; written to `comparison/` too.

    Args:
        results: of the experiment.

    Raises:
        InputError: a file is damaged.
        OutputError: a file cannot be written.
    """
    arms = beside(results)
    if not arms:
        return []
    overview = pd.DataFrame([_about(results, name, arm) for name, arm in arms.items()])
    ranks = pd.concat(
        [arm.ranking.set_index("feature")["rank"].rename(name) for name, arm in arms.items()], axis=1
    ).reset_index(names="feature")
    write_table(results.paths.comparison / "arms.csv", overview)
    write_table(results.paths.comparison / "ranks.csv", ranks)
    best = ranks[(ranks.drop(columns="feature") <= _TOP).any(axis=1)]
    return [
        ShownTable(
            "The arms",
            "Each arm is this experiment with other settings, on networks of its own; scores are means over "
            "networks, on the rows that each arm's answer names, and the correlation is that of its ranks "
            "with those of the experiment itself (Spearman).",
            *numbers(overview),
        ),
        ShownTable(
            "Ranks in each arm",
            f"Features among the first {_TOP} of any arm.",
            *numbers(best.astype(dict.fromkeys(arms, "Int64"))),
        ),
    ]


def side_by_side(results: Results) -> list[Beside]:
    """The figures of methods that several arms have, and their numbers as one CSV each in `comparison/`.

    Args:
        results: of the experiment.

    Raises:
        InputError: a file is damaged.
        OutputError: a file cannot be written.
    """
    arms = beside(results)
    methods = results.record.get("methods") or {}
    found = []
    for method in methods if arms else ():
        pictures = {name: _pictures(name, arm, method) for name, arm in arms.items()}
        for stem, own in pictures[ITSELF].items():
            shown = {name: pictures[name][stem] for name in arms if stem in pictures[name]}
            if len(shown) > 1:
                found.append(Beside(own.title, method, _titled(shown)))
                _join(results, arms, method, stem)
    return found


def _about(results: Results, name: str, arm: Results) -> dict[str, Any]:
    told: dict[str, Any] = {
        "arm": name,
        "differs": "; ".join(_flat(results.experiment.arms.get(name, {}))),
        "network": arm.experiment.network.preset,
        "networks": len(arm.members),
        "epochs": float(arm.members["epochs"].mean()),
        **{str(score): float(values.mean()) for score, values in arm.held_out.items()},
    }
    both = pd.concat([each.ranking.set_index("feature")["rank"] for each in (results, arm)], axis=1).dropna()
    told["rank correlation"] = float(both.iloc[:, 0].corr(both.iloc[:, 1], method="spearman"))
    return told


def _flat(settings: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Settings as `a.b: value`."""
    for key, value in settings.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}: {dump_value(value)}"


def _pictures(name: str, arm: Results, method: str) -> dict[str, Shown]:
    """The figures of a method in one arm by the name of their files."""
    folder = "" if name == ITSELF else f"{arm.root.relative_to(arm.root.parent.parent).as_posix()}/"
    return {
        Path(shown.links[0][1]).stem: replace(
            shown,
            id=f"arm-{safe_name(name)}-{shown.id}-{safe_name(method)}",
            links=[(kind, f"{folder}{link}") for kind, link in shown.links],
        )
        for shown in left_by(arm, method, "beside")
    }


def _titled(shown: Mapping[str, Shown]) -> list[Shown]:
    """Figures titled with their arms; where several arms have the same, it is shown once."""
    arms: dict[tuple[object, ...], list[str]] = {}
    for name, picture in shown.items():
        arms.setdefault((picture.element, *map(tuple, picture.rows)), []).append(name)
    return [
        replace(shown[names[0]], title=f"{listed(names)}: {shown[names[0]].title}") for names in arms.values()
    ]


def _join(results: Results, arms: Mapping[str, Results], method: str, stem: str) -> None:
    """The numbers of a figure in all arms, one below the other."""
    parts = []
    for name, arm in arms.items():
        described = next((a for f, a in arm.figures(method).items() if Path(f).stem == stem), {})
        if csv := described.get("csv"):
            path = arm.paths.artefacts(method) / csv
            table = read_table(path, text=pd.read_csv(path, nrows=0, dtype=str).columns)
            table.insert(0, "arm", name, allow_duplicates=True)
            parts.append(table)
    if len(parts) > 1:
        joined = pd.concat(parts, ignore_index=True)
        write_table(results.paths.comparison / f"{safe_name(method)}.{stem}.csv", joined)
