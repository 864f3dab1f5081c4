"""What every importance method must fulfil, as plain functions that need no test framework.

Each `check_...` takes a method class and a function that trains an ensemble, and raises `ConformanceError` if
the method does not fulfil it. `run_checks` runs them all. In a test:

    @pytest.mark.parametrize("check", CHECKS)
    def test_it_conforms(check):
        check(MyMethod, make_ensemble)
"""

import hashlib
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from traceback import extract_tb
from typing import Literal, Protocol

import numpy as np

from deepfeat.data.dataset import Dataset, Task
from deepfeat.methods.annotations import Ensemble
from deepfeat.methods.context import Context
from deepfeat.methods.importance import Importance, MethodError
from deepfeat.methods.method import Method, contract_faults, summary
from deepfeat.testing.families.known import KnownProblem
from deepfeat.testing.planted import planted
from deepfeat.testing.writes import writes_outside

MEMBERS = 4


class ConformanceError(AssertionError):
    """A method does not do what every method must do."""


class EnsembleFactory(Protocol):
    """Trains an ensemble; for the same arguments always the same one.

    Most checks ask for the same table: remember what was trained by `(data.sha256, members)`. For methods
    that train again it also has a method `refit(data, plan)`, as `LinearEnsembles` and `TrainedEnsembles`.
    """

    def __call__(self, data: Dataset, members: int) -> Ensemble:
        """Trains `members` networks on `data`."""


Check = Callable[[type[Method], EnsembleFactory], None]


@dataclass(frozen=True)
class CheckResult:
    """How one check ended.

    Attributes:
        check: its name, without `check_`.
        outcome: `exempt` if the method says that it cannot pass.
        reason: why it failed, or why it is exempt.
    """

    check: str
    outcome: Literal["passed", "failed", "exempt"]
    reason: str = ""


def run_checks(method: type[Method], make: EnsembleFactory) -> list[CheckResult]:
    """Runs every check.

    Args:
        method: the method class.
        make: trains ensembles.
    """
    return [run_check(check, method, make) for check in CHECKS]


def run_check(check: Check, method: type[Method], make: EnsembleFactory) -> CheckResult:
    """Runs one check, whatever the method does; see `run_checks`."""
    name = check_name(check)
    if name in method.exempt:
        return CheckResult(name, "exempt", method.exempt[name])
    try:
        check(method, make)
    except ConformanceError as error:
        return CheckResult(name, "failed", str(error))
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises is its failure, not ours
        reason = f"{type(error).__name__}: {error}{_where(error, method)}"
        return CheckResult(name, "failed", reason)
    return CheckResult(name, "passed")


def _where(error: Exception, method: type[Method]) -> str:
    """The line of the method's own file that the error came through, if it did."""
    file = getattr(sys.modules.get(method.__module__), "__file__", None) or method.__module__
    own = Path(file).resolve()
    lines = [
        frame.lineno for frame in extract_tb(error.__traceback__) if Path(frame.filename).resolve() == own
    ]
    return f" ({own.name}, line {lines[-1]})" if lines else ""


def check_name(check: Check) -> str:
    """The name that `Method.exempt` uses for a check."""
    return check.__name__.removeprefix("check_")


def check_describes_itself(method: type[Method], make: EnsembleFactory) -> None:
    """It has a name, a docstring, and parameters with defaults and descriptions."""
    del make
    faults = contract_faults(method)
    if not summary(method):
        faults.append("its docstring is missing; say in one line what it measures")
    faults += [
        f"parameter {name} has no description"
        for name, field in method.Params.model_fields.items()
        if not field.description
    ]
    known = {check_name(check) for check in CHECKS}
    faults += [f"it is exempt from {name}, which is no check" for name in method.exempt if name not in known]
    _require(not faults, "; ".join(faults))


def check_answers(method: type[Method], make: EnsembleFactory) -> None:
    """It returns finite scores (members, features), and all else that it returns has the right shape."""
    data = planted().dataset()
    _ask(method, make, make(data, MEMBERS), data)


def check_repeats(method: type[Method], make: EnsembleFactory) -> None:
    """Asked twice with the same seed it answers the same, bit by bit."""
    data = planted().dataset()
    ensemble = make(data, MEMBERS)
    _require(
        _ask(method, make, ensemble, data).equals(_ask(method, make, ensemble, data)),
        "two calls with the same seed differ; draw from context.rng or context.member_rng only",
    )


def check_members_are_independent(method: type[Method], make: EnsembleFactory) -> None:
    """The answer for a member does not depend on which others are asked together with it."""
    if method.kind != "member":
        return
    data = planted().dataset()
    ensemble = make(data, MEMBERS)
    parts = [np.arange(MEMBERS)[:1], np.arange(MEMBERS)[1:]]
    joined = Importance.join([_ask(method, make, ensemble.select(part), data) for part in parts])
    _require(
        joined.equals(_ask(method, make, ensemble, data)),
        "the answer for a member depends on the members asked together with it; draw its random numbers from "
        'context.member_rng(ensemble.plan.seeds[i]), or set kind = "experiment"',
    )


def check_leaves_everything_as_it_was(method: type[Method], make: EnsembleFactory) -> None:
    """It changes neither the data, nor the weights, nor the state of numpy's global generator."""
    data = planted().dataset()
    ensemble = make(data, MEMBERS)
    with _unchanged(data, ensemble):
        _ask(method, make, ensemble, data)


def check_writes_only_in_its_folder(method: type[Method], make: EnsembleFactory) -> None:
    """It leaves files nowhere but in `context.folder`."""
    data = planted().dataset()
    ensemble = make(data, MEMBERS)
    with TemporaryDirectory() as folder:
        with writes_outside(Path(folder)) as found:
            _ask(method, make, ensemble, data, folder=Path(folder))
        _require(not found, f"it wrote to {', '.join(map(str, found))}; use context.artefact(name)")


def check_one_feature(method: type[Method], make: EnsembleFactory) -> None:
    """It copes with a table of a single feature."""
    data = planted(features=1, position=0).dataset()
    _ask(method, make, make(data, MEMBERS), data)


def check_finds_the_signal(method: type[Method], make: EnsembleFactory) -> None:
    """The one relevant feature comes first, for two classes, three classes and numbers."""
    tasks: tuple[Task, ...] = ("binary", "multiclass", "regression")
    for task in tasks:
        _require_found(method, make, planted(task=task), task)


def check_follows_the_feature(method: type[Method], make: EnsembleFactory) -> None:
    """The relevant feature comes first wherever its column stands."""
    for position in (0, 5):
        _require_found(method, make, planted(position=position), f"at position {position}")


def check_categories(method: type[Method], make: EnsembleFactory) -> None:
    """A feature of several encoded columns gets one score, and comes first if it is the relevant one."""
    _require_found(method, make, planted(category=True), "a category")


def check_constant_features(method: type[Method], make: EnsembleFactory) -> None:
    """It copes with a number and a category that are the same in every row."""
    data = planted(constant=True).dataset()
    _ask(method, make, make(data, MEMBERS), data)


CHECKS: tuple[Check, ...] = (
    check_describes_itself,
    check_answers,
    check_repeats,
    check_members_are_independent,
    check_leaves_everything_as_it_was,
    check_writes_only_in_its_folder,
    check_one_feature,
    check_finds_the_signal,
    check_follows_the_feature,
    check_categories,
    check_constant_features,
)


def _require(fulfilled: bool, message: str) -> None:  # noqa: FBT001 - reads like the assert that it stands for
    if not fulfilled:
        raise ConformanceError(message)


def _ask(
    method: type[Method],
    make: EnsembleFactory,
    ensemble: Ensemble,
    data: Dataset,
    folder: Path | None = None,
) -> Importance:
    """The method's answer, which has the right form."""
    with TemporaryDirectory() as scratch:
        context = Context(seed=1, method=method.name, folder=folder or Path(scratch))
        if method.kind == "experiment" and (refit := getattr(make, "refit", None)):
            context = replace(context, fit=lambda plan, *, data=data, **how: refit(data, plan, **how))
        if method.after_others:
            another = {"another": lambda others, _: Importance(others.gates)}
            context = replace(
                context, answers={"another": Importance(ensemble.gates)}, askable=another, again=another
            )
        answer = method().explain(ensemble, data, context)
    _require(isinstance(answer, Importance), f"it returned {type(answer).__name__}, not an Importance")
    try:
        answer.check(method.rows(len(ensemble)), data.n_features)
    except MethodError as error:
        raise ConformanceError(str(error)) from error
    if answer.per_class is not None:
        classes = answer.per_class.shape[1]
        _require(
            classes == data.n_outputs,
            f"per_class has {classes} classes where the networks have {data.n_outputs} outputs",
        )
    return answer


def _require_found(method: type[Method], make: EnsembleFactory, problem: KnownProblem, case: str) -> None:
    """The relevant feature has the highest mean score."""
    data = problem.dataset()
    scores = _ask(method, make, make(data, MEMBERS), data).scores.mean(axis=0)
    (relevant,), names = problem.relevant, problem.feature_names
    noise = np.delete(np.arange(data.n_features), relevant)
    best = noise[scores[noise].argmax()]
    _require(
        bool(scores[relevant] > scores[best]),
        f"{case}: {names[relevant]}, the only relevant one, does not score higher than {names[best]}",
    )


@contextmanager
def _unchanged(data: Dataset, ensemble: Ensemble) -> Iterator[None]:
    """Raises if the body changed the data, the weights, or numpy's global generator."""
    watched: dict[str, Callable[[], bytes]] = {
        "data.x": data.x.tobytes,
        "data.y": data.y.tobytes,
        "the weights of the members": lambda: _weights(ensemble),
        "numpy's global random state": _global_random_state,
    }
    before = {name: hashlib.sha256(read()).digest() for name, read in watched.items()}
    yield
    changed = [name for name, read in watched.items() if hashlib.sha256(read()).digest() != before[name]]
    _require(not changed, f"it changed {', '.join(changed)}; work on copies")


def _global_random_state() -> bytes:
    return pickle.dumps(np.random.get_state())  # noqa: NPY002 - nobody should use it; so we look


def _weights(ensemble: Ensemble) -> bytes:
    members = range(len(ensemble))
    return b"".join(np.asarray(weight).tobytes() for i in members for weight in ensemble[i].get_weights())
