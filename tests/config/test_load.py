import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deepfeat.config import load_experiment
from deepfeat.errors import InputError

TEXT = """\
name: demo
data:
  path: "${DATA_FILE:-Data/table.csv}"
  names: "${ATTRIBUTE_FILE:-}"
  target: "${TARGET:-diagnosis}"
training:
  models: "${N_MODELS:-100}"
methods:
  - gate
  - shrink:
      rows: 100
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "here" / "experiment.yml"
    path.parent.mkdir()
    path.write_text(TEXT)
    return path


def test_defaults_of_an_empty_environment(file: Path) -> None:
    loaded = load_experiment(file, environ={})
    data = loaded.experiment.data
    assert (data.path, data.names, data.target) == ("Data/table.csv", None, "diagnosis")
    assert loaded.experiment.training.models == 100
    assert [(entry.name, entry.params) for entry in loaded.experiment.methods] == [
        ("gate", {}),
        ("shrink", {"rows": 100}),
    ]


def test_the_environment_and_the_file_beside(file: Path) -> None:
    (file.parent / ".env").write_text("N_MODELS=5\nTARGET=file\nOUTPUT_DIR=out\n")
    loaded = load_experiment(file, environ={"TARGET": "last", "ATTRIBUTE_FILE": "names.csv"})
    data = loaded.experiment.data
    assert (loaded.experiment.training.models, data.target, data.names) == (5, "last", "names.csv")
    assert loaded.environ["OUTPUT_DIR"] == "out"


def test_an_override_wins_over_the_environment(file: Path) -> None:
    loaded = load_experiment(file, ["training.models=3"], environ={"N_MODELS": "5"})
    assert loaded.experiment.training.models == 3


def test_a_column_whose_name_is_a_number_can_come_from_the_environment(file: Path) -> None:
    assert load_experiment(file, environ={"TARGET": "012"}).experiment.data.target == "012"
    assert load_experiment(file, environ={"TARGET": "3"}).experiment.data.target == "3"
    assert load_experiment(file, environ={"TARGET": "true"}).experiment.data.target == "true"


def test_an_empty_section_counts_as_left_out(file: Path) -> None:
    file.write_text(
        "name: demo\ndata: {path: t.csv}\nmethods: [gate]\ntraining:\n  # epochs: 5\nranking: ~\nseed:\n"
    )
    experiment = load_experiment(file, environ={}).experiment
    assert (experiment.training.models, experiment.ranking.normalise) == (100, "sum")


def test_all_faults_of_all_sources_at_once(file: Path) -> None:
    file.write_text("name: demo\ndata: {pth: t.csv}\nmethods: [gate]\nsede: 1\nsede: 2\n")
    (file.parent / ".env").write_text("A\n")
    with pytest.raises(InputError) as caught:
        load_experiment(file, ["models"], environ={})
    assert [(Path(problem.source).name, problem.line) for problem in caught.value.problems] == [
        (".env", 1),
        ("experiment.yml", 2),  # pth is unknown
        ("experiment.yml", 4),
        ("experiment.yml", 5),
        ("command line", 0),
    ]


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yml: there is no such file"):
        load_experiment(tmp_path / "none.yml", environ={})


def test_positions_fall_back_to_what_is_around(file: Path) -> None:
    at = load_experiment(file, environ={}).positions.at
    assert at(("training", "models")) == (7, 3)
    assert at(("training", "epochs")) == (6, 1)
    assert at(("training", "split", "train")) == (6, 1)
    assert at(("methods", 1, "shrink", "rows")) == (11, 7)
    assert at(("methods", 0, "gate", "scale")) == (9, 5)
    assert at(("ranking", "normalise")) == (1, 1)


class Params(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    rows: int = Field(10, ge=1)
    scale: float = 1.0


def test_parameters_checked_later_are_said_at_their_place(file: Path) -> None:
    file.write_text(TEXT.replace("rows: 100", "rows: 0\n      scael: 1"))
    loaded = load_experiment(file, environ={})
    params = loaded.experiment.methods[1].params
    with pytest.raises(ValidationError) as caught:
        Params.model_validate(params)
    problems = loaded.problems(("methods", 1, "shrink"), caught.value, Params, params)
    assert [str(problem).removeprefix(f"{file.parent}/") for problem in problems] == [
        "experiment.yml:11:7: methods.shrink.rows: must be at least 1, found 0",
        "experiment.yml:12:7: methods.shrink.scael: unknown key; did you mean scale?",
    ]


def test_paths_are_looked_for_here_then_beside_the_experiment(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    loaded = load_experiment("here/experiment.yml", environ={})
    (tmp_path / "both.csv").touch()
    (file.parent / "both.csv").touch()
    (file.parent / "beside.csv").touch()
    assert loaded.resolve_path("both.csv") == Path("both.csv")
    assert loaded.resolve_path("beside.csv") == Path("here/beside.csv")
    assert loaded.resolve_path("none.csv") == Path("none.csv")
    assert loaded.resolve_path("~/both.csv") == tmp_path / "both.csv"
    assert loaded.resolve_path(str(file)) == file


@pytest.mark.parametrize("text", ["~no_such_user_of_this_machine/x.csv", "x" * 5000, "a\0b"])
def test_impossible_paths_are_left_to_whoever_opens_them(text: str, file: Path) -> None:
    assert load_experiment(file, environ={}).resolve_path(text) == Path(text)


def test_loading_needs_no_heavy_library(file: Path) -> None:
    code = (
        "import sys; from deepfeat.config import load_experiment, json_schema, dump_experiment; "
        "dump_experiment(load_experiment(sys.argv[1], environ={}).experiment); json_schema(); "
        "print(sorted({'tensorflow', 'keras', 'pandas', 'numpy', 'sklearn'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "[]\n"
