"""What a run concludes from its networks and the methods' answers, and the files that say so."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deepfeat.config import RankingConfig
from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble
from deepfeat.methods.importance import Importance
from deepfeat.ranking.aggregate import ACROSS, mean_over_members, mean_over_methods
from deepfeat.ranking.agreement import Outlook, agreement_matrix, disagreements, kendall_w
from deepfeat.ranking.answer import Answer, Members, answer
from deepfeat.ranking.carriers import Carriers
from deepfeat.ranking.clusters import MOST_CLUSTERED, correlated_clusters
from deepfeat.ranking.convergence import Convergence, convergence
from deepfeat.ranking.groups import Group, cluster_groups, given_groups, one_hot_groups, rank_groups
from deepfeat.ranking.multiplicity import Multiplicity, adjusted
from deepfeat.ranking.normalise import normalise
from deepfeat.ranking.skill import Skill
from deepfeat.ranking.stability import Stability, stability
from deepfeat.ranking.table import build_ranking, network_top_sets
from deepfeat.ranking.top import default_top
from deepfeat.ranking.weights import counting, weighted
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.skill import MemberSkill, measure_skill
from deepfeat.writing.atomic import write_text
from deepfeat.writing.csvfiles import write_table

Array = NDArray[np.float64]

# of the rankings of classes and groups, which are many: the product of resamples and features
_MOST_RESAMPLED = 4_000_000
_LEAST_RESAMPLES = 200
_GROUP_ROWS = 2000


@dataclass(frozen=True, eq=False)
class Conclusions:
    """Everything that is written beside the methods' own answers.

    Attributes:
        ranking: see `build_ranking`; after the methods their estimates, as `<method>.<estimate>`.
        skill: the networks beside the baselines.
        answer: the answer in words.
        members: how many networks stand behind it.
        carriers: which models carry the ranking.
        top_k: size of the top.
        stability: of the networks' top sets by all methods that ask them together.
        convergence: whether more networks are needed.
        kendall_w: agreement of the methods that count.
        notes: what has to be said besides.
        tables: the other tables, by the name of their path; one without columns is not written.
    """

    ranking: pd.DataFrame
    skill: Skill
    answer: Answer
    members: Members
    carriers: Carriers
    top_k: int
    stability: Stability
    convergence: Convergence
    kendall_w: float
    notes: tuple[str, ...]
    tables: Mapping[str, pd.DataFrame]


def with_q_values(given: Importance, how: Multiplicity) -> Importance:
    """An answer whose p-values are adjusted, where its method left that to the run."""
    if given.p_value is None or given.q_value is not None:
        return given
    return replace(given, q_value=adjusted(given.p_value, how))


def conclude(
    ensemble: Ensemble,
    judged: MemberSkill,
    answers: Mapping[str, Importance],
    config: RankingConfig,
    seed: int,
    about: Mapping[str, Outlook] | None = None,
    weights: Mapping[str, float] | None = None,
    controls: Sequence[str] = (),
    found: Sequence[NDArray[np.bool_]] = (),
) -> Conclusions:
    """Rank the features, and say how far the ranking can be trusted.

    Args:
        ensemble: all members, those that failed included.
        judged: which of them count.
        answers: per method, its answer about the members that did not fail; at least one.
        config: how to rank.
        seed: of the resamples.
        about: what the methods say of themselves.
        weights: how much each method counts; None counts all alike.
        controls: what the methods that control the others found, in sentences.
        found: (features,) which features each of these has found, if it tells them apart.
    """
    work = _Work(ensemble, judged, answers, config, seed, about or {}, weights)
    return work.conclude(controls, found)


def write_conclusions(paths: RunPaths, found: Conclusions) -> None:
    """`ranking.csv`, `skill.csv`, `answer.json` and the tables beside them."""
    write_table(paths.ranking, found.ranking)
    write_table(paths.skill, found.skill.table)
    for name, table in found.tables.items():
        if len(table.columns):
            write_table(getattr(paths, name), table)
        else:  # nothing of an earlier execution may stay
            getattr(paths, name).unlink(missing_ok=True)
    write_text(
        paths.answer, json.dumps(_as_json(found), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    )


class _Work:
    """The scores that count, and what follows from them."""

    def __init__(
        self,
        ensemble: Ensemble,
        judged: MemberSkill,
        answers: Mapping[str, Importance],
        config: RankingConfig,
        seed: int,
        about: Mapping[str, Outlook],
        weights: Mapping[str, float] | None,
    ) -> None:
        self.about, self.weights = about, weights
        self.ensemble, self.judged, self.answers = ensemble, judged, answers
        self.config, self.seed = config, seed
        self.data: Dataset = ensemble.data
        self.features = self.data.feature_names
        self.keep = judged.averaged[ensemble.succeeded]
        self.members = int(self.keep.sum())
        self.scores = {name: self.kept(name, given.scores) for name, given in answers.items()}
        self.normalised = {name: normalise(s, config.normalise) for name, s in self.scores.items()}
        self.together = weighted(self.normalised, weights)
        self.means = {name: mean_over_members(values) for name, values in self.normalised.items()}
        self.by_itself = {
            name
            for name, given in answers.items()
            if given.predictions is not None or not about.get(name, Outlook()).asks_networks
        }
        # what others say is the same beside every network, and would pass for agreement of the networks
        self.networks = [
            name
            for name in counting(answers, weights)
            if name not in self.by_itself and len(self.scores[name]) == self.members
        ]
        self.top_k = min(config.top_k or default_top(len(self.features)), len(self.features))
        self.notes: list[str] = []
        if weights is not None:
            told = ", ".join(f"{name} {self.weight(name)}" for name in answers)
            self.notes.append(f"the methods count with weights that {config.weights} found: {told}")

    def weight(self, name: str) -> str:
        """The weight of a method in words: some cannot be judged, which is another thing than no weight."""
        weights = self.weights or {}
        weight = weights.get(name, 0.0)
        others = any(weights.get(other, 0.0) for other in self.answers if other not in self.by_itself)
        judged = self.answers[name].predictions is not None or not (name in self.by_itself or others)
        return f"{weight:.3f}" if weight or judged else "not weighed"

    def kept(self, name: str, values: Array) -> Array:
        """The rows of a method that count: where these are members, or models on their splits, those that do.

        A method that trains for itself counts repetitions of its own, whose number may happen to be the same.
        """
        asks = self.about.get(name, Outlook()).asks_networks
        by_split = asks or self.answers[name].predictions is not None
        return values[self.keep] if by_split and len(values) == len(self.keep) else values

    def conclude(self, controls: Sequence[str], found: Sequence[NDArray[np.bool_]]) -> Conclusions:
        config = self.config
        others = {
            name: given.predictions for name, given in self.answers.items() if given.predictions is not None
        }
        carriers = Carriers.of(list(self.answers), self.weights, self.by_itself, list(others))
        ranking = build_ranking(
            self.features,
            self.scores,
            normalisation=config.normalise,
            across=config.across_methods,
            confidence=config.confidence,
            resamples=config.bootstrap,
            seed=self.seed,
            top_k=self.top_k,
            weights=self.weights,
            networks=self.networks,
        )
        skill, notes = measure_skill(
            self.ensemble,
            self.judged,
            splits=config.skill_splits,
            seed=self.seed,
            confidence=config.confidence,
            others=others,
            carriers=carriers,
        )
        self.notes += notes
        members = Members(
            trained=len(self.ensemble),
            failed=len(self.ensemble) - len(self.ensemble.succeeded),
            skilless=self.judged.skilless,
            averaged=self.members,
        )
        stable = self.stability()
        together = convergence(
            self.asking_networks,
            self.top_k,
            config.across_methods,
            confidence=config.confidence,
            seed=self.seed,
        )
        counted = counting(self.answers, self.weights)
        concordance = kendall_w({name: self.means[name] for name in counted})
        said = answer(
            ranking,
            skill,
            members,
            stable[""],
            together,
            top_k=self.top_k,
            kendall_w=concordance,
            all_count=len(counted) == len(self.answers),
            confidence=config.confidence,
            carriers=carriers,
            controls=controls,
            found=set(np.array(self.features)[np.all(found, axis=0)]) if found else None,
        )
        tables = {
            "aggregates": self.aggregates(),
            "agreement": self.agreement(),
            "disagreements": disagreements(self.features, self.means, self.top_k, self.about),
            "stability": self.stability_table(stable),
            "convergence": together.curve.astype({"models": np.int64}),
            "per_class": self.per_class(),
            "groups": self.groups(),
        }
        return Conclusions(
            ranking=self.with_estimates(ranking),
            skill=skill,
            answer=said,
            members=members,
            carriers=carriers,
            top_k=self.top_k,
            stability=stable[""],
            convergence=together,
            kendall_w=concordance,
            notes=tuple(self.notes),
            tables=tables,
        )

    def with_estimates(self, ranking: pd.DataFrame) -> pd.DataFrame:
        """The ranking with what methods say of each feature beside its importance."""
        extra: dict[str, NDArray[Any]] = {}
        for name, given in self.answers.items():
            if given.sign is not None:
                extra[f"{name}.sign"] = mean_over_members(self.kept(name, given.sign))
            for estimate, values in given.estimates.items():
                extra[f"{name}.{estimate}"] = values.astype(np.int64) if values.dtype == np.bool_ else values
        beside = pd.DataFrame({"feature": self.features, **extra}).set_index("feature")
        return ranking.join(beside, on="feature")

    def aggregates(self) -> pd.DataFrame:
        """What each way to average the methods says."""
        rows = {name: mean[None] for name, mean in self.means.items()}
        table = pd.DataFrame({how: mean_over_methods(rows, how)[0] for how in ACROSS})
        table.insert(0, "feature", self.features)
        return table

    def agreement(self) -> pd.DataFrame:
        """Rank correlations of the methods."""
        table = pd.DataFrame(agreement_matrix(self.means), columns=list(self.means))
        table.insert(0, "method", list(self.means))
        return table

    @property
    def asking_networks(self) -> dict[str, Array]:
        """Per method with a row per network, (networks, features) scores as they count."""
        return {name: self.together[name] for name in self.networks}

    def stability(self) -> dict[str, Stability]:
        """Of the top sets: under an empty name of all methods that ask networks, and of each method."""
        together: dict[str, dict[str, Array]] = {"": self.asking_networks}
        together |= {name: {name: values} for name, values in self.normalised.items()}
        return {
            name: stability(
                network_top_sets(values, self.top_k, self.config.across_methods),
                self.config.confidence,
            )
            for name, values in together.items()
        }

    def stability_table(self, stable: Mapping[str, Stability]) -> pd.DataFrame:
        """A row for all methods that ask networks, and one per method."""
        rows = {name: len(values) for name, values in self.scores.items()}
        rows[""] = self.members if self.networks else 0
        lines = [(name or "importance", self.top_k, rows[name], *found) for name, found in stable.items()]
        return pd.DataFrame(lines, columns=["of", "top_k", "rows", "stability", "low", "high"])

    def per_class(self) -> pd.DataFrame:
        """A ranking per class, of the methods that answer for each class."""
        classes = self.data.classes
        asked = {
            name: self.kept(name, given.per_class)
            for name, given in self.answers.items()
            if given.per_class is not None and given.per_class.shape[1] == len(classes)
        }
        if not asked:
            return pd.DataFrame()
        parts = []
        for number, name in enumerate(classes):
            table = build_ranking(
                self.features,
                {method: values[:, number] for method, values in asked.items()},
                normalisation=self.config.normalise,
                **self.modest(len(self.features)),
            )
            table.insert(0, "class", name)
            parts.append(table)
        return pd.concat(parts, ignore_index=True)

    def groups(self) -> pd.DataFrame:
        """Named groups, correlated clusters and one-hot columns, each kind ranked by itself."""
        groups = given_groups(self.config.groups, self.features)
        step = max(1, -(-self.data.n_rows // _GROUP_ROWS))
        column_feature = self.data.column_feature
        groups += one_hot_groups(self.data.x, column_feature, self.features)
        if len(self.features) <= MOST_CLUSTERED:
            x = np.asarray(self.data.x[::step])
            clusters = correlated_clusters(x, column_feature, self.config.clusters)
            groups += _worth_it(cluster_groups(clusters, self.features))
        else:
            self.notes.append(
                f"more than {MOST_CLUSTERED:,} features are not clustered; name groups in ranking.groups"
            )
        shares = {name: normalise(values, "sum") for name, values in self.scores.items()}
        table = rank_groups(groups, self.features, shares, **self.modest(len(self.features)))
        if len(table):
            table["features"] = [json.dumps(names, ensure_ascii=False) for names in table["features"]]
        return table

    def modest(self, n_features: int) -> dict[str, Any]:
        """How the many rankings beside the main one are resampled."""
        most = max(_LEAST_RESAMPLES, _MOST_RESAMPLED // n_features)
        return {
            "across": self.config.across_methods,
            "confidence": self.config.confidence,
            "resamples": min(self.config.bootstrap, most),
            "seed": self.seed,
            "weights": self.weights,
            "networks": self.networks,
        }


def _worth_it(clusters: list[Group]) -> list[Group]:
    """The clusters, unless every feature stands alone: then they would be the ranking once more."""
    return clusters if any(len(cluster.members) > 1 for cluster in clusters) else []


def _as_json(found: Conclusions) -> dict[str, Any]:
    """`answer.json`."""
    together = found.convergence
    content: dict[str, Any] = {
        "usable": found.answer.usable,
        "verdict": found.answer.verdict,
        "headline": list(found.answer.headline),
        "details": list(found.answer.details),
        "notes": list(found.notes),
        "members": asdict(found.members),
        "top_k": found.top_k,
        "carried_by": dict(found.carriers.shares),
        "skill": {
            "score": found.skill.score,
            "judged": found.answer.judged,
            "better": found.answer.better,
            "networks": found.skill.verdict,
            "held_out": found.skill.held_out,
            "one_split": found.skill.one_split,
        },
        "stability": found.stability._asdict(),
        "convergence": {"enough": together.enough, "recommended": together.recommended},
        "kendall_w": found.kendall_w,
    }
    finite: dict[str, Any] = _without_nan(content)
    return finite


def _without_nan(content: Any) -> Any:  # noqa: ANN401 - any JSON
    """JSON has no NaN: what is not defined is null."""
    if isinstance(content, dict):
        return {key: _without_nan(value) for key, value in content.items()}
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content
