"""The cheapest of the methods."""

from typing import ClassVar

from deepfeat.methods.cheapest import cheapest_member_methods
from deepfeat.methods.method import Cost, Method


class Dear(Method):
    """Dear."""

    name = "dear"
    cost = Cost.SAMPLING


class Cheap(Method):
    """Cheap."""

    name = "cheap"
    cost = Cost.PREDICTIONS


class Other(Cheap):
    """Costs the same."""

    name = "other"


class Whole(Method):
    """Answers for all members together."""

    name = "whole"
    kind: ClassVar = "experiment"
    cost = Cost.WEIGHTS


def test_all_that_cost_least_of_those_that_answer_for_each_member() -> None:
    assert cheapest_member_methods([Whole, Dear, Cheap, Other]) == [Cheap, Other]
    assert cheapest_member_methods([Dear]) == [Dear]
    assert cheapest_member_methods([Whole]) == []
