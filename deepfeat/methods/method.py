"""The contract of an importance method."""

import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from deepfeat.data.dataset import Dataset
from deepfeat.methods.annotations import Ensemble
from deepfeat.methods.context import Context
from deepfeat.methods.importance import Importance

Kind = Literal["member", "experiment"]
Input = Literal["table", "images"]

NAME_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,63}")
# The columns of ranking.csv that stand beside those of the methods.
RESERVED_NAMES = frozenset(
    {"feature", "importance", "ci_low", "ci_high", "rank", "rank_low", "rank_high", "top_share"}
)


class Cost(StrEnum):
    """What a method's time is spent on, from cheap to dear."""

    meaning: str

    WEIGHTS = "weights", "reads trained weights; no time at all"
    PREDICTIONS = "predictions", "predicts the rows a few times for every feature"
    SAMPLING = "sampling", "predicts hundreds of variations of every row"
    OTHER_MODELS = "other models", "fits other models to the same rows"
    REFITS = "refits", "trains networks again"

    def __new__(cls, value: str, meaning: str) -> Self:
        """A cost with its meaning in words."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


class MethodParams(BaseModel):
    """Base of the parameters of a method; by itself: no parameters.

    Give every field a default and a description: `repeats: PositiveInt = Field(10, description="...")`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=True)


class Method(ABC):
    """An importance method; a plugin is a subclass of it.

    The first line of the docstring is what `deepfeat methods` shows.

    A method of kind `member` answers for any set of members, each independently of the others: it is called
    for a part of the ensemble at a time, and the parts are joined. One of kind `experiment` is called once,
    with the whole ensemble, and may train more networks with `context.fit`; its answer has a row per member,
    or per repetition of its own. One that trains says with `fits` how many networks that will be.

    Heavy libraries are imported inside `explain`, so that listing and validating stay fast.

    Attributes:
        name: how the experiment file and the ranking call it; lower case letters, digits and `_`.
        kind: `member` or `experiment`.
        cost: what its time is spent on. What `OTHER_MODELS` or `REFITS` find is told under the method's own
            name, not as what the networks find.
        paper: the publication to cite.
        sees: what it measures, in one line.
        blind_to: what it cannot see, in one line.
        trust: when to trust it, in one line.
        after_others: whether it is asked when all others have answered, and sees their answers
            (`context.answers`); only for methods of kind `experiment`. Such a method is about the others, so
            its own scores do not enter the ranking.
        removes: what it does instead of letting the network see a feature, and which values stand in for it,
            in one line; nothing where it only reads weights.
        control: whether every experiment of enough networks asks it, named or not, to control what the others
            say; see `controls` in the experiment. Only for methods that are asked `after_others`.
        inputs: what it can be asked about: tables, images (whose features are regions of many columns each),
            or both.
        ranks: whether its scores say how much features matter. A method that shows what networks do instead
            has figures and tables to look at, and its scores do not enter the ranking.
        exempt: checks of `deepfeat.testing.conformance` that it does not have to pass: name and reason.
        Params: its parameters.

    Args:
        params: values of the parameters; by default the defaults of `Params`.
    """

    name: ClassVar[str]
    kind: ClassVar[Kind] = "member"
    cost: ClassVar[Cost] = Cost.PREDICTIONS
    paper: ClassVar[str] = ""
    sees: ClassVar[str] = ""
    blind_to: ClassVar[str] = ""
    trust: ClassVar[str] = ""
    after_others: ClassVar[bool] = False
    control: ClassVar[bool] = False
    removes: ClassVar[str] = ""
    inputs: ClassVar[tuple[Input, ...]] = ("table", "images")
    ranks: ClassVar[bool] = True
    exempt: ClassVar[Mapping[str, str]] = {}
    Params: ClassVar[type[MethodParams]] = MethodParams

    params: MethodParams

    def __init__(self, params: MethodParams | None = None) -> None:
        self.params = self.Params() if params is None else params

    @classmethod
    def found(cls, answer: Importance) -> NDArray[np.bool_] | None:
        """Which features a control has found, (features,); only of these is it said that they matter.

        Args:
            answer: what it has answered.

        Returns:
            None where it does not tell features apart.
        """
        del answer
        return None

    @abstractmethod
    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """How much each feature matters to each member.

        Args:
            ensemble: the trained members; do not change their weights.
            data: the encoded table; do not change it either. `ensemble.plan.splits` says which rows each
                member has not seen.
            context: random numbers, messages, a folder for files, refits.

        Returns:
            Scores (members, features), in the order of the ensemble and of `data.features`.

        Raises:
            MethodError: the question has no answer here; say why and what to use instead.
        """

    @classmethod
    def asks_networks(cls) -> bool:
        """Whether the networks of the run answer, and not others that it fits or trains for itself."""
        return cls.cost not in {Cost.OTHER_MODELS, Cost.REFITS}

    def fits(self, data: Dataset, members: int) -> int:
        """How many networks `explain` will train at most, so that a run can be estimated before it starts.

        Args:
            data: the table.
            members: networks in the main ensemble.
        """
        del data, members
        return 0

    @classmethod
    def suggested(cls, rows: int, features: int) -> bool | Mapping[str, str]:
        """Whether `deepfeat init` puts it into the experiment that it writes for a table of this size.

        A mapping does, with these parameters. Where a method that judges the others is put in, the ranking
        weighs them by it.

        Args:
            rows: of the table.
            features: of the table.
        """
        del rows, features
        return False

    @classmethod
    def rows(cls, members: int) -> int | None:
        """How many rows the answer must have: one per member, or any number (None) from an experiment method.

        Args:
            members: how many the method is asked about.
        """
        return members if cls.kind == "member" else None


def summary(thing: object) -> str:
    """First line of the docstring of a method, or an empty text."""
    doc = inspect.cleandoc(getattr(thing, "__doc__", None) or "")
    return doc.split("\n", 1)[0]


def contract_faults(method: type[Any]) -> list[str]:
    """What keeps a method class from being registered, a phrase each.

    Args:
        method: a concrete subclass of Method.
    """
    found = _name_faults(getattr(method, "name", None))
    if method.kind not in get_args(Kind):
        found.append(f"its kind {method.kind!r} is not one of: {', '.join(get_args(Kind))}")
    if method.control and not method.after_others:
        found.append("it is a control and not asked after_others")
    if method.after_others and method.kind != "experiment":
        found.append('it is asked after_others and its kind is not "experiment"')
    if not method.inputs or not set(method.inputs) <= set(get_args(Input)):
        found.append(f"its inputs {method.inputs!r} are not among: {', '.join(get_args(Input))}")
    if not isinstance(method.cost, Cost):
        known = ", ".join(f"Cost.{cost.name}" for cost in Cost)
        found.append(f"its cost {method.cost!r} is not one of: {known}")
    if not (inspect.isclass(method.Params) and issubclass(method.Params, MethodParams)):
        found.append("its Params is not a subclass of MethodParams")
    elif required := [key for key, field in method.Params.model_fields.items() if field.is_required()]:
        found.append(f"its parameters {', '.join(required)} have no default")
    return found


def _name_faults(name: object) -> list[str]:
    """What is wrong with the name of a method."""
    if not isinstance(name, str):
        return ['it has no name; add name = "..."']
    if not NAME_PATTERN.fullmatch(name):
        return [f"its name {name!r} must be lower case letters, digits and _, beginning with a letter"]
    if name in RESERVED_NAMES:
        return [f"its name {name!r} is a column of ranking.csv; choose another"]
    return []
