"""The examples: their data are always the same, and each can be run, small."""

import json
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from deepfeat.config import load_experiment
from deepfeat.starting.demo import examples, shipped

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
NAMES = list(examples(shipped()))
SMALL = [
    "network.units=[8]",
    "training.models=3",
    "training.epochs=3",
    "training.stack_size=3",
    "controls=never",
]
# What draws pictures, and what only weighs the others.
NO_COLUMN = {"layers", "stacking"}
Type = Callable[..., tuple[int, str, str]]


def make(name: str, folder: Path) -> str:
    return str(runpy.run_path(str(shipped() / name / "make_data.py"))["make"](folder))


def test_the_table_that_comes_along_is_what_its_maker_writes(tmp_path: Path) -> None:
    make("breast_cancer", tmp_path)
    assert (tmp_path / "breast_cancer.csv").read_bytes() == (ROOT / "Data" / "breast_cancer.csv").read_bytes()


def test_the_shortest_experiment_is_the_default_one() -> None:
    short, full = (
        load_experiment(path, environ={}).experiment.model_dump(exclude={"data": {"path"}})
        for path in (shipped() / "breast_cancer" / "experiment.yml", ROOT / "experiment.yml")
    )
    assert short == full


@pytest.mark.parametrize("name", [name for name in NAMES if (shipped() / name / "make_data.py").exists()])
def test_data_are_the_same_whenever_they_are_made(name: str, tmp_path: Path) -> None:
    once, again = tmp_path / "once", tmp_path / "again"
    for folder in (once, again):
        folder.mkdir()
        assert make(name, folder).startswith(str(folder))
    for path in once.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_an_example_runs(name: str, tmp_path: Path, deepfeat: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "cifar10":
        pytest.skip("its images are loaded from the network")
    if name == "heart":
        if not (DATA / "processed.cleveland.data").exists():
            pytest.skip(f"{DATA} has no table in the Cleveland layout")
        monkeypatch.setenv("DATA_FILE", str(DATA / "processed.cleveland.data"))
    assert deepfeat("demo", name)[0] == 0
    named = load_experiment(f"{name}/experiment.yml", environ={}).experiment.network.preset
    settings = [setting for setting in SMALL if named == "default" or "units" not in setting]
    code, out, err = deepfeat("run", f"{name}/experiment.yml", *settings)
    assert code == 0, out + err
    run = tmp_path / "ExpOutput" / name
    assert (run / "report.html").exists()
    asked = {entry.name for entry in load_experiment(run / "experiment.yml", environ={}).experiment.methods}
    assert asked <= json.loads((run / "run.json").read_text())["methods"].keys()
    header = (run / "ranking.csv").read_text().splitlines()[0].split(",")
    assert asked - NO_COLUMN <= set(header)


@pytest.mark.slow
def test_several_processes_find_what_one_does(tmp_path: Path, deepfeat: Type) -> None:
    assert deepfeat("demo", "cluster")[0] == 0
    for output, engine in (("many", []), ("one", ["--engine", "local"])):
        code, out, err = deepfeat("run", "cluster/experiment.yml", "--output", output, *engine, *SMALL)
        assert code == 0, out + err
        assert ("2 workers on this machine" in out) == (output == "many")
    many, one = (tmp_path / output / "cluster" / "ranking.csv" for output in ("many", "one"))
    assert many.read_bytes() == one.read_bytes()
