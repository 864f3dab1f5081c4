"""The small tables of the page: where methods disagree, how stable the top is, clusters and groups."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from deepfeat.report.embed import Cell, numbers
from deepfeat.report.results import Results
from deepfeat.report.table import written
from deepfeat.writing.artefacts import TESTS
from deepfeat.writing.csvfiles import read_table
from deepfeat.writing.labels import shortened

_OF_CLUSTERS = ("features", "cluster", "is_cluster", "p_value")
_DISAGREEMENTS = 10
_NAMED = 8
"""Features of a group that are named."""


@dataclass(frozen=True)
class ShownTable:
    """A table as the template shows it, with the fields of `deepfeat.report.embed.Shown`."""

    title: str
    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    rest: str


def disagreements(results: Results) -> list[ShownTable]:
    """Features that one method ranks high and another low.

    Args:
        results: of a finished run.

    Raises:
        InputError: the table is damaged.
    """
    table = results.optional(results.paths.disagreements, text=["feature", "high", "low", "note"])
    if table is None or table.empty:
        return []
    caption = "Features that one method puts on top and another low, and what the two see."
    if len(table) > _DISAGREEMENTS:
        caption += f" These are the {_DISAGREEMENTS} that differ most; disagreements.csv has {len(table)}."
    shown = table.head(_DISAGREEMENTS)
    return [_table("Where methods disagree", caption, shown[["feature", "note"]])]


def stability(results: Results) -> list[ShownTable]:
    """How far single networks, and the answers of each method, agree on the top features.

    Args:
        results: of a finished run.

    Raises:
        InputError: the table is damaged.
    """
    table = results.optional(results.paths.stability, text=["of"])
    if table is None or table["stability"].isna().all():
        return []
    shown = table.rename(
        columns={"of": "order by", "top_k": "top", "rows": "answers", "low": "from", "high": "to"}
    )
    caption = (
        "How far single networks agree on the top features by all methods that ask them (importance), and "
        "how far the single answers of each method do: 1 they all name the same, 0 as much as by chance "
        "(Nogueira, Sechidis & Brown 2018, JMLR 18), with its interval."
    )
    return [_table("Stability", caption, shown)]


def clusters(results: Results) -> list[ShownTable]:
    """Clusters of correlated features: their p-value together, beside those of their members.

    Args:
        results: of a finished run.

    Raises:
        InputError: the table of a method's tests is damaged.
    """
    lines = []
    for method in results.record.get("methods") or {}:
        path = results.paths.artefacts(method) / TESTS
        heads = pd.read_csv(path, nrows=0, dtype=str).columns if path.is_file() else ()
        if not set(_OF_CLUSTERS) <= set(heads):
            continue  # none, or a file of the method's own that is called so
        table = read_table(path, text=heads)[list(_OF_CLUSTERS)]
        table["p_value"] = pd.to_numeric(table["p_value"])
        is_cluster = table["is_cluster"] == "true"
        for _, together in table[is_cluster].iterrows():
            members = table[(table["cluster"] == together["cluster"]) & ~is_cluster]
            each = [
                f"{shortened(name, 40)} {written(p, 'p')}"
                for name, p in zip(members["features"], members["p_value"], strict=True)
            ]
            lines.append(
                (method, int(together["cluster"]), written(together["p_value"], "p"), "; ".join(each))
            )
    if not lines:
        return []
    shown = pd.DataFrame(lines, columns=["method", "cluster", "p together", "p of each by itself"])
    caption = (
        "Features that correlate above 0.7 can stand in for one another, so that none of them may be "
        "significant by itself although all together are. These p-values are not adjusted."
    )
    return [_table("Clusters of correlated features", caption, shown)]


def groups(results: Results) -> list[ShownTable]:
    """Groups of features ranked as one, a table per kind.

    Args:
        results: of a finished run.

    Raises:
        InputError: the table is damaged.
    """
    table = results.optional(results.paths.groups, text=["group", "kind", "features"])
    if table is None:
        return []
    found = []
    for kind, part in table.groupby("kind", sort=False):
        shown = pd.DataFrame(
            {
                "rank": part["rank"],
                "group": part["group"],
                "features": part["size"],
                "importance": part["importance"],
                "from": part["ci_low"],
                "to": part["ci_high"],
                "which": [_named(json.loads(names)) for names in part["features"]],
            }
        )
        title = f"Ranked as one: {kind}"
        found.append(_table(title, "The importance of a group is the sum over its features.", shown))
    return found


def _named(features: Sequence[str]) -> str:
    names = [shortened(name, 40) for name in features[:_NAMED]]
    more = len(features) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")


def _table(title: str, caption: str, table: pd.DataFrame) -> ShownTable:
    return ShownTable(title, caption, *numbers(table))
