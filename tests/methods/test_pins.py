"""Plugin files that an experiment pins by their sha256: executed only if that is what they have."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from deepfeat.config import dump_experiment
from deepfeat.errors import InputError
from deepfeat.runs.prepare import prepare

Write = Callable[..., Path]

SOURCE = """
from pathlib import Path
from deepfeat.methods import per_model

Path(__file__).with_suffix(".ran").touch()


@per_model("mine")
def mine(data):
    "One for each."
    return [1.0] * data.n_features
"""


def pinned(write_experiment: Write, sha256: str, path: str = "mine.py") -> Path:
    experiment = write_experiment(plugins=[{"path": path, "sha256": sha256}], methods=["mine"])
    (experiment.parent / "mine.py").write_text(SOURCE)
    return experiment


def test_a_file_with_its_digest_is_used_and_written_down(write_experiment: Write) -> None:
    digest = hashlib.sha256(SOURCE.encode()).hexdigest()
    prepared = prepare(pinned(write_experiment, digest.upper()))
    assert [method.name for method, _ in prepared.methods] == ["mine"]
    resolved = yaml.safe_load(dump_experiment(prepared.loaded.experiment))
    assert resolved["plugins"] == [{"path": "mine.py", "sha256": digest}]


def test_a_file_with_another_is_refused_unexecuted_with_its_place(write_experiment: Write) -> None:
    path = pinned(write_experiment, "0" * 64)
    with pytest.raises(InputError) as refused:
        prepare(path)
    lines = path.read_text().splitlines()
    row = next(number for number, line in enumerate(lines, 1) if "sha256" in line)
    found = hashlib.sha256(SOURCE.encode()).hexdigest()
    told = [str(problem) for problem in refused.value.problems]
    start = f"{path}:{row}:{lines[row - 1].index('sha256') + 1}: plugins.0.sha256: "
    assert any(line.startswith(start) and found in line for line in told), told
    assert not (path.parent / "mine.ran").exists()


def test_a_directory_cannot_be_pinned(write_experiment: Write) -> None:
    with pytest.raises(InputError, match="is no file; name the file"):
        prepare(pinned(write_experiment, "0" * 64, path="."))


@pytest.mark.parametrize("digest", ["abc", "0" * 63, "0" * 65, "g" * 64, " " + "0" * 64])
def test_what_is_no_digest_is_told(write_experiment: Write, digest: str) -> None:
    with pytest.raises(InputError, match=r"plugins\.0\.sha256: found .*; write the 64 digits"):
        prepare(pinned(write_experiment, digest))
