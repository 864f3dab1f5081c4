"""Reading a run back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deepfeat.errors import InputError
from deepfeat.report.results import Results
from deepfeat.runs.paths import RunPaths


def test_reads_what_a_run_left(make_run: Callable[..., RunPaths]) -> None:
    paths = make_run(["=age", "1", "member"], members=4, failed=(2,), normalise="max")
    results = Results(paths.root)
    assert results.experiment.name == "heart"
    assert results.methods == ["gate", "first_layer"]
    assert sorted(results.ranking["feature"]) == ["1", "=age", "member"]
    scores = results.scores("gate")
    assert scores.index.tolist() == [0, 1, 3]
    assert list(scores.columns) == ["=age", "1", "member"]
    assert scores.max(axis=1).tolist() == [1.0, 1.0, 1.0]
    means = results.ranking.set_index("feature").loc[scores.columns, "gate"]
    assert means.tolist() == pytest.approx(scores.mean().tolist())


def test_the_environment_of_today_does_not_change_a_run(
    make_run: Callable[..., RunPaths], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = make_run(["a"])
    text = paths.experiment.read_text().replace("heart", "${DEEPFEAT_TEST_NAME:-heart}")
    paths.experiment.write_text(text)
    monkeypatch.setenv("DEEPFEAT_TEST_NAME", "another")
    assert Results(paths.root).experiment.name == "heart"


def test_a_directory_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"run\.json: not there; is this the directory of a run"):
        Results(tmp_path).ranking  # noqa: B018 (reading is what is tested)
