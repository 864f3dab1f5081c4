"""The default experiment, as `deepfeat run experiment.yml` carries it out, without its pages and its copies.

The same functions that a run calls, in this process: the importances are a run's to the last bit, and two
starts of TensorFlow a table are saved. Controls are left out, which have no part in the column `importance`.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from deepfeat.config import Experiment
from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble, fit
from deepfeat.methods.context import Context
from deepfeat.methods.importance import Importance
from deepfeat.methods.method import Method, MethodParams
from deepfeat.ranking.table import build_ranking
from deepfeat.runs.asking import ask
from deepfeat.runs.conclusions import conclude
from deepfeat.runs.prepare import Prepared, prepare
from deepfeat.runs.skill import MemberSkill, judge_members
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
        done = carry_out(prepared, Path(folder))
    if problem.relevant:
        ranking, usable = done.ranking(), None
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the baselines, which have nothing to find either
            ranking, usable = done.conclusion()
    by_feature = ranking.set_index("feature").loc[list(problem.feature_names)]
    return {
        "scores": {name: by_feature[name].tolist() for name in ("importance", *done.answers)},
        "usable": usable,
        "weights": done.weights,
    }


@dataclass(frozen=True, eq=False)
class Done:
    """What there is before a ranking.

    Attributes:
        experiment: what was asked for.
        ensemble: the networks.
        answers: of the methods that rank features, by name.
        weights: how much each counts; None counts all alike.
    """

    experiment: Experiment
    ensemble: Ensemble
    answers: dict[str, Importance]
    weights: Mapping[str, float] | None

    def ranking(self) -> pd.DataFrame:
        """As `build_ranking` returns it, without intervals worth the name."""
        averaged = self._judged.averaged[self.ensemble.succeeded]
        scores = {
            name: given.scores[averaged] if len(given.scores) == len(averaged) else given.scores
            for name, given in self.answers.items()
        }
        config = self.experiment.ranking
        return build_ranking(
            self.ensemble.data.feature_names,
            scores,
            normalisation=config.normalise,
            across=config.across_methods,
            resamples=1,
            weights=self.weights,
            networks=(),
        )

    def conclusion(self) -> tuple[pd.DataFrame, bool | None]:
        """The ranking, and whether the answer says that it may be used."""
        config, seed = self.experiment.ranking, self.experiment.seed
        found = conclude(self.ensemble, self._judged, self.answers, config, seed, {}, self.weights)
        return found.ranking, found.answer.usable

    @property
    def _judged(self) -> MemberSkill:
        return judge_members(self.ensemble, self.experiment.ranking.skilless)


def carry_out(prepared: Prepared, folder: Path) -> Done:
    """Train the networks and ask the methods.

    Args:
        prepared: the experiment.
        folder: for the files of methods.
    """
    experiment = prepared.loaded.experiment
    ensemble = fit(prepared.plan, Trainer(prepared.data, prepared.network, prepared.settings))
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
    return Done(experiment, ensemble, answers, weights)


def _about(
    method: type[Method], params: MethodParams, context: Context, ensemble: Ensemble, data: Dataset
) -> Importance:
    return ask(method, params, ensemble, data, context)
