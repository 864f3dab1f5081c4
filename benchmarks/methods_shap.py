"""SHAP values of all networks at once, and which explainer to use: `python benchmarks/methods_shap.py`.

Two measurements. On networks of 12 features, where all 4,096 coalitions can be evaluated: how far the values
of each explainer are from the exact Shapley values (of the same background rows), relative to their size at
root mean square, and how long it takes; in the mean over four problems, and in the worst.

Then 50 networks, 200 rows, 30 features: the method `shap` beside a loop of `shap.PermutationExplainer` over
`keras.Model.predict` of each network, with the same masks. The loop is measured on a few rows of a few
networks and multiplied, because it takes hours; the values of what was measured are compared.
"""

import argparse
import itertools
import math
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from statistics import median
from types import ModuleType
from typing import Any

import keras
import numpy as np
from machine import machine
from numpy.typing import NDArray
from results import add_folder, save

from deepfeat.ensemble import Ensemble, fit
from deepfeat.methods.features import to_features
from deepfeat.methods.registry import load_registry
from deepfeat.nets import device
from deepfeat.nets.default import Default
from deepfeat.testing.families import PROBLEMS
from deepfeat.training.plan import build_plan
from deepfeat.training.settings import merge_settings
from deepfeat.training.trainer import Trainer

NAME = "methods_shap"
FAMILIES = ("friedman1", "noisy_xor", "orange_skin", "correlated_copies")
SMALL = {"features": 12, "rows": 8, "background": 50, "members": 5}
CANDIDATES = (
    ("permutation", 25),
    ("permutation", 75),
    ("permutation", 250),
    ("kernel", 75),
    ("kernel", 250),
    ("kernel", 2072),
    ("partition", 75),
    ("partition", 250),
    ("partition", 2000),
    ("expected_gradients", 50),
    ("expected_gradients", 250),
    ("expected_gradients", 1000),
)
LARGE = {"features": 30, "background": 100, "members": 50, "permutations": 3}
SEED = 1

Array = NDArray[np.float64]


def plugin() -> ModuleType:
    """The plugin file as a module, under the name that discovery gives it."""
    load_registry(environ={})
    return sys.modules["deepfeat_plugins.shap"]


def trained(family: str, features: int, members: int, epochs: int) -> Ensemble:
    """Members of the default network on 1,000 rows."""
    data = PROBLEMS[family](1000, features, 0).dataset()
    network = Default()
    settings = merge_settings(network.training, {"epochs": epochs}, data.task)
    plan = build_plan(data, settings.split, members, 0, network)
    return fit(plan, Trainer(data, network, settings))


def timed(task: Callable[[], Any]) -> tuple[Any, float]:
    """What it returns, and the seconds it takes."""
    start = time.perf_counter()
    result = task()
    return result, time.perf_counter() - start


def exact_values(game: Any) -> Array:  # noqa: ANN401 - a Game of the plugin
    """(rows, members, features, outputs) Shapley values from all coalitions."""
    count = game.n_features
    coalitions = np.array(list(itertools.product([False, True], repeat=count)))
    sizes = coalitions.sum(axis=1)
    share = np.array([1 / (count * math.comb(count - 1, size)) for size in range(count)])
    background = game.scaled(game.background)
    found = []
    for row in game.scaled(game.x):
        worth = np.concatenate([_worth(game, part, row, background) for part in np.split(coalitions, 32)])
        values = np.zeros((count, worth.shape[1]))
        for feature in range(count):
            joined = coalitions[:, feature]
            values[feature] += share[sizes[joined] - 1] @ worth[joined]
            values[feature] -= share[sizes[~joined]] @ worth[~joined]
        found.append(game.by_member(values))
    return np.stack(found)


def _worth(game: Any, coalitions: NDArray[np.bool_], row: Array, background: Array) -> Array:  # noqa: ANN401
    """(coalitions, outputs) mean answer over background rows that have the known values of a row."""
    masked = np.where(coalitions[:, None], row, background)
    answers = game.answers(masked.reshape(-1, len(row)))
    return answers.reshape(len(coalitions), len(background), -1).mean(axis=1, dtype=np.float64)


def accuracy(shap_plugin: ModuleType, families: Sequence[str]) -> list[dict[str, Any]]:
    """Error and time of every explainer, averaged over families; times per row, median over families."""
    measured: dict[tuple[str, int], list[tuple[float, float]]] = {name: [] for name in CANDIDATES}
    for family in families:
        ensemble = trained(family, SMALL["features"], SMALL["members"], 300)
        x = ensemble.data.x
        rows, background = x[: SMALL["rows"]], x[-SMALL["background"] :]
        exact = exact_values(shap_plugin.Game(ensemble, ensemble.data, rows, background, None))
        for explainer, evaluations in CANDIDATES:
            game = shap_plugin.Game(ensemble, ensemble.data, rows, background, evaluations)
            explain = shap_plugin.EXPLAINERS[explainer]
            list(explain(game, np.random.default_rng(SEED)))  # compiles what there is to compile
            np.random.seed(SEED)  # noqa: NPY002 - where shap draws from
            values, seconds = timed(lambda: list(explain(game, np.random.default_rng(SEED))))  # noqa: B023
            error = np.sqrt(np.mean((np.stack(values) - exact) ** 2) / np.mean(exact**2))
            measured[explainer, evaluations].append((float(error), seconds / len(rows)))
            print(
                family,
                explainer,
                evaluations,
                f"{error:.4f}",
                f"{seconds:.2f} s",
                file=sys.stderr,
                flush=True,
            )
    return [
        {
            "explainer": explainer,
            "evaluations": evaluations,
            "error": float(np.mean([error for error, _ in pairs])),
            "worst_error": max(error for error, _ in pairs),
            "ms_per_row": 1000 * median(seconds for _, seconds in pairs),
        }
        for (explainer, evaluations), pairs in measured.items()
    ]


def against_the_loop(
    shap_plugin: ModuleType, rows: int, loop_rows: int, loop_members: int
) -> dict[str, float]:
    """All members at once, beside one `shap.PermutationExplainer` per member."""
    import shap  # noqa: PLC0415 - after its warnings were silenced

    ensemble = trained("friedman1", LARGE["features"], LARGE["members"], 100)
    data = ensemble.data
    x, background = data.x[:rows], data.x[-LARGE["background"] :]
    evaluations = LARGE["permutations"] * (2 * LARGE["features"] + 1)
    game = shap_plugin.Game(ensemble, data, x, background, evaluations)

    def ours() -> Array:
        np.random.seed(SEED)  # noqa: NPY002 - where shap draws from
        return np.stack(list(shap_plugin.EXPLAINERS["permutation"](game, np.random.default_rng(SEED))))

    next(shap_plugin.EXPLAINERS["permutation"](game, np.random.default_rng(SEED)))  # compiles
    values, seconds = timed(ours)
    np.random.seed(SEED)  # noqa: NPY002 - the seed that the plugin then hands to the explainer
    seed = np.random.randint(2**31)  # noqa: NPY002 - as above
    differences, loop_seconds = [], []
    for member in range(loop_members):
        model = ensemble[member]
        logits = keras.Model(model.input, model.get_layer("answer").input)
        logits.compile()
        logits.predict(x, verbose=0)  # compiles
        masker = shap.maskers.Independent(to_features(background, data), max_samples=len(background))

        def loop(logits: keras.Model = logits, masker: Any = masker) -> Array:  # noqa: ANN401
            explainer = shap.PermutationExplainer(
                lambda values: logits.predict(values.astype(np.float32), verbose=0)[:, 0], masker, seed=seed
            )
            return explainer(to_features(x[:loop_rows], data), max_evals=evaluations, silent=True).values

        theirs, taken = timed(loop)
        differences.append(np.abs(theirs - values[:loop_rows, member, :, 0]).max())
        loop_seconds.append(taken)
    projected = median(loop_seconds) / loop_rows * rows * len(ensemble)
    return {
        **LARGE,
        "rows": rows,
        "seconds": seconds,
        "loop_rows": loop_rows,
        "loop_members": loop_members,
        "loop_seconds_projected": projected,
        "ratio": projected / seconds,
        "largest_difference": float(max(differences)),
        "largest_value": float(np.abs(values).max()),
    }


def markdown(results: dict[str, Any]) -> str:
    """Both measurements."""
    lines = [
        "| explainer | evaluations per row | error | worst | ms per row |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| `{row['explainer']}` | {row['evaluations']} | {row['error']:.1%} | {row['worst_error']:.1%} "
        f"| {row['ms_per_row']:.1f} |"
        for row in sorted(results["accuracy"], key=lambda row: row["error"])
    ]
    return "\n".join([*lines, "", beside_the_loop("shap.PermutationExplainer", results["speed"])])


def beside_the_loop(loop: str, speed: dict[str, Any]) -> str:
    """A table of two ways, and how far their values are apart."""
    size = f"{speed['members']} networks, {speed['rows']} rows, {speed['features']} features"
    theirs = f"`{loop}`, `keras.Model.predict`"
    lines = [
        f"| {size} | s | times ours |",
        "| --- | ---: | ---: |",
        f"| deepfeat, all networks at once | {speed['seconds']:.3g} | 1 |",
        f"| {theirs} | {speed['loop_seconds_projected']:.3g} | {speed['ratio']:.0f} |",
        "",
        f"The loop was measured on {speed['loop_rows']} rows of {speed['loop_members']} networks.",
        f"Its values differ by {speed['largest_difference']:.1e} at most.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one problem and few rows: a trial")
    add_folder(parser)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    device.prepare()
    about, shap_plugin = machine(), plugin()
    results = {
        "machine": about,
        "accuracy": accuracy(shap_plugin, FAMILIES[: 1 if options.quick else None]),
        "speed": against_the_loop(shap_plugin, *((5, 1, 1) if options.quick else (200, 5, 3))),
    }
    save(NAME, results, options.results, is_whole=not options.quick)
    print(markdown(results))


if __name__ == "__main__":
    main()
