"""Many tables asked about at once give what each gives by itself."""

from pathlib import Path

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.methods import Context
from deepfeat.methods.registry import load_registry
from deepfeat.testing.families.encoding import encode
from deepfeat.testing.repeated import Repetitions
from deepfeat.testing.trained import TrainedEnsembles

METHODS = load_registry(environ={}).methods


def table(number: int) -> Dataset:
    rng = np.random.default_rng(number)
    x = rng.normal(size=(60, 2))
    return encode("made", x, x[:, 0] + rng.normal(size=60), "regression", ("b", "a"))


@pytest.mark.slow
def test_together_is_the_same_as_one_by_one(tmp_path: Path) -> None:
    tables = [table(number) for number in range(3)]
    params = {"folds": 2, "networks": 1, "epochs": 4, "units": [4]}
    together = Repetitions(tables, tmp_path / "together", seed=5)
    loco = METHODS["loco"](METHODS["loco"].Params(**params))
    found = together.ask(loco)
    assert together.fits == 3 * 2 * 3
    alone = TrainedEnsembles()
    for number in (0, 2):
        context = Context(
            5 + number,
            "loco",
            tmp_path / "alone",
            fit=lambda plan, *, data, **how: alone.refit(data, plan, **how),
        )
        expected = loco.explain(alone(tables[number], 1), tables[number], context)
        np.testing.assert_allclose(found[number].p_value, expected.p_value, rtol=1e-5)
        np.testing.assert_allclose(found[number].effect, expected.effect, rtol=1e-4, atol=1e-7)


@pytest.mark.slow
def test_what_is_trained_is_shared_by_methods(tmp_path: Path) -> None:
    together = Repetitions([table(0)], tmp_path)
    params = {"folds": 2, "networks": 1, "epochs": 2, "units": [4]}
    for name in ("effect", "loco", "cpi"):
        together.ask(METHODS[name](METHODS[name].Params(**params)))
    assert together.fits == 2 * (2 + 1)


def test_own_targets_are_refused(tmp_path: Path) -> None:
    class OwnTargets(METHODS["loco"]):
        def explain(self, ensemble: object, data: Dataset, context: Context) -> object:
            del ensemble
            from deepfeat.training.plan import FitPlan  # noqa: PLC0415

            plan = FitPlan("own", (1,), (), np.ones((1, 2), bool), np.zeros(1), targets=data.y[None])
            return context.fit(plan)

    with pytest.raises(ValueError, match="targets of their own"):
        Repetitions([table(0)], tmp_path).ask(OwnTargets())
