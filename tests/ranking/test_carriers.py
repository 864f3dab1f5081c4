"""Which models carry a ranking."""

import pytest

from deepfeat.ranking.carriers import ONLY_NETWORKS, Carriers, rounded

METHODS = ("gate", "gradients", "forest", "trees")
OTHERS = ("forest", "trees")


def test_methods_that_ask_the_networks_are_one_model() -> None:
    weights = {"gate": 0.05, "gradients": 0.05, "forest": 0.2, "trees": 0.7}
    found = Carriers.of(METHODS, weights, OTHERS, OTHERS)
    assert list(found.shares) == ["trees", "forest", "networks"]
    assert found.shares["networks"] == pytest.approx(0.1)
    assert sum(found.shares.values()) == pytest.approx(1)
    assert not found.by_networks


def test_without_weights_all_methods_count_alike() -> None:
    for weights in (None, dict.fromkeys(METHODS, 0.0)):
        found = Carriers.of(METHODS, weights, OTHERS, OTHERS)
        assert found.shares == {"networks": 0.5, "forest": 0.25, "trees": 0.25}
        assert found.by_networks


def test_a_method_that_predicts_nothing_cannot_carry_the_judgement() -> None:
    found = Carriers.of(("gate", "table"), {"gate": 0.1, "table": 0.9}, ("table",), ())
    assert found.shares == pytest.approx({"table": 0.9, "networks": 0.1})
    assert found.by_networks


def test_networks_are_always_there_but_only_told_where_they_count() -> None:
    found = Carriers.of(("forest", "trees"), {"forest": 1.0}, OTHERS, OTHERS)
    assert found.shares == {"forest": 1.0, "networks": 0.0, "trees": 0.0}
    assert list(found.told) == ["forest"]
    assert ONLY_NETWORKS.by_networks
    assert ONLY_NETWORKS.told == {"networks": 1.0}


def test_what_is_said_of_shares_adds_up_to_1() -> None:
    shares = {"trees": 0.57565, "networks": 0.40519, "forest": 0.01896, "lasso": 0.0002, "glm": 0.0}
    # to the nearest hundredth they would be 0.58, 0.41 and 0.02
    assert rounded(shares) == {"trees": 0.58, "networks": 0.40, "forest": 0.02}
    assert Carriers(shares).told == rounded(shares)
    assert rounded({"networks": 0.6, "forest": 0.2, "lasso": 0.2}) == {
        "networks": 0.6,
        "forest": 0.2,
        "lasso": 0.2,
    }
    for many in (3, 7, 30, 150):
        found = rounded({str(number): 1 / many for number in range(many)})
        assert sum(found.values()) == pytest.approx(1)
