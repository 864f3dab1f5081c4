"""The GLM of a table: what every statistician would report of it."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from deepfeat.data.dataset import Dataset
from deepfeat.data.derived import with_features
from deepfeat.methods import Context, Importance, MethodError
from deepfeat.methods.registry import load_registry
from deepfeat.testing.families import PROBLEMS
from deepfeat.testing.families.encoding import encode
from deepfeat.testing.linear import LinearEnsemble

GLM = load_registry(environ={}).methods["glm"]


def ask(data: Dataset, folder: Path, **params: object) -> Importance:
    answer = GLM(GLM.Params(**params)).explain(LinearEnsemble.fit(data), data, Context(0, "glm", folder))
    answer.check(None, data.n_features)
    return answer


def test_it_reads_like_the_table_of_a_statistician(tmp_path: Path) -> None:
    data = PROBLEMS["additive"](400, 6, 0).dataset()
    answer = ask(data, tmp_path)
    table = pd.read_csv(tmp_path / "coefficients.csv")
    theirs = sm.Logit(data.y[:, 0], sm.add_constant(data.x.astype(float))).fit(disp=0)
    np.testing.assert_allclose(table["coefficient"], theirs.params[1:], rtol=1e-4)
    np.testing.assert_allclose(table["std_error"], theirs.bse[1:], rtol=1e-4)
    np.testing.assert_allclose(table["odds_ratio"], np.exp(theirs.params[1:]), rtol=1e-4)
    np.testing.assert_allclose(answer.p_value, theirs.pvalues[1:], rtol=1e-3, atol=1e-12)
    np.testing.assert_allclose(answer.effect, theirs.params[1:] * data.x.std(axis=0), rtol=1e-4)
    assert answer.scale == f"log odds ratio of {data.classes[1]} per standard deviation"


def test_it_finds_what_is_linear(tmp_path: Path) -> None:
    problem = PROBLEMS["additive"](400, 10, 1)
    p_value = ask(problem.dataset(), tmp_path).p_value
    assert set(np.argsort(p_value)[:4].tolist()) == set(problem.relevant)


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression"])
def test_every_task_and_categories(make_data: Callable[..., Dataset], tmp_path: Path, task: str) -> None:
    data = make_data(task, rows=240, widths=(1, 3, 2, 1))
    answer = ask(data, tmp_path)
    assert answer.scores.shape == (1, 4)
    assert answer.scores[0, 0] > answer.scores[0, 1]
    assert answer.p_value[0] < 1e-3
    if answer.effect is not None:
        assert np.isnan(answer.effect[1])
        assert np.isfinite(answer.effect[[0, 2, 3]]).all()
        assert answer.scale.endswith(" per standard deviation or between two levels")
    terms = pd.read_csv(tmp_path / "coefficients.csv")["term"]
    assert {"f0", "f1 = b", "f1 = c", "f2 = b", "f3"} <= set(terms)


def test_of_features_without_variation_it_says_nothing(tmp_path: Path) -> None:
    data = encode("c", pd.DataFrame({"n": np.ones(60), "c": "a"}), np.arange(60) % 2, "binary", ("n", "c"))
    answer = ask(data, tmp_path)
    assert np.all(answer.scores == 0)
    assert np.isnan(answer.effect).all()


def test_separation_gives_a_finite_estimate(tmp_path: Path) -> None:
    problem = PROBLEMS["exact_xor"](200, 4, 0)
    data = problem.dataset()
    separated = Dataset(
        **{**vars(data), "y": (data.x[:, :1] > 0).astype(np.float32), "sha256": "made"},
    )
    answer = ask(separated, tmp_path)
    assert np.isfinite(answer.effect).all()
    assert answer.p_value[0] < 1e-6
    assert "Firth" in answer.notes[0]


def test_several_maxima_are_told(make_data: Callable[..., Dataset], tmp_path: Path) -> None:
    """Newton's steps from zero end at -6.66, below the -5.68 of the model without the concave points."""
    columns = ["mean perimeter", "mean concave points", "worst area"]
    rows = pd.read_csv(Path(__file__).parents[2] / "Data" / "breast_cancer.csv").iloc[::20]
    known = Dataset(
        **{
            **vars(make_data("binary", rows=len(rows), widths=(1, 1, 1))),
            "x": rows[columns].to_numpy(np.float32),
            "y": (rows[["diagnosis"]] == "malignant").to_numpy(np.float32),
        }
    )
    answer = ask(known, tmp_path)
    assert "several maxima, of which the search met 2" in answer.notes[1]
    np.testing.assert_allclose(answer.p_value, [0.245, 0.841, 0.057], atol=2e-3)


def test_a_copy_has_no_coefficient_and_is_named(tmp_path: Path) -> None:
    data = with_features(PROBLEMS["additive"](200, 6, 0).dataset(), ["copy"], [[0.0]] * 200)
    answer = ask(data, tmp_path)
    assert np.isnan(answer.p_value[6])
    assert answer.scores[0, 6] == 0
    assert answer.notes[1].endswith("copy")


@pytest.mark.parametrize("family", ["gene_expression", "friedman1_regression"])
def test_more_columns_than_rows_give_estimates_without_p_values(tmp_path: Path, family: str) -> None:
    problem = PROBLEMS[family](60, 180, 0)
    answer = ask(problem.dataset(), tmp_path)
    assert answer.p_value is None
    assert answer.ci_low is None
    table = pd.read_csv(tmp_path / "coefficients.csv")
    assert not {"p_value", "std_error"} & set(table.columns)
    if family == "friedman1_regression":
        assert answer.scale == "change of y per standard deviation"
        np.testing.assert_allclose(answer.effect, table["coefficient_per_deviation"])
        assert 0 < np.count_nonzero(answer.effect) < 60
    else:  # three classes have no single effect
        assert answer.effect is None
        assert answer.scale == ""
        assert table["outcome"].nunique() == 3
    assert "no valid p-values" in answer.notes[0]


def grouped(task: str, groups: int, make_data: Callable[..., Dataset]) -> Dataset:
    """Four features, the first relevant; groups of six rows."""
    data = make_data(task, rows=6 * groups, widths=(1, 1, 1, 1))
    return replace(data, groups=np.arange(6 * groups) // 6)


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_standard_errors_respect_groups(make_data: Callable[..., Dataset], tmp_path: Path, task: str) -> None:
    data = grouped(task, 80, make_data)
    answer = ask(data, tmp_path)
    model = {"binary": sm.Logit, "regression": sm.OLS}[task]
    theirs = model(data.y[:, 0].astype(float), sm.add_constant(data.x.astype(float))).fit(
        cov_type="cluster", cov_kwds={"groups": data.groups}, use_t=True
    )
    np.testing.assert_allclose(answer.std_error, theirs.bse[1:] * data.x.std(axis=0), rtol=1e-3)
    np.testing.assert_allclose(answer.p_value, theirs.pvalues[1:], rtol=1e-2, atol=1e-12)
    assert "t with groups - 1 degrees of freedom, 79;" in answer.assumption


@pytest.mark.parametrize(
    ("task", "groups", "why"),
    [
        ("regression", 30, "30 groups of rows are too few .* 80 are needed for 4 columns"),
        ("multiclass", 80, "the tests of this model do not respect groups of rows; effect and loco test"),
    ],
)
def test_where_no_test_respects_groups_there_are_estimates(
    make_data: Callable[..., Dataset], tmp_path: Path, task: str, groups: int, why: str
) -> None:
    data = grouped(task, groups, make_data)
    answer = ask(data, tmp_path)
    assert answer.p_value is answer.std_error is answer.ci_low is answer.ci_high is None
    assert answer.null_hypothesis == answer.assumption == ""
    np.testing.assert_array_equal(answer.scores, ask(replace(data, groups=None), tmp_path).scores)
    assert re.search(why, answer.notes[1])
    ask(data, tmp_path)
    assert not {"p_value", "std_error"} & set(pd.read_csv(tmp_path / "coefficients.csv").columns)


@pytest.mark.parametrize("order", [(1, 2, 0), (2, 1, 0)])
def test_the_scores_of_several_classes_do_not_depend_on_which_comes_first(
    make_data: Callable[..., Dataset], tmp_path: Path, order: tuple[int, ...]
) -> None:
    """One class is driven by the first feature, another equally by the second: they matter the same."""
    rng = np.random.default_rng(5)
    data = make_data("multiclass", rows=3000, widths=(1, 1))
    x = rng.normal(size=(3000, 2))
    logits = np.stack([2 * x[:, 0], np.zeros(3000), 2 * x[:, 1]], axis=1)
    y = np.eye(3)[(logits + rng.gumbel(size=logits.shape)).argmax(axis=1)]
    data = replace(data, x=x.astype(np.float32), y=y.astype(np.float32))
    scores = ask(data, tmp_path).scores
    assert scores[0, 0] == pytest.approx(scores[0, 1], rel=0.1)
    turned = ask(replace(data, y=data.y[:, order]), tmp_path)
    assert "multinomial" in turned.notes[0]
    np.testing.assert_allclose(turned.scores, scores, rtol=1e-4)


@pytest.mark.parametrize("wide", ["lasso", "ridge"])
def test_of_a_target_that_is_always_the_same_a_wide_table_tells_nothing(wide: str, tmp_path: Path) -> None:
    data = PROBLEMS["friedman1_regression"](30, 40, 0).dataset()
    answer = ask(replace(data, y=np.full_like(data.y, 3.5)), tmp_path, wide=wide)
    np.testing.assert_allclose(answer.scores, 0, atol=1e-12)


def test_a_table_too_wide_is_refused_with_the_alternative(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match=r"6 columns are more than most_columns \(5\).*lasso or ridge"):
        ask(PROBLEMS["additive"](100, 6, 0).dataset(), tmp_path, most_columns=5)
