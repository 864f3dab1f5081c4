import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.testing.families import PROBLEMS, KnownProblem, average_precision
from deepfeat.testing.families.biology import make_gene_expression, make_genotypes
from deepfeat.testing.families.interaction import make_exact_xor, make_noisy_xor
from deepfeat.testing.families.linear import make_correlated_copies, make_near_copies, make_sparse_linear_ar
from deepfeat.testing.families.mixed import make_mixed_types
from deepfeat.testing.families.nonlinear import make_friedman1, make_friedman1_regression, make_switch

WIDTH = {"gene_expression": 200}
N = 4000


def draw(name: str, n: int = N, p: int = 24, seed: int = 3) -> KnownProblem:
    return PROBLEMS[name](n, WIDTH.get(name, p), seed)


def numbers(problem: KnownProblem) -> np.ndarray:
    """Numeric inputs, categories as numbers, gaps as the mean."""
    if isinstance(problem.x, np.ndarray):
        return problem.x
    coded = {
        name: column
        if pd.api.types.is_numeric_dtype(column)
        else column.map({letter: k for k, letter in enumerate("ABCDEF")})
        for name, column in problem.x.items()
    }
    frame = pd.DataFrame(coded).astype(float)
    return frame.fillna(frame.mean()).to_numpy()


def z_of_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Approximately standard normal where a and b are independent."""
    return np.corrcoef(a, b)[0, 1] * np.sqrt(len(a))


# The probability of class 1 by the published formula, from the relevant inputs alone.
def sigmoid(logit: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logit, -500, 500)))


def orange(s: np.ndarray) -> np.ndarray:
    return (s**2).sum(axis=1) - 4


def additive(s: np.ndarray) -> np.ndarray:
    return -10 * np.sin(0.2 * s[:, 0]) + abs(s[:, 1]) + s[:, 2] + np.exp(-s[:, 3]) - 2.4


ORACLES = {
    "additive": lambda s: sigmoid(2 * (s[:, 0] - s[:, 1] + s[:, 2] - s[:, 3])),
    "correlated_copies": lambda s: sigmoid(2 * (s[:, 0] - s[:, 1] + s[:, 2] - s[:, 3])),
    "exact_xor": lambda s: (np.sign(s[:, 0]) == np.sign(s[:, 1])).astype(float),
    "near_copies": lambda s: sigmoid(2 * (s[:, 0] - s[:, 1] + s[:, 2] - s[:, 3])),
    "noise": lambda s: np.full(len(s), 0.5),
    "noisy_xor": lambda s: sigmoid(3 * s[:, 0] * s[:, 1]),
    "nonlinear_additive": lambda s: sigmoid(additive(s)),
    "orange_skin": lambda s: sigmoid(orange(s)),
    "pairwise_interactions": lambda s: sigmoid(
        2 * (s[:, 0] * s[:, 1] + s[:, 2] * s[:, 3] + s[:, 4] * s[:, 5])
    ),
    "sparse_linear_ar": lambda s: sigmoid(2 * (s[:, 0] - s[:, 1] + s[:, 2] - s[:, 3] + s[:, 4])),
}


@pytest.mark.parametrize("name", ORACLES)
def test_the_target_follows_the_formula_and_nothing_else(name: str) -> None:
    problem = draw(name)
    expected = ORACLES[name](problem.x[:, problem.relevant])
    surprise = problem.y - expected
    # The sum of independent surprises, over its deviation under the formula.
    deviation = np.sqrt((expected * (1 - expected)).sum())
    assert abs(surprise.sum()) <= 4 * deviation
    for column in problem.x.T if deviation else ():
        for shape in (column, column**2):
            assert abs(np.sum(surprise * shape)) <= 4.5 * np.sqrt(
                (expected * (1 - expected) * shape**2).sum()
            )


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_shapes_and_names(name: str) -> None:
    problem = draw(name, n=120)
    assert problem.name == name
    assert problem.x.shape == (120, problem.n_features)
    assert problem.y.shape == (problem.n_rows,) == (120,)
    assert len(set(problem.feature_names)) == problem.n_features
    assert len(set(problem.relevant)) == len(problem.relevant)
    assert all(0 <= j < problem.n_features for j in problem.relevant)
    assert problem.y.dtype == (np.float64 if problem.task == "regression" else np.int64)
    if isinstance(problem.x, np.ndarray):
        assert problem.x.dtype == np.float64


@pytest.mark.parametrize("name", sorted(set(PROBLEMS) - {"friedman1_regression"}))
def test_classes_are_balanced(name: str) -> None:
    problem = draw(name)
    share = np.bincount(problem.y) / problem.n_rows
    assert len(share) == (3 if problem.task == "multiclass" else 2)
    assert share.min() > (0.28 if problem.task == "multiclass" else 0.4)


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_the_same_seed_gives_the_same_table_and_another_seed_another(name: str) -> None:
    first, again, other = (draw(name, n=60, seed=seed) for seed in (5, 5, 6))
    assert np.array_equal(numbers(first), numbers(again))
    assert np.array_equal(first.y, again.y)
    assert first.relevant == again.relevant
    assert first.dataset().sha256 == again.dataset().sha256 != other.dataset().sha256
    assert not np.array_equal(numbers(first), numbers(other))


@pytest.mark.parametrize("name", sorted(set(PROBLEMS) - {"noise"}))
def test_relevant_features_are_not_always_at_the_same_place(name: str) -> None:
    places = {draw(name, n=20, seed=seed).relevant for seed in range(4)}
    assert len(places) > 1


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_a_table_too_narrow_for_the_formula_is_refused(name: str) -> None:
    if name == "noise":
        assert PROBLEMS[name](10, 1, 0).x.shape == (10, 1)
        return
    with pytest.raises(ValueError, match="needs at least"):
        PROBLEMS[name](10, 1, 0)


@pytest.mark.parametrize("name", ["exact_xor", "noisy_xor", "pairwise_interactions"])
def test_interactions_have_no_main_effect(name: str) -> None:
    problem = draw(name)
    for j in problem.relevant:
        assert abs(z_of_correlation(problem.x[:, j], problem.y)) < 4
    a, b = problem.x[:, problem.relevant[:2]].T
    assert z_of_correlation(a * b, problem.y) > 15


def test_exact_xor_is_binary_and_without_noise() -> None:
    problem = make_exact_xor(500, 10, 1)
    a, b = problem.x[:, problem.relevant].T
    assert set(np.unique(problem.x)) == {-1.0, 1.0}
    assert np.array_equal(problem.y, (a == b).astype(int))


def test_noisy_xor_of_slope_zero_is_noise_and_of_a_large_slope_exact() -> None:
    steep, flat = make_noisy_xor(N, 4, 2, slope=1e6), make_noisy_xor(N, 4, 2, slope=0)
    products = [problem.x[:, problem.relevant].prod(axis=1) for problem in (steep, flat)]
    assert np.array_equal(steep.y, (products[0] > 0).astype(int))
    assert abs(z_of_correlation(products[1], flat.y)) < 4


def test_the_switch_says_which_inputs_decide() -> None:
    problem = make_switch(4 * N, 12, 0)
    s = problem.x[:, problem.relevant]
    upper = s[:, 0] > 0
    assert abs(upper.mean() - 0.5) < 0.03
    assert abs(abs(s[:, 0]).mean() - 3) < 0.05
    skin, sum_of_effects = orange(s[:, 1:5]), additive(s[:, 5:])
    assert z_of_correlation(skin[upper], problem.y[upper]) > 30
    assert abs(z_of_correlation(skin[~upper], problem.y[~upper])) < 4
    assert z_of_correlation(np.clip(sum_of_effects, -5, 5)[~upper], problem.y[~upper]) > 30
    assert abs(z_of_correlation(np.clip(sum_of_effects, -5, 5)[upper], problem.y[upper])) < 4


def test_friedman_residuals_are_standard_normal_noise() -> None:
    problem = make_friedman1_regression(N, 12, 0)
    a, b, c, d, e = problem.x[:, problem.relevant].T
    residual = problem.y - (10 * np.sin(np.pi * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e)
    assert abs(residual.mean()) < 0.07
    assert abs(residual.std() - 1) < 0.05
    assert max(abs(z_of_correlation(column, residual)) for column in problem.x.T) < 4.5


def test_friedman_classes_are_the_halves_of_the_regression() -> None:
    classes, values = make_friedman1(200, 8, 4), make_friedman1_regression(200, 8, 4)
    assert np.array_equal(classes.x, values.x)
    assert np.array_equal(classes.y, (values.y > np.median(values.y)).astype(int))


def test_autoregressive_inputs_correlate_by_distance() -> None:
    x = make_sparse_linear_ar(20_000, 20, 0).x
    distance = abs(np.subtract.outer(np.arange(20), np.arange(20)))
    assert np.allclose(np.corrcoef(x.T), 0.9**distance, atol=0.05)
    assert np.allclose(x.std(axis=0), 1, atol=0.03)


def test_near_copies_come_in_blocks_with_one_relevant_feature_each() -> None:
    problem = make_near_copies(20_000, 33, 1)
    correlation = np.corrcoef(problem.x.T)
    mates = correlation > 0.5
    assert np.allclose(correlation[mates & ~np.eye(33, dtype=bool)], 0.9, atol=0.02)
    assert np.allclose(correlation[~mates], 0, atol=0.05)
    # Six blocks of five, and a last one of the three columns that are left.
    assert sorted(mates.sum(axis=1)) == [3] * 3 + [5] * 30
    assert mates[problem.relevant, :][:, problem.relevant].sum() == 4
    assert set(mates[problem.relevant, :].sum(axis=1)) == {5}


def test_each_relevant_feature_has_one_decoy() -> None:
    problem = make_correlated_copies(20_000, 12, 2)
    correlation = np.corrcoef(problem.x.T) - np.eye(12)
    for j in problem.relevant:
        (decoy,) = np.flatnonzero(abs(correlation[j]) > 0.5)
        assert decoy not in problem.relevant
        assert correlation[j, decoy] == pytest.approx(0.7, abs=0.02)


def test_genes_correlate_within_modules_and_decide_between_the_classes() -> None:
    problem = make_gene_expression(N, 240, 0)
    correlation = np.corrcoef(problem.x.T)
    module = np.arange(240) // 20
    same = np.equal.outer(module, module) & ~np.eye(240, dtype=bool)
    assert correlation[same].mean() == pytest.approx(0.4, abs=0.05)
    assert abs(correlation[~same & ~np.eye(240, dtype=bool)]).mean() < 0.03
    assert len(set(module[list(problem.relevant)])) == 9
    for place, j in enumerate(problem.relevant):
        means = [problem.x[problem.y == label, j].mean() for label in range(3)]
        assert np.argmax(means) == place // 3
    # Given its relevant gene, a module mate says nothing more.
    j = problem.relevant[0]
    mate = next(k for k in range(240) if module[k] == module[j] and k != j)
    x_j, x_mate = problem.x[:, j], problem.x[:, mate]
    rest = x_mate - np.polyval(np.polyfit(x_j, x_mate, 1), x_j)
    assert z_of_correlation(x_mate, problem.y == 0) > 5
    assert abs(z_of_correlation(rest, problem.y == 0)) < 4


def test_genotypes_are_in_hardy_weinberg_proportions_and_linkage() -> None:
    problem = make_genotypes(20_000, 40, 0)
    x = problem.x
    assert set(np.unique(x)) == {0.0, 1.0, 2.0}
    frequency = x.mean(axis=0) / 2
    assert frequency.min() > 0.08
    assert frequency.max() < 0.52
    assert np.allclose((x == 2).mean(axis=0), frequency**2, atol=0.02)
    correlation = np.corrcoef(x.T)
    by_distance = [np.diagonal(correlation, distance).mean() for distance in (1, 2, 4, 20)]
    assert by_distance[0] > 0.4
    assert by_distance == sorted(by_distance, reverse=True)
    assert abs(by_distance[3]) < 0.02


def test_the_epistatic_pair_has_no_main_effect_and_the_additive_loci_have() -> None:
    problem = make_genotypes(20_000, 100, 1)
    a, b, c, d = ((s - s.mean()) / s.std() for s in problem.x[:, problem.relevant].T)
    assert z_of_correlation(a, problem.y) > 20
    assert z_of_correlation(b, problem.y) < -20
    assert abs(z_of_correlation(c, problem.y)) < 4
    assert abs(z_of_correlation(d, problem.y)) < 4
    assert z_of_correlation(c * d, problem.y) > 20


def test_mixed_types_have_both_kinds_and_gaps_that_say_nothing() -> None:
    problem = make_mixed_types(N, 30, 0)
    numeric = [pd.api.types.is_numeric_dtype(column) for _, column in problem.x.items()]
    assert sum(numeric) == 15
    assert [numeric[j] for j in problem.relevant] == [True] * 3 + [False] * 3
    assert problem.x.isna().to_numpy().mean() == pytest.approx(0.05, abs=0.005)
    gap = problem.x.isna().to_numpy().T
    assert max(abs(z_of_correlation(column, problem.y)) for column in gap) < 4.5
    levels = [
        problem.x.iloc[:, j].dropna().unique().tolist()
        for j, is_number in enumerate(numeric)
        if not is_number
    ]
    assert {2, 6} <= {len(some) for some in levels} <= {2, 3, 4, 5, 6}
    spread = problem.x.loc[:, numeric].std()
    assert spread.max() / spread.min() > 1000


def test_the_relevant_ones_of_mixed_types_are_the_only_ones_with_an_effect() -> None:
    problem = make_mixed_types(4 * N, 20, 0)
    positive = pd.Series(problem.y == 1)
    for j, (_, column) in enumerate(problem.x.items()):
        if pd.api.types.is_numeric_dtype(column):
            column = pd.qcut(column, 6, labels=list("ABCDEF")).astype(object)  # noqa: PLW2901
        counts = pd.crosstab(column, positive).to_numpy()
        expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
        chi2 = ((counts - expected) ** 2 / expected).sum()
        # Of at most five degrees of freedom: above 25 once in ten thousand.
        assert (chi2 > 25) == (j in problem.relevant)


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_datasets_are_complete_and_keep_the_order_of_features(name: str) -> None:
    problem = draw(name, n=200)
    data = problem.dataset()
    assert data.feature_names == problem.feature_names
    assert data.task == problem.task
    assert data.x.dtype == data.y.dtype == np.float32
    assert np.isfinite(data.x).all()
    assert [data.features[0].start, data.features[-1].stop] == [0, data.n_columns]
    assert all(
        left.stop == right.start for left, right in zip(data.features, data.features[1:], strict=False)
    )
    assert data.n_outputs == (3 if problem.task == "multiclass" else 1)
    if problem.task == "multiclass":
        assert np.array_equal(data.y.argmax(axis=1), problem.y)
        assert np.array_equal(data.y.sum(axis=1), np.ones(200))
    else:
        assert np.allclose(data.y[:, 0], problem.y)


def test_categories_become_one_column_a_level_and_gaps_the_usual_value() -> None:
    problem = make_mixed_types(300, 12, 1)
    data = problem.dataset()
    for feature, (_, column) in zip(data.features, problem.x.items(), strict=True):
        block = data.x[:, feature.start : feature.stop]
        gap = column.isna().to_numpy()
        if feature.is_category:
            assert feature.levels == tuple(sorted(column.dropna().unique()))
            decoded = np.array(feature.levels)[block.argmax(axis=1)]
            assert np.array_equal(block.sum(axis=1), np.ones(300))
            assert (decoded[~gap] == column[~gap]).all()
            assert (decoded[gap] == column.value_counts().idxmax()).all()
        else:
            assert np.allclose(block[~gap, 0], column[~gap])
            assert np.allclose(block[gap, 0], np.nanmedian(column))
    assert len(data.notes) == sum(column.isna().any() for _, column in problem.x.items())


def test_average_precision_of_known_orders() -> None:
    assert average_precision([5, 4, 1, 0], (0, 1)) == 1
    assert average_precision([4, 5, 1, 0], (1,)) == 1
    assert average_precision([5, 4, 1, 0], (1, 3)) == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert np.isnan(average_precision([1, 2], ()))


def test_average_precision_gives_nothing_for_ties() -> None:
    assert average_precision([0, 0, 0, 0], (0,)) == average_precision([0, 0, 0, 0], (3,)) == 0.25


@pytest.mark.parametrize("scores", [[1.0, np.nan], [np.inf, 0.0], [[1.0, 2.0]]])
def test_average_precision_refuses_what_is_no_score(scores: list) -> None:
    with pytest.raises(ValueError, match=r"scores must|NaN|infinity"):
        average_precision(scores, (0,))


@settings(max_examples=40)
@given(
    st.lists(st.integers(-50, 50), min_size=3, max_size=12),
    st.floats(0.1, 5),
    st.floats(-5, 5),
    st.integers(0, 2),
)
def test_average_precision_depends_on_the_order_alone(
    scores: list[int], factor: float, shift: float, relevant: int
) -> None:
    moved = [factor * score + shift for score in scores]
    assert average_precision(moved, (relevant,)) == pytest.approx(average_precision(scores, (relevant,)))
