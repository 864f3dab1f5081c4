"""The settings of an experiment: names, types, defaults, limits, and what each is for.

The descriptions are the documentation: `deepfeat schema` prints them and editors show them while typing.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticKnownError

from deepfeat.config.engine import EngineConfig
from deepfeat.config.section import Section, Size, Text, fault
from deepfeat.config.values import INT64_MAX, INT64_MIN, is_text, shown, shown_value

_MAX_LEVELS = 12  # of a parameter; stays readable by the loader, which allows more
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def _slug(text: str) -> str:
    if not _SLUG.fullmatch(text):
        rule = "use letters, digits and . _ - (at most 100), and begin with a letter or digit"
        raise fault(f"found {shown_value(text)}; {rule}")
    return text


def _plain(value: object, levels: int = _MAX_LEVELS) -> object:
    """A parameter that an experiment file can hold, so that the resolved experiment loads back as it was."""
    if levels == 0:
        raise fault(f"has more than {_MAX_LEVELS} levels inside each other; write it flatter")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and is_text(value):
        return value
    if isinstance(value, int) and INT64_MIN <= value <= INT64_MAX:
        return value
    if isinstance(value, float) and abs(value) < float("inf"):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item, levels - 1) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) and is_text(key) for key in value):
        return {key: _plain(item, levels - 1) for key, item in value.items()}
    raise fault(f"found {shown_value(value)}; use text, numbers, true, false, lists and mappings")


def _digest(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise fault(f"found {shown_value(text)}; write the 64 digits that sha256sum prints")
    return text.lower()


def _character(text: str) -> str:
    if len(text) != 1:
        raise fault(f"found {shown_value(text)}; write the one character that stands between columns")
    return text


def _auto(value: object) -> object:
    """The word, or the error of a number: that is what most people wanted to write."""
    if value != "auto":
        raise PydanticKnownError("int_type")
    return value


def _distinct(texts: list[str]) -> list[str]:
    seen = set()
    for index, text in enumerate(texts):
        if text in seen:
            raise fault(f"{shown_value(text)} is listed twice; keep one of them", index)
        seen.add(text)
    return texts


Plain = Annotated[Any, AfterValidator(_plain)]


class ImagesConfig(BaseModel):
    """Images instead of a table: written as where they are, or as `path: ...` with settings beside it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    path: Text = Field(
        description="an .npz file of arrays, a directory with a folder of PNG or JPEG files per class, or "
        "keras: and a name, such as keras:cifar10"
    )
    size: Annotated[list[Annotated[int, Field(ge=1, le=4096)]], Field(min_length=2, max_length=2)] | None = (
        Field(
            default=None,
            description="[height, width] that every image is resized to; by default all must be alike",
        )
    )
    channels: Literal["auto", "grey", "rgb"] = Field(
        default="auto", description="grey or rgb; auto is rgb if any image has colours"
    )
    region: int | None = Field(
        default=None,
        ge=1,
        description="side in pixels of the squares that are ranked as features; by default an eighth of the "
        "longer side; 1 ranks pixels",
    )
    specimen: Annotated[int, Field(ge=0, le=1000)] | list[Text] = Field(
        default=1,
        description="images kept out of training, to look at closely: how many, or which: files, or numbers "
        "of rows from 0 in quotes",
    )
    unreadable: Literal["refuse", "skip"] = Field(
        default="refuse", description="what to do with files that cannot be read"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, data: object) -> object:
        return {"path": data} if isinstance(data, str) else data


class DataConfig(Section):
    """The table or the images, and what the columns of a table are."""

    path: Text | None = Field(default=None, description="the table: a .csv, .tsv or .parquet file")
    images: ImagesConfig | None = Field(default=None, description="images, instead of a table")
    names: Annotated[str | None, AfterValidator(lambda text: text or None)] = Field(
        default=None, description="for a table without header: a file with the column names in one line"
    )
    target: Text = Field(
        default="last",
        description="the column to predict; `last` is the last one; of two classes the last in order (of the "
        "alphabet, or of numbers) is the positive one: recode the column to change that",
    )
    targets: Annotated[list[Text], AfterValidator(_distinct)] | None = Field(
        default=None,
        min_length=1,
        description="several 0/1 columns to predict (multilabel), instead of target",
    )
    task: Literal["auto", "binary", "multiclass", "multilabel", "regression"] = Field(
        default="auto", description="what the target is; `auto` looks at its values"
    )
    ignore: list[Text] = Field(default_factory=list, description="columns that are neither input nor target")
    group: Text | None = Field(
        default=None, description="column whose rows of equal value (a patient, a family) are never split"
    )
    categories: list[Text] = Field(
        default_factory=list, description="columns of numbers that are codes of categories"
    )
    missing: Literal["drop", "impute"] = Field(
        default="impute",
        description="rows with missing values are dropped, or the values filled in (median, most frequent)",
    )
    missing_values: list[str] = Field(
        default_factory=lambda: ["", "?", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"],
        description="what a missing value looks like",
    )
    delimiter: Annotated[str, AfterValidator(_character)] | None = Field(
        default=None, description="the character between columns; by default a comma, or a tab in .tsv files"
    )

    @model_validator(mode="after")
    def _a_table_or_images(self) -> "DataConfig":
        if self.images is None:
            if self.path is None:
                raise fault("missing; add it (the table: a .csv, .tsv or .parquet file), or images", "path")
            return self
        if self.path is not None:
            raise fault("path and images are both given; keep one of them", "images")
        for name, about in type(self).model_fields.items():
            if name not in {"path", "images", "task"} and getattr(self, name) != about.get_default(
                call_default_factory=True
            ):
                raise fault(f"{name} is for tables; remove it, or images", name)
        return self

    @model_validator(mode="after")
    def _one_kind_of_target(self) -> "DataConfig":
        if self.targets is not None and self.target != "last":
            raise fault("target and targets are both given; keep one of them", "targets")
        if self.targets is not None and self.task not in {"auto", "multilabel"}:
            raise fault(
                f"several targets are a multilabel task, not {self.task}; set task: multilabel", "task"
            )
        if self.targets is None and self.task == "multilabel":
            raise fault("a multilabel task needs data.targets; list its 0/1 columns there", "task")
        return self


class NetworkConfig(Section):
    """The network: a preset, and beside it the parameters of that network that differ."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Plain] = Field(init=False)  # keeps type checkers from asking for it

    preset: Text = Field(
        default="default", description="the network; `deepfeat schema` lists them with their parameters"
    )

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters given beside the preset, not yet checked against the network."""
        return dict(self.__pydantic_extra__ or {})

    @model_serializer(mode="plain")
    def _as_written(self) -> dict[str, Any]:
        return {"preset": self.preset, **self.params}


class SplitConfig(Section):
    """Which rows a network trains on, validates on, and never sees."""

    method: Literal["random", "last", "kfold", "bootstrap", "subsample"] = Field(
        default="random",
        description="how each network's rows are chosen; `last` takes rows in the order of the file",
    )
    train: float = Field(default=0.7, gt=0, le=1, description="share of the rows to learn from")
    valid: float = Field(default=0.2, gt=0, le=1, description="share of the rows that tell when to stop")
    test: float = Field(default=0.1, ge=0, le=1, description="share of the rows held out for scores")
    rows: int | None = Field(
        default=None,
        ge=2,
        description="rows to learn from at most, drawn from the training rows; the others stay as they are",
    )
    folds: int = Field(default=5, ge=2, le=10_000, description="number of folds (method kfold)")

    @model_validator(mode="after")
    def _fits(self) -> "SplitConfig":
        total = self.train + self.valid + self.test
        if total > 1 + 1e-9:
            terms = f"train {self.train:.4g} + valid {self.valid:.4g} + test {self.test:.4g}"
            raise fault(f"{terms} is {total:.4g}; make it at most 1")
        # The default counts as not given, so that a resolved experiment loads back.
        if self.folds != SplitConfig.model_fields["folds"].default and self.method != "kfold":
            raise fault("folds are for method kfold; set method: kfold, or remove folds", "folds")
        return self


class TrainingConfig(Section):
    """How the networks are trained. What is left out is decided by the preset of the network."""

    models: Annotated[int, Field(ge=1, le=1_000_000)] | Annotated[Literal["auto"], BeforeValidator(_auto)] = (
        Field(
            default=100,
            description="number of networks to train and average; auto trains until another ensemble of the "
            "size would give nearly the same ranking",
        )
    )
    most_models: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="networks to train at most for models: auto; by default 500",
    )
    loss: Literal["soft_f1", "cross_entropy", "squared_error"] | None = Field(
        default=None, description="what training makes small"
    )
    optimizer: Literal["adam", "sgd"] | None = Field(
        default=None, description="the rule that changes the weights"
    )
    epochs: int | None = Field(
        default=None, ge=1, le=10_000_000, description="passes over the training rows at most"
    )
    batch_size: int | None = Field(default=None, ge=1, description="rows per step")
    learning_rate: float | None = Field(default=None, gt=0, description="size of a step")
    schedule: Literal["constant", "cosine"] | None = Field(
        default=None, description="whether the learning rate stays or falls to zero over the epochs"
    )
    weight_decay: float | None = Field(
        default=None, ge=0, description="share of the weights taken off per unit of learning rate"
    )
    patience: int | None = Field(
        default=None, ge=1, description="epochs without a better validation loss before training stops"
    )
    class_weight: Literal["none", "balanced"] | None = Field(
        default=None, description="whether rare classes count more in the loss"
    )
    scaling: Literal["standard", "l2_table", "none"] | None = Field(
        default=None,
        description="inputs to mean 0 and deviation 1 over the training rows (standard), divided by their L2 "
        "norm over the whole table (l2_table), or as they are (none)",
    )
    validation_batch: int | None = Field(
        default=None, ge=1, description="rows per step of validation; by default all at once"
    )
    split: SplitConfig | None = Field(
        default=None, description="which rows are learned from, validated on and held out"
    )
    memory: Size | None = Field(
        default=None,
        description="memory for one stack of networks, such as 4 GiB; by default a share of the free memory",
    )
    stack_size: int | None = Field(
        default=None,
        ge=1,
        description="networks trained together; by default as many as fit; results do not depend on it",
    )


class MethodEntry(BaseModel):
    """An importance method to ask: written as its name, or as `name: {parameter: value}`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: Text = Field(description="the method; `deepfeat methods` lists them")
    params: dict[str, Plain] = Field(
        default_factory=dict, description="its parameters that differ from their defaults"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, data: object) -> object:
        if isinstance(data, str):
            return {"name": data}
        if isinstance(data, MethodEntry) or (isinstance(data, dict) and cls._is_long_form(data)):
            return data
        if not isinstance(data, dict) or not data:
            raise fault(
                f"expected the name of a method, found {shown_value(data)}; `deepfeat methods` lists them"
            )
        name, params = next(iter(data.items()))
        if len(data) > 1:
            raise fault(
                f"one entry names {', '.join(shown(str(key)) for key in data)}; "
                f"write one method per entry, with its parameters indented below the name"
            )
        if params is not None and not isinstance(params, dict):
            raise fault(
                f"expected parameters (key: value), found {shown_value(params)}; write them below the name",
                name,
            )
        return {"name": name, "params": params or {}}

    @staticmethod
    def _is_long_form(data: Mapping[Any, Any]) -> bool:
        """Whether `name` and `params` are spelled out, as in Python; a method may be called `name`."""
        return data.keys() <= {"name", "params"} and isinstance(data.get("name"), str)

    @model_serializer(mode="plain")
    def _as_written(self) -> str | dict[str, Any]:
        return {self.name: self.params} if self.params else self.name


def _settings_of_an_arm(settings: object) -> object:
    """What may differ: everything but what tells arms apart."""
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise fault(f"expected the settings that differ, found {shown_value(settings)}; write key: value")
    for name in ("name", "arms"):
        if name in settings:
            raise fault(f"an arm has no {name} of its own; remove it", name)
    return settings


def _each_once(entries: list[MethodEntry]) -> list[MethodEntry]:
    _distinct([entry.name for entry in entries])
    return entries


class RankingConfig(Section):
    """How importances become one ranking."""

    normalise: Literal["sum", "max", "rank", "none"] = Field(
        default="sum",
        description="how the importances of a model are made comparable: divided by their sum or "
        "maximum, replaced by ranks, or not at all",
    )
    across_methods: Literal["mean", "mean_rank", "robust_rank"] = Field(
        default="mean",
        description="how the methods are averaged: their importances, their ranks, or how far more of them "
        "agree on a high rank than chance would",
    )
    weights: Text = Field(
        default="equal",
        description="how much each method counts in the mean: `equal`, all alike, or as the method of this "
        "name finds that judges the others",
    )
    top_k: int | None = Field(
        default=None,
        ge=1,
        description="how many features count as the top, for stability and the share of networks; by default "
        "a third of them, at most 10",
    )
    skilless: Literal["leave_out", "keep"] = Field(
        default="leave_out",
        description="networks that do not beat a constant on their held-out rows: left out of every mean, or "
        "kept",
    )
    skill_splits: int = Field(
        default=10,
        ge=2,
        le=10_000,
        description="splits at most on which a linear model and trees are trained, to compare with",
    )
    multiplicity: Literal["bh", "holm", "by"] = Field(
        default="bh",
        description="how p-values are adjusted for the number of features: Benjamini-Hochberg, Holm, or "
        "Benjamini-Yekutieli",
    )
    groups: dict[Text, Annotated[list[Text], Field(min_length=1), AfterValidator(_distinct)]] = Field(
        default_factory=dict,
        description="features that are also ranked as one, such as pathways: name: [features]",
    )
    clusters: float = Field(
        default=0.7,
        gt=0,
        le=1,
        description="features whose mean absolute rank correlation is at least this are also ranked as one; "
        "1 for those alone that are in the same order everywhere",
    )
    confidence: float = Field(default=0.95, gt=0, lt=1, description="level of the confidence intervals")
    bootstrap: int = Field(
        default=2000,
        ge=100,
        le=1_000_000,
        description="resamples of the networks for the confidence intervals",
    )

    @model_validator(mode="after")
    def _weights_are_for_the_mean(self) -> "RankingConfig":
        if self.weights != "equal" and self.across_methods != "mean":
            raise fault(
                f"weights are for the mean of the methods, not for {self.across_methods}; set "
                "across_methods: mean, or weights: equal",
                "weights",
            )
        return self


class LimitsConfig(Section):
    """What a run may take at most; results do not depend on it, only whether there are any."""

    method_seconds: float | None = Field(
        default=None,
        gt=0,
        description="longest time for one method, without that of the networks trained for it; one that "
        "takes longer has failed, and the others stand",
    )
    method_memory: Size | None = Field(
        default=None,
        description="most memory for one method, such as 4 GiB; by default nine tenths of what is free",
    )
    isolation: bool = Field(
        default=True,
        description="each method runs in a process of its own; without it a method that crashes ends the "
        "run, and there are no limits, but a debugger can stop in it",
    )

    @model_validator(mode="after")
    def _limits_need_a_process(self) -> "LimitsConfig":
        if not self.isolation:
            for name in ("method_seconds", "method_memory"):
                if getattr(self, name) is not None:
                    raise fault(f"{name} needs isolation; remove one of the two", name)
        return self


class LoggingConfig(Section):
    """Experiment trackers that a finished run is handed to."""

    mlflow: Text | None = Field(
        default=None,
        description="MLflow tracking server or store, such as http://127.0.0.1:5000 or sqlite:///mlflow.db",
    )
    tensorboard: Text | None = Field(
        default=None, description="directory for TensorBoard events; `tensorboard --logdir` shows them"
    )


class PluginEntry(BaseModel):
    """More plugins: a file or a directory of files, or a file with the sha256 that it must have."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    path: Text = Field(description="a file, or a directory of files")
    sha256: Annotated[str, AfterValidator(_digest)] | None = Field(
        default=None,
        description="digest that the file must have to be executed; `deepfeat methods show` tells it",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, data: object) -> object:
        return {"path": data} if isinstance(data, str) else data

    @model_serializer(mode="plain")
    def _as_written(self) -> str | dict[str, str]:
        return self.path if self.sha256 is None else {"path": self.path, "sha256": self.sha256}


class Experiment(Section):
    """Everything that decides a result."""

    name: Annotated[str, AfterValidator(_slug)] = Field(
        description="name of the experiment and of its folder of results"
    )
    seed: int = Field(default=0, ge=0, description="the same seed gives the same result")
    data: DataConfig = Field(description="the table, and what its columns are; or images")
    network: NetworkConfig = Field(
        default_factory=NetworkConfig, description="the network, and what differs in it"
    )
    training: TrainingConfig = Field(
        default_factory=TrainingConfig, description="how the networks are trained"
    )
    methods: Annotated[list[MethodEntry], Field(min_length=1), AfterValidator(_each_once)] = Field(
        description="the importance methods to ask"
    )
    ranking: RankingConfig = Field(
        default_factory=RankingConfig, description="how importances become one ranking"
    )
    logging: LoggingConfig = Field(
        default_factory=LoggingConfig, description="experiment trackers that the finished run is handed to"
    )
    controls: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="whether methods that control the others are asked besides those named: shuffled copies "
        "of the features, shuffled labels, features that say the same; auto does so from 20 networks on",
    )
    limits: LimitsConfig = Field(default_factory=LimitsConfig, description="what the run may take at most")
    engine: EngineConfig = Field(
        default_factory=EngineConfig,
        description="where the work is done; results do not depend on it: local, in this process, or dask, "
        "by workers on this machine or on a cluster",
    )
    plugins: list[PluginEntry] = Field(
        default_factory=list, description="more plugins: files, or directories of files"
    )
    arms: dict[
        Annotated[str, AfterValidator(_slug)],
        Annotated[dict[str, Plain], BeforeValidator(_settings_of_an_arm)],
    ] = Field(
        default_factory=dict,
        description="variations of this experiment, carried out beside it and compared in its report: name: "
        "the settings that differ",
    )
