"""Permutation importance of all networks at once: `python benchmarks/methods_permutation.py`.

Two measurements. First 50 networks on a table of 30 features, each judged on 200 held-out rows, 10 shuffles
of every feature: the method `permutation` beside `sklearn.inspection.permutation_importance` of one network
after the other. Scikit-learn asks through a thin wrapper around the network: once by `keras.Model.predict`,
and once by calling the model directly, which is the fastest way. It is measured on some networks and
multiplied. Both shuffle at random, so their scores differ: the differences are compared with their standard
error, estimated from scikit-learn's single shuffles, and should be one of it at root mean square.

Then one shuffle of every feature of ever wider tables, for 100 networks that are all judged on 200 rows. No
gate is closed, so that nothing can be skipped; trained networks are faster. The time per answer must not grow
with the number of features. CPU seconds are those of all threads.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
from machine import machine
from numpy.typing import NDArray
from results import add_folder, save
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.inspection import permutation_importance

from deepfeat.data.dataset import Dataset, Feature
from deepfeat.data.splits import Split
from deepfeat.ensemble import Ensemble, fit
from deepfeat.methods import Context, Importance, held_out_rows
from deepfeat.methods.registry import load_registry
from deepfeat.nets import device
from deepfeat.nets.default import Default
from deepfeat.nets.network import NetworkShape
from deepfeat.nets.template import build_template, initial_weights
from deepfeat.testing.families import PROBLEMS
from deepfeat.training.loop import MemberRecord
from deepfeat.training.members import Loaded, Members
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.settings import merge_settings
from deepfeat.training.trainer import Trainer

NAME = "methods_permutation"
MEMBERS, FEATURES, HELD_OUT, REPEATS = 50, 30, 200, 10
WIDE_ROWS = 200
WIDTHS = ((100, 200), (100, 2_000), (100, 20_000))
"""Members and features of the second measurement."""

Answers = Callable[[keras.Model, NDArray[np.float32]], NDArray[np.float32]]
Seconds = NDArray[np.float64]
"""By the clock, and of the processor."""


def call_predict(model: keras.Model, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """How most people would ask."""
    return model.predict(x, verbose=0)


def call_directly(model: keras.Model, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """The fastest way to ask a single model."""
    return np.asarray(model(x))


class Member(ClassifierMixin, BaseEstimator):
    """A trained member as scikit-learn takes it: two classes, and no training."""

    classes_ = np.array([0, 1])

    def __init__(self, model: keras.Model, call: Answers) -> None:
        self.model, self.call = model, call

    def fit(self, *_: object) -> "Member":
        """Nothing to do."""
        return self

    def predict_proba(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """(rows, 2)."""
        probability = self.call(self.model, x)[:, 0].astype(np.float64)
        return np.column_stack([1 - probability, probability])


def clocks() -> Seconds:
    """The time now."""
    return np.array([time.perf_counter(), time.process_time()])


def ask(ensemble: Ensemble, repeats: int) -> tuple[Importance, Seconds]:
    """The answer of the method, and how long it takes."""
    method = load_registry(environ={}).methods["permutation"]
    with TemporaryDirectory() as folder:
        context = Context(0, "permutation", Path(folder))
        start = clocks()
        answer = method(method.Params(repeats=repeats)).explain(ensemble, ensemble.data, context)
        return answer, clocks() - start


def one_by_one(ensemble: Ensemble, members: int, call: Answers) -> tuple[NDArray[np.float64], Seconds]:
    """(members, features, repeats) what scikit-learn finds for the first members, and its time for one."""
    found, taken = [], []
    for number in range(members):
        rows = held_out_rows(ensemble, number)
        x, y = ensemble.data.x[rows], ensemble.data.y[rows, 0]
        member = Member(ensemble[number], call)
        member.predict_proba(x)
        start = clocks()
        result = permutation_importance(
            member, x, y, scoring="neg_log_loss", n_repeats=REPEATS, random_state=number
        )
        taken.append(clocks() - start)
        found.append(result.importances)
    return np.stack(found), np.median(taken, axis=0)


def against_scikit_learn(loop_members: int, epochs: int) -> dict[str, Any]:
    """Times of both, and how far their scores are apart."""
    data = PROBLEMS["friedman1"](1000, FEATURES, 0).dataset()
    network = Default()
    chosen = {"epochs": epochs, "loss": "cross_entropy", "split": {"train": 0.6, "valid": 0.2, "test": 0.2}}
    settings = merge_settings(network.training, chosen, data.task)
    ensemble = fit(build_plan(data, settings.split, MEMBERS, 0, network), Trainer(data, network, settings))
    assert all(len(split.held_out) == HELD_OUT for split in ensemble.plan.splits)
    ask(ensemble, 1)  # compiles
    answers = [ask(ensemble, REPEATS) for _ in range(3)]
    theirs, directly = one_by_one(ensemble, loop_members, call_directly)
    _, predict = one_by_one(ensemble, 1, call_predict)
    ours = np.median([taken for _, taken in answers], axis=0)
    ways = {
        "deepfeat, all networks at once": ours,
        "scikit-learn, calling each model directly": directly * MEMBERS,
        "scikit-learn, `keras.Model.predict`": predict * MEMBERS,
    }
    return {
        "ways": [
            {"way": way, "seconds": float(wall), "cpu_seconds": float(cpu), "ratio": float(wall / ours[0])}
            for way, (wall, cpu) in ways.items()
        ],
        "open_gates": float(np.mean(ensemble.gates > 0)),
        "loop_members": loop_members,
        **agreement(answers[0][0].scores[:loop_members], theirs),
    }


def agreement(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> dict[str, float]:
    """How far apart (members, features) scores are from those of (members, features, repeats) shuffles."""
    error = theirs.std(axis=2, ddof=1) * np.sqrt(2 / REPEATS)
    difference = ours - theirs.mean(axis=2)
    some = error > 0
    assert np.abs(difference[~some]).max(initial=0) < 1e-6, "a feature without influence has a score"
    return {
        "difference_in_standard_errors": float(np.sqrt(np.mean((difference[some] / error[some]) ** 2))),
        "largest_difference": float(np.abs(difference).max()),
        "largest_score": float(ours.max()),
        "correlation": float(np.corrcoef(ours.ravel(), theirs.mean(axis=2).ravel())[0, 1]),
    }


class Same(Members):
    """Many members with the weights of one: how long they take does not depend on what they are."""

    def __init__(self, one: Loaded, count: int) -> None:
        self._one, self._count = one, count

    def __len__(self) -> int:
        """Number of members."""
        return self._count

    def load(self, members: Sequence[int]) -> Loaded:
        """See `Members.load`."""
        values, inputs, targets = self._one
        count = len(members)
        return [value.repeat(count, 0) for value in values], inputs.repeat(count, 1), targets.repeat(count, 1)

    def select(self, members: Sequence[int]) -> "Same":
        """See `Members.select`."""
        return Same(self._one, len(members))


def wide_ensemble(members: int, features: int) -> Ensemble:
    """Untrained members with open gates on a random table, each judged on all of its rows."""
    rng, network = np.random.default_rng(0), Default()
    x = rng.standard_normal((WIDE_ROWS, features), dtype=np.float32)
    data = Dataset(
        name="random",
        x=x,
        y=(x[:, :1] > 0).astype(np.float32),
        task="binary",
        features=tuple(Feature(f"x{j}", j, j + 1) for j in range(features)),
        classes=("0", "1"),
        source_rows=np.arange(1, WIDE_ROWS + 1),
    )
    template = build_template(network, NetworkShape(tuple(range(features)), 1, "binary"))
    plan = FitPlan(
        name="wide",
        seeds=tuple(range(members)),
        splits=(Split(np.arange(WIDE_ROWS), np.arange(0), np.arange(WIDE_ROWS)),) * members,
        mask=np.ones((members, features), dtype=bool),
        penalty=np.zeros(members),
    )
    weights = [value[None] for value in initial_weights(template, 0, plan.mask[0])]
    scaling = [np.stack([np.zeros((1, n)), np.ones((1, n))]).astype(np.float32) for n in (features, 1)]
    records = [MemberRecord(seed) for seed in plan.seeds]
    return Ensemble(template, data, plan, Same((weights, scaling[0], scaling[1]), members), records)


def wide(members: int, features: int) -> dict[str, float]:
    """Time of one shuffle of every feature."""
    ensemble = wide_ensemble(members, features)
    ask(ensemble.select(range(1)), 1)  # compiles
    _, (wall, cpu) = ask(ensemble, 1)
    return {
        "members": members,
        "features": features,
        "seconds": float(wall),
        "cpu_seconds": float(cpu),
        "cpu_ns_per_answer": float(1e9 * cpu / (members * features * WIDE_ROWS)),
    }


def markdown(results: dict[str, Any]) -> str:
    """Both tables."""
    first = results["against_scikit_learn"]
    lines = [
        f"| {MEMBERS} networks, {FEATURES} features, {HELD_OUT} rows | s | CPU s | times ours |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {row['way']} | {row['seconds']:.3g} | {row['cpu_seconds']:.3g} | {row['ratio']:.0f} |"
        for row in first["ways"]
    ]
    agree = (
        f"The scores differ by {first['difference_in_standard_errors']:.2f} standard errors at root mean "
        f"square, and by {first['largest_difference']:.2g} at most, of scores up to "
        f"{first['largest_score']:.2g}; their correlation is {first['correlation']:.4f}. "
        f"{first['open_gates']:.0%} of the gates were open."
    )
    lines += ["", agree, "", "| networks | features | s | CPU s | CPU ns per answer |"]
    lines += ["| ---: | ---: | ---: | ---: | ---: |"]
    lines += [
        f"| {row['members']} | {row['features']:,} | {row['seconds']:.3g} | {row['cpu_seconds']:.3g} "
        f"| {row['cpu_ns_per_answer']:.0f} |"
        for row in results["wide"]
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer members and narrower tables: a trial")
    add_folder(parser)
    options = parser.parse_args()
    device.prepare()
    about = machine()
    scale = 10 if options.quick else 1
    results = {
        "machine": about,
        "against_scikit_learn": against_scikit_learn(
            loop_members=1 if options.quick else 5, epochs=20 if options.quick else 100
        ),
        "wide": [wide(members // scale, features // scale) for members, features in WIDTHS],
    }
    save(NAME, results, options.results, is_whole=not options.quick)
    print(markdown(results))


if __name__ == "__main__":
    main()
