"""The trained members of a plan, asked together and one by one."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat import ensemble as module
from deepfeat.data.dataset import Dataset, Task
from deepfeat.ensemble import Ensemble, NotApplicable, fit
from deepfeat.nets import device
from deepfeat.nets.network import Network, NetworkShape
from deepfeat.nets.template import Template, build_template, initial_weights
from deepfeat.testing.planted import planted
from deepfeat.training.inference import Inference
from deepfeat.training.loop import MemberRecord
from deepfeat.training.members import DiskMembers, MemoryMembers, Place, stack_arrays
from deepfeat.training.plan import build_plan
from deepfeat.training.scaling import input_scaling, target_scaling
from deepfeat.training.scores import held_out_scores
from deepfeat.training.settings import TrainingSettings
from deepfeat.training.trainer import Trainer

TASKS: tuple[Task, ...] = ("binary", "multiclass", "multilabel", "regression")
Make = Callable[..., Ensemble]


COMPILED: dict[tuple[str, NetworkShape], tuple[Template, Inference]] = {}


def ensemble_of(data: Dataset, network: Network, members: int = 3) -> Ensemble:
    """Members with random weights: all that can be asked of them needs no training."""
    device.prepare()
    shape = NetworkShape(tuple(data.column_feature.tolist()), data.n_outputs, data.task)
    key = repr(network.describe()), shape
    if key not in COMPILED:
        built = build_template(network, shape)
        COMPILED[key] = built, Inference(built)
    template, inference = COMPILED[key]
    chosen = TrainingSettings()
    plan = build_plan(data, chosen.split, members, 0, network)
    starts = [initial_weights(template, seed, mask) for seed, mask in zip(plan.seeds, plan.mask, strict=True)]
    generator = np.random.default_rng(0)
    values = [
        (np.stack(parts) + generator.normal(size=(members, *parts[0].shape)) * 0.1).astype(np.float32)
        for parts in zip(*starts, strict=True)
    ]
    loaded = values, np.stack(input_scaling(data, plan, chosen)), np.stack(target_scaling(data, plan))
    records = [MemberRecord(seed) for seed in plan.seeds]
    return Ensemble(template, data, plan, MemoryMembers(loaded), records, inference=inference)


@pytest.fixture(scope="module")
def make(make_data: Callable[..., Dataset], make_network: Callable[..., Network]) -> Make:
    def make(preset: str = "default", task: Task = "binary", members: int = 3, **table: object) -> Ensemble:
        return ensemble_of(make_data(task, **{"widths": (1, 3, 1), **table}), make_network(preset), members)

    return make


@pytest.fixture(scope="module")
def ensemble(make: Make) -> Ensemble:
    return make()


# --- a member is a plain model ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preset", "task"),
    [
        *(("default", "binary"), ("default", "regression"), ("ashraf-2021", "multiclass")),
        *(("default", "multilabel"), pytest.param("default", "multiclass", marks=pytest.mark.slow)),
        *(
            pytest.param("ashraf-2021", task, marks=pytest.mark.slow)
            for task in TASKS
            if task != "multiclass"
        ),
    ],
)
def test_every_member_is_a_plain_model_with_the_same_answers_and_derivatives(
    make: Make, preset: str, task: Task
) -> None:
    ensemble = make(preset, task)
    x = ensemble.data.x[:9]
    answers, logits = ensemble.predict(x), ensemble.predict(x, "logit")
    last = ensemble.data.n_outputs - 1
    gradients = ensemble.gradients(x, output=last)
    # A value is predicted in the units of the target, which are of the order of a hundred.
    size = np.abs(answers).max()
    for member in range(3):
        model = ensemble[member]
        assert type(model).__module__.startswith("keras.")
        np.testing.assert_allclose(model(x), answers[member], atol=1e-5 * max(1, size))
        before = keras.Model(model.inputs, model.get_layer("answer").input)
        rows = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(rows)
            logit = before(rows) if task != "regression" else model(rows)
            one = logit[:, last]
        np.testing.assert_allclose(logit, logits[member], atol=1e-4, rtol=1e-4)
        np.testing.assert_allclose(tape.gradient(one, rows), gradients[member], atol=1e-4, rtol=1e-3)


def test_derivatives_are_differences(ensemble: Ensemble) -> None:
    x, step = ensemble.data.x[:20], 2e-3
    gradients = ensemble.gradients(x)
    for column in range(x.shape[1]):
        move = np.eye(x.shape[1], dtype=np.float32)[column] * step
        difference = (ensemble.predict(x + move, "logit") - ensemble.predict(x - move, "logit"))[..., 0]
        close = np.isclose(difference / (2 * step), gradients[..., column], rtol=0.02, atol=2e-3)
        assert close.mean() > 0.95, "but where a relu bends in between"


def test_models_are_one_model_refilled(ensemble: Ensemble) -> None:
    x = ensemble.data.x[:5]
    answers = ensemble.predict(x)
    seen = []
    for member, model in enumerate(ensemble.models()):
        np.testing.assert_allclose(model(x), answers[member], atol=1e-5)
        seen.append(id(model))
    assert len(seen) == 3
    assert len(set(seen)) == 1


def test_members_are_indexed_as_in_a_list(ensemble: Ensemble) -> None:
    x = ensemble.data.x[:5]
    assert len(ensemble) == 3
    np.testing.assert_array_equal(ensemble[-1](x), ensemble[2](x))
    with pytest.raises(IndexError):
        ensemble[3]


# --- all members at once ------------------------------------------------------------------------------------


@given(
    members=st.integers(1, 4),
    rows=st.integers(0, 40),
    widths=st.lists(st.sampled_from([1, 1, 2, 5]), min_size=1, max_size=6),
    task=st.sampled_from(TASKS),
)
@settings(max_examples=6, deadline=None)
def test_shapes(make: Make, members: int, rows: int, widths: Sequence[int], task: Task) -> None:
    ensemble = make(task=task, members=members, widths=widths)
    outputs = {"binary": 1, "multiclass": 3, "multilabel": 2, "regression": 1}[task]
    x = ensemble.data.x[:rows]
    answers = ensemble.predict(x)
    assert answers.shape == (members, rows, outputs)
    assert answers.dtype == np.float32
    assert ensemble.gradients(x).shape == (members, rows, sum(widths))
    assert ensemble.gates.shape == (members, len(widths))
    assert ensemble.first_layer.shape == (members, sum(widths), 8)
    if task != "regression":
        assert ((answers >= 0) & (answers <= 1)).all()


def test_logits_are_what_probabilities_are_made_of(make: Make) -> None:
    for task, head in (
        ("binary", keras.ops.sigmoid),
        ("multiclass", keras.ops.softmax),
        ("regression", np.asarray),
    ):
        ensemble = make(task=task)
        assert ensemble.head == {"asarray": "linear"}.get(head.__name__, head.__name__)
        x = ensemble.data.x[:6]
        np.testing.assert_allclose(
            head(ensemble.predict(x, "logit")), ensemble.predict(x), rtol=1e-5, atol=1e-6
        )


def test_a_member_answers_the_same_in_any_company_and_any_portion(
    ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = ensemble.data.x[:37]
    answers, gradients = ensemble.predict(x), ensemble.gradients(x)
    chosen = ensemble.select([2, 0])
    np.testing.assert_array_equal(chosen.predict(x), answers[[2, 0]])
    np.testing.assert_array_equal(ensemble.select([1]).gradients(x), gradients[[1]])
    np.testing.assert_array_equal(ensemble.predict(x[5:6]), answers[:, 5:6])
    assert chosen.records == [ensemble.records[2], ensemble.records[0]]
    assert chosen.plan.seeds == (ensemble.plan.seeds[2], ensemble.plan.seeds[0])
    for size in (1, 8 * 8 * 10, 8 * 8 * 37 * 2):
        monkeypatch.setattr(module, "CALL_BYTES", size)
        np.testing.assert_array_equal(ensemble.predict(x), answers)
        np.testing.assert_array_equal(ensemble.gradients(x), gradients)


@pytest.mark.parametrize("size", [1, 1 << 28])
def test_each_member_may_be_asked_about_rows_of_its_own(
    ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    own = np.stack([ensemble.data.x[first : first + 10] for first in (0, 20, 40)])
    expected = [ensemble.predict(rows)[member] for member, rows in enumerate(own)]
    monkeypatch.setattr(module, "CALL_BYTES", size)
    np.testing.assert_array_equal(ensemble.predict(own), expected)


def test_members_on_disk_are_as_good_as_in_memory(
    ensemble: Ensemble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = ensemble.members.load(range(3))
    file = tmp_path / "stack.npz"
    np.savez(file, **stack_arrays(loaded))
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    members = DiskMembers([Place(file, sha256, member) for member in range(3)])
    stored = Ensemble(ensemble.template, ensemble.data, ensemble.plan, members, ensemble.records)
    monkeypatch.setattr(module, "WEIGHTS_AT_A_TIME", 2)
    x = ensemble.data.x[:10]
    np.testing.assert_array_equal(stored.predict(x), ensemble.predict(x))
    np.testing.assert_array_equal(stored.gates, ensemble.gates)
    np.testing.assert_array_equal(stored.first_layer, ensemble.first_layer)
    np.testing.assert_array_equal(stored.select([1])[0](x), ensemble[1](x))


# --- weights ------------------------------------------------------------------------------------------------


def test_gates_are_never_negative_and_multiply_the_first_layer(make: Make) -> None:
    ensemble = make("ashraf-2021")
    raw = ensemble.weights(ensemble.template.gate)
    assert (raw < 0).any(), "half of them start below zero"
    np.testing.assert_array_equal(ensemble.gates, np.maximum(raw, 0))
    kernel = ensemble.weights(ensemble.template.first_kernel)
    gate = ensemble.gates[:, [0, 1, 1, 1, 2]]
    np.testing.assert_allclose(ensemble.first_layer, kernel * gate[..., None])
    for member in range(3):
        np.testing.assert_array_equal(kernel[member], ensemble[member].get_layer("dense_1").get_weights()[0])


class Ungated(Network):
    name = "ungated"

    def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
        return keras.layers.Dense(shape.outputs, name="only")(inputs)


class Convolved(Network):
    name = "convolved"

    def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
        hidden = keras.layers.Flatten()(keras.layers.Conv1D(1, 2)(keras.layers.Reshape((-1, 1))(inputs)))
        return keras.layers.Dense(shape.outputs)(hidden)


def test_what_a_network_lacks_cannot_be_asked(make_data: Callable[..., Dataset]) -> None:
    ungated, convolved = (ensemble_of(make_data(), network) for network in (Ungated(), Convolved()))
    with pytest.raises(NotApplicable, match="network ungated has no gate"):
        _ = ungated.gates
    np.testing.assert_array_equal(ungated.first_layer[1], ungated[1].get_layer("only").get_weights()[0])
    with pytest.raises(NotApplicable, match="network convolved has no dense first layer"):
        _ = convolved.first_layer
    with pytest.raises(NotApplicable, match="network convolved has no dense first layer"):
        _ = convolved.uses


def test_a_feature_whose_weights_are_zero_is_not_used(make: Make) -> None:
    ensemble = make()
    assert ensemble.uses.all()
    values, inputs, targets = ensemble.members.load(range(3))
    template = ensemble.template
    for kernel in template.input_kernels:
        values[kernel][0, 1:4] = 0  # the category, for the first member
        values[kernel][1, 1:3] = 0  # two columns of three
    values[template.gate][2, ..., 2] = 0
    closed = Ensemble(
        template, ensemble.data, ensemble.plan, MemoryMembers((values, inputs, targets)), ensemble.records
    )
    expected = [[True, False, True], [True, True, True], [True, True, False]]
    np.testing.assert_array_equal(closed.uses, expected)


@pytest.mark.parametrize("network", ["default", "ashraf-2021", "convolved"])
def test_every_layer_answers_as_in_the_plain_model(
    make: Make, make_data: Callable[..., Dataset], network: str
) -> None:
    ensemble = ensemble_of(make_data(), Convolved()) if network == "convolved" else make(network)
    x = ensemble.data.x[:7]
    known = [layer.name for layer in ensemble[0].layers]
    assert [name for name in known if name in ensemble.layers] == list(ensemble.layers)
    assert ensemble.template.stackable == (network != "convolved")
    for name in ensemble.layers:
        answers = ensemble.activations(x, name)
        assert answers.dtype == np.float32
        for member, model in enumerate(ensemble.models()):
            part = keras.Model(model.input, model.get_layer(name).output)
            np.testing.assert_allclose(answers[member], part(x), atol=1e-5, rtol=1e-5)
    last = ensemble.layers[-1]
    np.testing.assert_allclose(ensemble.activations(x, last), ensemble.predict(x, "logit"), atol=1e-6)


@pytest.mark.parametrize("network", ["ashraf-2021", "convolved"])
def test_weights_by_layer(make: Make, make_data: Callable[..., Dataset], network: str) -> None:
    ensemble = ensemble_of(make_data(), Convolved()) if network == "convolved" else make(network)
    for member, model in enumerate(ensemble.models()):
        for layer in ensemble.layers:
            plain = {variable.name: variable.numpy() for variable in model.get_layer(layer).weights}
            ours = ensemble.layer_weights(layer)
            assert list(ours) == list(plain)
            for name, values in ours.items():
                np.testing.assert_array_equal(values[member].reshape(plain[name].shape), plain[name])
    with pytest.raises(NotApplicable, match="no layer 'dense_9'"):
        ensemble.layer_weights("dense_9")


def test_connections_are_the_product_of_the_weights(make: Make) -> None:
    ensemble = make("ashraf-2021")
    kernels = [ensemble.layer_weights(layer).get("kernel") for layer in ensemble.layers]
    product = ensemble.gates[:, ensemble.data.column_feature, None] * np.linalg.multi_dot(
        [kernel[0].astype(float) for kernel in kernels if kernel is not None]
    )
    np.testing.assert_allclose(ensemble.connections[0], product[0], rtol=1e-5, atol=1e-8)
    assert ensemble.connections.shape == (3, ensemble.data.n_columns, ensemble.data.n_outputs)


def test_activations_of_rows_of_a_members_own(ensemble: Ensemble) -> None:
    name = ensemble.layers[1]
    assert "dense_1" in ensemble.layers
    own = np.stack([ensemble.data.x[3 * member : 3 * member + 3] for member in range(3)])
    answers = ensemble.activations(own, "dense_1")
    for member in range(3):
        alone = ensemble.select([member]).activations(own[member], "dense_1")
        np.testing.assert_array_equal(answers[member], alone[0])
    with pytest.raises(NotApplicable, match=f"network default has no layer 'dense_9'; it has .*{name}"):
        ensemble.activations(own, "dense_9")


# --- training and scoring -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted(make_network: Callable[..., Network]) -> Ensemble:
    """Members on a table that a network can learn, in stacks of two."""
    data = planted(features=4, rows=200).dataset()
    network = make_network(gate_penalty=(0.0, 0.0))
    chosen = TrainingSettings(
        epochs=30, loss="cross_entropy", learning_rate=0.02, batch_size=32, patience=30, scaling="standard"
    )
    return fit(build_plan(data, chosen.split, 5, 0, network), Trainer(data, network, chosen, stack_size=2))


def test_members_learn_and_come_in_the_order_of_the_plan(fitted: Ensemble) -> None:
    assert [record.seed for record in fitted.records] == list(fitted.plan.seeds)
    assert min(record.scores["auc"] for record in fitted.records) > 0.9
    assert (fitted.gates.argmax(axis=1) == 1).all()
    assert fitted.succeeded.tolist() == [0, 1, 2, 3, 4]


def test_scores_are_of_rows_that_the_member_never_saw(fitted: Ensemble) -> None:
    for member, split in enumerate(fitted.plan.splits):
        elsewhere_wrong = 1 - fitted.data.y
        elsewhere_wrong[split.held_out] = fitted.data.y[split.held_out]
        (record,) = scored_again(fitted.select([member]), data=replace(fitted.data, y=elsewhere_wrong))
        assert record.scores == fitted.records[member].scores


def scored_again(ensemble: Ensemble, **changes: Any) -> list[MemberRecord]:  # noqa: ANN401
    """The records of the same members after scoring, with some of what they are scored by changed."""
    parts = {
        "data": ensemble.data,
        "plan": ensemble.plan,
        "records": [MemberRecord(seed) for seed in ensemble.plan.seeds],
        **changes,
    }
    again = Ensemble(ensemble.template, members=ensemble.members, inference=ensemble._inference, **parts)
    again.score()
    return again.records


def test_without_held_out_rows_those_of_validation_are_scored(fitted: Ensemble) -> None:
    none = np.empty(0, dtype=np.int64)
    plan = replace(fitted.plan, splits=tuple(replace(split, held_out=none) for split in fitted.plan.splits))
    for member, (split, record) in enumerate(zip(plan.splits, scored_again(fitted, plan=plan), strict=True)):
        answers = fitted.predict(fitted.data.x[split.valid])[member]
        assert record.scores == held_out_scores("binary", fitted.data.y[split.valid], answers)


def test_failed_members_are_not_scored_and_not_among_those_that_succeeded(fitted: Ensemble) -> None:
    records = [MemberRecord(0, failure="lost" if member == 1 else None) for member in range(5)]
    assert [bool(record.scores) for record in scored_again(fitted, records=records)] == [
        *(True, False, True, True, True)
    ]
    again = Ensemble(fitted.template, fitted.data, fitted.plan, fitted.members, records)
    assert again.succeeded.tolist() == [0, 2, 3, 4]


def test_own_targets_are_scored_by_themselves(fitted: Ensemble) -> None:
    opposite = replace(fitted.plan, targets=np.repeat(1 - fitted.data.y[None], 5, axis=0))
    for record, straight in zip(scored_again(fitted, plan=opposite), fitted.records, strict=True):
        assert record.scores["auc"] == pytest.approx(1 - straight.scores["auc"])


@given(
    members=st.integers(1, 3),
    rows=st.integers(30, 70),
    widths=st.lists(st.sampled_from([1, 2, 4]), min_size=1, max_size=5),
    task=st.sampled_from(TASKS),
    batch=st.integers(1, 40),
)
@settings(max_examples=2, deadline=None)
def test_any_table_trains(
    make_data: Callable[..., Dataset],
    train: Callable[..., Ensemble],
    make_network: Callable[..., Network],
    members: int,
    rows: int,
    widths: Sequence[int],
    task: Task,
    batch: int,
) -> None:
    data = make_data(task, rows=rows, widths=widths)
    ensemble = train(data, make_network(), members, epochs=2, batch_size=batch)
    assert len(ensemble.succeeded) == members
    for member, record in enumerate(ensemble.records):
        assert record.history.shape == (2, 2)
        assert np.isfinite(record.history).all()
        np.testing.assert_allclose(
            ensemble[member](data.x), ensemble.predict(data.x)[member], rtol=1e-5, atol=1e-4
        )
