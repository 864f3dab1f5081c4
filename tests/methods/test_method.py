"""Method: the contract."""

import pytest
from pydantic import Field, PositiveInt, ValidationError

from deepfeat.data.dataset import Dataset
from deepfeat.methods import Cost, Importance, Method, MethodParams
from deepfeat.methods.method import RESERVED_NAMES, contract_faults, summary
from deepfeat.ranking.table import COLUMNS


class Good(Method):
    """One line.

    And more.
    """

    name = "good"

    class Params(MethodParams):
        repeats: PositiveInt = Field(10, description="how often")

    def explain(self, ensemble, data, context) -> Importance:  # noqa: ANN001
        raise NotImplementedError


def test_parameters_default_and_are_checked() -> None:
    assert Good().params == Good.Params(repeats=10)
    assert Good(Good.Params(repeats=3)).params.repeats == 3
    for wrong in ({"repeats": 0}, {"repeats": "3"}, {"repeats": True}, {"repeat": 3}):
        with pytest.raises(ValidationError):
            Good.Params(**wrong)


def test_parameters_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Good().params.repeats = 4


def test_the_contract_itself_cannot_be_instantiated() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Method()


def test_an_answer_has_a_row_per_member_and_that_of_an_experiment_method_any_number() -> None:
    class Repeated(Good):
        kind = "experiment"

    assert Good.rows(7) == 7
    assert Repeated.rows(7) is None


@pytest.mark.parametrize("cost", Cost)
def test_what_fits_or_trains_its_own_models_does_not_ask_the_networks_of_the_run(cost: Cost) -> None:
    """Also a method that answers once for all of them asks them, unless it makes models of its own."""

    class Costly(Good):
        kind = "experiment"

    Costly.cost = cost
    assert Costly.asks_networks() == (cost in {Cost.WEIGHTS, Cost.PREDICTIONS, Cost.SAMPLING})


def test_without_refits_no_network_is_trained(data: Dataset) -> None:
    assert Good().fits(data, 100) == 0


def test_a_good_method_has_no_faults() -> None:
    assert contract_faults(Good) == []


class Required(MethodParams):
    level: int


@pytest.mark.parametrize(
    ("attribute", "value", "fault"),
    [
        ("name", "Good", "its name 'Good' must be lower case"),
        ("name", "a" * 65, "must be lower case"),
        ("name", "../x", "must be lower case"),
        ("name", "", "must be lower case"),
        ("name", 3, "it has no name"),
        ("name", "rank", "is a column of ranking.csv"),
        ("after_others", True, 'its kind is not "experiment"'),
        ("kind", "global", "not one of: member, experiment"),
        ("cost", "cheap", "not one of: Cost.WEIGHTS, Cost.PREDICTIONS"),
        ("Params", dict, "its Params is not a subclass of MethodParams"),
        ("Params", Required, "its parameters level have no default"),
    ],
)
def test_faults_are_told(attribute: str, value: object, fault: str) -> None:
    (found,) = contract_faults(type("Bad", (Good,), {attribute: value}))
    assert fault in found


def test_summary_is_the_first_line() -> None:
    assert summary(Good) == "One line."
    assert summary(type("Silent", (), {})) == ""


def test_every_cost_has_a_meaning() -> None:
    assert Cost("refits") is Cost.REFITS
    assert [cost.value for cost in Cost] == [
        *("weights", "predictions", "sampling", "other models", "refits")
    ]
    assert all(cost.meaning for cost in Cost)


def test_no_method_can_take_the_name_of_a_column_of_the_ranking() -> None:
    assert set(COLUMNS) == RESERVED_NAMES
