"""A member's bytes depend on the experiment and its number: not on its stack, nor on threads."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset, Task
from deepfeat.ensemble import Ensemble, fit
from deepfeat.nets.network import Network
from deepfeat.training import batches, loop, table
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.settings import TrainingSettings
from deepfeat.training.trainer import Trainer

ROOT = Path(__file__).parents[2]


def digest(ensemble: Ensemble) -> str:
    """One hash of everything that training and asking gave."""
    values, inputs, targets = ensemble.members.load(range(len(ensemble)))
    found = hashlib.sha256()
    for array in (*values, inputs, targets, ensemble.predict(ensemble.data.x)):
        found.update(np.ascontiguousarray(array).tobytes())
    for record in ensemble.records:
        found.update(record.history.tobytes())
        found.update(repr((record.epochs, record.best_epoch, record.scores, record.failure)).encode())
    return found.hexdigest()


def made(data: Dataset, network: Network, members: int = 12, **settings: Any) -> tuple[Trainer, FitPlan]:  # noqa: ANN401
    chosen = TrainingSettings.model_validate(
        {"batch_size": 16, "epochs": 3, "patience": 1, "learning_rate": 0.05, **settings}
    )
    return Trainer(data, network, chosen, memory=1 << 32), build_plan(data, chosen.split, members, 0, network)


def trained(trainer: Trainer, plan: FitPlan, stack_size: int) -> Ensemble:
    trainer._stack_size = stack_size
    return fit(plan, trainer)


Case = tuple[str, Task, dict[str, Any], dict[str, Any]]
CASES: list[Case] = [
    ("default", "binary", {}, {"loss": "soft_f1", "batch_size": 10}),
    (
        "default",
        "multiclass",
        {"widths": (1, 3, 2)},
        {"loss": "cross_entropy", "class_weight": "balanced", "weight_decay": 0.1},
    ),
    (
        "default",
        "regression",
        {"widths": (1,) * 37},
        {"loss": "squared_error", "optimizer": "sgd", "schedule": "cosine"},
    ),
    ("ashraf-2021", "multilabel", {}, {"loss": "soft_f1", "validation_batch": 10, "scaling": "l2_table"}),
    (
        "ashraf-2021",
        "binary",
        {"widths": (1,)},
        {"loss": "cross_entropy", "weight_decay": 0.1, "batch_size": 1000},
    ),
    (
        "ashraf-2021",
        "multiclass",
        {"rows": 61},
        {"loss": "squared_error", "schedule": "cosine", "batch_size": 7},
    ),
]


# The fast tests have between them both networks, all losses, both optimizers, weight decay and a schedule;
# left to the slow ones are a single column, and batches of all rows or of an odd number of them.
FAST = CASES[:4]


@pytest.mark.parametrize(
    ("members", "preset", "task", "table", "settings"),
    [
        pytest.param(members, *case, marks=[] if members == 4 and case in FAST else pytest.mark.slow)
        for members in (4, 40)
        for case in CASES
    ],
)
def test_members_as_one_stack_as_pairs_or_tens_and_one_by_one(
    make_data: Callable[..., Dataset],
    make_network: Callable[..., Network],
    members: int,
    preset: str,
    task: Task,
    table: dict[str, Any],
    settings: dict[str, Any],
) -> None:
    data = make_data(task, **{"rows": 50, **table})
    network = make_network(preset, units=(7,) if preset == "default" else 7)
    trainer, plan = made(data, network, members, **settings)
    together = digest(trained(trainer, plan, members))
    assert digest(trained(trainer, plan, max(2, members // 4))) == together
    assert digest(trained(trainer, plan, 1)) == together


def test_groups_of_different_sizes_make_no_difference(
    make_data: Callable[..., Dataset], make_network: Callable[..., Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_data("regression", rows=97, n_groups=15)
    trainer, plan = made(data, make_network(), 8, loss="squared_error")
    assert len(trainer.stacks(plan)) > 1
    together = trained(trainer, plan, 8)
    assert digest(trained(trainer, plan, 3)) == digest(together)
    # Nor does it matter who else there is, or in which order.
    some = trained(trainer, plan.select([7, 2, 5]), 3)
    assert digest(some) == digest(together.select([7, 2, 5]))
    # Nor how many validation rows pass through the network at a time: it follows from the table's width.
    monkeypatch.setattr(loop, "CHUNK_ROWS", 32)
    monkeypatch.setattr(loop, "CHUNK_ELEMENTS", 20 * data.n_columns)
    assert digest(trained(trainer, plan, 1)) == digest(trained(trainer, plan, 8))


def test_a_table_that_is_read_in_pieces(
    make_data: Callable[..., Dataset], make_network: Callable[..., Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_data("binary", rows=120)
    row = data.n_columns * 4
    monkeypatch.setattr(batches, "BLOCKED_ABOVE", 1)
    monkeypatch.setattr(batches, "BLOCK_BYTES", 30 * row)
    trainer, plan = made(data, make_network(), 7, loss="soft_f1", batch_size=10)
    resident = digest(trained(trainer, plan, 7))
    trainer._table = None
    monkeypatch.setattr(table, "RESIDENT_BYTES", 0)
    monkeypatch.setattr(table, "GATHER_BYTES", 40 * row)
    # How many steps are read at a time depends on the size of the stack.
    assert [digest(trained(trainer, plan, size)) for size in (7, 2)] == [resident] * 2


def test_members_with_targets_of_their_own(
    make_data: Callable[..., Dataset], make_network: Callable[..., Network]
) -> None:
    data = make_data("regression", rows=50)
    trainer, plan = made(data, make_network(), loss="squared_error")
    generator = np.random.default_rng(0)
    shuffled = np.stack([generator.permutation(data.y) for _ in range(7)])
    own = replace(plan.select(range(7)), targets=shuffled)
    assert (
        digest(trained(trainer, own, 7))
        == digest(trained(trainer, own, 3))
        == digest(trained(trainer, own, 1))
    )


# The thread count is fixed when TensorFlow starts, so another one takes another process.
OTHER_PROCESS = """
import sys
from importlib.util import module_from_spec, spec_from_file_location
def load(name, path):
    spec = spec_from_file_location(name, path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
here, shared = load("here", sys.argv[1]), load("shared", sys.argv[2])
print(here.with_large_products(shared._data, shared._network))
"""


def with_large_products(make_data: Callable[..., Dataset], make_network: Callable[..., Network]) -> str:
    """A training whose matrix products are large enough to be spread over threads."""
    data = make_data("binary", rows=1500, widths=(1,) * 20)
    trainer, plan = made(data, make_network(units=(64,)), 2, loss="soft_f1", batch_size=1000, epochs=1)
    return digest(trained(trainer, plan, 2))


# that groups trained on several threads change no byte is tested with the groups; this takes another process
@pytest.mark.slow
def test_the_number_of_threads_makes_no_difference(
    make_data: Callable[..., Dataset], make_network: Callable[..., Network]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, __file__, str(ROOT / "tests" / "conftest.py")],
        cwd=ROOT,
        env={
            **os.environ,
            "TF_NUM_INTRAOP_THREADS": "1",
            "TF_NUM_INTEROP_THREADS": "1",
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-1] == with_large_products(make_data, make_network)
