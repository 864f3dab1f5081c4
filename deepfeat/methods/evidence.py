"""What a method that does inference answers: one test per feature, its words, and a table of all tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfeat.methods.crossfit import CORRELATED, CrossFit, Question
from deepfeat.methods.importance import Importance
from deepfeat.writing.artefacts import TESTS

Floats = NDArray[np.float64]

# Clusters that a note names; the table has all.
SHOWN_CLUSTERS = 3
SCREENED = (
    "Only the {tested} of {all} features of largest correlation with the target were tested, chosen on "
    "{rows} rows that take no part in the tests; features that only matter together with others may have "
    "been left out, and those left out have no p-value."
)


@dataclass(frozen=True, eq=False)
class Findings:
    """The outcome of each question of a cross-fit, in its order.

    Attributes:
        strength: (questions,) what features are ranked by.
        p_value: (questions,).
        effect: (questions,) NaN where there is no single one; so are the three that follow.
        std_error: (questions,).
        ci_low: (questions,).
        ci_high: (questions,).
        details: (questions,) further columns of the table, by name.
    """

    strength: Floats
    p_value: Floats
    effect: Floats
    std_error: Floats | None = None
    ci_low: Floats | None = None
    ci_high: Floats | None = None
    details: Mapping[str, Any] | None = None


def conclude(
    crossfit: CrossFit,
    questions: Sequence[Question],
    tests: Findings,
    *,
    scale: str,
    null_hypothesis: str,
    assumption: str,
    notes: Sequence[str],
) -> Importance:
    """The answer of the method; writes `tests.csv`, a row per feature and per cluster, into its folder.

    Args:
        crossfit: what was asked.
        questions: the tested features one by one, then clusters of them, if any.
        tests: what came out, for each question.
        scale: what effects are measured in, see `Importance`.
        null_hypothesis: what the p-values speak against.
        assumption: what has to hold for that, besides that rows, or groups of them, are independent.
        notes: what the reader has to know besides.
    """
    _write_tests(crossfit, questions, tests)
    found = list(notes)
    if len(crossfit.tested) < crossfit.data.n_features:
        found.append(
            SCREENED.format(
                tested=len(crossfit.tested),
                all=crossfit.data.n_features,
                rows=int(np.sum(crossfit.fold < 0)),
            )
        )
    found += _about_clusters(crossfit, questions, tests)
    single = len(crossfit.tested)

    def in_place(values: Floats | None, otherwise: float) -> Floats | None:
        if values is None:
            return None
        placed = np.full(crossfit.data.n_features, otherwise)
        placed[crossfit.order[crossfit.tested]] = values[:single]
        return placed

    scores = in_place(tests.strength, min(0.0, float(tests.strength[:single].min())))
    return Importance(
        np.asarray(scores)[None],
        effect=in_place(tests.effect, np.nan),
        std_error=in_place(tests.std_error, np.nan),
        ci_low=in_place(tests.ci_low, np.nan),
        ci_high=in_place(tests.ci_high, np.nan),
        p_value=in_place(tests.p_value, np.nan),
        scale=scale,
        null_hypothesis=null_hypothesis,
        assumption=f"{assumption}; {'' if crossfit.groups is None else 'groups of '}rows are independent",
        notes=tuple(found),
    )


def names(crossfit: CrossFit, question: Question) -> str:
    """The features of a question, in words."""
    return " + ".join(crossfit.data.features[j].name for j in question)


def _about_clusters(crossfit: CrossFit, questions: Sequence[Question], tests: Findings) -> list[str]:
    clusters = crossfit.clusters
    if not clusters:
        return []
    tested = {question: tests.p_value[place] for place, question in enumerate(questions)}
    shown = [
        names(crossfit, cluster) + (f" (together p = {tested[cluster]:.2g})" if cluster in tested else "")
        for cluster in clusters[:SHOWN_CLUSTERS]
    ]
    more = f"; and {len(clusters) - len(shown)} more clusters" if len(clusters) > len(shown) else ""
    where = f"; {TESTS} has all" if clusters[0] in tested else ""
    note = (
        f"Correlated above {CORRELATED}, so that each can stand in for the others and none may be "
        f"significant by itself: {'; '.join(shown)}{more}{where}."
    )
    return [note]


def _write_tests(crossfit: CrossFit, questions: Sequence[Question], tests: Findings) -> None:
    import pandas as pd  # noqa: PLC0415 - slow to import

    from deepfeat.writing.csvfiles import write_table  # noqa: PLC0415 - loads pandas

    estimates = {
        name: value
        for name in ("effect", "std_error", "ci_low", "ci_high", "p_value")
        if (value := getattr(tests, name)) is not None
    }
    cluster = {j: place for place, own in enumerate(crossfit.clusters, start=1) for j in own}
    table = pd.DataFrame(
        {
            "features": [names(crossfit, question) for question in questions],
            "cluster": [cluster.get(question[0], 0) for question in questions],
            "is_cluster": [len(question) > 1 for question in questions],
            **estimates,
            **(tests.details or {}),
        }
    )
    write_table(crossfit.context.artefact(TESTS), table)
