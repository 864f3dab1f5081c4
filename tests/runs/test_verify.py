"""What `deepfeat verify` notices, and that training again gives the same bits."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from deepfeat.runs.ledger.ledger import Ledger
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import prepare
from deepfeat.runs.recompute import recompute

pytestmark = pytest.mark.usefixtures("compiled_once")

Write = Callable[..., Path]
Type = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the directory of the first test's run is kept for the others."""
    return tmp_path_factory.mktemp("verify") / "kept"


@pytest.fixture
def paths(deepfeat: Type, write_experiment: Write, tmp_path: Path, kept: Path) -> RunPaths:
    """A run of three networks in two stacks, to be damaged."""
    if kept.exists():
        shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    else:
        write_experiment(training={"models": 3, "stack_size": 2}, methods=["gate"])
        assert deepfeat("run")[0] == 0
        shutil.copytree(tmp_path, kept)
    return RunPaths(Path("ExpOutput/tiny"))


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def _files(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_run_is_as_it_was_and_whatever_changes_is_named(deepfeat: Type, paths: RunPaths) -> None:
    code, out, err = deepfeat("verify", str(paths.root))
    assert (code, err) == (0, "")
    assert out.startswith(f"{paths.root}: ")
    assert out.endswith(": all as they were\n")
    ledger = Ledger(paths.ledger)
    (stack, *_) = [record for record in ledger.records() if record.kind == "members"]
    weights = ledger.objects.path(stack.files["members.npz"])
    record = paths.ledger / "records" / stack.name
    model = paths.model(0)
    for path in (paths.ranking, model, weights, record):
        before = path.read_bytes()
        _flip(path)
        content = _files(paths.root)
        code, out, _ = deepfeat("verify", str(paths.root))
        assert code == 3
        assert out.startswith(str(path)), out
        assert ": 1 fault\n" in out
        assert _files(paths.root) == content, "looking changes nothing"
        path.unlink()
        code, out, _ = deepfeat("verify", str(paths.root))
        assert code == (0 if path == record else 3)
        path.write_bytes(before)
    assert deepfeat("verify", str(paths.root))[0] == 0


def test_every_byte_of_what_tells_of_the_run_counts(deepfeat: Type, paths: RunPaths) -> None:
    for path in (paths.provenance, paths.crate):
        before = path.read_bytes()
        for place in (0, before.index(b"  "), before.index(b"sha256"), len(before) - 2, len(before) // 3):
            content = bytearray(before)
            content[place] ^= 1
            path.write_bytes(bytes(content))
            code, out, _ = deepfeat("verify", str(paths.root))
            assert code == 3
            assert out.startswith(f"{path}: "), place
        path.write_bytes(before)
    paths.provenance.unlink()
    assert "there is no run here" in deepfeat("verify", str(paths.root))[2]


def test_a_digest_of_a_file_elsewhere_is_not_followed(deepfeat: Type, paths: RunPaths) -> None:
    record = json.loads(paths.provenance.read_text())
    record["artefacts"]["../../table.csv"] = "00"
    paths.provenance.write_text(json.dumps(record))
    code, out, _ = deepfeat("verify", str(paths.root))
    assert code == 3
    assert "leads out of the run directory" in out


def test_what_is_no_run_is_refused(deepfeat: Type, tmp_path: Path) -> None:
    code, out, err = deepfeat("verify", str(tmp_path))
    assert (code, out) == (2, "")
    assert "there is no run here" in err


def test_training_again_gives_the_same_bits_from_any_directory(
    deepfeat: Type, paths: RunPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = paths.root.resolve()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    code, out, err = deepfeat("verify", "--recompute", "5", str(root))
    assert (code, err) == (0, "")
    assert out.count(": the same to the bit") == 2
    assert not list(Path.cwd().iterdir())


def test_other_bits_are_noticed(paths: RunPaths) -> None:
    ledger = Ledger(paths.ledger)
    (stack, *_) = [record for record in ledger.records() if record.kind == "members"]
    # A stack that says of itself what it is not: its losses are those that it says, its weights are not.
    weights = bytearray(ledger.objects.read(stack.files["members.npz"]))
    weights[len(weights) // 2] ^= 1
    other = ledger.objects.put(bytes(weights))
    forged = type(stack)(**{**vars(stack), "files": {**stack.files, "members.npz": other}})
    (paths.ledger / "records" / stack.name).write_bytes(forged.to_bytes())
    prepared = prepare(Path("experiment.yml"))
    found = list(recompute(prepared, Ledger(paths.ledger, mend=False), 9, random.Random(0)))  # noqa: S311
    assert sorted(each.same for each in found) == [False, True]
    (different,) = [each for each in found if not each.same]
    assert "DIFFERENT (members.npz)" in str(different)


def test_what_cannot_be_trained_again_is_said(paths: RunPaths) -> None:
    def said(*overrides: str) -> set[str]:
        prepared = prepare(Path("experiment.yml"), overrides)
        found = recompute(prepared, Ledger(paths.ledger, mend=False), 9, random.Random(0))  # noqa: S311
        return {each.why for each in found if each.same is None}

    assert said("data.ignore=[height]") == {"its table is not that of the experiment"}


def test_a_page_that_is_drawn_again_is_as_it_should_be_and_nothing_else(
    deepfeat: Type, paths: RunPaths
) -> None:
    paths.report.write_text("of another version")
    _flip(paths.ranking)
    assert "2 faults" in deepfeat("verify", str(paths.root))[1]
    _flip(paths.ranking)
    assert deepfeat("report", str(paths.root))[0] == 0
    assert deepfeat("verify", str(paths.root))[0] == 0
    _flip(min(paths.models.iterdir()))
    assert deepfeat("report", str(paths.root))[0] == 0
    code, out, _ = deepfeat("verify", str(paths.root))
    assert code == 3
    assert "1 fault" in out


def test_a_page_is_drawn_again_where_networks_were_deleted_to_save_space(
    deepfeat: Type, paths: RunPaths
) -> None:
    deleted = min(paths.models.iterdir())
    deleted.unlink()
    assert deepfeat("report", str(paths.root))[0] == 0
    code, out, _ = deepfeat("verify", str(paths.root))
    assert code == 3
    assert f"{deleted}: is missing" in out
    assert "1 fault" in out
