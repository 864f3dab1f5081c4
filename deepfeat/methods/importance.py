"""What a method answers: how much each feature matters to each member."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.errors import DeepfeatError, ExitCode

Array = NDArray[np.float64]

_PER_MEMBER = ("scores", "sign", "per_class", "class_sign")
PER_FEATURE = ("effect", "std_error", "ci_low", "ci_high", "p_value", "q_value")
"""The estimates per feature that are real numbers; `selected` is one too, and is true or false."""


class MethodError(DeepfeatError):
    """A method gave no usable answer; the other methods of the run are not concerned."""

    exit_code = ExitCode.PARTIAL


@dataclass(frozen=True, eq=False)
class Importance:
    """The answer of one method for the members it was asked about.

    Arrays of real numbers are stored as float64, so float32 results of a network can be passed as they are.

    Attributes:
        scores: (members, features) how much each feature matters; larger is more important. No common scale
            is needed: the ranking normalises every member. A method of kind `experiment` that trains networks
            of its own may answer with a row for each of its repetitions instead (a fold, a pair of halves);
            the ranking averages them, and each method counts the same however many rows it has.
        sign: (members, features) direction of the influence, -1 to 1, where the method has one.
        per_class: (members, classes, features) scores for each output, where the method has them.
        class_sign: (members, classes, features) direction of the influence on each output, -1 to 1.
        effect: (features,) estimated effect, for methods that do inference; so are those that follow. NaN
            where a feature has none: the effect of a category of several levels is no single number, though
            it has a p-value.
        std_error: (features,) standard error of `effect`.
        ci_low: (features,) lower end of the confidence interval of `effect`.
        ci_high: (features,) upper end of it.
        p_value: (features,) p-value of `null_hypothesis`.
        q_value: (features,) p-value adjusted for the number of features. Where a method gives p-values alone,
            a run adjusts them as `ranking.multiplicity` says.
        selected: (features,) bool, the features that a method with an error rate of its own decides for.
        scale: what `effect` is measured in, a phrase that begins with its kind: `change of y per standard
            deviation`, `log odds ratio of yes per standard deviation`. Estimates of equal scale can be drawn
            side by side, and those that begin with `log odds ratio` are shown as odds ratios.
        null_hypothesis: what `p_value` or `selected` speak against, a sentence; whoever gives one of the two
            has to give it.
        assumption: what has to hold besides for them to be valid, such as the model assumed for x.
        predictions: (rows, outputs) what the models that a method fitted itself answer for rows of the table
            that they have not learned from; NaN where there is no such answer. None where it asks the
            networks of the experiment.
        weights: how far each of the other methods is to be believed, by name, 0 or more; only from methods
            that are asked `after_others`. The ranking uses them where `ranking.weights` names the method.
        notes: sentences for the report: warnings, assumptions, what the method cannot see.
    """

    scores: Array
    sign: Array | None = None
    per_class: Array | None = None
    class_sign: Array | None = None
    effect: Array | None = None
    std_error: Array | None = None
    ci_low: Array | None = None
    ci_high: Array | None = None
    p_value: Array | None = None
    q_value: Array | None = None
    selected: NDArray[np.bool_] | None = None
    scale: str = ""
    null_hypothesis: str = ""
    assumption: str = ""
    predictions: Array | None = None
    weights: Mapping[str, float] | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (*_PER_MEMBER, *PER_FEATURE, "predictions"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _as_float64(value))
        if self.selected is not None:
            object.__setattr__(self, "selected", np.asarray(self.selected))
        if self.weights is not None:
            object.__setattr__(self, "weights", {name: float(w) for name, w in self.weights.items()})

    def check(self, n_members: int | None, n_features: int) -> None:
        """Refuse an answer that cannot be averaged with those of other methods.

        Args:
            n_members: how many rows the answer must have, see `Method.rows`; None for any number from one on.
            n_features: how many features the data have.

        Raises:
            MethodError: an array has the wrong shape or type, or numbers that are not finite; all faults in
                one message.
        """
        if n_members is None and np.ndim(self.scores) > 0:
            n_members = max(1, len(self.scores))
        shapes: dict[str, tuple[int | None, ...]] = {
            "scores": (n_members, n_features),
            "sign": (n_members, n_features),
            "per_class": (n_members, None, n_features),
            "class_sign": (n_members, None, n_features),
            **dict.fromkeys(PER_FEATURE, (n_features,)),
            "predictions": (None, None),
        }
        found = [
            f"{name} {fault}"
            for name, shape in shapes.items()
            if (value := getattr(self, name)) is not None
            and (fault := _fault(value, shape, may_be_nan=name in (*PER_FEATURE, "predictions")))
        ]
        for name in ("p_value", "q_value"):
            value = getattr(self, name)
            if value is not None and not found and np.any((value < 0) | (value > 1)):
                found.append(f"{name} lies outside 0 to 1")
        found += self._inference_faults(n_features)
        if self.weights is not None and not all(0 <= weight < np.inf for weight in self.weights.values()):
            found.append("weights are not all finite and 0 or more")
        if not isinstance(self.notes, tuple) or not all(isinstance(note, str) for note in self.notes):
            found.append("notes is not a tuple of sentences")
        if found:
            raise MethodError("; ".join(found))

    def _inference_faults(self, n_features: int) -> list[str]:
        """What is wrong with a decision, and whether it is said what it decides."""
        found = []
        chosen = self.selected
        if chosen is not None and (chosen.dtype != np.bool_ or chosen.shape != (n_features,)):
            found.append(
                f"selected holds {chosen.dtype} of shape {chosen.shape}, expected bool ({n_features})"
            )
        told = ("scale", "null_hypothesis", "assumption")
        if not all(isinstance(getattr(self, name), str) for name in told):
            found.append(f"{', '.join(told)} are texts")
        elif not self.null_hypothesis and (self.p_value is not None or chosen is not None):
            found.append("p_value or selected comes without null_hypothesis; say what it speaks against")
        return found

    @property
    def estimates(self) -> dict[str, NDArray[np.generic]]:
        """The estimates per feature that there are, by name, (features,) each."""
        given = {name: getattr(self, name) for name in (*PER_FEATURE, "selected")}
        return {name: value for name, value in given.items() if value is not None}

    @classmethod
    def by_output(
        cls,
        scores: Array,
        *,
        sign: Array | None = None,
        predictions: Array | None = None,
        notes: tuple[str, ...] = (),
    ) -> "Importance":
        """One answer from scores of each output: a feature's score is the mean over outputs.

        Args:
            scores: (members, outputs, features).
            sign: (members, outputs, features) direction of the influence on each output.
            predictions: as the attribute.
            notes: as the attribute.
        """
        mean: Array = scores.mean(axis=1)
        if scores.shape[1] == 1:
            one = None if sign is None else sign[:, 0]
            return cls(mean, sign=one, predictions=predictions, notes=notes)
        return cls(mean, per_class=scores, class_sign=sign, predictions=predictions, notes=notes)

    @classmethod
    def join(cls, parts: Sequence["Importance"]) -> "Importance":
        """One answer from the answers for consecutive sets of members.

        Args:
            parts: at least one; in member order.

        Returns:
            The parts joined along the member axis, each different note once.

        Raises:
            MethodError: only some of the parts have a field, or there are several parts with estimates per
                feature (such a method has to be an experiment method, which sees all members at once).
        """
        if len(parts) == 1:
            return parts[0]
        for part in parts:
            for name in part.estimates:
                raise MethodError(
                    f"{name} is one estimate per feature and cannot be joined over sets of members; "
                    'set kind = "experiment" on the method'
                )
        joined: dict[str, Any] = {}
        for name in _PER_MEMBER:
            arrays = [value for part in parts if (value := getattr(part, name)) is not None]
            if len(arrays) == len(parts):
                joined[name] = np.concatenate(arrays)
            elif arrays:
                raise MethodError(f"{name} was given for some members only; give it for all or for none")
        notes = tuple(dict.fromkeys(chain.from_iterable(part.notes for part in parts)))
        return cls(**joined, assumption=parts[0].assumption, notes=notes)

    def equals(self, other: "Importance") -> bool:
        """Whether both answers are the same, bit by bit."""
        return all(_same(getattr(self, field.name), getattr(other, field.name)) for field in fields(self))


def sum_columns(values: Array, data: Dataset) -> Array:
    """Sums over the encoded columns of each feature.

    Args:
        values: (..., columns) one number per encoded column.
        data: tells which columns belong to which feature.

    Returns:
        (..., features).
    """
    starts = [feature.start for feature in data.features]
    return np.add.reduceat(np.asarray(values, dtype=np.float64), starts, axis=-1)


def direction(signed: Array, absolute: Array, data: Dataset) -> Array:
    """Which way a feature pushes: the share of its influence that goes up, less the share that goes down.

    Args:
        signed: (..., features) influence that may cancel.
        absolute: (..., features) the same without signs, so at least as large.
        data: tells which features are categories; those have no direction.

    Returns:
        (..., features) from -1 to 1; 0 for categories, and where there is no influence.
    """
    numbers = np.array([not feature.is_category for feature in data.features])
    share = np.divide(signed, absolute, out=np.zeros_like(signed), where=numbers & (absolute > 0))
    return np.clip(share, -1.0, 1.0)


def _as_float64(value: object) -> object:
    """The array as float64 if it holds real numbers, else untouched (`check` then tells what is wrong)."""
    array = np.asarray(value)
    return array.astype(np.float64, copy=False) if array.dtype.kind in "fiu" else array


def _fault(value: NDArray[np.generic], shape: tuple[int | None, ...], *, may_be_nan: bool) -> str:
    """What is wrong with an array of which `shape` is expected (None: any length), or nothing."""
    if value.dtype != np.float64:
        return f"holds {value.dtype}, expected real numbers"
    if len(value.shape) != len(shape) or any(
        want not in (None, got) for want, got in zip(shape, value.shape, strict=True)
    ):
        expected = ", ".join("any" if length is None else str(length) for length in shape)
        return f"has shape {value.shape}, expected ({expected})"
    wrong = int(np.count_nonzero(np.isinf(value) if may_be_nan else ~np.isfinite(value)))
    return f"has {wrong} of {value.size} values that are not finite" if wrong else ""


def _same(left: object, right: object) -> bool:
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        return left.shape == right.shape and left.tobytes() == right.tobytes()
    return left is right or (isinstance(left, tuple | str | dict) and left == right)
