"""Networks of convolutions train one on each core, and each comes out as if it were alone."""

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset, Feature
from deepfeat.data.images.layout import Images
from deepfeat.nets.cnn import Cnn
from deepfeat.nets.network import Network
from deepfeat.training import trainer as module
from deepfeat.training.plan import build_plan
from deepfeat.training.settings import SplitSettings, TrainingSettings, merge_settings
from deepfeat.training.trainer import Trainer


def squares(count: int = 80, side: int = 6) -> Dataset:
    """Noise, with a bright corner where the class is 1."""
    layout = Images(side, side, 1, region=2)
    rng = np.random.default_rng(0)
    pictures = rng.random((count, side, side, 1)).astype(np.float32) * 0.5
    label = np.arange(count) % 2
    pictures[label == 1, :2, :2] = 1
    bounds = zip(layout.names, (0, *layout.ends[:-1]), layout.ends, strict=True)
    return Dataset(
        name="squares",
        x=layout.to_columns(pictures),
        y=label[:, None].astype(np.float32),
        task="binary",
        features=tuple(Feature(*bound) for bound in bounds),
        classes=("dark", "bright"),
        source_rows=np.arange(count),
        images=layout,
    )


DATA = squares()
NETWORK = Cnn(Cnn.Params(filters=4, units=4, pairs=1))
SETTINGS = merge_settings(Cnn.training, {"epochs": 3, "batch_size": 16}, "binary")


def trainer(network: Network = NETWORK, settings: TrainingSettings = SETTINGS, **how: int) -> Trainer:
    return Trainer(DATA, network, settings, **how)


@pytest.fixture(scope="module")
def compiled() -> Trainer:
    return trainer()


def test_a_member_does_not_depend_on_those_beside_it(
    compiled: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = build_plan(DATA, SplitSettings(), 2, 0, NETWORK)
    monkeypatch.setattr(module, "threads", lambda: 2)
    (stack,) = compiled.stacks(plan)
    assert stack.tolist() == [0, 1]
    trained = compiled.train(plan.select(stack))
    assert len(compiled._programs[False]) == 2
    monkeypatch.setattr(module, "threads", lambda: 1)
    for member in range(2):
        one = compiled.train(plan.select([member]))
        for value, same in zip(trained.values, one.values, strict=True):
            assert np.array_equal(value[member], same[0])
        assert trained.records[member].history.tolist() == one.records[0].history.tolist()


def test_only_networks_that_say_so_train_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    class Careful(Cnn):
        name = "careful"
        side_by_side = False

    monkeypatch.setattr(module, "threads", lambda: 2)
    plan = build_plan(DATA, SplitSettings(), 3, 0, NETWORK)
    assert [len(stack) for stack in trainer().stacks(plan)] == [2, 1]
    assert [len(stack) for stack in trainer(Careful(NETWORK.params)).stacks(plan)] == [1, 1, 1]
    assert [len(stack) for stack in trainer(stack_size=1).stacks(plan)] == [1, 1, 1]


def test_masked_regions_are_black(compiled: Trainer) -> None:
    plan = build_plan(DATA, SplitSettings(), 1, 0, NETWORK)
    plan.mask[0, 1] = False
    scale = compiled.train(plan).inputs[1][0]
    assert scale.tolist() == [1.0] * 4 + [0.0] * 4 + [1.0] * 28
