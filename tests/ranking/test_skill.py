"""The networks beside the baselines."""

import math

import numpy as np
import pytest

from deepfeat.ranking.skill import compare, resampled_interval


def test_the_interval_of_nadeau_and_bengio() -> None:
    values = np.array([0.7, 0.8, 0.9])
    mean, low, high = resampled_interval(values, 0.25)
    # t(0.975, 2) = 4.302653; variance 0.01; (1/3 + 1/4)
    reach = 4.302653 * math.sqrt((1 / 3 + 0.25) * 0.01)
    assert (mean, low, high) == pytest.approx((0.8, 0.8 - reach, 0.8 + reach), abs=1e-6)


def test_scores_that_are_not_defined_do_not_count() -> None:
    assert resampled_interval(np.array([0.7, np.nan, 0.9]), 0.1)[0] == pytest.approx(0.8)
    assert resampled_interval(np.array([0.7]), 0.1)[0] == 0.7
    assert math.isnan(resampled_interval(np.array([0.7, np.nan]), 0.1)[1])
    assert all(math.isnan(number) for number in resampled_interval(np.array([np.nan]), 0.1))


def judged(networks: list[float], linear: list[float], forest: list[float]) -> tuple[str, str]:
    constant = np.full(len(networks), 0.5)
    found = compare(
        "auc",
        np.array(networks),
        {"constant": constant, "linear": np.array(linear), "forest": np.array(forest)},
        0.2,
    )
    return found.verdict, found.better


def test_verdicts() -> None:
    good, fair = [0.90, 0.91, 0.92, 0.90], [0.70, 0.71, 0.72, 0.70]
    chance = [0.45, 0.55, 0.6, 0.4]
    assert judged(good, good, fair) == ("skill", "")
    assert judged(fair, good, fair) == ("worse", "linear")
    assert judged(fair, [0.8, 0.81, 0.82, 0.8], good) == ("worse", "forest")
    assert judged(chance, good, good) == ("no_skill", "")
    assert judged([0.9], [0.9], [0.9]) == ("unknown", "")
    assert judged([math.nan] * 4, fair, fair) == ("unknown", "")
    # certainly less, but by next to nothing
    assert judged([0.898, 0.908, 0.918, 0.898], good, good) == ("skill", "")
    # less, but not certainly
    assert judged([0.9, 0.5, 0.95, 0.99], good, good)[0] != "worse"


def test_the_table_compares_on_the_same_splits() -> None:
    networks = np.array([0.8, 0.9, 0.1])
    found = compare("r2", networks, {"constant": np.zeros(3), "linear": np.array([0.7, 0.7])}, 0.2)
    assert found.table["model"].tolist() == ["networks", "constant", "linear"]
    assert found.table["splits"].tolist() == [3, 3, 2]
    linear = found.row("linear")
    assert linear["difference"] == pytest.approx(0.15)
    assert found.row("networks")["mean"] == pytest.approx(0.6)
    assert math.isnan(found.row("networks")["difference"])


def test_the_joint_prediction_is_judged_as_the_networks_are() -> None:
    networks, constant = np.array([0.70, 0.71, 0.72, 0.70]), np.full(4, 0.5)
    linear = np.array([0.9, 0.91])
    good = compare("auc", networks, {"constant": constant, "linear": linear}, 0.2, joint=linear + 0.01)
    assert good.verdict == "worse"
    assert good.joint == ("skill", "", False)
    assert good.table["model"].tolist() == ["networks", "joint", "constant", "linear"]
    assert good.row("joint")["difference"] == pytest.approx(-0.21)
    poor = compare("auc", linear, {"constant": constant, "linear": linear}, 0.2, joint=networks)
    assert (poor.verdict, poor.joint) == ("skill", ("worse", "linear", False))
    assert compare("auc", networks, {"constant": constant}, 0.2).joint is None
    # its weights have been chosen: where no model has skill alone, it has none
    chance = np.array([0.45, 0.55, 0.6, 0.4])
    lucky = compare("auc", chance, {"constant": constant, "linear": chance[::-1]}, 0.2, joint=networks)
    assert lucky.joint == ("no_skill", "", True)


def test_on_one_split_no_interval_pretends_to_know_other_rows() -> None:
    networks = np.array([0.70, 0.71, 0.72, 0.70])
    baselines = {"constant": np.array([0.5]), "linear": np.array([0.9])}
    joint = {"joint": np.array([0.8]), "averaged": np.array([0.75])}
    found = compare("auc", networks, baselines, 0.2, **joint, one_split=True)
    assert found.table["model"].tolist() == ["networks", "averaged", "joint", "constant", "linear"]
    assert found.table["splits"].tolist() == [1] * 5
    for model in ("averaged", "joint", "constant", "linear"):
        assert math.isnan(found.row(model)["low"])
    assert found.row("linear")["difference"] == pytest.approx(0.7075 - 0.9)
    # every network is worse than the linear model, but one joint score tells nothing
    assert (found.verdict, found.better) == ("worse", "linear")
    assert found.joint == ("unknown", "", False)


def test_no_score_is_beyond_what_it_can_be() -> None:
    wide = np.array([0.9, 0.1, 0.5])
    for score, least in (("auc", 0.0), ("r2", -1.07)):
        found = compare(score, wide, {"constant": np.full(3, 0.5)}, 0.5)
        assert found.row("networks")["low"] == pytest.approx(least, abs=0.02)
    found = compare("auc", np.array([0.99, 1.0, 0.98]), {"constant": np.full(3, 0.5)}, 0.5)
    assert found.row("networks")["high"] == 1.0


def held_out_auc(x: np.ndarray, y: np.ndarray, splits: int, rng: np.random.Generator) -> np.ndarray:
    """Scores of a plain classifier, the line between the class means, on random splits of one table."""
    scores = []
    for _ in range(splits):
        order = rng.permutation(len(y))
        train, out = order[:140], order[140:180]
        means = [x[train][y[train] == label].mean(axis=0) for label in (0, 1)]
        said = x[out] @ (means[1] - means[0])
        above = said[y[out] == 1][:, None] > said[y[out] == 0]
        scores.append(above.mean())
    return np.array(scores)


def test_noise_is_rarely_taken_for_skill_and_a_signal_always_found() -> None:
    """On pure noise at most 1 table in 20 may show skill (nominally 1 in 40).

    Of 200 tables more than 17 would show skill in less than 1 of 50 runs of this test if the rate were 5 %;
    with this seed it is 5.
    """
    rng = np.random.default_rng(0)
    wrong, found = 0, 0
    for _ in range(200):
        x, y = rng.normal(size=(200, 8)), rng.permutation(np.repeat([0, 1], 100))
        noise = held_out_auc(x, y, 15, rng)
        x[:, 0] += 1.5 * y
        signal = held_out_auc(x, y, 15, rng)
        half = {"constant": np.full(15, 0.5)}
        wrong += compare("auc", noise, half, 40 / 140).verdict == "skill"
        found += compare("auc", signal, half, 40 / 140).verdict == "skill"
    assert wrong <= 17
    assert found == 200
