"""Whole runs: what they leave, whatever happens in them."""

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import yaml

from deepfeat.ensemble import Ensemble
from deepfeat.errors import ExitCode, InputError
from deepfeat.ranking.table import COLUMNS
from deepfeat.runs import runner
from deepfeat.runs.console import RunConsole
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import Prepared, prepare
from deepfeat.runs.runner import run
from deepfeat.writing.csvfiles import read_table

pytestmark = pytest.mark.usefixtures("compiled_once")

Write = Callable[..., Path]


class Ran:
    """One run and what it left."""

    def __init__(self, experiment: Path, *overrides: str, output: str = "out") -> None:
        self.paths = RunPaths.of(experiment.parent / output, "tiny")
        self.screen = io.StringIO()
        self.prepared: Prepared = prepare(experiment, overrides)
        self.code = run(self.prepared, self.paths, RunConsole(self.screen, width=200))

    @property
    def record(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.paths.provenance.read_text())
        return content

    @property
    def files(self) -> set[str]:
        return {
            str(path.relative_to(self.paths.root))
            for path in self.paths.root.rglob("*")
            if path.is_file() and not path.is_relative_to(self.paths.ledger)
        }

    @property
    def digests(self) -> dict[str, str]:
        """Of every result; the log, run.json and its crate tell of times."""
        names = self.files - {"run.json", "logs/deepfeat.log", "ro-crate-metadata.json"}
        return {
            name: hashlib.sha256((self.paths.root / name).read_bytes()).hexdigest() for name in sorted(names)
        }


_PLAIN: list[Ran] = []


@pytest.fixture
def plain(write_experiment: Write) -> Ran:
    """One run for all tests that only look at what it left."""
    if not _PLAIN:
        _PLAIN.append(Ran(write_experiment(methods=["gate", "first_layer"])))
    return _PLAIN[0]


def test_a_run_leaves_the_documented_files(plain: Ran) -> None:
    ran = plain
    assert ran.code == ExitCode.COMPLETE
    assert ran.files == {
        *("ranking.csv", "models.csv", "experiment.yml", "run.json", "logs/deepfeat.log"),
        *(
            "ro-crate-metadata.json",
            "answer.json",
            "skill.csv",
            "history.csv",
            "aggregates.csv",
            "agreement.csv",
        ),
        *("disagreements.csv", "stability.csv", "convergence.csv"),
        *("methods/gate.csv", "methods/first_layer.csv"),
        *("models/model_00000.keras", "models/model_00001.keras"),
    }
    ranking = read_table(ran.paths.ranking, text=["feature"])
    assert list(ranking.columns) == [*COLUMNS, "gate", "first_layer"]
    assert set(ranking["feature"]) == {"weight", "height", "colour"}
    assert ranking["rank"].tolist() == [1, 2, 3]
    assert ranking["importance"].sum() == pytest.approx(1)
    members = read_table(ran.paths.members, text=["failure"])
    assert members["seed"].tolist() == list(ran.prepared.plan.seeds)
    assert members["epochs"].tolist() == [2, 2]
    assert {"auc", "f1", "precision", "recall"} <= set(members.columns)
    assert yaml.safe_load(ran.paths.experiment.read_text())["training"]["models"] == 2


def test_the_saved_networks_are_those_that_were_asked(plain: Ran) -> None:
    ran = plain
    data, gates = ran.prepared.data, read_table(ran.paths.method("gate"))
    for member in range(2):
        model = keras.models.load_model(ran.paths.model(member))
        assert model(data.x).shape == (60, 1)
        (saved,) = model.get_layer("gate").get_weights()
        np.testing.assert_allclose(gates.loc[member, list(data.feature_names)], saved, rtol=1e-6)


def test_run_json_tells_what_was_done(plain: Ran) -> None:
    ran = plain
    record = ran.record
    assert (record["state"], record["exit_code"], record["failures"]) == ("complete", 0, [])
    assert record["network"] == ran.prepared.network.describe()
    assert record["training"]["epochs"] == 2
    assert record["data"]["sha256"] == ran.prepared.data.sha256
    assert (record["data"]["rows"], record["data"]["features"], record["data"]["task"]) == (60, 3, "binary")
    assert record["data"]["classes"] == ["no", "yes"]
    assert record["methods"]["gate"]["members"] == 2
    assert record["methods"]["gate"]["sees"]
    assert record["methods"]["gate"]["params"] == {"measure": "absolute"}
    assert record["methods"]["gate"]["notes"] == []
    assert {plugin.partition(" (")[0] for plugin in record["plugins"]} == {"gate", "first_layer"}


REPETITIONS = """
import numpy as np
from deepfeat.methods import Importance, Method

class Halves(Method):
    "Answers with a row per repetition."
    name = "halves"
    kind = "experiment"

    def explain(self, ensemble, data, context):
        return Importance(np.eye(data.n_features)[[0, 0, 0, 1, 1]])
"""


def test_a_method_may_answer_with_repetitions_of_its_own(write_experiment: Write, tmp_path: Path) -> None:
    (tmp_path / "halves.py").write_text(REPETITIONS)
    ran = Ran(write_experiment(plugins=["halves.py"], methods=["gate", "halves"]))
    assert ran.code == ExitCode.COMPLETE
    assert read_table(ran.paths.method("halves"))["member"].tolist() == [0, 1, 2, 3, 4]
    assert ran.record["methods"]["halves"]["members"] == 5
    ranking = read_table(ran.paths.ranking, text=["feature"]).set_index("feature")
    assert ranking.loc["weight", "halves"] == pytest.approx(0.6)
    both = ranking[["gate", "halves"]].mean(axis=1)
    np.testing.assert_allclose(ranking["importance"], both, rtol=1e-12)


def test_it_says_which_rows_stay_together(write_experiment: Write) -> None:
    ran = Ran(write_experiment(data={"group": "colour"}), "methods=[gate]", "training.epochs=1")
    assert "3 groups of rows by colour, which stay together" in ran.screen.getvalue()


def test_the_log_says_how_members_were_trained(plain: Ran) -> None:
    assert "network default trains its members together, as stacks" in plain.paths.log.read_text()


def test_the_same_experiment_gives_the_same_bytes_in_stacks_of_any_size(write_experiment: Write) -> None:
    path = write_experiment(training={"models": 3}, methods=["gate", "first_layer"])
    first = Ran(path, output="first")
    second = Ran(path, "training.stack_size=1", output="second")
    other = Ran(path, "seed=1", output="other")
    changed = {name for name, digest in first.digests.items() if second.digests[name] != digest}
    assert changed == {"experiment.yml"}, "which tells of the stack size"
    assert other.digests["ranking.csv"] != first.digests["ranking.csv"]


def test_running_again_replaces_everything_an_earlier_run_left(write_experiment: Write) -> None:
    path = write_experiment(training={"models": 3}, methods=["gate", "first_layer"])
    before = Ran(path)
    (before.paths.root / "my notes.txt").write_text("kept")
    again = Ran(path, "training.models=2", "methods=[gate]")
    assert again.files == before.files - {"methods/first_layer.csv", "models/model_00002.keras"} | {
        "my notes.txt"
    }
    assert len(read_table(again.paths.members, text=["failure"])) == 2
    assert len(read_table(again.paths.method("gate"))) == 2
    assert "first_layer" not in read_table(again.paths.ranking, text=["feature"]).columns


# --- what cannot be run -------------------------------------------------------------------------------------


def test_a_budget_below_one_model_is_refused_and_an_earlier_run_stays(write_experiment: Write) -> None:
    path = write_experiment()
    before = Ran(path).digests
    with pytest.raises(InputError, match=r"training\.memory: one member needs .* MiB"):
        Ran(path, "training.memory=1 KiB")
    paths = RunPaths.of(path.parent / "out", "tiny")
    assert {name: hashlib.sha256((paths.root / name).read_bytes()).hexdigest() for name in before} == before
    with pytest.raises(InputError):
        Ran(path, "training.memory=1 KiB", output="new")
    assert not (path.parent / "new").exists()


NETWORK = '''
"""A network of a stranger."""

import keras

from deepfeat import Network
from deepfeat.methods import hookimpl


class Strange(Network):
    """Cannot be built."""

    name = "strange"

    def build(self, inputs, shape):
        {body}


@hookimpl
def deepfeat_networks():
    return [Strange]
'''


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return 1 / 0", "ZeroDivisionError: division by zero"),
        ("return keras.layers.Dense(7)(inputs)", "ValueError: network strange returns (None, 7)"),
    ],
)
def test_a_network_that_cannot_be_built_is_its_authors_fault(
    write_experiment: Write, body: str, reason: str
) -> None:
    path = write_experiment(network={"preset": "strange"}, plugins=["strange.py"])
    experiment = yaml.safe_load(path.read_text())
    experiment["network"] = {"preset": "strange"}
    path.write_text(yaml.safe_dump(experiment, sort_keys=False))
    (path.parent / "strange.py").write_text(NETWORK.format(body=body))
    with pytest.raises(InputError) as caught:
        Ran(path)
    assert f"network.preset: strange cannot be built: {reason}" in str(caught.value)
    assert not (path.parent / "out").exists()


# --- what fails on the way ----------------------------------------------------------------------------------


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes members with the given numbers fail."""

    def lose(*members: int) -> None:
        train = runner.fit_shown

        def some_fail(*arguments: Any) -> Ensemble:  # noqa: ANN401
            ensemble = train(*arguments)
            for member in members:
                record = ensemble.records[member]
                record.failure, record.scores = "the loss became NaN or infinite in epoch 1", {}
            return ensemble

        monkeypatch.setattr(runner, "fit_shown", some_fail)

    return lose


def test_a_network_that_fails_is_left_out(write_experiment: Write, lost: Callable[..., None]) -> None:
    path = write_experiment(training={"models": 3})
    whole = Ran(path, output="whole")
    lost(1)
    ran = Ran(path)
    assert ran.code == ExitCode.PARTIAL
    assert (ran.record["state"], ran.record["exit_code"]) == ("partial", 3)
    assert ran.record["failures"] == ["network 1: the loss became NaN or infinite in epoch 1"]
    assert "Warning: network 1: the loss became NaN or infinite in epoch 1" in ran.screen.getvalue()
    kept = read_table(ran.paths.method("gate"))
    assert kept["member"].tolist() == [0, 2]
    pd.testing.assert_frame_equal(
        kept, read_table(whole.paths.method("gate")).iloc[[0, 2]].reset_index(drop=True)
    )
    assert sorted(path.name for path in ran.paths.models.iterdir()) == [
        "model_00000.keras",
        "model_00002.keras",
    ]
    for name in ("models/model_00000.keras", "models/model_00002.keras"):
        assert ran.digests[name] == whole.digests[name]


def test_where_every_network_fails_there_is_no_ranking(write_experiment: Write) -> None:
    ran = Ran(write_experiment(training={"learning_rate": 1e38, "loss": "cross_entropy"}))
    assert ran.code == ExitCode.PARTIAL
    assert not ran.paths.ranking.exists()
    assert not ran.paths.method("gate").exists()
    failures = read_table(ran.paths.members, text=["failure"])["failure"]
    assert all(reason.startswith("the loss became NaN or infinite") for reason in failures)
    assert "every network failed, so there is nothing to rank" in ran.screen.getvalue()


def test_where_every_method_fails_there_is_no_ranking_but_the_networks_stand(write_experiment: Write) -> None:
    path = write_experiment(methods=["broken"], plugins=["broken.py"])
    (path.parent / "broken.py").write_text(
        "from deepfeat import per_model\n\n\n@per_model('broken')\ndef broken(model):\n    return 1 / 0\n"
    )
    ran = Ran(path)
    assert ran.code == ExitCode.PARTIAL
    assert not ran.paths.ranking.exists()
    assert len(list(ran.paths.models.iterdir())) == 2
    assert "every method failed" in ran.screen.getvalue()


@pytest.mark.parametrize(
    ("raised", "state", "exit_code"), [(KeyboardInterrupt, "interrupted", 130), (RuntimeError, "failed", 1)]
)
def test_run_json_tells_how_far_a_stopped_run_came(
    write_experiment: Write,
    monkeypatch: pytest.MonkeyPatch,
    raised: type[BaseException],
    state: str,
    exit_code: int,
) -> None:
    def stopped(*_: object) -> None:
        raise raised

    monkeypatch.setattr(runner, "fit_shown", stopped)
    path = write_experiment()
    with pytest.raises(raised):
        Ran(path)
    record = json.loads(RunPaths.of(path.parent / "out", "tiny").provenance.read_text())
    assert (record["state"], record["exit_code"]) == (state, exit_code)


def test_a_method_may_train_more_networks(write_experiment: Write) -> None:
    path = write_experiment(methods=["refits"], plugins=["refits.py"])
    (path.parent / "refits.py").write_text(
        '''
"""A method that trains."""

from dataclasses import replace

from deepfeat.methods import Importance, Method


class Refits(Method):
    """Gates of networks that were trained anew, which are the same."""

    name = "refits"
    kind = "experiment"

    def explain(self, ensemble, data, context):
        again = context.fit(replace(ensemble.plan, name="again"))
        return Importance(again.gates)
'''
    )
    ran = Ran(path, "methods=[gate, refits]")
    assert ran.code == ExitCode.COMPLETE
    gate, refits = (read_table(ran.paths.method(name)) for name in ("gate", "refits"))
    pd.testing.assert_frame_equal(gate, refits)
    asked = ran.record["methods"]
    assert "refits" not in asked["gate"]
    assert asked["refits"]["refits"]["networks"] == 2
    assert asked["refits"]["refits"]["one_by_one_seconds"] > 0
    assert "needed 2 networks; " in ran.screen.getvalue()
