from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.config import LoadedExperiment, load_experiment
from deepfeat.config.overrides import parse_overrides
from deepfeat.errors import InputError

TEXT = """\
name: demo
data: {path: table.csv, ignore: [id, date]}
training: {models: 3}
methods: [gate, shrink: {rows: 5}, {bare: }]
"""

Load = Callable[..., LoadedExperiment]
Said = Callable[..., list[str]]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    monkeypatch.chdir(tmp_path)
    Path("e.yml").write_text(TEXT)

    def loaded(*overrides: str, more: str = "") -> LoadedExperiment:
        if more:
            Path("e.yml").write_text(f"{TEXT}{more}\n")
        return load_experiment("e.yml", overrides, environ={"N": "7", "COLUMN": "12"})

    return loaded


@pytest.fixture
def said(load: Load) -> Said:
    def lines(*overrides: str) -> list[str]:
        with pytest.raises(InputError) as caught:
            load(*overrides)
        return str(caught.value).splitlines()

    return lines


def test_an_override_wins_and_the_rest_stays(load: Load) -> None:
    training = load("training.models=5", "training.learning_rate=1e-3").experiment.training
    assert (training.models, training.learning_rate) == (5, 0.001)


def test_of_two_the_later_wins(load: Load) -> None:
    assert load("seed=1", "seed=2").experiment.seed == 2


def test_sections_are_made_where_there_are_none(load: Load) -> None:
    split = load("training.split.train=0.5", "training.split.test=0.1").experiment.training.split
    assert (split.train, split.valid, split.test) == (0.5, 0.2, 0.1)


def test_no_value_brings_the_default_back(load: Load) -> None:
    assert load("training.models=").experiment.training.models == 100
    assert load("training.models=null").experiment.training.models == 100
    assert load("training=").experiment.training.models == 100


def test_lists_mappings_and_quoted_text(load: Load) -> None:
    experiment = load(
        "data.ignore=[a, b c, '1']", "methods=[first, {second: {rows: 2}}]", "training.split={train: 0.5}"
    ).experiment
    assert experiment.data.ignore == ["a", "b c", "1"]
    assert [(entry.name, entry.params) for entry in experiment.methods] == [
        ("first", {}),
        ("second", {"rows": 2}),
    ]
    assert experiment.training.split.train == 0.5
    assert load('data.delimiter=" "').experiment.data.delimiter == " "


def test_an_entry_of_a_list_by_its_number(load: Load) -> None:
    assert load("data.ignore.1=day").experiment.data.ignore == ["id", "day"]
    assert load("methods.0=first_layer").experiment.methods[0].name == "first_layer"


def test_parameters_of_a_method_by_its_name(load: Load) -> None:
    experiment = load("methods.gate.scale=2", "methods.shrink.rows=9", "methods.bare.deep.er=x").experiment
    assert [entry.params for entry in experiment.methods] == [
        {"scale": 2},
        {"rows": 9},
        {"deep": {"er": "x"}},
    ]
    assert load("methods.shrink={rows: 1}").experiment.methods[1].params == {"rows": 1}
    assert load("methods.1.shrink.rows=2").experiment.methods[1].params == {"rows": 2}


def test_parameters_of_the_network(load: Load) -> None:
    network = load("network.preset=wide", "network.units=64").experiment.network
    assert (network.preset, network.params) == ("wide", {"units": 64})


def test_text_is_taken_as_spelled_where_text_is_wanted(load: Load) -> None:
    data = load("data.target=012", "data.group=1e3", "data.ignore.0=7").experiment.data
    assert (data.target, data.group, data.ignore) == ("012", "1e3", ["7", "date"])


def test_references_to_the_environment(load: Load) -> None:
    experiment = load("training.models=${N}", "data.target=${COLUMN}").experiment
    assert (experiment.training.models, experiment.data.target) == (7, "12")


def test_an_equals_sign_in_the_value(load: Load) -> None:
    assert load("data.target=a=b").experiment.data.target == "a=b"


def test_its_place_is_the_command_line(load: Load) -> None:
    loaded = load("training.split={train: 0.5}", "methods.gate.scale=2")
    assert loaded.positions.at(("training", "split", "train")) == (0, 0)
    assert loaded.positions.at(("training", "models")) == (3, 12)
    assert loaded.positions.at(("methods", 0)) == (4, 11)
    problem = loaded.problem(("methods", 0, "gate", "scale"), "is 2; make it 1")
    assert str(problem) == "command line: methods.gate.scale: is 2; make it 1"


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("training.modles=5", "training.modles: unknown key; did you mean models?"),
        ("trainig.models=5", "trainig: unknown key; did you mean training?"),
        ("models=5", "models: unknown key; did you mean training.models?"),
        ("training.split.trian=0.5", "training.split.trian: unknown key; did you mean train?"),
        (
            "training.models=many",
            "training.models: expected a whole number, found 'many'; write one such as 10",
        ),
        ("training.models=1e3", "training.models: expected a whole number, found 1000.0; write 1000"),
        ("training.loss=soft-f1", "training.loss: unknown value 'soft-f1'; did you mean soft_f1?"),
        ("seed.x=1", "seed.x: seed is a single value; write seed=..."),
        ("data.path.x.y=1", "data.path.x.y: data.path is a single value; write data.path=..."),
        ("data.ignore.2=x", "data.ignore.2: data.ignore has 2 entries; name one by its number, from 0"),
        ("data.ignore.id=x", "data.ignore.id: data.ignore has 2 entries; name one by its number, from 0"),
        (
            "methods.gates.scale=1",
            "methods.gates.scale: the experiment asks no method of that name; did you mean gate?",
        ),
        (
            "methods.gate=5",
            "methods.gate: expected parameters (key: value), found 5; write them below the name",
        ),
        ("data.ignore=[a", "data.ignore: the [ of line 1 is not closed before this; add a ] or a comma"),
        ("data.ignore={a: 1, a: 2}", "data.ignore: a: given twice, first on line 1; keep one of them"),
        (
            "training.models",
            "expected key.path=value, found 'training.models'; write for example training.models=5",
        ),
        ("=5", "expected key.path=value, found '=5'; write for example training.models=5"),
        (
            "seed..x=5",
            "expected key.path=value, found 'seed..x=5'; write for example training.models=5",
        ),
        ("a." * 30 + "b=1", f"'{'a.' * 30}...' has too many levels; no setting is that deep"),
        ("name=caf\udce9", "name: the value is not UTF-8 text; correct it"),
        (
            "data.path=${NOPE}",
            "data.path: the environment variable NOPE is not set; set it, or write ${NOPE:-default}",
        ),
    ],
)
def test_faults_are_said_of_the_command_line(override: str, expected: str, said: Said) -> None:
    text = "seed: 0\n" + TEXT if override.startswith("seed.") else TEXT
    Path("e.yml").write_text(text)
    assert said(override) == [f"command line: {expected}"]


def test_faults_of_the_file_and_the_command_line_are_said_together(said: Said) -> None:
    Path("e.yml").write_text(TEXT + "epochs: 3\n")
    assert said("training.modles=5", "seed=x") == [
        "command line: seed: expected a whole number, found 'x'; write one such as 10",
        "command line: training.modles: unknown key; did you mean models?",
        "e.yml:5:1: epochs: unknown key; did you mean training.epochs?",
    ]


def test_an_override_mends_a_fault_of_the_file(load: Load) -> None:
    Path("e.yml").write_text(TEXT.replace("models: 3", "models: lots"))
    assert load("training.models=4").experiment.training.models == 4


@settings(deadline=None)
@given(st.text())
def test_any_argument_is_read_or_refused(argument: str) -> None:
    try:
        (override,) = parse_overrides([argument])
    except InputError as error:
        (problem,) = {problem.source for problem in error.problems}
        assert problem == "command line"
    else:
        assert ".".join(override.keys)


@pytest.mark.parametrize("engine", ["", "engine: local", "engine: dask", "engine: {dask: {wait: 5}}"])
def test_a_setting_of_an_engine_that_is_named(load: Load, engine: str) -> None:
    dask = load("engine.dask.workers=3", more=engine).experiment.engine.dask
    assert dask is not None
    assert (dask.workers, dask.wait) == (3, 5 if "5" in engine else 600)
