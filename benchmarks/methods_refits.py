"""Retraining for every feature: `python benchmarks/methods_refits.py`.

The size of the Cleveland table (297 rows, 13 features) with a known answer, 20 seeds, the default preset with
its up to 500 epochs: `loco_refit` and a full forward `stepwise` (all 91 candidates of 13 steps), from the
trained main ensemble to the answer. Beside each ten of the same fits by `keras.Model.fit`, one after the
other, with the same layers, loss, batches, validation and early stopping; their mean time per fit, tracing
included as everybody pays it, is multiplied with the number of fits.

Then ten tables of the additive problem (500 rows, 10 features, of which four matter equally): in how many of
them `stepwise` selects exactly the four. For the sake of time with 10 seeds.
"""

import argparse
import csv
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
from keras import ops
from machine import machine
from results import FOLDER, add_folder, load, save

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble, fit
from deepfeat.methods import Context
from deepfeat.methods.registry import load_registry
from deepfeat.nets import device
from deepfeat.nets.default import Default
from deepfeat.nets.network import NetworkShape
from deepfeat.nets.template import build_template
from deepfeat.testing.families import PROBLEMS
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.settings import merge_settings
from deepfeat.training.trainer import Trainer

NAME = "methods_refits"
ROWS, FEATURES, SEEDS, KERAS_FITS = 297, 13, 20, 10
RECOVERY = {"rows": 500, "features": 10, "seeds": 10}
TABLES = 10
METHODS: dict[str, dict[str, Any]] = {
    "loco_refit": {"seeds": SEEDS},
    "stepwise": {"seeds": SEEDS, "k": FEATURES},
}
TINY = 1e-16


class Fits:
    """`context.fit` as in a run: what is compiled for a way of training is kept; it counts."""

    def __init__(self, data: Dataset) -> None:
        self.data, self.network = data, Default()
        self.fits, self.epochs = 0, 0
        self._trainers: dict[str, Trainer] = {}

    def __call__(
        self,
        plan: FitPlan,
        *,
        data: Dataset | None = None,
        network: object = None,
        training: Mapping[str, Any] | None = None,
    ) -> Ensemble:
        """Train what a plan says."""
        del data, network
        ensemble = fit(plan, self.trainer(training or {}))
        self.fits += len(plan)
        self.epochs += sum(record.epochs for record in ensemble.records)
        return ensemble

    def trainer(self, training: Mapping[str, Any]) -> Trainer:
        """For a way of training."""
        key = repr(sorted(training.items()))
        if key not in self._trainers:
            settings = merge_settings(self.network.training, dict(training), self.data.task)
            self._trainers[key] = Trainer(self.data, self.network, settings)
        return self._trainers[key]

    def main(self, members: int, training: Mapping[str, Any]) -> Ensemble:
        """The main ensemble."""
        trainer = self.trainer(training)
        return fit(build_plan(self.data, trainer.settings.split, members, 0, self.network), trainer)


def timed(name: str, params: Mapping[str, Any], fits: Fits, ensemble: Ensemble) -> dict[str, Any]:
    """How long a method takes for its answer, and what it trained."""
    method = load_registry(environ={}).methods[name]
    before = fits.fits, fits.epochs
    with TemporaryDirectory() as folder:
        start, cpu = time.perf_counter(), time.process_time()
        context = Context(0, name, Path(folder), fit=fits)
        method(method.Params(**params)).explain(ensemble, fits.data, context)
        seconds, busy = time.perf_counter() - start, time.process_time() - cpu
    made = fits.fits - before[0]
    epochs = (fits.epochs - before[1]) / made
    return {"name": name, "fits": made, "epochs": epochs, "seconds": seconds, "cpu_seconds": busy}


def soft_f1(target: Any, predicted: Any) -> Any:  # noqa: ANN401 - Keras tensors
    """Double soft F1 of the batch."""
    right, wrong = ops.sum(target * predicted), ops.sum(ops.abs(target - predicted)) + TINY
    rest = ops.sum((1 - target) * (1 - predicted))
    return 1 - (2 * right / (2 * right + wrong) + 2 * rest / (2 * rest + wrong)) / 2


def keras_seconds(data: Dataset, count: int, method: str) -> list[dict[str, float]]:
    """Seconds of each of the first fits, by plain Keras and as the method trains, and those of all cores."""
    network = Default()
    how = load_registry(environ={}).methods[method].Params().training
    training = {**network.training, **how}
    shape = NetworkShape(tuple(int(f) for f in data.column_feature), data.n_outputs, data.task)
    template = build_template(network, shape)
    plan = build_plan(data, merge_settings(training, {}, data.task).split, count, 0, network)
    found = []
    for member in range(count):
        split = plan.splits[member]
        mean, deviation = data.x[split.train].mean(axis=0), data.x[split.train].std(axis=0)
        x = (data.x - mean) / deviation
        start, cpu = time.perf_counter(), time.process_time()
        model = template.member_model()
        rate, decay = training["learning_rate"], training["weight_decay"]
        model.compile(keras.optimizers.AdamW(rate, weight_decay=decay), soft_f1)
        stop = keras.callbacks.EarlyStopping(patience=training["patience"], restore_best_weights=True)
        history = model.fit(
            x[split.train],
            data.y[split.train],
            batch_size=training["batch_size"],
            epochs=training["epochs"],
            validation_data=(x[split.valid], data.y[split.valid]),
            validation_batch_size=len(split.valid),
            callbacks=[stop],
            verbose=0,
        )
        seconds = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu}
        found.append(seconds | {"epochs": len(history.epoch)})
        print(f"keras fit {member + 1}: {found[-1]}", file=sys.stderr, flush=True)
        keras.backend.clear_session()
    return found


def recovered(table: int) -> dict[str, Any]:
    """What is selected on one table."""
    problem = PROBLEMS["additive"](RECOVERY["rows"], RECOVERY["features"], table)
    fits = Fits(problem.dataset())
    method = load_registry(environ={}).methods["stepwise"]
    ensemble = fits.main(2, {"epochs": 1})
    with TemporaryDirectory() as folder:
        params = method.Params(seeds=RECOVERY["seeds"])
        method(params).explain(ensemble, fits.data, Context(table, "stepwise", Path(folder), fit=fits))
        with (Path(folder) / "order.csv").open() as file:
            chosen = [row["feature"] for row in csv.DictReader(file) if row["selected"].lower() == "true"]
    wanted = sorted(problem.feature_names[feature] for feature in problem.relevant)
    return {"table": table, "selected": chosen, "exact": sorted(chosen) == wanted, "fits": fits.fits}


def table(results: dict[str, Any]) -> list[str]:
    """The lines of the table of times, as far as they were measured."""
    head = (
        "networks",
        "epochs each",
        "s",
        "CPU s",
        "`keras.Model.fit`, projected, s",
        "CPU s",
        "times faster",
    )
    lines = [f"| {ROWS} rows, {FEATURES} features, {SEEDS} seeds | {' | '.join(head)} | by CPU s |"]
    lines += [f"| --- |{' ---: |' * (len(head) + 1)}"]
    means = {
        name: {
            key: float(np.mean([one[key] for one in fits])) for key in ("seconds", "cpu_seconds", "epochs")
        }
        for name, fits in results["keras"].items()
    }
    for name in METHODS:
        if row := results.get(name):
            fits, seconds, cpu = row["fits"], row["seconds"], row["cpu_seconds"]
            alone, alone_cpu = (fits * means[name][key] for key in ("seconds", "cpu_seconds"))
            cells = [f"{fits:,}", f"{row['epochs']:.0f}", f"{seconds:.0f}", f"{cpu:.0f}"]
            cells += [
                f"{alone:,.0f}",
                f"{alone_cpu:,.0f}",
                f"{alone / seconds:.0f}",
                f"{alone_cpu / cpu:.0f}",
            ]
            lines.append(f"| `{name}` | {' | '.join(cells)} |")
    said = "By Keras a fit took " + ", and ".join(
        f"{mean['seconds']:.1f} s and {mean['epochs']:.0f} epochs as `{name}` trains"
        for name, mean in means.items()
    )
    said += f", in the mean of {len(results['keras']['loco_refit'])}."
    return [*lines, "", said]


def markdown(results: dict[str, Any]) -> str:
    """The tables of a result file."""
    lines = table(results) if "keras" in results else []
    if known := results.get("recovery"):
        exact = sum(row["exact"] for row in known)
        lines += ["", f"Exactly the relevant features were selected on {exact} of {len(known)} tables."]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, write; a part at a time, so that each can be repeated by itself."""
    parts = (*METHODS, "keras", "recovery")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*", choices=parts, default=parts, help="just these parts")
    parser.add_argument("--tables", type=int, nargs="*", help="just these of the ten; known ones stay")
    parser.add_argument("--quick", action="store_true", help="the smallest of it, to see that it works")
    add_folder(parser)
    options = parser.parse_args()
    results = load(NAME, options.results or FOLDER) or {}
    if set(options.only) != {"recovery"}:
        # of the times; what is selected does not depend on it
        results["machine"] = machine()

    def keep(part: str, found: Any) -> None:  # noqa: ANN401 - whatever JSON holds
        results[part] = found
        print(part, found, file=sys.stderr, flush=True)
        save(NAME, results, options.results, is_whole=not options.quick)

    data = PROBLEMS["additive"](ROWS, FEATURES, 0).dataset()
    # First, because what is prepared for stacks (operations that repeat to the bit) slows Keras down.
    if "keras" in options.only:
        count = 1 if options.quick else KERAS_FITS
        keep("keras", {name: keras_seconds(data, count, name) for name in METHODS})
    device.prepare()
    if set(options.only) & set(METHODS):
        fits = Fits(data)
        ensemble = fits.main(SEEDS, {"epochs": 1} if options.quick else {})
        for name, params in METHODS.items():
            if name in options.only:
                few = {"epochs": 2, "seeds": 5} if options.quick else {}
                keep(name, timed(name, params | few, fits, ensemble))
    if "recovery" in options.only and not options.quick:
        known = {row["table"]: row for row in results.get("recovery", [])}
        for number in range(TABLES) if options.tables is None else options.tables:
            known[number] = recovered(number)
            keep("recovery", [known[one] for one in sorted(known)])
    print(markdown(results))


if __name__ == "__main__":
    main()
