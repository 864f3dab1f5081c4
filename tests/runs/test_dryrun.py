"""What a dry run says of changes; that it writes nothing is tested with the command."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deepfeat.runs.dryrun import dry_run
from deepfeat.runs.fitting import LedgerFit
from deepfeat.runs.ledger.ledger import Ledger
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import prepare
from deepfeat.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("compiled_once")

Write = Callable[..., Path]


def forecast(networks: int, known: float | None) -> str:
    assert known is not None
    assert known > 0
    return f"{networks} networks, about a moment"


@pytest.fixture
def said(write_experiment: Write, tmp_path: Path) -> Callable[..., list[str]]:
    """Trains two networks once; then says what a changed experiment would do."""
    path = write_experiment(methods=["gate"])
    paths = RunPaths.of(tmp_path / "out", "tiny")
    prepared = prepare(path)
    trainer = Trainer(prepared.data, prepared.network, prepared.settings)
    LedgerFit(Ledger(paths.ledger))(prepared.plan, trainer)

    def say(*overrides: str) -> list[str]:
        return [str(step) for step in dry_run(prepare(path, overrides), paths, forecast)]

    return say


def test_each_change_is_named(said: Callable[..., list[str]], tmp_path: Path) -> None:
    trained, gate = said()
    assert trained == "training: 2 networks, 2 used again, 0 to compute"
    assert gate == "gate: 2 networks, 0 used again, 2 to compute\n    nothing of it is there yet"
    expected: dict[str, Any] = {
        "training.epochs=4": "changed: training.epochs from 2 to 4",
        "network.units=[8]": "changed: network.units from [4] to [8]",
        "seed=1": "not computed yet",
        "data.ignore=[height]": "changed: the table",
    }
    for override, reason in expected.items():
        first = said(override)[0]
        assert first.startswith("training: 2 networks, 0 used again, 2 to compute\n"), override
        assert reason in first
        assert first.endswith("; 2 networks, about a moment")


def test_what_a_method_trains_is_told(said: Callable[..., list[str]], tmp_path: Path) -> None:
    (tmp_path / "refits.py").write_text(
        '''
"""A method that trains."""

from deepfeat.methods import Importance, Method


class Refits(Method):
    """Trains three networks."""

    name = "refits"
    kind = "experiment"

    def fits(self, data, members):
        return 3 * data.n_features

    def explain(self, ensemble, data, context):
        raise NotImplementedError
'''
    )
    steps = said("plugins=[refits.py]", "methods=[refits]")
    assert steps[1].startswith("refits: 1 answer, 0 used again, 1 to compute\n")
    assert "trains up to 9 networks, about a moment" in steps[1]
