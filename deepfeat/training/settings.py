"""The settings of one training, after the experiment's own and the preset's were merged."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class SplitSettings(BaseModel):
    """How the rows of a table are shared out for each member; see `deepfeat.config.schema`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["random", "last", "kfold", "bootstrap", "subsample"] = "random"
    train: float = 0.7
    valid: float = 0.2
    test: float = 0.1
    rows: int | None = None
    folds: int = 5


class TrainingSettings(BaseModel):
    """Everything that the training of a member depends on besides its plan and its network.

    Attributes:
        loss: name of the loss.
        optimizer: `adam` (with decoupled weight decay) or `sgd`.
        epochs: most epochs a member may train.
        batch_size: rows of a step.
        learning_rate: of the optimizer, at the start of the schedule.
        schedule: `constant`, or `cosine` down to zero over `epochs`.
        weight_decay: decoupled decay of kernels (Loshchilov & Hutter 2019); gates and biases do not decay.
        penalty_warmup: epochs over which the penalties of the plan rise from nothing to their full strength;
            weights of these epochs are not kept, and patience begins after them.
        patience: epochs without a better validation value after which a member stops.
        monitor: what early stopping watches: the validation loss, with or without penalties.
        validation_batch: rows per batch of the validation loss; None takes all rows as one batch.
        class_weight: `balanced` gives every class the same total weight.
        scaling: `standard` scales by each member's own training rows, `l2_table` divides each column by its
            L2 norm over all rows, as in 2021; `none` leaves inputs as they are, as suits pixels.
        split: how rows are shared out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    loss: Literal["soft_f1", "cross_entropy", "squared_error"] = "soft_f1"
    optimizer: Literal["adam", "sgd"] = "adam"
    epochs: int = Field(2000, ge=1)
    batch_size: int = Field(64, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    schedule: Literal["constant", "cosine"] = "constant"
    weight_decay: float = Field(0.0, ge=0)
    penalty_warmup: int = Field(0, ge=0)
    patience: int = Field(15, ge=1)
    monitor: Literal["loss", "penalised_loss"] = "penalised_loss"
    validation_batch: int | None = Field(None, ge=1)
    class_weight: Literal["none", "balanced"] = "none"
    scaling: Literal["standard", "l2_table", "none"] = "standard"
    split: SplitSettings = SplitSettings()


def merge_settings(preset: Mapping[str, Any], chosen: Mapping[str, Any], task: str) -> TrainingSettings:
    """The preset's settings, overruled by those that the experiment chose.

    Args:
        preset: what the network's `training` says.
        chosen: what the experiment says; None counts as not chosen. Keys that are not settings of a training
            (`models`, `memory`, `stack_size`) are ignored.
        task: for regression, a loss made for labels becomes the squared error unless it was chosen.
    """
    explicit = {key: value for key, value in chosen.items() if value is not None}
    merged = {**preset, **explicit}
    if task == "regression" and "loss" not in explicit:
        merged["loss"] = "squared_error"
    return TrainingSettings.model_validate(
        {key: value for key, value in merged.items() if key in TrainingSettings.model_fields}
    )
