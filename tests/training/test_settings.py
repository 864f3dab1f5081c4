"""Whose setting wins."""

import pytest
from pydantic import ValidationError

from deepfeat.training.settings import TrainingSettings, merge_settings

PRESET = {"loss": "cross_entropy", "epochs": 7, "split": {"method": "last"}}


def test_the_experiment_overrules_the_preset() -> None:
    merged = merge_settings(PRESET, {"epochs": 9, "loss": None}, "binary")
    assert (merged.epochs, merged.loss, merged.split.method) == (9, "cross_entropy", "last")
    assert merged.batch_size == TrainingSettings().batch_size


def test_what_is_no_setting_of_a_training_is_left_to_others() -> None:
    merged = merge_settings(PRESET, {"models": 100, "memory": "1 GiB", "stack_size": 10}, "binary")
    assert merged == merge_settings(PRESET, {}, "binary")


def test_a_loss_for_labels_gives_way_for_regression_unless_it_was_chosen() -> None:
    assert merge_settings(PRESET, {}, "regression").loss == "squared_error"
    assert merge_settings(PRESET, {"loss": "soft_f1"}, "regression").loss == "soft_f1"


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"learning_rate": 0}, {"split": {"folds": 3, "fold": 1}}])
def test_impossible_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        merge_settings(PRESET, wrong, "binary")
