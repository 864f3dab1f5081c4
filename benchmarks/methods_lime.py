"""What asking all members at once saves the method `lime`.

    python benchmarks/methods_lime.py

50 members, 30 features: the plugin beside `lime.lime_tabular.LimeTabularExplainer` over
`keras.Model.predict` of each member, with the same seed and so the same perturbed rows. The loop is measured
on a few rows of a few members and multiplied; the weights of what was measured are compared. Also told: how
well two seeds agree on the ranking. Prints a table and writes `benchmarks/results/methods_lime.json`.
"""

import argparse
import json
import sys
import warnings
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from methods_shap import timed, trained
from numpy.typing import NDArray
from scipy.stats import spearmanr
from speed import machine

from deepfeat.ensemble import Ensemble
from deepfeat.methods import Context, Method, to_features
from deepfeat.methods.registry import load_registry

RESULTS = Path(__file__).parent / "results" / "methods_lime.json"
FEATURES, MEMBERS, SAMPLES, SEED = 30, 50, 2000, 1


def loop(ensemble: Ensemble, member: int, rows: int) -> NDArray[np.float64]:
    """(rows, features) what lime says of one member, asked as its documentation shows."""
    from lime.lime_tabular import LimeTabularExplainer  # noqa: PLC0415 - after warnings were silenced

    data, model = ensemble.data, ensemble[member]
    model.compile()
    model.predict(data.x, verbose=0)  # compiles
    explainer = LimeTabularExplainer(
        to_features(data.x, data), feature_selection="none", random_state=np.random.RandomState(SEED)
    )

    def answers(x: NDArray[np.float64]) -> NDArray[np.float64]:
        found = model.predict(x.astype(np.float32), verbose=0).astype(np.float64)
        return np.hstack([1 - found, found])

    weights = np.zeros((rows, data.n_features))
    for row in range(rows):
        told = explainer.explain_instance(
            to_features(data.x[row : row + 1], data)[0], answers, num_features=FEATURES, num_samples=SAMPLES
        )
        for index, weight in told.local_exp[1]:
            weights[row, index] = weight
    return weights


def agreement(method: type[Method], ensemble: Ensemble) -> float:
    """Spearman correlation of the rankings of two seeds, with the parameters as they are by default."""
    scores = []
    for seed in (1, 2):
        with TemporaryDirectory() as folder:
            answer = method().explain(ensemble, ensemble.data, Context(seed, "lime", Path(folder)))
        scores.append(answer.scores.mean(axis=0))
    return float(spearmanr(*scores).statistic)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=50, help="rows explained by the plugin")
    parser.add_argument("--loop-rows", type=int, default=3, help="rows that the loop is measured on")
    parser.add_argument("--loop-members", type=int, default=2, help="members that the loop is measured on")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    about = machine()
    method = load_registry(environ={}).methods["lime"]
    ensemble = trained("friedman1", FEATURES, MEMBERS, 100)
    params: Any = method.Params(samples=SAMPLES)
    neighbourhoods = sys.modules["deepfeat_plugins.lime"]._Neighbourhoods  # noqa: SLF001 - what is measured

    def ours() -> NDArray[np.float64]:
        around = neighbourhoods(ensemble, ensemble.data, params, SEED)
        return np.stack([around.fit(np.int64(row))[0] for row in range(options.rows)])

    neighbourhoods(ensemble, ensemble.data, params, SEED).fit(np.int64(0))  # compiles
    weights, seconds = timed(ours)
    measured = [
        timed(lambda: loop(ensemble, member, options.loop_rows))  # noqa: B023 - called at once
        for member in range(options.loop_members)
    ]
    differences = [
        np.abs(theirs - weights[: options.loop_rows, member, 0]).max()
        for member, (theirs, _) in enumerate(measured)
    ]
    projected = median(taken for _, taken in measured) / options.loop_rows * options.rows * MEMBERS
    results = {
        "machine": about,
        "members": MEMBERS,
        "features": FEATURES,
        "samples": SAMPLES,
        "rows": options.rows,
        "seconds": seconds,
        "loop_rows": options.loop_rows,
        "loop_members": options.loop_members,
        "loop_seconds_projected": projected,
        "ratio": projected / seconds,
        "largest_difference": float(max(differences)),
        "agreement_of_two_seeds": agreement(method, ensemble),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print(
        f"loop {projected:.0f} s (projected), all members at once {seconds:.1f} s: {projected / seconds:.0f} "
        f"times; largest difference of weights {max(differences):.1e}; two seeds agree at "
        f"{results['agreement_of_two_seeds']:.2f}"
    )


if __name__ == "__main__":
    main()
