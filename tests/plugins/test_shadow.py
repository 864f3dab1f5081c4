"""shadow: features beside copies that cannot matter."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from deepfeat.data.dataset import Dataset
from deepfeat.data.derived import with_features
from deepfeat.methods import Context, Importance, MethodError
from deepfeat.methods.registry import Registry
from deepfeat.testing.families.known import KnownProblem
from deepfeat.testing.linear import LinearEnsembles
from deepfeat.testing.planted import planted
from deepfeat.writing import canvas

MEMBERS = 12


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are saved."""
    figures: list[Figure] = []
    save = canvas.save

    def keep(figure: Figure, path: Callable[[str], Path]) -> list[Path]:
        figures.append(figure)
        return save(figure, path)

    monkeypatch.setattr(canvas, "save", keep)
    return figures


@pytest.fixture
def control(registry: Registry, tmp_path: Path) -> Callable[..., Importance]:
    """Asks with linear models, whose gates stand for two other methods."""

    def answer(
        data: Dataset,
        plans: list[Any] | None = None,
        methods: tuple[str, ...] = ("one", "other"),
        **params: object,
    ) -> Importance:
        make = LinearEnsembles()
        ensemble = make(data, MEMBERS)

        def fit(plan: Any, *, data: Dataset = data, **how: Any) -> Any:  # noqa: ANN401
            if plans is not None:
                plans.append((plan, data))
            return make.refit(data, plan, **how)

        context = Context(
            0,
            "shadow",
            tmp_path,
            fit=fit,
            answers={name: Importance(ensemble.gates) for name in methods},
            askable=dict.fromkeys(methods, lambda networks, _: Importance(networks.gates)),
        )
        method = registry.methods["shadow"]
        given = method(method.Params(**params)).explain(ensemble, data, context)
        given.check(None, data.n_features)
        return given

    return answer


def mixed(seed: int, rows: int = 200, levels: int = 10) -> Dataset:
    """Eight numbers, of which the first tells, and a category of many levels, which tells nothing."""
    rng = np.random.default_rng(seed)
    x = pd.DataFrame(rng.normal(size=(rows, 8)), columns=[f"number {j}" for j in range(8)])
    y = (x["number 0"] + 0.5 * rng.normal(size=rows) > 0).to_numpy().astype(int)
    x["category"] = np.array([f"level {k}" for k in range(levels)])[rng.integers(levels, size=rows)]
    return KnownProblem("mixed", x, y, "binary", (0,), tuple(x.columns)).dataset()


def beating(control: Callable[..., Importance], tables: list[Dataset], feature: int) -> float:
    """In which share of the tables a feature beats the best copy in most networks."""
    asked = [control(data, networks=6).scores[:, feature] for data in tables]
    return float(np.mean([(ahead > 0).mean() > 0.5 for ahead in asked]))


def test_what_matters_beats_its_copies_and_noise_does_not(
    control: Callable[..., Importance], tmp_path: Path
) -> None:
    answer = control(planted().dataset(), networks=5)
    assert answer.scores.shape == (5, 6)
    table = pd.read_csv(tmp_path / "shadow.csv")
    assert list(table.columns) == ["method", "feature", "importance", "best_copy", "beats"]
    assert list(table["method"].unique()) == ["one", "other", "all methods"]
    table = table[table["method"] == "one"].set_index("feature")
    assert table.loc["feature 1", "beats"] == 1
    assert table.drop("feature 1")["beats"].mean() < 0.5
    assert answer.scores[:, 1].min() > 0
    assert (
        " features are more important than the best of 6 shuffled copies in most of 5 networks."
        in (answer.notes[0])
    )


def test_the_figure_shows_what_the_sentence_counts(
    control: Callable[..., Importance], tmp_path: Path, drawn: list[Figure], registry: Registry
) -> None:
    answer = control(planted().dataset(), networks=5)
    (figure,) = drawn
    (axes,) = figure.axes
    beats = (answer.scores > 0).mean(axis=0)
    widths = [bar.get_width() for bar in axes.patches]
    assert widths == pytest.approx(sorted(100 * beats, reverse=True))
    (line,) = axes.lines
    assert set(line.get_xdata()) == {50}
    beyond = [bar.get_facecolor() for bar in axes.patches if bar.get_width() > 50]
    assert answer.notes[0].startswith(f"{len(beyond)} of 6 features")
    assert 0 < len(beyond) < 6
    assert registry.methods["shadow"].found(answer).tolist() == (beats > 0.5).tolist()
    assert set(beyond).isdisjoint(bar.get_facecolor() for bar in axes.patches if bar.get_width() <= 50)
    assert "beats the best copy, %" in axes.get_xlabel()
    table = pd.read_csv(tmp_path / "shadow.csv")
    both = table[table["method"] == "all methods"]
    assert both["beats"].tolist() == pytest.approx(beats.tolist())


def test_many_are_counted_with_separators(registry: Registry) -> None:
    module = sys.modules[registry.methods["shadow"].__module__]
    said = module._sentence(np.ones((1000, 2000)), 1000, 1500)
    assert said == (
        "2,000 of 2,000 features are more important than the best of 1,500 shuffled copies in most of 1,000 "
        "networks."
    )


def test_copies_are_shuffled_features_beside_the_table(control: Callable[..., Importance]) -> None:
    data, plans = planted(category=True).dataset(), []
    control(data, plans, copies=4)
    ((plan, wider),) = plans
    assert len(plan) == 2, "a tenth of twelve, but at least two"
    np.testing.assert_array_equal(wider.x[:, : data.n_columns], data.x)
    assert wider.n_features == data.n_features + 4
    assert plan.mask.shape == (2, data.n_features + 4)
    blocks = [data.x[:, own.start : own.stop] for own in data.features]
    for copy in wider.features[data.n_features :]:
        values = wider.x[:, copy.start : copy.stop]
        assert copy.levels == data.features[0].levels
        assert (values.sum(axis=1) == 1).all(), "a row has one level"
        assert any(np.array_equal(values.sum(axis=0), block.sum(axis=0)) for block in blocks)
        assert not any(np.array_equal(values, block) for block in blocks)


def test_the_widest_are_copied_first(control: Callable[..., Importance]) -> None:
    data, plans = mixed(0), []
    control(data, plans, copies=3)
    ((_, wider),) = plans
    assert [len(feature.levels) for feature in wider.features[data.n_features :]] == [0, 0, 10]


def test_a_category_of_noise_is_compared_with_categories(
    control: Callable[..., Importance],
) -> None:
    """It had beaten the best copy of a single level in nearly all tables."""
    tables = [mixed(seed) for seed in range(20)]
    assert beating(control, tables, 8) <= 0.5
    assert beating(control, tables, 0) == 1


def test_what_is_the_same_in_a_group_is_compared_with_what_is_so_too(
    control: Callable[..., Importance],
) -> None:
    tables = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        groups = np.repeat(np.arange(16), rng.integers(10, 30, size=16))
        x = np.concatenate([rng.normal(size=(16, 4))[groups], rng.normal(size=(len(groups), 4))], axis=1)
        y = (rng.normal(size=16)[groups] + 0.3 * rng.normal(size=len(groups)) > 0).astype(int)
        data = KnownProblem("grouped", x, y, "binary", (), tuple("abcdefgh")).dataset()
        tables.append(replace(data, groups=groups))
    assert beating(control, tables, 0) <= 0.4


def test_a_feature_may_be_called_like_a_copy(control: Callable[..., Importance]) -> None:
    data = planted().dataset()
    named = with_features(data, ["shuffled copy 1"], data.x[:, :1])
    assert control(named).scores.shape[1] == 7


def test_without_a_method_of_single_networks_there_is_nothing_to_control(
    control: Callable[..., Importance],
) -> None:
    with pytest.raises(MethodError, match="answers for single networks"):
        control(planted().dataset(), methods=())
