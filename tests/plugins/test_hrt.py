"""hrt: the holdout randomisation test."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepfeat.methods import MethodError
from deepfeat.testing.families.encoding import encode
from deepfeat.testing.planted import planted
from deepfeat.writing.csvfiles import read_table

Infer = Any  # see conftest.py


def table_in(folder: Path) -> object:
    return read_table(folder / "tests.csv", text=["features", "is_cluster", "model_of_x"])


@pytest.mark.parametrize("category", [False, True])
def test_the_relevant_feature_is_better_than_every_draw(
    infer: Infer, tmp_path: Path, *, category: bool
) -> None:
    found = infer("hrt", planted(category=category).dataset(), draws=200)
    assert found.p_value[1] == pytest.approx(1 / 201)
    assert found.p_value[np.delete(np.arange(6), 1)].min() > 0.01
    table = table_in(tmp_path)
    assert table["draws"][1] == 200
    assert table["draws"].median() < 100
    assert set(table["model_of_x"]) == {"category" if category else "gaussian"}


def test_there_are_enough_draws_for_the_false_discovery_rate(infer: Infer, tmp_path: Path) -> None:
    infer("hrt", planted().dataset(), draws=10, q=0.05, stop=200)
    np.testing.assert_array_equal(table_in(tmp_path)["draws"], 120)


def test_the_model_of_x_is_printed_with_the_p_values(infer: Infer, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    x[:, 1] = x[:, 0] + x[:, 1]
    x[:, 2] = rng.standard_t(3, size=300)
    data = encode("tails", x, x[:, 0] + rng.normal(size=300), "regression", ("a", "b", "c"))
    found = infer("hrt", data, draws=50)
    table = table_in(tmp_path)
    assert table["explained_by_others"][1] == pytest.approx(0.5, abs=0.1)
    assert table["excess_kurtosis"][2] > 3
    assert "far from Gaussian" in found.notes[1]
    assert " c " in found.notes[1]
    assert "Gaussian" in found.assumption


def test_rows_of_groups_are_refused(infer: Infer, tmp_path: Path) -> None:
    data = replace(planted().dataset(), groups=np.arange(240) // 2)
    with pytest.raises(MethodError, match="use effect or loco"):
        infer("hrt", data)


def test_it_sees_no_more_than_the_networks(infer: Infer, tmp_path: Path) -> None:
    # A linear model sees no square: then there is nothing to find, and hrt does not claim to.
    rng = np.random.default_rng(2)
    x = rng.normal(size=(400, 3))
    data = encode("even", x, x[:, 0] ** 2 + rng.normal(size=400), "regression", ("a", "b", "c"))
    assert infer("hrt", data, draws=100).p_value[0] > 0.01
    assert "have not learned" in infer.method("hrt").blind_to
