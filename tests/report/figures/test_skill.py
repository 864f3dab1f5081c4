"""The networks beside other models, and the single networks' scores."""

import json
from collections.abc import Callable

from matplotlib.figure import Figure

from deepfeat.report.figures.scores import draw_scores
from deepfeat.report.figures.skill import draw_skill
from deepfeat.report.results import Results
from deepfeat.runs.paths import RunPaths

MakeRun = Callable[..., RunPaths]


def told(results: Results, drawn: list[Figure]) -> str:
    """All words of the two figures."""
    pictures = [draw_skill(results), draw_scores(results)]
    captions = [picture.caption for picture in pictures if picture is not None]
    return " ".join([*captions, *(text.get_text() for figure in drawn for text in figure.texts)])


def test_scores_are_said_to_be_on_the_rows_that_they_are_on(make_run: MakeRun, drawn: list[Figure]) -> None:
    paths = make_run(["a", "b", "c"], full=True)
    assert "on rows not seen in training" in told(Results(paths.root), drawn)
    answer = json.loads(paths.answer.read_text())
    paths.answer.write_text(json.dumps({**answer, "skill": {"held_out": False, "one_split": True}}))
    drawn.clear()
    words = told(Results(paths.root), drawn)
    assert "on the rows that decided when training stopped" in words
    assert "not seen" not in words
    assert "eld-out" not in words
    assert "all networks share one split of the rows" in words
    assert "the rows that splits share" not in words
