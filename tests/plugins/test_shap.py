"""shap: what is explained, and that it adds up."""

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset, Task
from deepfeat.methods import Context, Importance, Method, MethodError, sum_columns
from deepfeat.methods.registry import Registry
from deepfeat.testing.families import make_exact_xor
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted
from deepfeat.testing.trained import TrainedEnsembles

EXPLAINERS = ("permutation", "kernel", "partition", "expected_gradients")
SAMPLE = {"rows": 12, "background": 20, "plots": 0}


@dataclass(frozen=True, eq=False)
class Products:
    """Members whose logit is a multiple of the product of the first two features."""

    data: Dataset
    factors: tuple[float, ...] = (1.0, -2.0, 3.0)

    def __len__(self) -> int:
        return len(self.factors)

    @property
    def gates(self) -> NDArray[np.float64]:
        raise ValueError("no gates here")

    def predict(self, x: NDArray[np.float32], output: str = "probability") -> NDArray[np.float32]:
        assert output == "logit"
        return np.stack([factor * x[:, :1] * x[:, 1:2] for factor in self.factors]).astype(np.float32)

    def gradients(self, x: NDArray[np.float32], output: int = 0) -> NDArray[np.float32]:
        assert output == 0
        slopes = np.zeros((len(self), *x.shape), dtype=np.float32)
        slopes[..., 0] = np.outer(self.factors, x[:, 1])
        slopes[..., 1] = np.outer(self.factors, x[:, 0])
        return slopes


@pytest.fixture
def shap_method(registry: Registry) -> type[Method]:
    return registry.methods["shap"]


@pytest.fixture
def plugin(modules: dict[str, ModuleType]) -> ModuleType:
    return modules["shap"]


def explain(
    method: type[Method], ensemble: LinearEnsemble | Products, folder: Path, **params: object
) -> Importance:
    chosen = method.Params(**{**SAMPLE, **params})
    return method(chosen).explain(ensemble, ensemble.data, Context(3, "shap", folder))


def drawn_rows(data: Dataset) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What is explained and the background, as the plugin draws them."""
    rng = Context(3, "shap", Path()).rng
    rows = np.sort(rng.permutation(data.n_rows)[: SAMPLE["rows"]])
    return data.x[rows], data.x[np.sort(rng.permutation(data.n_rows)[: SAMPLE["background"]])]


@pytest.mark.parametrize("explainer", EXPLAINERS)
@pytest.mark.parametrize(
    "case",
    [{}, {"task": "multiclass"}, {"task": "regression"}, {"category": True}, {"features": 1, "position": 0}],
    ids=str,
)
def test_of_linear_members_the_values_are_known(
    explainer: str, case: dict[str, Any], shap_method: type[Method], tmp_path: Path
) -> None:
    """Weight times the distance from the mean; over the columns of a category summed with their sign."""
    ensemble = LinearEnsemble.fit(planted(**case).dataset(), 3)
    data = ensemble.data
    x, background = drawn_rows(data)
    slopes = ensemble.kernels / ensemble.deviations[:, None]
    away = x - background.mean(axis=0, dtype=np.float64)
    expected = np.stack([np.abs(sum_columns(away[:, None] * s.T, data)).mean(axis=0) for s in slopes])
    answer = explain(shap_method, ensemble, tmp_path, explainer=explainer)
    answer.check(3, data.n_features)
    assert answer.per_class is not None
    np.testing.assert_allclose(answer.per_class, expected, atol=1e-5)
    np.testing.assert_allclose(answer.scores, expected.mean(axis=1), atol=1e-5)


@pytest.mark.parametrize("explainer", EXPLAINERS)
def test_values_add_up_to_the_prediction_minus_the_base(
    explainer: str, shap_method: type[Method], tmp_path: Path
) -> None:
    ensemble = Products(planted(features=4).dataset())
    explain(shap_method, ensemble, tmp_path, explainer=explainer, max_evals=1000)
    contents = np.load(tmp_path / "explanation.npz", allow_pickle=False)
    x, background = drawn_rows(ensemble.data)
    np.testing.assert_allclose(
        contents["base_values"], ensemble.predict(background, "logit").mean(), atol=1e-6
    )
    prediction = ensemble.predict(x, "logit").mean(axis=0)[:, 0]
    sampled = explainer == "expected_gradients"
    np.testing.assert_allclose(
        contents["values"].sum(axis=1) + contents["base_values"], prediction, atol=0.02 if sampled else 1e-5
    )


@pytest.mark.parametrize("explainer", EXPLAINERS)
def test_an_interaction_is_seen_and_members_keep_their_scale(
    explainer: str, shap_method: type[Method], tmp_path: Path
) -> None:
    answer = explain(shap_method, Products(planted(features=4).dataset()), tmp_path, explainer=explainer)
    assert answer.scores[:, :2].min() > 0.2
    np.testing.assert_allclose(answer.scores[:, 2:], 0, atol=1e-5)
    np.testing.assert_allclose(answer.scores[1:], answer.scores[:1] * [[2], [3]], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("explainer", ["permutation", "kernel", "expected_gradients"])
def test_members_do_not_depend_on_their_company(
    explainer: str, shap_method: type[Method], tmp_path: Path
) -> None:
    ensemble = LinearEnsemble.fit(planted(task="multiclass").dataset(), 3)
    together = explain(shap_method, ensemble, tmp_path, explainer=explainer, max_evals=100)
    alone = explain(shap_method, ensemble.select([1]), tmp_path, explainer=explainer, max_evals=100)
    np.testing.assert_allclose(together.scores[1:2], alone.scores, rtol=1e-6)


def test_the_same_masks_give_the_values_of_a_loop_over_members(plugin: ModuleType) -> None:
    data = planted(features=5).dataset()
    ensemble = Products(data)
    x, background = data.x[:6], data.x[-20:]
    evaluations = 2 * (2 * 5 + 1)
    game = plugin.Game(ensemble, data, x, background, evaluations)
    np.random.seed(7)  # noqa: NPY002 - where shap draws from
    values = np.stack(list(plugin.EXPLAINERS["permutation"](game, np.random.default_rng(0))))
    np.random.seed(7)  # noqa: NPY002 - as above
    seed = np.random.randint(2**31)  # noqa: NPY002 - what the plugin handed to the explainer
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap  # noqa: PLC0415 - it warns when it is imported

        for member, factor in enumerate(ensemble.factors):
            masker = shap.maskers.Independent(background.astype(np.float64))
            loop = shap.PermutationExplainer(lambda v, f=factor: f * v[:, 0] * v[:, 1], masker, seed=seed)
            theirs = loop(x.astype(np.float64), max_evals=evaluations, silent=True).values
            np.testing.assert_allclose(values[:, member, :, 0], theirs, atol=1e-5)


@dataclass(frozen=True, eq=False)
class Watched:
    """A linear ensemble that counts the rows that each member is asked about."""

    inner: LinearEnsemble
    rows: list[int]

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def __len__(self) -> int:
        return len(self.inner)

    def select(self, members: NDArray[np.int64]) -> "Watched":
        return Watched(self.inner.select(members), self.rows)

    def predict(self, x: NDArray[np.float32], output: str = "probability") -> NDArray[np.float32]:
        self.rows.append(len(self) * x.shape[-2])
        return self.inner.predict(x, output)


@pytest.mark.parametrize("explainer", ["permutation", "kernel", "partition"])
@pytest.mark.parametrize("category", [False, True])
def test_what_a_member_cannot_see_is_not_asked(
    explainer: str,
    category: bool,  # noqa: FBT001 - a parameter of the test
    shap_method: type[Method],
    plugin: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = planted(category=category, task="multiclass").dataset()
    ensemble = LinearEnsemble.fit(data, 12)
    mask = np.random.default_rng(0).random((12, 6)) < 0.4
    mask[:, 1] = True
    watched = Watched(LinearEnsemble.refit(data, replace(ensemble.plan, mask=mask)), [])
    fast = explain(shap_method, watched, tmp_path, explainer=explainer, max_evals=100)
    few = sum(watched.rows)
    watched.rows.clear()
    monkeypatch.setattr(plugin.Game, "_groups", [])
    slow = explain(shap_method, watched, tmp_path, explainer=explainer, max_evals=100)
    assert few < 0.95 * sum(watched.rows)
    np.testing.assert_allclose(fast.scores, slow.scores, rtol=1e-5, atol=1e-6)
    assert not fast.scores[~mask].any()


def test_a_closed_gate_beside_another_way_in_is_seen(plugin: ModuleType) -> None:
    ensemble = LinearEnsemble.fit(planted().dataset(), 3)
    closed = np.zeros((3, 6))
    ensemble.__dict__["gates"] = closed
    game = plugin.Game(ensemble, ensemble.data, ensemble.data.x[:5], ensemble.data.x[-5:], None)
    assert game.sees.all()


def test_marks_tell_rows_apart(plugin: ModuleType) -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 3, (5000, 4)).astype(float)
    marks = plugin._marks(values).sum(axis=1)
    first, place = plugin._distinct(marks)
    distinct = np.unique(values, axis=0)
    assert len(first) == len(distinct) == 81
    np.testing.assert_array_equal(values[first][place], values)


@pytest.mark.parametrize("scale", [1e-12, 1e9])
def test_units_do_not_matter(scale: float, shap_method: type[Method], tmp_path: Path) -> None:
    """Shap by itself takes values that differ by less than 1e-8 for equal."""
    data = planted().dataset()
    other = replace(data, x=(data.x * np.float32(scale) + np.float32(scale)))
    answers = [explain(shap_method, LinearEnsemble.fit(d), tmp_path) for d in (data, other)]
    np.testing.assert_allclose(answers[0].scores, answers[1].scores, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_the_file_is_an_explanation(task: Task, shap_method: type[Method], tmp_path: Path) -> None:
    ensemble = LinearEnsemble.fit(planted(task=task, category=True).dataset())
    data = ensemble.data
    explain(shap_method, ensemble, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap  # noqa: PLC0415 - it warns when it is imported

        explanation = shap.Explanation(**np.load(tmp_path / "explanation.npz"))
    several = () if task == "binary" else (3,)
    assert explanation.values.shape == (12, 6, *several)
    assert explanation.base_values.shape == (12, *several)
    assert set(np.unique(explanation.data)) == {0.0, 1.0, 2.0}
    assert tuple(explanation.feature_names) == data.feature_names
    if several:
        assert tuple(explanation.output_names) == data.classes


def test_shap_draws_its_plots(shap_method: type[Method], tmp_path: Path) -> None:
    names = ("a $b", "line\nbreak", "$", "x" * 300, "\u5b57", "%s <b>")
    data = planted().dataset()
    strange = replace(
        data, features=tuple(replace(f, name=n) for f, n in zip(data.features, names, strict=True))
    )
    explain(shap_method, LinearEnsemble.fit(strange), tmp_path, plots=2)
    drawn = {path.name: path.read_bytes() for path in tmp_path.glob("*.png")}
    assert set(drawn) == {"beeswarm.png", "dependence_1.png", "dependence_2.png"}
    assert all(image.startswith(b"\x89PNG") for image in drawn.values())
    explain(shap_method, LinearEnsemble.fit(strange), tmp_path, plots=2)
    assert drawn == {path.name: path.read_bytes() for path in tmp_path.glob("*.png")}


def test_every_class_gets_its_plots(shap_method: type[Method], tmp_path: Path) -> None:
    explain(shap_method, LinearEnsemble.fit(planted(task="multiclass").dataset()), tmp_path, plots=1)
    assert sorted(path.name for path in tmp_path.glob("*.png")) == [
        *(f"beeswarm_{output}.png" for output in range(3)),
        *(f"dependence_{output}_1.png" for output in range(3)),
    ]


def test_a_plot_that_fails_does_not_cost_the_values(
    shap_method: type[Method],
    plugin: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no such colour")

    monkeypatch.setattr(plugin, "_draw_with_shap", fail)
    answer = explain(shap_method, LinearEnsemble.fit(planted().dataset()), tmp_path, plots=1)
    answer.check(4, 6)
    assert "no such colour" in caplog.text


@pytest.mark.parametrize(
    ("params", "features", "words"),
    [
        ({"explainer": "kernel"}, 501, "at most 500 features"),
        ({"explainer": "permutation", "background": 100}, 2000, "GiB for one row"),
        ({"explainer": "permutation", "max_evals": 12}, 6, "evaluates 13 masks"),
        ({"explainer": "partition"}, 20_000, "GiB for one row"),
    ],
    ids=str,
)
def test_what_cannot_be_done_names_what_can(
    params: dict[str, Any], features: int, words: str, shap_method: type[Method], tmp_path: Path
) -> None:
    ensemble = Products(planted(features=features, rows=120).dataset())
    with pytest.raises(MethodError, match=words) as error:
        explain(shap_method, ensemble, tmp_path, **params)
    assert "use explainer: expected_gradients" in str(error.value)


def test_expected_gradients_of_many_features_take_little_memory(
    shap_method: type[Method], plugin: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Watched(Products):
        def gradients(self, x: NDArray[np.float32], output: int = 0) -> NDArray[np.float32]:
            asked.append(len(x))
            return super().gradients(x, output)

    ensemble = Watched(planted(features=50).dataset())
    whole = explain(shap_method, ensemble, tmp_path, explainer="expected_gradients")
    assert set(asked) == {SAMPLE["background"]}
    asked.clear()
    monkeypatch.setattr(plugin, "GRADIENTS_BYTES", 4 * 3 * 50 * 6)
    parts = explain(shap_method, ensemble, tmp_path, explainer="expected_gradients")
    assert set(asked) == {6, 2}
    np.testing.assert_allclose(whole.scores, parts.scores, rtol=1e-5, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("explainer", ["permutation", "expected_gradients"])
def test_networks_that_learned_xor_are_explained(
    explainer: str, shap_method: type[Method], tmp_path: Path
) -> None:
    problem = make_exact_xor(1500, 8, 0)
    ensemble = TrainedEnsembles()(problem.dataset(), 6)
    scores = explain(shap_method, ensemble, tmp_path, explainer=explainer).scores.mean(axis=0)
    relevant = list(problem.relevant)
    assert scores[relevant].min() > 2 * np.delete(scores, relevant).max()
