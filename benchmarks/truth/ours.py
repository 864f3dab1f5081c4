"""The default experiment, as `deepfeat run experiment.yml` carries it out, without its pages and its copies.

The same functions that a run calls, in this process: the importances are a run's to the last bit, and two
starts of TensorFlow a table are saved. Controls are left out, which have no part in the column `importance`.
"""

import warnings
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble, fit
from deepfeat.methods.context import Context
from deepfeat.methods.importance import Importance
from deepfeat.methods.method import Method, MethodParams
from deepfeat.ranking.table import build_ranking
from deepfeat.runs.asking import ask
from deepfeat.runs.conclusions import conclude
from deepfeat.runs.prepare import Prepared, prepare
from deepfeat.runs.skill import judge_members
from deepfeat.testing.families import KnownProblem
from deepfeat.training.trainer import Trainer

ROOT = Path(__file__).resolve().parents[2]
TARGET = "target"


def default_experiment(problem: KnownProblem, seed: int, models: int, settings: list[str]) -> dict[str, Any]:
    """Carry it out.

    Args:
        problem: the table.
        seed: the experiment's seed.
        models: how many networks are trained.
        settings: further settings of the command line, `key.path=value`.

    Returns:
        `scores`: of the column `importance` and of every method, one score per feature in the order of the
        table; `weights`: how much each method counts; `usable`: whether the answer says that the ranking may
        be used, where there is nothing to find, else None: it is not asked.

    Raises:
        InputError: the experiment cannot be carried out.
        MethodError: a method has no answer.
    """
    with TemporaryDirectory() as folder:
        table = Path(folder) / "table.csv"
        frame = pd.DataFrame(problem.x).set_axis(list(problem.feature_names), axis="columns")
        target = problem.y if problem.task == "regression" else [f"class {label}" for label in problem.y]
        frame.assign(**{TARGET: target}).to_csv(table, index=False)
        chosen = [f"data.path={table}", f"data.target={TARGET}", f"data.task={problem.task}"]
        always = [f"seed={seed}", f"training.models={models}", "controls=never"]
        prepared = prepare(ROOT / "experiment.yml", [*always, *chosen, *settings])
        return _carry_out(prepared, problem, Path(folder))


def _carry_out(prepared: Prepared, problem: KnownProblem, folder: Path) -> dict[str, Any]:
    ensemble = fit(prepared.plan, Trainer(prepared.data, prepared.network, prepared.settings))
    experiment = prepared.loaded.experiment
    kept = ensemble.select(ensemble.succeeded)
    answers: dict[str, Importance] = {}
    askable: dict[str, Any] = {}
    weights = None
    for method, params in sorted(prepared.methods, key=lambda each: each[0].after_others):
        told = {"answers": dict(answers), "askable": dict(askable)} if method.after_others else {}
        context = Context(experiment.seed, method.name, folder / method.name, **told)
        answer = ask(method, params, kept, prepared.data, context)
        if not method.after_others:
            answers[method.name] = answer
        elif method.name == experiment.ranking.weights:
            weights = answer.weights
        if method.kind == "member":
            askable[method.name] = partial(_about, method, params, context)
    judged = judge_members(ensemble, experiment.ranking.skilless)
    if problem.relevant:
        averaged = judged.averaged[ensemble.succeeded]
        scores = {
            name: given.scores[averaged] if len(given.scores) == len(averaged) else given.scores
            for name, given in answers.items()
        }
        ranking = build_ranking(
            prepared.data.feature_names,
            scores,
            normalisation=experiment.ranking.normalise,
            across=experiment.ranking.across_methods,
            resamples=1,
            weights=weights,
        )
        usable = None
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the baselines, which have nothing to find either
            found = conclude(ensemble, judged, answers, experiment.ranking, experiment.seed, {}, weights)
        ranking, usable = found.ranking, found.answer.usable
    by_feature = ranking.set_index("feature").loc[list(problem.feature_names)]
    return {
        "scores": {name: by_feature[name].tolist() for name in ("importance", *answers)},
        "usable": usable,
        "weights": weights,
    }


def _about(
    method: type[Method], params: MethodParams, context: Context, ensemble: Ensemble, data: Dataset
) -> Importance:
    return ask(method, params, ensemble, data, context)
