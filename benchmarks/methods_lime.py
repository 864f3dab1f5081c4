"""LIME for all networks at once: `python benchmarks/methods_lime.py`.

50 networks, 30 features, 50 rows: the method `lime` beside `lime.lime_tabular.LimeTabularExplainer` over
`keras.Model.predict` of each network, with the same seed and so the same perturbed rows. The loop is measured
on a few rows of a few networks and multiplied; the weights of what was measured are compared. Also told: the
rank correlation of two rankings with other seeds, which look at other rows.
"""

import argparse
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from machine import machine
from methods_shap import beside_the_loop, timed, trained
from numpy.typing import NDArray
from results import add_folder, save
from scipy.stats import spearmanr

from deepfeat.ensemble import Ensemble
from deepfeat.methods import Context, Method, to_features
from deepfeat.methods.registry import load_registry
from deepfeat.nets import device

NAME = "methods_lime"
FEATURES, MEMBERS, SAMPLES, SEED = 30, 50, 2000, 1


def loop(ensemble: Ensemble, member: int) -> Callable[[int], NDArray[np.float64]]:
    """Asks lime about the first rows, (rows, features), of one member, as its documentation shows."""
    from lime.lime_tabular import LimeTabularExplainer  # noqa: PLC0415 - after warnings were silenced

    data, model = ensemble.data, ensemble[member]
    model.compile()
    model.predict(data.x, verbose=0)  # compiles
    values = to_features(data.x, data)
    explainer = LimeTabularExplainer(
        values, feature_selection="none", random_state=np.random.RandomState(SEED)
    )

    def answers(x: NDArray[np.float64]) -> NDArray[np.float64]:
        found = model.predict(x.astype(np.float32), verbose=0).astype(np.float64)
        return np.hstack([1 - found, found])

    def ask(rows: int) -> NDArray[np.float64]:
        weights = np.zeros((rows, data.n_features))
        for row in range(rows):
            told = explainer.explain_instance(
                values[row], answers, num_features=FEATURES, num_samples=SAMPLES
            )
            for index, weight in told.local_exp[1]:
                weights[row, index] = weight
        return weights

    return ask


def agreement(method: type[Method], ensemble: Ensemble) -> float:
    """Spearman correlation of the rankings of two seeds, with the parameters as they are by default."""
    scores = []
    for seed in (1, 2):
        with TemporaryDirectory() as folder:
            answer = method().explain(ensemble, ensemble.data, Context(seed, "lime", Path(folder)))
        scores.append(answer.scores.mean(axis=0))
    return float(spearmanr(*scores).statistic)


def measure(rows: int, loop_rows: int, loop_members: int) -> dict[str, Any]:
    """Times of both, and how far their weights are apart."""
    method = load_registry(environ={}).methods["lime"]
    ensemble = trained("friedman1", FEATURES, MEMBERS, 100)
    params: Any = method.Params(samples=SAMPLES)
    neighbourhoods = sys.modules["deepfeat_plugins.lime"]._Neighbourhoods  # noqa: SLF001 - what is measured

    def ours() -> NDArray[np.float64]:
        around = neighbourhoods(ensemble, ensemble.data, params, SEED, ensemble.data.x)
        return np.stack([around.fit(np.int64(row))[0] for row in range(rows)])

    neighbourhoods(ensemble, ensemble.data, params, SEED, ensemble.data.x).fit(np.int64(0))  # compiles
    weights, seconds = timed(ours)
    differences, loop_seconds = [], []
    for member in range(loop_members):
        ask = loop(ensemble, member)
        theirs, taken = timed(lambda: ask(loop_rows))  # noqa: B023 - called at once
        differences.append(np.abs(theirs - weights[:loop_rows, member, 0]).max())
        loop_seconds.append(taken)
    projected = median(loop_seconds) / loop_rows * rows * MEMBERS
    return {
        "members": MEMBERS,
        "features": FEATURES,
        "samples": SAMPLES,
        "rows": rows,
        "seconds": seconds,
        "loop_rows": loop_rows,
        "loop_members": loop_members,
        "loop_seconds_projected": projected,
        "ratio": projected / seconds,
        "largest_difference": float(max(differences)),
        "agreement_of_two_seeds": agreement(method, ensemble),
    }


def markdown(results: dict[str, Any]) -> str:
    """One table."""
    agree = f"Two seeds agree at {results['agreement_of_two_seeds']:.2f}; most features are noise."
    return f"{beside_the_loop('LimeTabularExplainer', results)}\n{agree}"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few rows: a trial")
    add_folder(parser)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    device.prepare()
    about = machine()
    results = {"machine": about, **measure(*((3, 1, 1) if options.quick else (50, 5, 3)))}
    save(NAME, results, options.results, is_whole=not options.quick)
    print(markdown(results))


if __name__ == "__main__":
    main()
