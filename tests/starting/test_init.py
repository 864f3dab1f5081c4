"""`deepfeat init`: the experiment that it writes."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from deepfeat.config import load_experiment
from deepfeat.starting.init import experiment_name

ROOT = Path(__file__).parents[2]
Type = Callable[..., tuple[int, str, str]]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    lines = ["id;patient;stage;age;outcome"]
    lines += [
        f"{row};P{row // 3};{row % 4};{'' if row % 9 == 4 else 3 * row % 50};{'a' if row % 13 else 'b'}"
        for row in range(600)
    ]
    path = tmp_path / "my table.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_it_fits_the_table(table: Path, tmp_path: Path, deepfeat: Type) -> None:
    code, out, err = deepfeat("init", "--data", table.name, "--target", "outcome")
    assert (code, err) == (0, "")
    assert out.splitlines()[:3] == [
        "experiment.yml: 600 rows, 2 features, binary",
        "  ignored  id: row numbers or identifiers",
        "  ignored  patient: whom a row is about; rows of one value belong together",
    ]
    assert "  positive b (not a): the last in order; recode the column to change that" in out.splitlines()
    assert (
        "  warning: where rows of one value of patient belong together, take the # away before "
        "`group: patient` in data: no split parts them then"
    ) in out.splitlines()
    assert out.splitlines()[-1] == "Look at it, then: deepfeat run experiment.yml --models 5"
    experiment = load_experiment(tmp_path / "experiment.yml", environ={}).experiment
    assert (experiment.name, experiment.data.path) == ("my_table", "my table.csv")
    assert (experiment.data.delimiter, experiment.data.target) == (";", "outcome")
    assert experiment.data.ignore == ["id", "patient"]
    code, out, err = deepfeat("validate", "experiment.yml")
    assert (code, err) == (0, "")
    assert "600 rows, 2 features, binary" in out


def test_every_comment_of_it_can_be_taken_away(table: Path, tmp_path: Path, deepfeat: Type) -> None:
    deepfeat("init", "--data", table.name, "--target", "outcome")
    path = tmp_path / "experiment.yml"
    text = path.read_text()
    assert max(map(len, text.splitlines())) <= 100
    assert text == "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    taken, count = re.subn(r"(?m)^( *)# ((?:task|group|categories|class_weight): )", r"\1\2", text)
    assert count == 4
    path.write_text(taken)
    code, _, err = deepfeat("validate", "experiment.yml")
    assert (code, err) == (0, "")
    settings = yaml.safe_load(taken)
    assert (settings["data"]["group"], settings["data"]["categories"]) == ("patient", ["stage"])


def test_it_can_go_elsewhere(table: Path, tmp_path: Path, deepfeat: Type) -> None:
    code, out, _ = deepfeat("init", "a/b", "--data", table.name, "--target", "outcome")
    assert code == 0
    assert out.splitlines()[-1].endswith("deepfeat run a/b/experiment.yml --models 5")
    assert (
        load_experiment(tmp_path / "a/b/experiment.yml", environ={}).experiment.data.path
        == "../../my table.csv"
    )
    assert deepfeat("validate", "a/b/experiment.yml")[0] == 0


def test_the_commands_that_it_tells_can_be_pasted(table: Path, tmp_path: Path, deepfeat: Type) -> None:
    code, out, _ = deepfeat("init", "my study", "--data", table.name, "--target", "outcome")
    assert code == 0
    assert out.splitlines()[-1].endswith(": deepfeat run 'my study/experiment.yml' --models 5")
    told = re.findall(r"#     deepfeat (.*?)    #", (tmp_path / "my study/experiment.yml").read_text())
    assert len(told) == 3
    assert {shlex.split(words)[1] for words in told} == {"my study/experiment.yml"}
    code, _, err = deepfeat("init", table.name, "--data", table.name)
    assert (code, err.strip().split(": ")[-1]) == (2, "deepfeat init --data 'my table.csv'")


def test_what_is_wrong_with_numbers_is_said_first(tmp_path: Path, deepfeat: Type) -> None:
    rows = [f"{3 * row % 50};{row},5;{row % 2}" for row in range(60)]
    (tmp_path / "german.csv").write_text("\n".join(["age;CRP;y", *rows]) + "\n")
    code, out, err = deepfeat("init", "--data", "german.csv", "--target", "y")
    assert (code, err) == (0, "")
    assert out.splitlines()[1:3] == [
        (
            "  warning: CRP is ignored: '0,5' is a number with a decimal comma; write it with a decimal "
            "point, and take it out of data.ignore."
        ),
        "  ignored  CRP: '0,5' is a number with a decimal comma",
    ]
    assert deepfeat("validate", "experiment.yml")[0] == 0


def test_it_warns_as_a_run_does(tmp_path: Path, deepfeat: Type) -> None:
    rows = [f"{row * 7 % 30},{row * 7 % 30},{row % 2},{'dead' if row % 2 else 'alive'}" for row in range(60)]
    (tmp_path / "mine.csv").write_text("\n".join(["x,copy,y,outcome", *rows, rows[0]]) + "\n")
    code, out, err = deepfeat("init", "--data", "mine.csv", "--target", "y")
    assert (code, err) == (0, "")
    told = [line.partition("warning: ")[2] for line in out.splitlines() if "warning: " in line]
    assert [line.partition(":")[0] for line in told] == [
        "Features that equal the target or separate its classes perfectly",
        "Features that are copies of another",
        "Copies of rows",
    ]
    out, err = deepfeat("validate", "experiment.yml")[1:]
    assert all(line in out + err for line in told)


def test_names_can_be_in_a_file_of_their_own(tmp_path: Path, deepfeat: Type) -> None:
    (tmp_path / "mine.data").write_text("".join(f"{7 * row % 50},{row % 2}\n" for row in range(40)))
    (tmp_path / "names").write_text("size\n")
    code, _, err = deepfeat("init", "new", "--data", "mine.data", "--names", "names")
    assert (code, err) == (0, "")
    experiment = load_experiment(tmp_path / "new/experiment.yml", environ={}).experiment
    assert (experiment.data.names, experiment.data.target) == ("../names", "target")
    assert deepfeat("validate", "new/experiment.yml")[0] == 0


def test_methods_go_by_the_size_of_the_table(tmp_path: Path, deepfeat: Type) -> None:
    experiments = []

    def methods(features: int) -> list[str]:
        head = [f"f{number}" for number in range(features)]
        rows = [[str((row * (number + 3)) % 17) for number in range(features)] for row in range(60)]
        lines = [",".join([*line, end]) for line, end in zip([head, *rows], ["y", *"ab" * 30], strict=True)]
        (tmp_path / "wide.csv").write_text("\n".join(lines) + "\n")
        folder = f"with_{features}"
        assert deepfeat("init", folder, "--data", "wide.csv", "--target", "y")[0] == 0
        experiment = load_experiment(tmp_path / folder / "experiment.yml", environ={}).experiment
        experiments.append(experiment)
        return [entry.name for entry in experiment.methods]

    few, many = methods(5), methods(1200)
    assert set(many) < set(few)
    shipped = load_experiment(ROOT / "experiment.yml", environ={}).experiment
    written = {entry.name: entry.params for entry in experiments[-1].methods}
    assert {entry.name: entry.params for entry in shipped.methods} == written
    assert all(experiment.ranking.weights == shipped.ranking.weights for experiment in experiments)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--data", "my table.csv", "--target", "outcom"), "which --target names; did you mean outcome?"),
        (("--data", "mytable.csv"), "found no such file; check --data (did you mean my table.csv?)"),
        (
            ("my table.csv", "--data", "my table.csv"),
            "found a file; for a directory type: deepfeat init --data",
        ),
        (("full", "--data", "my table.csv"), "found an experiment already; name another directory"),
    ],
)
def test_mistakes_are_told_and_nothing_is_written(
    words: tuple[str, ...], fault: str, table: Path, tmp_path: Path, deepfeat: Type
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/experiment.yml").write_text("mine")
    code, out, err = deepfeat("init", *words)
    assert (code, out) == (2, "")
    assert fault in err
    assert not (tmp_path / "experiment.yml").exists()
    assert (tmp_path / "full/experiment.yml").read_text() == "mine"


@pytest.mark.parametrize(
    ("file", "name"),
    [("Data/mine.csv", "mine"), ("a b (2).csv", "a_b_2_"), ("..csv", "experiment"), ("ä.csv", "experiment")],
)
def test_an_experiment_is_called_after_its_table(file: str, name: str) -> None:
    assert experiment_name(Path(file)) == name
