"""Shards: each computes its share and no more, and whoever collects finds it there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.data.dataset import Dataset
from deepfeat.errors import InputError
from deepfeat.nets.network import Network
from deepfeat.runs.shard import Shard, read_shard
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.settings import SplitSettings, TrainingSettings
from deepfeat.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("compiled_once")

Runs = Any  # of conftest.py

SLURM = {"ID": "7", "MIN": "3", "STEP": "2", "COUNT": "4"}


def shard(runs: Runs, text: str, *overrides: str, fits: int | None = None) -> str:
    """Compute a shard of the experiment, where so many networks fit the memory; returns what was said."""
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
    if fits is not None:
        trainer = runner.make_trainer(prepared, fits * trainer.stack_limits(prepared.plan)[1])
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


def test_more_shards_than_networks(runs: Runs) -> None:
    assert "there are only 4 networks, none of them for this shard" in shard(runs, "1/5")
    assert (runs.trained, runs.asked) == ([], [])


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1)])
def test_shards_with_different_memory_leave_no_network_to_nobody(first: int, second: int, runs: Runs) -> None:
    wanted = "methods=[gate, {refits: {announced: true}}]"
    shard(runs, "1/2", wanted, fits=first)
    assert sum(runs.trained) == 2
    # of the two networks that the method wants besides one is of this shard
    assert "1 of 2 networks that it wants next are for other shards" in shard(
        runs, "2/2", wanted, fits=second
    )
    assert sum(runs.trained) == 3
    shard(runs, "1/2", wanted, fits=first)
    assert (runs.trained, runs.asked) == ([1], [("refits", 4)])
    runs(wanted, "limits.isolation=false")
    assert (runs.trained, runs.asked) == ([], [])


def test_what_was_trained_in_other_stacks_is_found(runs: Runs) -> None:
    from deepfeat.runs import runner  # noqa: PLC0415 - loads TensorFlow
    from deepfeat.runs.fitting import LedgerFit  # noqa: PLC0415
    from deepfeat.runs.ledger.ledger import Ledger  # noqa: PLC0415
    from deepfeat.runs.prepare import prepare  # noqa: PLC0415

    prepared = prepare(runs.experiment, ["training.stack_size=3"])
    LedgerFit(Ledger(runs.paths.ledger))(prepared.plan.select([1, 2, 3]), runner.make_trainer(prepared))
    assert runs.trained == [3]
    shard(runs, "2/2")
    assert (runs.trained, runs.asked) == ([], [("gate", 2)])
    shard(runs, "1/2")
    assert (runs.trained, runs.asked) == ([1], [("gate", 2)])


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


@given(items=st.lists(st.integers()), count=st.integers(1, 40))
def test_everything_is_in_one_share_and_all_are_of_a_size(items: list[int], count: int) -> None:
    shares = [Shard(number, count).of(items) for number in range(1, count + 1)]
    assert [item for share in shares for item in share] == items
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.fixture(scope="module")
def cut(
    make_data: Callable[..., Dataset], make_network: Callable[..., Network]
) -> tuple[FitPlan, dict[int, Trainer]]:
    """A plan of splits of different sizes, and what trains it where so many networks fit the memory."""
    data, network = make_data("regression", rows=97, n_groups=15), make_network()
    plan = build_plan(data, SplitSettings(), 30, 0, network)
    learning = TrainingSettings(batch_size=16, loss="squared_error")
    each = Trainer(data, network, learning).stack_limits(plan)[1]
    # twice as much, because the first is not the largest
    fits = {members: 2 * members * each for members in (1, 2, 5, 20)}
    return plan, {
        members: Trainer(data, network, learning, memory=memory) for members, memory in fits.items()
    }


@given(memory=st.lists(st.sampled_from([1, 2, 5, 20]), min_size=1, max_size=8))
@settings(max_examples=30, deadline=None)
def test_every_network_is_of_one_shard_whatever_memory_each_of_them_has(
    cut: tuple[FitPlan, dict[int, Trainer]], memory: list[int]
) -> None:
    plan, trainers = cut
    trained: list[int] = []
    for number, fits in enumerate(memory, start=1):
        trainer = trainers[fits]
        own = plan.select(Shard(number, len(memory)).members(plan, trainer))
        trained += [own.seeds[member] for stack in trainer.stacks(own) for member in stack]
    assert sorted(trained) == sorted(plan.seeds)


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
