"""lime: the library's local models, for all members at once."""

import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset, Feature
from deepfeat.methods import Context, Importance, Method, MethodError, to_features
from deepfeat.methods.registry import Registry
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted
from deepfeat.writing.csvfiles import read_table

SAMPLE = {"rows": 8, "samples": 300}


@pytest.fixture
def lime_method(registry: Registry) -> type[Method]:
    return registry.methods["lime"]


@pytest.fixture
def plugin(modules: dict[str, ModuleType]) -> ModuleType:
    return modules["lime"]


def explain(
    method: type[Method], ensemble: LinearEnsemble, folder: Path, seed: int = 3, **params: object
) -> Importance:
    context = Context(seed, "lime", folder)
    return method(method.Params(**{**SAMPLE, **params})).explain(ensemble, ensemble.data, context)


def lime_of_one_member(
    ensemble: LinearEnsemble, member: int, rows: range, seed: int, *, discretize: bool
) -> NDArray[np.float64]:
    """(rows, outputs, features) what LimeTabularExplainer says of a member by itself."""
    data = ensemble.data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lime.lime_tabular import LimeTabularExplainer  # noqa: PLC0415 - slow to import

        explainer = LimeTabularExplainer(
            to_features(data.x, data),
            mode="regression" if data.task == "regression" else "classification",
            feature_selection="none",
            discretize_continuous=discretize,
            random_state=seed,
        )

        def answers(x: NDArray[np.float64]) -> NDArray[np.float64]:
            found = ensemble[member](x).astype(np.float64)
            return np.hstack([1 - found, found]) if data.task == "binary" else found

        labels = {"binary": (1,), "regression": (1,)}.get(data.task, range(data.n_outputs))
        weights = np.empty((len(rows), data.n_outputs, data.n_features))
        for row in rows:
            told = explainer.explain_instance(
                data.x[row].astype(np.float64),
                answers,
                labels=labels,
                num_features=data.n_features,
                num_samples=SAMPLE["samples"],
            )
            for output, label in enumerate(labels):
                for index, weight in told.local_exp[label]:
                    weights[row, output, index] = weight
    return weights


@pytest.mark.parametrize("discretize", [True, False])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_weights_are_those_of_lime_asked_about_each_member(
    task: Any,  # noqa: ANN401 - a Task
    discretize: bool,  # noqa: FBT001 - a parameter of the test
    plugin: ModuleType,
    lime_method: type[Method],
) -> None:
    ensemble = LinearEnsemble.fit(planted(task=task, features=4).dataset(), 2)
    params = lime_method.Params(**SAMPLE, discretize=discretize)
    around = plugin._Neighbourhoods(ensemble, ensemble.data, params, 5, ensemble.data.x)
    rows = range(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = np.stack([around.fit(np.int64(row))[0] for row in rows], axis=1)
    for member in range(2):
        theirs = lime_of_one_member(ensemble, member, rows, 5, discretize=discretize)
        # lime measures along the unit of a feature, and so along its deviation where it is not cut
        np.testing.assert_allclose(ours[member], theirs, atol=1e-5)


def test_chance_depends_on_the_seed_alone(lime_method: type[Method], tmp_path: Path) -> None:
    ensemble = LinearEnsemble.fit(planted().dataset(), 2)
    first, again, other = (explain(lime_method, ensemble, tmp_path, seed) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)
    alone = explain(lime_method, ensemble.select([1]), tmp_path, 1)
    np.testing.assert_allclose(alone.scores, first.scores[1:], rtol=1e-6)


def test_labels_that_do_not_add_up_to_one(lime_method: type[Method], tmp_path: Path) -> None:
    data = planted(features=3).dataset()
    both = replace(data, task="multilabel", y=np.hstack([data.y, data.y]), classes=("first", "second"))
    answer = explain(lime_method, LinearEnsemble.fit(both, 2), tmp_path)
    answer.check(2, 3)
    assert answer.per_class is not None
    np.testing.assert_allclose(answer.per_class[:, 0], answer.per_class[:, 1], rtol=1e-4)
    assert answer.scores.argmax(axis=1).tolist() == [1, 1]


@dataclass(frozen=True, eq=False)
class Watched:
    """An ensemble that remembers what it was asked."""

    inner: LinearEnsemble
    asked: list[NDArray[np.float32]] = field(default_factory=list)

    @property
    def data(self) -> Dataset:
        return self.inner.data

    def __len__(self) -> int:
        return len(self.inner)

    def predict(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        self.asked.append(x.copy())
        return self.inner.predict(x)


def test_perturbed_values_stay_among_those_of_the_table(lime_method: type[Method], tmp_path: Path) -> None:
    """Lime by itself makes a zero of every quarter that holds a single value."""
    data = planted(features=3).dataset()
    x = data.x.copy()
    x[:, 0] = 7  # constant
    x[:, 2] = np.random.default_rng(0).integers(3, 6, data.n_rows)  # a third of the rows at its minimum
    watched = Watched(LinearEnsemble.fit(replace(data, x=x), 2))
    explain(lime_method, watched, tmp_path)
    for asked in watched.asked:
        assert (asked >= x.min(axis=0) - 1e-5).all()
        assert (asked <= x.max(axis=0) + 1e-5).all()


def test_all_members_are_asked_once_per_row(lime_method: type[Method], tmp_path: Path) -> None:
    watched = Watched(LinearEnsemble.fit(planted().dataset(), 5))
    explain(lime_method, watched, tmp_path)
    assert [x.shape for x in watched.asked] == [(SAMPLE["samples"], 6)] * SAMPLE["rows"]


@pytest.mark.parametrize("scale", [1e-12, 1e9])
def test_units_do_not_matter(scale: float, lime_method: type[Method], tmp_path: Path) -> None:
    data = planted().dataset()
    other = replace(data, x=data.x * np.float32(scale))
    scores = [explain(lime_method, LinearEnsemble.fit(d), tmp_path).scores for d in (data, other)]
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-3, atol=1e-4)


def test_local_weights_are_kept(lime_method: type[Method], tmp_path: Path) -> None:
    ensemble = LinearEnsemble.fit(planted(task="multiclass").dataset(), 3)
    data = ensemble.data
    answer = explain(lime_method, ensemble, tmp_path)
    table = read_table(tmp_path / "local.csv", text=("class", "feature", "condition"))
    assert list(table.columns) == ["row", "class", "feature", "condition", "weight", "deviation", "r2"]
    assert len(table) == SAMPLE["rows"] * 3 * 6
    assert set(table["row"]) <= set(data.source_rows.tolist())
    assert set(table["class"]) == set(data.classes)
    assert table["r2"].between(-1, 1).all()
    found = table.assign(size=table["weight"].abs()).groupby("feature")["size"].mean()
    assert found.idxmax() == "feature 1"
    # the mean over members can only be smaller than the mean of sizes
    assert found["feature 1"] <= answer.scores[:, 1].mean() + 1e-9


def test_of_many_features_the_strongest_are_kept(
    lime_method: type[Method], plugin: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensemble = LinearEnsemble.fit(planted().dataset(), 2)
    explain(lime_method, ensemble, tmp_path)
    every = read_table(tmp_path / "local.csv", text=("class", "feature", "condition"))
    monkeypatch.setattr(plugin, "KEPT_FEATURES", 2)
    explain(lime_method, ensemble, tmp_path)
    kept = read_table(tmp_path / "local.csv", text=("class", "feature", "condition"))
    assert len(kept) == 2 * SAMPLE["rows"]
    assert every["weight"].abs().groupby(every["row"]).is_monotonic_decreasing.all()
    assert kept.equals(every.groupby("row").head(2).reset_index(drop=True))


def test_a_long_table_is_sampled(
    lime_method: type[Method], plugin: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin, "DISTRIBUTION_ROWS", 100)
    answer = explain(lime_method, LinearEnsemble.fit(planted(rows=1000).dataset(), 2), tmp_path)
    assert answer.scores.argmax(axis=1).tolist() == [1, 1]


def test_conditions_say_what_a_weight_is_about(plugin: ModuleType, lime_method: type[Method]) -> None:
    numbers = np.repeat(np.arange(8.0, dtype=np.float32), 3)[:, None]
    one_hot = np.tile(np.eye(3, dtype=np.float32), (8, 1))
    data = replace(
        planted(rows=24).dataset(),
        x=np.hstack([numbers, one_hot]),
        features=(Feature("dose", 0, 1), Feature("colour", 1, 4, ("red", "green", "blue"))),
    )
    ensemble = LinearEnsemble.fit(data, 1)
    around = plugin._Neighbourhoods(ensemble, data, lime_method.Params(), 0, data.x)
    assert [around.conditions(row)[0] for row in (0, 7, 20, 23)] == [
        "dose <= 1.75",
        "dose in (1.75, 3.5]",
        "dose > 5.25",
        "dose > 5.25",
    ]
    assert [around.conditions(row)[1] for row in range(3)] == [
        "colour = red",
        "colour = green",
        "colour = blue",
    ]
    slopes = plugin._Neighbourhoods(ensemble, data, lime_method.Params(discretize=False), 0, data.x)
    assert slopes.conditions(0) == ["dose", "colour = red"]


def test_too_many_features_are_refused(lime_method: type[Method], tmp_path: Path) -> None:
    ensemble = LinearEnsemble.fit(planted(features=2).dataset())
    with pytest.raises(MethodError, match="GiB; lower samples"):
        explain(lime_method, ensemble, tmp_path, samples=10**9)
