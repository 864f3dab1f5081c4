"""The names of a run's files."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deepfeat.runs.paths import RunPaths, safe_name


def test_the_documented_names(tmp_path: Path) -> None:
    paths = RunPaths.of(tmp_path, "breast_cancer")
    files = [
        paths.ranking, paths.members, paths.experiment, paths.provenance, paths.report, paths.log,
        paths.method("first_layer"), paths.failure("gate"), paths.model(7), paths.figure("ranking", ".svg"),
    ]  # fmt: skip
    assert [str(file.relative_to(tmp_path / "breast_cancer")) for file in files] == [
        "ranking.csv", "models.csv", "experiment.yml", "run.json", "report.html", "logs/deepfeat.log",
        "methods/first_layer.csv", "methods/gate/failure.txt", "models/model_00007.keras",
        "figures/ranking.svg",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["gate", "first_layer", "SHAP-2.0", "_x", "a" * 80])
def test_plain_names_stay(name: str) -> None:
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "etc_passwd-"),
        ("Größe", "Groe-"),
        ("a b", "a_b-"),
        ("", "unnamed-"),
        (".", "unnamed-"),
    ],
)
def test_other_names_keep_what_they_can(name: str, kept: str) -> None:
    assert safe_name(name).startswith(kept)


@given(st.text())
@example("..")
@example("a" * 300)
@example("\ud800")
@example("con\x00trol")
@settings(deadline=None)
def test_any_name_is_a_file_name(name: str) -> None:
    safe = safe_name(name)
    assert 1 <= len(safe) <= 80
    assert safe.isascii()
    assert safe[0] not in ".-"
    assert Path("dir", safe).parent == Path("dir")
    assert all(char.isalnum() or char in "._-" for char in safe)
    assert safe_name(safe) == safe


@given(st.lists(st.text(max_size=5), unique=True, min_size=2, max_size=30))
@settings(deadline=None)
def test_different_names_get_different_files(names: list[str]) -> None:
    assert len({safe_name(name) for name in names}) == len(names)


def test_results_are_what_an_earlier_run_left(tmp_path: Path) -> None:
    paths = RunPaths(tmp_path)
    results = [
        paths.ranking,
        paths.provenance,
        paths.method("gate"),
        paths.artefacts("gate") / "values.npz",
        paths.model(3),
        paths.figure("a", ".png"),
    ]
    others = [tmp_path / "notes.txt", paths.models / "mine.keras", paths.log]
    for file in results + others:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert sorted(paths.results()) == sorted(results)
    assert list(RunPaths(tmp_path / "nothing").results()) == []


def test_files_without_a_name_are_on_the_disk_of_the_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = RunPaths(tmp_path / "out" / "demo")
    assert paths.scratch == tmp_path
    paths.root.mkdir(parents=True)
    assert paths.scratch == paths.root
    monkeypatch.setattr("os.access", lambda *_: False)
    assert paths.scratch is None
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert RunPaths(Path("ExpOutput/demo")).scratch == Path()
