"""`deepfeat demo`: the examples and where they are written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deepfeat.config import load_experiment
from deepfeat.starting.demo import examples, shipped

EXAMPLES = examples(shipped())
Type = Callable[..., tuple[int, str, str]]


def test_they_are_listed_with_what_they_are_about(deepfeat: Type) -> None:
    code, out, err = deepfeat("demo")
    assert (code, err) == (0, "")
    assert {"breast_cancer", "genes", "heart", "my_method", "regression", "snps"} <= EXAMPLES.keys()
    for name, about in EXAMPLES.items():
        assert name in out
        assert about.endswith((".", "?"))
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_comes_with_all_it_needs(name: str, tmp_path: Path, deepfeat: Type) -> None:
    code, out, err = deepfeat("demo", name, "here")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "Next: deepfeat run here/experiment.yml"
    loaded = load_experiment(tmp_path / "here/experiment.yml", environ={})
    assert loaded.experiment.name == name
    if name == "cifar10":  # its images are loaded from the network
        return
    if name == "heart":  # its table is for the user to get
        code, _, err = deepfeat("validate", "here/experiment.yml")
        assert code == 2
        assert "processed.cleveland.data" in err
    else:
        assert deepfeat("validate", "here/experiment.yml")[0] == 0


def test_it_goes_into_a_folder_of_its_name(tmp_path: Path, deepfeat: Type) -> None:
    assert deepfeat("demo", "snps")[0] == 0
    assert sorted(path.name for path in (tmp_path / "snps").iterdir()) == [
        "experiment.yml",
        "make_data.py",
        "snps.csv",
    ]


def test_the_command_that_it_tells_can_be_pasted(deepfeat: Type) -> None:
    code, out, _ = deepfeat("demo", "snps", "my study")
    assert code == 0
    assert out.splitlines()[-1] == "Next: deepfeat run 'my study/experiment.yml'"


def test_it_overwrites_nothing(tmp_path: Path, deepfeat: Type) -> None:
    (tmp_path / "snps").mkdir()
    (tmp_path / "snps/mine").write_text("mine")
    code, out, err = deepfeat("demo", "snps")
    assert (code, out) == (2, "")
    assert "name another folder: deepfeat demo snps FOLDER" in err
    assert [path.name for path in (tmp_path / "snps").iterdir()] == ["mine"]


def test_a_wrong_name_is_told(deepfeat: Type) -> None:
    code, _, err = deepfeat("demo", "gene")
    assert (code, err.strip()) == (2, "command line: there is no example gene; did you mean genes?")
