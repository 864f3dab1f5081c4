"""What run.json says."""

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from deepfeat.runs import provenance
from deepfeat.runs.provenance import ExitState, as_json, digest, file_sha256, finished, started

ARGUMENTS = {
    "experiment": "heart",
    "experiment_sha256": "e" * 64,
    "data": "heart.csv",
    "data_sha256": "d" * 64,
    "plugins": {"gate.py": "1" * 64, "first_layer.py": "2" * 64},
    "seed": 7,
}


def test_begins_as_running_and_ends_as_told() -> None:
    record = started(**ARGUMENTS)
    assert (record["state"], record["exit_code"], record["finished"]) == ("running", None, None)
    done = finished(record, ExitState.PARTIAL, exit_code=3, failures=["gate: it broke"])
    assert (done["state"], done["exit_code"], done["failures"]) == ("partial", 3, ["gate: it broke"])
    begin, end = datetime.fromisoformat(done["started"]), datetime.fromisoformat(done["finished"])
    assert begin.utcoffset() == timedelta(0)
    assert (end - begin).total_seconds() == pytest.approx(done["seconds"], abs=1e-3)
    assert list(done) == list(record)
    assert record["state"] == "running"


def test_says_what_the_results_depend_on() -> None:
    record = json.loads(as_json(started(**ARGUMENTS)))
    assert record["experiment"] == {"name": "heart", "sha256": "e" * 64, "seed": 7}
    assert record["data"]["sha256"] == "d" * 64
    assert list(record["plugins"]) == ["first_layer.py", "gate.py"]
    assert record["libraries"]["numpy"] == np.__version__
    assert record["machine"]["usable_cores"] >= 1
    assert record["machine"]["cpu"]


def test_no_secret_of_the_environment_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "hunter2-secret")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    text = as_json(finished(started(**ARGUMENTS), ExitState.COMPLETE, exit_code=0))
    assert "hunter2-secret" not in text
    assert "API_TOKEN" not in text
    assert json.loads(text)["machine"]["variables"]["OMP_NUM_THREADS"] == "3"
    others = {v for k, v in os.environ.items() if k in {"HOME", "PATH", "PWD"} and len(v) > 1}
    assert not any(json.dumps(value) in text for value in others)


def test_instruction_sets_come_from_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    info = {"model name": "Some CPU", "flags": "fpu avx512f avx2 sse4_2 avx2x"}
    monkeypatch.setattr(provenance, "_cpuinfo", lambda: info)
    machine = provenance.machine()
    assert machine["cpu"] == "Some CPU"
    assert machine["instruction_sets"] == ["sse4_2", "avx2", "avx512f"]


def test_tensorflow_is_asked_only_where_it_is_loaded() -> None:
    script = (
        "import sys; from deepfeat.runs import provenance as p;"
        "assert p.machine()['tensorflow'] is None;"
        "assert not {'tensorflow', 'keras', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).resolve().parents[2], check=True)


def _git(directory: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    command = ["git", "-C", str(directory), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")
def test_the_commit_is_of_our_own_repository_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(provenance.COMMIT_VARIABLE, raising=False)
    package = tmp_path / "deepfeat"
    (package / "runs").mkdir(parents=True)
    (package / "errors.py").write_text("")
    monkeypatch.setattr(provenance, "__file__", str(package / "runs" / "provenance.py"))
    assert provenance.git_commit() is None
    _git(tmp_path, "init", "-q")
    (tmp_path / "other.txt").write_text("")
    _git(tmp_path, "add", "other.txt")
    _git(tmp_path, "commit", "-qm", "somebody else's")
    assert provenance.git_commit() is None
    _git(tmp_path, "add", "deepfeat")
    _git(tmp_path, "commit", "-qm", "ours")
    commit = _git(tmp_path, "rev-parse", "HEAD")
    assert provenance.git_commit() == commit
    (package / "errors.py").write_text("changed")
    assert provenance.git_commit() == f"{commit}-dirty"


def test_an_image_can_tell_its_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(provenance.COMMIT_VARIABLE, "abc123")
    assert provenance.git_commit() == "abc123"


def test_digests(tmp_path: Path) -> None:
    assert digest({"b": [1, 2.5], "a": None}) == digest({"a": None, "b": [1, 2.5]})
    assert digest({"a": 1}) != digest({"a": "1"})
    assert digest([1, 2]) != digest([2, 1])
    (tmp_path / "file").write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    assert file_sha256(tmp_path / "file").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_a_number_that_json_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        as_json({"loss": float("nan")})


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": "\\ud800"}', "[" * 100_000, "[]", "{"])
def test_what_no_run_has_written_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(text)
    assert provenance.earlier(tmp_path / "run.json") is None


def test_an_earlier_execution_on_no_machine() -> None:
    now = started(**ARGUMENTS)
    (last,) = provenance.attempts({**now, "machine": ["far"], "attempts": 3}, now)
    assert last["host"] is None
