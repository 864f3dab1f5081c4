"""Input that cannot be used, as a user meets it: exit code 2, a line per fault, and nothing is written."""

import importlib.util
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import yaml

TESTS = Path(__file__).parent


def _module(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, TESTS / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TABLES = _module("data/test_malformed_text.py")
PARQUET = _module("data/test_malformed_parquet.py").CASES
OTHER_FORMATS = _module("data/test_sniff.py").CASES
EXPERIMENTS = _module("config/test_malformed.py").CASES
# What is out of bounds says the bounds instead of what to do.
LINE = re.compile(r"(experiment\.yml|t\.[a-z]+)(:\d+){0,2}: \S.*(; |must |expected ).+")
# Of processor time of this thread, so that neither another load on the machine nor what earlier tests left
# running can fail the test.
SECONDS = 2.0

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module", autouse=True)
def started(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Loads what the first command of a process loads: the two seconds are those beyond start-up."""
    from deepfeat.cli import main  # noqa: PLC0415

    experiment = tmp_path_factory.mktemp("started") / "experiment.yml"
    experiment.write_text(yaml.safe_dump({"name": "refused", "data": {"path": "t.csv"}, "methods": ["gate"]}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["deepfeat", "run", str(experiment)])
        with pytest.raises(SystemExit, match="2"):
            main()


def _refused(deepfeat: Typed, folder: Path, files: dict[str, bytes], least: int) -> list[str]:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    start = time.thread_time()
    code, out, err = deepfeat("run", "experiment.yml")
    assert time.thread_time() - start < SECONDS
    assert code == 2, (out, err)
    lines = err.splitlines()
    assert len(lines) >= least
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert "Traceback" not in out + err
    assert sorted(path.name for path in folder.iterdir()) == sorted(files), "nothing was written"
    return lines


def _table(case: dict[str, object]) -> tuple[dict[str, bytes], int]:
    settings = case.get("settings", {})
    assert isinstance(settings, dict)
    name = str(case.get("file", "t.csv"))
    experiment = {"name": "refused", "data": {"path": name, **settings}, "methods": ["gate"]}
    files = {"experiment.yml": yaml.safe_dump(experiment).encode(), name: TABLES._table(case)}
    return files, len(TABLES._expected(case, name))


def _some(cases: list[object], every: int) -> list[object]:
    return [
        pytest.param(case, id=str(number), marks=[] if number % every == 0 else pytest.mark.slow)
        for number, case in enumerate(cases)
    ]


@pytest.mark.parametrize("case", _some(TABLES.CASES, 12))
def test_a_malformed_table(case: dict[str, object], deepfeat: Typed, tmp_path: Path) -> None:
    files, least = _table(case)
    _refused(deepfeat, tmp_path, files, least)


@pytest.mark.parametrize("case", _some(list(PARQUET.values()), 12))
def test_a_malformed_parquet_table(
    case: tuple[bytes, dict[str, str], str, str], deepfeat: Typed, tmp_path: Path
) -> None:
    content, settings, _, _ = case
    experiment = {"name": "refused", "data": {"path": "t.parquet", **settings}, "methods": ["gate"]}
    files = {"experiment.yml": yaml.safe_dump(experiment).encode(), "t.parquet": content}
    _refused(deepfeat, tmp_path, files, 1)


@pytest.mark.parametrize("case", _some(list(OTHER_FORMATS.values()), 12))
def test_a_file_of_another_format(
    case: tuple[str, str | bytes, str], deepfeat: Typed, tmp_path: Path
) -> None:
    name, content, _ = case
    experiment = {"name": "refused", "data": {"path": name}, "methods": ["gate"]}
    content = content.encode() if isinstance(content, str) else content
    _refused(deepfeat, tmp_path, {"experiment.yml": yaml.safe_dump(experiment).encode(), name: content}, 1)


@pytest.mark.parametrize("case", _some(list(EXPERIMENTS.values()), 20))
def test_a_malformed_experiment(case: tuple[str, list[str]], deepfeat: Typed, tmp_path: Path) -> None:
    text, said = case
    _refused(deepfeat, tmp_path, {"experiment.yml": text.encode()}, len(said))


@pytest.mark.parametrize("content", [None, "directory"])
def test_no_table_at_all(content: str | None, deepfeat: Typed, tmp_path: Path) -> None:
    if content:
        (tmp_path / "t.csv").mkdir()
    experiment = {"name": "refused", "data": {"path": "t.csv"}, "methods": ["gate"]}
    (tmp_path / "experiment.yml").write_text(yaml.safe_dump(experiment))
    code, _, err = deepfeat("run", "experiment.yml")
    assert code == 2
    assert len(err.splitlines()) == 1
    assert LINE.fullmatch(err.strip())
    assert not (tmp_path / "ExpOutput").exists()


def test_faults_of_experiment_table_methods_and_plugins_come_together(
    deepfeat: Typed, tmp_path: Path
) -> None:
    experiment = {
        "name": "refused",
        "data": {"path": "t.csv", "target": "y"},
        "network": {"preset": "defualt"},
        "methods": ["gate", "permutatoin"],
        "plugins": ["nowhere.py"],
    }
    (tmp_path / "experiment.yml").write_text(yaml.safe_dump(experiment))
    (tmp_path / "t.csv").write_text("x,z\n" + "1,2\n" * 12)
    code, _, err = deepfeat("run", "experiment.yml")
    assert code == 2
    for words in ("did you mean default?", "did you mean permutation?", "there is no nowhere.py", "'y'"):
        assert words in err


@pytest.mark.parametrize(
    ("target", "row", "fewest"),
    [
        ("classes", "{i},{x},{class_}", "3 rows of class 'c'"),
        ("numbers", "{i},{x},{x}{i}.5", "12 rows"),
    ],
)
def test_a_class_with_fewer_rows_than_folds(
    target: str, row: str, fewest: str, deepfeat: Typed, tmp_path: Path
) -> None:
    rows = [row.format(i=i % 7, x=i, class_="c" if i < 3 else "ab"[i % 2]) for i in range(12)]
    files = {
        "experiment.yml": b"name: refused\ndata: {path: t.csv}\nmethods: [gate]\n"
        b"training:\n  split: {method: kfold, folds: 50}\n",
        "t.csv": "\n".join(["x,z,y", *rows, ""]).encode(),
    }
    said = _refused(deepfeat, tmp_path, files, 1)
    most = fewest.partition(" ")[0]
    cure = f"set at most {most} folds, or give more of them"
    assert said == [f"experiment.yml:5:26: training.split.folds: found {fewest} for 50 folds; {cure}"], target


@pytest.mark.parametrize("name", ["../escape", "/tmp/escape", "..", ".", "a/b", "a\\b", "\u202eescape"])  # noqa: S108
def test_a_name_that_leads_out_of_the_results(name: str, deepfeat: Typed, tmp_path: Path) -> None:
    experiment = {"name": name, "data": {"path": "t.csv"}, "methods": ["gate"]}
    _refused(deepfeat, tmp_path, {"experiment.yml": yaml.safe_dump(experiment).encode()}, 1)
