"""The small tables of the page."""

from collections.abc import Callable

import pandas as pd

from deepfeat.report.extra_tables import clusters, disagreements
from deepfeat.report.results import Results
from deepfeat.runs.paths import RunPaths
from deepfeat.writing.artefacts import TESTS
from deepfeat.writing.csvfiles import write_table


def test_clusters_stand_beside_their_members(make_run: Callable[..., RunPaths]) -> None:
    paths = make_run(["a", "b", "=c"], methods=("net", "line"))
    assert clusters(Results(paths.root)) == []
    tests = pd.DataFrame(
        {
            "features": ["a", "b", "=c", "a + b"],
            "cluster": [1, 1, 0, 1],
            "is_cluster": [False, False, False, True],
            "p_value": [0.2, 0.34567, 0.01, 0.00001],
        }
    )
    paths.artefacts("net").mkdir(parents=True)
    write_table(paths.artefacts("net") / TESTS, tests)
    (table,) = clusters(Results(paths.root))
    assert list(table.heads) == ["method", "cluster", "p together", "p of each by itself"]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["net", "1", "< 0.001", "a 0.200; b 0.346"]
    ]


def test_of_many_disagreements_the_largest_are_shown(make_run: Callable[..., RunPaths]) -> None:
    paths = make_run(["a"])
    rows = [(f"f{number}", "net", "line", 1, 9, f"note {number}") for number in range(12)]
    heads = ["feature", "high", "low", "high_rank", "low_rank", "note"]
    write_table(paths.disagreements, pd.DataFrame(rows[:3], columns=heads))
    (few,) = disagreements(Results(paths.root))
    assert (len(few.rows), "csv" in few.caption) == (3, False)
    write_table(paths.disagreements, pd.DataFrame(rows, columns=heads))
    (many,) = disagreements(Results(paths.root))
    assert [row[0].text for row in many.rows] == [f"f{number}" for number in range(10)]
    assert many.caption.endswith("These are the 10 that differ most; disagreements.csv has 12.")
