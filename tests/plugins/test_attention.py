"""attention: what networks attend to, and how far that can be believed."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble
from deepfeat.methods import Importance
from deepfeat.methods.registry import Registry
from deepfeat.nets.network import NetworkShape
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted

Ask = Callable[..., Importance]


def test_a_row_per_network_and_the_caveat(ask: Ask) -> None:
    data = planted().dataset()
    answer = ask("attention", LinearEnsemble.fit(data, 5), data, networks=3)
    assert answer.scores.shape == (3, 6)
    np.testing.assert_allclose(answer.scores.sum(axis=1), 1, rtol=1e-5)
    assert answer.scores.mean(axis=0).argmax() == 1
    caveat, agreement = answer.notes
    assert caveat.startswith("Attention is not explanation")
    assert agreement.startswith("Rank correlation with the rise of the loss")


def test_columns_of_a_category_are_added_up(ask: Ask) -> None:
    data = planted(category=True).dataset()
    scores = ask("attention", LinearEnsemble.fit(data, 2), data).scores
    assert scores.shape == (2, 6)
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)


def test_agreement_is_told_or_said_to_be_undefined(registry: Registry) -> None:
    assert "attention" in registry.methods
    told = sys.modules["deepfeat_plugins.attention"]._agreement
    assert told(np.array([3.0, 2.0, 1.0]), np.array([0.3, 0.2, 0.1])).endswith(": 1.00.")
    assert told(np.array([1.0, 2.0, 3.0]), np.array([0.3, 0.2, 0.1])).endswith(": -1.00.")
    for one in (np.array([1.0]), np.zeros(3)):
        assert "cannot be said" in told(one, np.arange(len(one), dtype=float))


def test_a_single_feature_is_attended_to_without_a_warning(
    registry: Registry, make_data: Callable[..., Dataset], train: Callable[..., Ensemble]
) -> None:
    network: Any = registry.networks["attention"]
    data = make_data("binary", widths=(1,))
    weights = train(data, network(network.Params(units=(3,))), members=1, epochs=1).activations(
        data.x[:7], "attention"
    )
    assert weights.shape == (1, 7, 1)
    assert (weights > 0).all()


def test_its_network_trains_as_a_stack_and_weights_add_up(
    registry: Registry, make_data: Callable[..., Dataset], train: Callable[..., Ensemble]
) -> None:
    from deepfeat.nets.template import build_template  # noqa: PLC0415 - loads TensorFlow

    network: Any = registry.networks["attention"]
    small = network(network.Params(units=(8,)))
    assert build_template(small, NetworkShape((0, 1, 1), 2, "multiclass")).stackable
    data = make_data("binary", widths=(1, 3, 1))
    ensemble = train(data, small, members=2, epochs=2)
    weights = ensemble.activations(data.x[:7], "attention")
    assert weights.shape == (2, 7, 5)
    assert (weights > 0).all()
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)


def test_the_same_bits_in_every_stack(registry: Registry, make_data: Callable[..., Dataset]) -> None:
    from deepfeat.ensemble import fit  # noqa: PLC0415 - loads TensorFlow
    from deepfeat.training.plan import build_plan  # noqa: PLC0415 - as above
    from deepfeat.training.settings import TrainingSettings  # noqa: PLC0415 - as above
    from deepfeat.training.trainer import Trainer  # noqa: PLC0415 - as above

    network: Any = registry.networks["attention"]
    small, data = network(network.Params(units=(7,))), make_data("binary", rows=50, widths=(1, 3, 1))
    chosen = TrainingSettings(batch_size=10, epochs=2, learning_rate=0.05)
    trainer = Trainer(data, small, chosen, memory=1 << 32)
    plan = build_plan(data, chosen.split, 4, 0, small)
    weights = []
    for stack_size in (4, 2, 1):
        trainer._stack_size = stack_size
        values, _, _ = fit(plan, trainer).members.load(range(4))
        weights.append(b"".join(np.ascontiguousarray(value).tobytes() for value in values))
    assert len(set(weights)) == 1
