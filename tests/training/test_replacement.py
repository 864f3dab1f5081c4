"""One feature at a time replaced: the same as putting every changed table together."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from deepfeat.data.dataset import Dataset, Task
from deepfeat.ensemble import Ensemble
from deepfeat.nets.ashraf import Ashraf2021
from deepfeat.nets.default import Default
from deepfeat.nets.gate import Gate
from deepfeat.nets.network import Network, NetworkShape
from deepfeat.nets.template import build_template, initial_weights
from deepfeat.testing.families import make_mixed_types
from deepfeat.testing.planted import planted
from deepfeat.training import replacement
from deepfeat.training.inference import Inference
from deepfeat.training.loop import MemberRecord
from deepfeat.training.members import MemoryMembers
from deepfeat.training.plan import build_plan
from deepfeat.training.replaced import Output, Pair, Replaced, rebuilt
from deepfeat.training.settings import SplitSettings

MEMBERS = 3


class Ungated(Network):
    """Layers on the inputs themselves."""

    name = "ungated"

    def build(self, inputs: keras.KerasTensor, shape: NetworkShape) -> keras.KerasTensor:
        return keras.layers.Dense(shape.outputs)(keras.layers.Dense(5, activation="relu")(inputs))


class HalfGated(Network):
    """A gate that the linear part of the network does not pass."""

    name = "half-gated"

    def build(self, inputs: keras.KerasTensor, shape: NetworkShape) -> keras.KerasTensor:
        hidden = keras.layers.Dense(5, activation="tanh")(Gate(shape.column_feature)(inputs))
        linear = keras.layers.Dense(shape.outputs)(inputs)
        return keras.layers.Add()([keras.layers.Dense(shape.outputs)(hidden), linear])


class Linear(Network):
    """A single layer."""

    name = "linear"

    def build(self, inputs: keras.KerasTensor, shape: NetworkShape) -> keras.KerasTensor:
        return keras.layers.Dense(shape.outputs)(Gate(shape.column_feature)(inputs))


class Noisy(Network):
    """Noise on the inputs and behind the gate, which is for training only."""

    name = "noisy"

    def build(self, inputs: keras.KerasTensor, shape: NetworkShape) -> keras.KerasTensor:
        gated = Gate(shape.column_feature)(keras.layers.GaussianNoise(0.5)(inputs))
        hidden = keras.layers.Dense(5, activation="relu")(keras.layers.Dropout(0.5)(gated))
        return keras.layers.Dense(shape.outputs)(hidden)


class Concatenated(Network):
    """Stackable, but the inputs go round the first layer."""

    name = "concatenated"

    def build(self, inputs: keras.KerasTensor, shape: NetworkShape) -> keras.KerasTensor:
        hidden = keras.layers.Dense(5, activation="relu")(inputs)
        return keras.layers.Dense(shape.outputs)(keras.layers.Concatenate()([inputs, hidden]))


class Normalised(Network):
    """Not stackable: members are asked one after another."""

    name = "normalised"

    def build(self, inputs: keras.KerasTensor, shape: NetworkShape) -> keras.KerasTensor:
        return keras.layers.Dense(shape.outputs)(keras.layers.LayerNormalization()(inputs))


CUT = (Default(), Ashraf2021(), Ungated(), HalfGated(), Linear(), Noisy())
NOT_CUT = (Concatenated(), Normalised())


def untrained(network: Network, data: Dataset, members: int = MEMBERS) -> Ensemble:
    """Members with random weights; gates are closed, half open or open at random."""
    template = build_template(
        network, NetworkShape(tuple(data.column_feature.tolist()), data.n_outputs, data.task)
    )
    rng = np.random.default_rng(5)
    plan = build_plan(data, SplitSettings(), members, 0, network)
    starts = [initial_weights(template, seed, mask) for seed, mask in zip(plan.seeds, plan.mask, strict=True)]
    values = [np.stack(parts) for parts in zip(*starts, strict=True)]
    if template.gate is not None:
        values[template.gate] = rng.choice([0, 0.5, 1], size=values[template.gate].shape).astype(np.float32)
    inputs = rng.uniform(0.5, 2, size=(2, members, data.n_columns)).astype(np.float32)
    targets = rng.uniform(0.5, 2, size=(2, members, data.n_outputs)).astype(np.float32)
    records = [MemberRecord(seed) for seed in plan.seeds]
    return Ensemble(template, data, plan, MemoryMembers((values, inputs, targets)), records)


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Numbers, and categories of several widths."""
    return make_mixed_types(90, 12, 0).dataset()


@pytest.fixture(scope="module")
def ensemble(data: Dataset) -> Ensemble:
    """Members of the default network, compiled once for the tests that only ask them."""
    return untrained(Default(), data)


def shuffled_rows(data: Dataset, sizes: tuple[int, ...] = (33, 20, 33)) -> list[Pair]:
    rng = np.random.default_rng(1)
    rows = [rng.choice(data.n_rows, size, replace=False) for size in sizes]
    return [(data.x[own], data.x[rng.permutation(own)]) for own in rows]


def by_feature(parts: Iterator[Replaced]) -> dict[tuple[int, int], tuple[Any, Any]]:
    return {
        (part.member, int(feature)): (part.before, after)
        for part in parts
        for feature, after in zip(part.features, part.after, strict=True)
    }


@pytest.mark.parametrize("network", CUT, ids=lambda network: network.name)
def test_equals_rebuilding_the_inputs(network: Network, data: Dataset) -> None:
    ensemble = untrained(network, data)
    pairs = shuffled_rows(data)
    outputs: tuple[Output, ...] = ("probability", "logit")
    for output in outputs:
        expected = by_feature(rebuilt(ensemble, pairs, output))
        found = by_feature(ensemble.replaced(pairs, output))
        assert len(expected) == MEMBERS * data.n_features
        scale = max(1, *(np.abs(after).max() for _, after in expected.values()))
        for key, (before, after) in expected.items():
            if key in found:
                np.testing.assert_allclose(found[key][0], before, atol=1e-5 * scale)
                np.testing.assert_allclose(found[key][1], after, atol=1e-5 * scale)
            else:
                np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_equals_rebuilding_for_other_tasks(task: Task) -> None:
    data = planted(task=task, rows=90).dataset()
    ensemble = untrained(Default(), data)
    pairs = shuffled_rows(data)
    expected = by_feature(rebuilt(ensemble, pairs, "probability"))
    found = by_feature(ensemble.replaced(pairs))
    for key, (before, after) in found.items():
        np.testing.assert_allclose(before, expected[key][0], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(after, expected[key][1], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("network", NOT_CUT, ids=lambda network: network.name)
def test_networks_that_cannot_be_cut_are_asked_the_plain_way(network: Network, data: Dataset) -> None:
    ensemble = untrained(network, data)
    pairs = shuffled_rows(data)
    found = by_feature(ensemble.replaced(pairs, "logit"))
    assert set(found) == {(m, f) for m in range(MEMBERS) for f in range(data.n_features)}
    x, other = pairs[1]
    feature = data.features[3]
    changed = x.copy()
    changed[:, feature.start : feature.stop] = other[:, feature.start : feature.stop]
    np.testing.assert_allclose(found[1, 3][1], ensemble.predict(changed, "logit")[1], rtol=1e-4, atol=1e-5)


def test_closed_gates_are_skipped(ensemble: Ensemble, data: Dataset) -> None:
    found = set(by_feature(ensemble.replaced(shuffled_rows(data))))
    open_gates = {(m, f) for m, f in np.argwhere(ensemble.gates > 0).tolist()}
    assert found == open_gates
    assert 0 < len(found) < MEMBERS * data.n_features


def test_a_gate_does_not_close_what_also_goes_round_it(data: Dataset) -> None:
    found = by_feature(untrained(HalfGated(), data).replaced(shuffled_rows(data)))
    assert len(found) == MEMBERS * data.n_features


def test_a_member_that_sees_nothing_still_answers(ensemble: Ensemble, data: Dataset) -> None:
    values, inputs, targets = ensemble.members.load([0])
    values[ensemble.template.gate][:] = 0
    blind = Ensemble(
        ensemble.template,
        data,
        ensemble.plan.select([0]),
        MemoryMembers((values, inputs, targets)),
        ensemble.records[:1],
    )
    (part,) = blind.replaced(shuffled_rows(data, (5,)), "logit")
    assert len(part.features) == len(part.after) == 0
    np.testing.assert_allclose(
        part.before, blind.predict(shuffled_rows(data, (5,))[0][0], "logit")[0], rtol=1e-5
    )


def test_the_last_bits_do_not_depend_on_the_company(ensemble: Ensemble, data: Dataset) -> None:
    pairs = shuffled_rows(data)
    together = by_feature(ensemble.replaced(pairs, "logit"))
    for member, pair in enumerate(pairs):
        alone = by_feature(ensemble.select([member]).replaced([pair], "logit"))
        assert alone
        for (_, feature), (before, after) in alone.items():
            np.testing.assert_array_equal(before, together[member, feature][0])
            np.testing.assert_array_equal(after, together[member, feature][1])


def test_nothing_depends_on_how_it_is_cut_into_calls(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    ensemble = untrained(Default(), data, members=7)
    pairs = shuffled_rows(data, (33, 20, 33, 1, 16, 17, 33))
    whole = by_feature(ensemble.replaced(pairs, "logit"))
    for name in ("MEMBER_BYTES", "CALL_BYTES", "TABLE_BYTES"):
        monkeypatch.setattr(replacement, name, 1 << 15)
    pieces = by_feature(ensemble.replaced(iter(pairs), "logit"))
    assert set(whole) == set(pieces)
    for key, (before, after) in whole.items():
        np.testing.assert_allclose(pieces[key][0], before, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(pieces[key][1], after, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("network", [Default(), Concatenated()], ids=["cut", "rebuilt"])
def test_some_features_can_be_asked_about(network: Network, data: Dataset) -> None:
    ensemble = untrained(network, data)
    pairs = shuffled_rows(data)
    every = by_feature(ensemble.replaced(pairs))
    wanted = {0, data.n_features - 1}
    some = by_feature(ensemble.replaced(pairs, features=np.array(sorted(wanted))))
    assert some.keys() == {key for key in every if key[1] in wanted}
    for key, (before, after) in some.items():
        np.testing.assert_array_equal(before, every[key][0])
        np.testing.assert_array_equal(after, every[key][1])


def test_a_row_that_is_replaced_by_itself_changes_nothing(ensemble: Ensemble, data: Dataset) -> None:
    pairs = [(x, x) for x, _ in shuffled_rows(data)]
    for before, after in by_feature(ensemble.replaced(pairs)).values():
        np.testing.assert_array_equal(before, after)


def test_every_shape_runs_the_same_compiled_function(data: Dataset) -> None:
    ensemble = untrained(Default(), data, members=5)
    for sizes in ((33, 20, 33, 1, 16), (40, 40, 41, 42, 90)):
        list(ensemble.replaced(shuffled_rows(data, sizes)))
    compiled = ensemble._inference.replacement
    assert compiled._enter.experimental_get_tracing_count() == 1
    assert compiled._answers["probability"].experimental_get_tracing_count() == 1


def test_members_can_be_asked_about_rows_of_their_own(ensemble: Ensemble, data: Dataset) -> None:
    x = np.stack([data.x[start : start + 21] for start in (0, 20, 40)])
    answers, slopes = ensemble.predict(x, "logit"), ensemble.gradients(x)
    for member in range(MEMBERS):
        alone = ensemble.select([member])
        np.testing.assert_array_equal(alone.predict(x[member], "logit")[0], answers[member])
        np.testing.assert_array_equal(alone.gradients(x[member])[0], slopes[member])
        np.testing.assert_array_equal(alone.predict(x[[member]], "logit")[0], answers[member])


def test_moments_are_those_of_the_training_rows(ensemble: Ensemble, data: Dataset) -> None:
    means, deviations = ensemble.moments
    rows = ensemble.plan.splits[2].train
    np.testing.assert_allclose(means[2], data.x[rows].mean(axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(deviations[2], data.x[rows].std(axis=0), rtol=1e-4, atol=1e-6)


def test_rebuilding_is_cut_into_calls_too(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    ensemble = untrained(Linear(), data)
    pairs = shuffled_rows(data)
    whole = by_feature(rebuilt(ensemble, pairs, "logit"))
    monkeypatch.setattr("deepfeat.training.replaced.REBUILT_ROWS", 50)
    pieces = by_feature(rebuilt(ensemble, pairs, "logit"))
    for key, (before, after) in whole.items():
        np.testing.assert_array_equal(pieces[key][0], before)
        np.testing.assert_allclose(pieces[key][1], after, rtol=1e-5, atol=1e-5)


def test_the_table_may_be_read_only(data: Dataset) -> None:
    frozen = replace(data, x=data.x.copy())
    frozen.x.setflags(write=False)
    x = frozen.x[:20]
    ensemble = untrained(Default(), frozen, members=1)
    assert by_feature(ensemble.replaced([(x, np.broadcast_to(x[0], x.shape))]))


def test_inference_knows_whether_it_can_be_cut(data: Dataset) -> None:
    for networks, cut in ((CUT, True), (NOT_CUT, False)):
        for network in networks:
            shape = NetworkShape(tuple(data.column_feature.tolist()), data.n_outputs, data.task)
            assert (Inference(build_template(network, shape)).replacement is not None) == cut
