"""Masking a feature equals deleting its columns."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset, Feature
from deepfeat.ensemble import fit
from deepfeat.nets.network import Network
from deepfeat.nets.template import Template, drawn_weights
from deepfeat.training import loop
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.settings import merge_settings
from deepfeat.training.trainer import Trainer

WIDTHS = (1, 3, 1, 1)
MASKED = 1
COLUMNS = slice(1, 4)


def without(data: Dataset) -> Dataset:
    """The table without the masked feature."""
    kept = [feature for number, feature in enumerate(data.features) if number != MASKED]
    stops = np.cumsum([feature.stop - feature.start for feature in kept])
    features = [
        Feature(feature.name, int(stop - feature.stop + feature.start), int(stop), feature.levels)
        for feature, stop in zip(kept, stops, strict=True)
    ]
    return replace(data, x=np.delete(data.x, COLUMNS, axis=1), features=tuple(features))


def cut(template: Template, values: list[np.ndarray]) -> list[np.ndarray]:
    """Weights of the whole network without what belongs to the masked feature."""
    values = [
        value.reshape(variable.shape) for value, variable in zip(values, template.variables, strict=True)
    ]
    for index, value in enumerate(values):
        if index == template.gate:
            values[index] = np.delete(value, MASKED, axis=0)
        elif index in template.input_kernels:
            values[index] = np.delete(value, COLUMNS, axis=0)
    return values


@pytest.fixture(params=["default", "ashraf-2021"])
def network(request: pytest.FixtureRequest, make_network: Callable[..., Network]) -> Network:
    return make_network(request.param)


def test_masking_equals_deleting(
    make_data: Callable[..., Dataset], network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_data("multiclass", widths=WIDTHS)
    settings = merge_settings(
        network.training, {"epochs": 8, "batch_size": 16, "learning_rate": 0.02}, data.task
    )
    whole = Trainer(data, network, settings)
    plan = build_plan(data, settings.split, 2, 0, network)
    masked = replace(plan, mask=plan.mask & (np.arange(4) != MASKED))
    first = fit(masked, whole)

    def same_but_for_the_feature(_: Template, seed: int) -> list[np.ndarray]:
        return cut(whole.template, drawn_weights(whole.template, seed))

    monkeypatch.setattr(loop, "drawn_weights", same_but_for_the_feature)
    deleted = without(data)
    second = fit(replace(plan, mask=plan.mask[:, 1:]), Trainer(deleted, network, settings))

    np.testing.assert_allclose(first.predict(data.x), second.predict(deleted.x), atol=1e-4)
    assert [record.epochs for record in first.records] == [record.epochs for record in second.records]
    for ours, theirs in zip(first.records, second.records, strict=True):
        np.testing.assert_allclose(ours.history, theirs.history, rtol=1e-3)
    for member in range(2):
        trained = cut(whole.template, [value[member] for value in first.members.load([0, 1])[0]])
        for value, other in zip(trained, second.members.load([member])[0], strict=True):
            np.testing.assert_allclose(value.reshape(other[0].shape), other[0], atol=1e-3)


def test_a_masked_feature_is_out_of_sight_whatever_the_noise(
    make_data: Callable[..., Dataset], make_network: Callable[..., Network]
) -> None:
    network = make_network(input_noise=0.5)
    data = make_data("binary", widths=WIDTHS)
    settings = merge_settings(
        network.training, {"epochs": 5, "batch_size": 16, "learning_rate": 0.01}, data.task
    )
    plan: FitPlan = build_plan(data, settings.split, 2, 0, network)
    plan.mask[0, MASKED] = False
    ensemble = fit(plan, Trainer(data, network, settings))
    other = data.x.copy()
    other[:, COLUMNS] = 7
    answers, changed = ensemble.predict(data.x), ensemble.predict(other)
    np.testing.assert_array_equal(answers[0], changed[0])
    assert not np.array_equal(answers[1], changed[1])
    assert ensemble.gates[0, MASKED] == 0
    assert not ensemble.first_layer[0, COLUMNS].any()
    assert not ensemble.gradients(data.x)[0, :, COLUMNS].any()
