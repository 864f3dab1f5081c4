"""Shards: each computes its share and no more, and whoever collects finds it there."""

from pathlib import Path
from typing import Any

import pytest

from deepfeat.errors import InputError
from deepfeat.runs.shard import Shard, read_shard

pytestmark = pytest.mark.usefixtures("compiled_once")

Runs = Any  # of conftest.py

SLURM = {"ID": "7", "MIN": "3", "STEP": "2", "COUNT": "4"}


def shard(runs: Runs, text: str, *overrides: str) -> str:
    """Compute a shard of the experiment; returns what was said."""
    import io  # noqa: PLC0415

    from deepfeat.runs import runner  # noqa: PLC0415 - loads TensorFlow
    from deepfeat.runs.console import RunConsole  # noqa: PLC0415
    from deepfeat.runs.prepare import prepare  # noqa: PLC0415
    from deepfeat.runs.shard import run_shard  # noqa: PLC0415

    runs.trained.clear()
    runs.asked.clear()
    screen = io.StringIO()
    prepared = prepare(runs.experiment, ["limits.isolation=false", *overrides])
    trainer = runner.make_trainer(prepared)
    run_shard(prepared, trainer, runs.paths, RunConsole(screen, width=200), read_shard(text, {}))
    return screen.getvalue()


def test_two_shards_and_a_run_that_collects(runs: Runs, make_runs: Any) -> None:  # noqa: ANN401
    wanted = "methods=[gate, asked, refits]"
    said = shard(runs, "1/2", wanted)
    assert (runs.trained, runs.asked) == ([2], [("gate", 2), ("asked", 2)])
    assert "methods that need all networks are left" in said
    assert not runs.paths.ranking.exists()
    assert not runs.paths.artefacts("asked").exists()
    shard(runs, "2/2", wanted)
    # all networks are there now, so the method that trains is asked; its refits are of a shard, or of another
    assert runs.trained[0] == 2
    assert runs.asked[:2] == [("gate", 2), ("asked", 2)]
    shard(runs, "1/2", wanted)
    shard(runs, "2/2", wanted)
    runs(wanted, "limits.isolation=false")
    assert (runs.trained, runs.asked) == ([], [])
    whole = make_runs(runs.experiment, "whole")
    whole(wanted, "limits.isolation=false")
    told = ("asked/told.txt", "asked/part-1/told.txt")  # says how many members it was asked about
    ours, theirs = (
        {
            name: digest
            for name, digest in each.digests.items()
            if not name.endswith(told) and "logs" not in name
        }
        for each in (runs, whole)
    )
    assert ours == theirs


def test_a_shard_goes_on_where_it_was(runs: Runs) -> None:
    shard(runs, "2/2")
    shard(runs, "2/2")
    assert (runs.trained, runs.asked) == ([], [])


def test_more_shards_than_stacks(runs: Runs) -> None:
    assert "there are only 2 stacks, none of them for this shard" in shard(runs, "3/3")
    assert (runs.trained, runs.asked) == ([], [])


def test_a_share_of_auto_is_not_known(runs: Runs) -> None:
    with pytest.raises(InputError, match="a share of auto is not known; write a number"):
        shard(runs, "1/2", "training.models=auto")


def test_a_job_array_of_slurm_says_which() -> None:
    environ = {f"SLURM_ARRAY_TASK_{name}": value for name, value in SLURM.items()}
    assert read_shard("", environ) == Shard(3, 4)
    assert str(read_shard("2/8", environ)) == "2/8"


@pytest.mark.parametrize("text", ["", "0/4", "5/4", "1", "a/b", "1/2/3", "-1/2"])
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(InputError, match=r"^command line: --shard: .*write"):
        read_shard(text, {})


def test_every_stack_is_in_one_share() -> None:
    shares = [Shard(number, 3) for number in (1, 2, 3)]
    assert [[share.takes(index) for share in shares].count(True) for index in range(10)] == [1] * 10


def test_what_its_methods_read_is_not_in_reach_of_a_run_that_collects(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deepfeat.runs import shard as module  # noqa: PLC0415 - loads TensorFlow

    ask, folders = module.asking, []

    def noted(prepared: Any, ensemble: Any, folder: Path, console: Any) -> Any:  # noqa: ANN401
        folders.append(folder)
        return ask(prepared, ensemble, folder, console)

    monkeypatch.setattr(module, "asking", noted)
    shard(runs, "1/2")
    assert folders
    assert not any(folder.is_relative_to(runs.paths.root) for folder in folders)
    assert not any(folder.exists() for folder in folders)
