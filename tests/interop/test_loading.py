"""A run in Python, in two lines."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import deepfeat
from deepfeat.ensemble import Ensemble
from deepfeat.errors import InputError
from deepfeat.runs import runner
from deepfeat.runs.console import RunConsole
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import prepare

PLUGIN = '''
import numpy as np

from deepfeat.methods import Importance, Method


class Rows(Method):
    """Explains single rows."""

    name = "rows"
    kind = "experiment"

    def explain(self, ensemble, data, context):
        np.savez(
            context.artefact("explanation.npz"),
            values=data.x,
            base_values=np.zeros(len(data.x)),
            data=data.x,
            feature_names=np.array(["=a", "b", "c", "d", "e"]),
        )
        return Importance(
            np.ones((len(ensemble), data.n_features)),
            p_value=np.array([0.01, 0.02, 0.5]),
            null_hypothesis="nothing",
        )
'''


@pytest.fixture
def finished(write_experiment: Callable[..., Path], tmp_path: Path) -> Path:
    (tmp_path / "rows.py").write_text(PLUGIN)
    path = write_experiment(methods=["gate", "rows"], plugins=[str(tmp_path / "rows.py")])
    paths = RunPaths(tmp_path / "out")
    runner.run(prepare(path), paths, RunConsole(io.StringIO()))
    return paths.root


# the library of explanations uses what matplotlib will drop one day
@pytest.mark.filterwarnings("ignore:The set_:PendingDeprecationWarning")
def test_everything_of_a_run(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = deepfeat.load_run(finished)
    assert run.methods == ["gate", "rows"]
    assert run.tables == [
        *("ranking", "members", "skill", "history", "aggregates", "agreement", "disagreements"),
        *("stability", "convergence"),
    ]
    for name in run.tables:
        assert isinstance(run.table(name), pd.DataFrame)
    assert set(run.ranking["feature"]) == {"weight", "height", "colour"}
    assert run.raw_scores("gate").shape == (2, 3)
    assert run.scores("gate").sum(axis=1).tolist() == pytest.approx([1, 1])
    assert run.estimates("rows")["q_value"].tolist() == pytest.approx([0.03, 0.03, 0.5])
    with pytest.raises(InputError, match="not there"):
        run.estimates("gate")
    with pytest.raises(KeyError, match="no table is called 'nothing'"):
        run.table("nothing")

    explanation = run.explanation()
    assert type(explanation).__name__ == "Explanation"
    assert explanation.feature_names[0] == "=a"
    assert explanation.shape == (60, 5)
    with pytest.raises(InputError, match=r"cannot be read|No such file"):
        run.explanation("gate")

    # the folder of the experiment, where its table lies
    monkeypatch.chdir(tmp_path)
    ensemble = run.ensemble
    assert isinstance(ensemble, Ensemble)
    np.testing.assert_allclose(run.model(1)(ensemble.data.x), ensemble.predict(ensemble.data.x)[1], atol=1e-6)
    stored = run.paths.model(1)
    stored.write_bytes(stored.read_bytes() + b" ")
    with pytest.raises(InputError, match="not what the run left, and not opened"):
        run.model(1)
    with pytest.raises(InputError, match="not there; name the number of a network"):
        run.model(2)
    (tmp_path / "elsewhere").mkdir()
    moved = (tmp_path / "table.csv").rename(tmp_path / "elsewhere" / "moved.csv")
    np.testing.assert_array_equal(deepfeat.load_run(finished, data=moved).ensemble.gates, ensemble.gates)
    moved.write_text(moved.read_text().replace("red", "blue"))
    with pytest.raises(InputError, match="not the table that the networks were trained on"):
        _ = deepfeat.load_run(finished, data=moved).ensemble


def test_what_does_not_fit_its_experiment_is_refused(finished: Path) -> None:
    paths = RunPaths(finished)
    text = paths.members.read_text()
    paths.members.write_text(text + text.splitlines()[-1] + "\n")
    with pytest.raises(InputError, match="tells of 3 networks, and the experiment of 2"):
        _ = deepfeat.load_run(finished).ensemble
    paths.provenance.write_text('{"data": []}')
    with pytest.raises(InputError, match="does not say what the data were"):
        _ = deepfeat.load_run(finished).ensemble


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no ranking"):
        deepfeat.load_run(tmp_path)
