"""Arms are runs beside the run, with one ledger; what they share is computed once."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfeat.runs.ledger.ledger import Ledger
from deepfeat.runs.paths import RunPaths

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("arms")
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(80, 3)), columns=["a", "b", "c"])
    table["y"] = (table["a"] > 0).astype(int)
    table.to_csv(folder / "t.csv", index=False)
    (folder / "e.yml").write_text(
        "name: demo\ndata: {path: t.csv, target: y}\ntraining: {models: 2, epochs: 4}\nmethods: [gate]\n"
        "ranking: {bootstrap: 100, skill_splits: 2}\n"
        "arms:\n  few: {training: {split: {rows: 20}}}\n  same: {}\n"
    )
    return folder


def deepfeat(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "deepfeat", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_arms_stand_beside_the_run_and_share_its_ledger(folder: Path) -> None:
    assert "arm      few: default, 2 networks, 20 rows to learn from" in deepfeat(folder, "validate", "e.yml")
    deepfeat(folder, "run", "e.yml", "-o", "out")
    paths = RunPaths.of(folder / "out", "demo")
    assert paths.ranking.is_file()
    for name in ("few", "same"):
        assert paths.arm(name).ranking.is_file()
        assert paths.arm(name).report.is_file()
        assert paths.arm(name).ledger == paths.ledger
        assert not (paths.arm(name).root / ".deepfeat").exists()
    # two of the experiment, which `same` has used again, and two of `few`
    trained = [record for record in Ledger(paths.ledger).records() if record.kind == "members"]
    assert sum(len(record.keys) for record in trained) == 4
    assert paths.ranking.read_bytes() == paths.arm("same").ranking.read_bytes()
    assert paths.ranking.read_bytes() != paths.arm("few").ranking.read_bytes()
    arms = pd.read_csv(paths.comparison / "arms.csv")
    assert arms["arm"].tolist() == ["experiment", "few", "same"]
    assert arms["rank correlation"].iloc[2] == 1
    assert 'id="arms"' in paths.report.read_text(encoding="utf-8")
    assert deepfeat(folder, "verify", "out/demo").count("all as they were") == 3
    before = paths.arm("few").ranking.read_bytes()
    assert "there is nothing to do" in deepfeat(folder, "run", "e.yml", "-o", "out")
    assert paths.arm("few").ranking.read_bytes() == before
    again = deepfeat(folder, "run", "e.yml", "-o", "out", "ranking.bootstrap=200")
    assert again.count("2 networks trained before and used again") == 3
    assert "arm few:" in deepfeat(folder, "run", "e.yml", "-o", "out", "--dry-run")
