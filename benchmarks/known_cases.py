"""The tables of the preset search: families with a known answer, at the sizes at which they are judged."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import r2_score, roc_auc_score

from deepfeat.data.dataset import Dataset, Task
from deepfeat.data.digest import fingerprint
from deepfeat.testing.families import PROBLEMS

HELD_OUT = 2000
"""Fresh rows on which everything is scored: so many that the score itself is hardly in doubt."""


@dataclass(frozen=True)
class Case:
    """One family at one size.

    Attributes:
        group: `easy`, `hard` or `other`; results are averaged within.
        family: name in `deepfeat.testing.families.PROBLEMS`.
        n: rows to learn from.
        p: features.
    """

    group: str
    family: str
    n: int
    p: int


CORE = (
    "exact_xor",
    "noisy_xor",
    "orange_skin",
    "switch",
    "nonlinear_additive",
    "friedman1",
    "sparse_linear_ar",
)
CASES = (
    *(Case("easy", family, 4000, 20) for family in CORE),
    *(Case("hard", family, 1000, 100) for family in CORE),
    Case("other", "additive", 500, 20),
    Case("other", "correlated_copies", 1000, 50),
    Case("other", "friedman1_regression", 500, 50),
    Case("other", "gene_expression", 200, 2000),
    Case("other", "genotypes", 1000, 50),
    Case("other", "mixed_types", 1000, 20),
    Case("other", "near_copies", 1000, 50),
    Case("other", "noise", 500, 30),
    Case("other", "pairwise_interactions", 2000, 30),
)


@dataclass(frozen=True, eq=False)
class Sample:
    """One table of a case.

    Attributes:
        data: the rows to learn from.
        held_out_x: (`HELD_OUT`, columns) fresh rows, encoded alike.
        held_out_y: (`HELD_OUT`, outputs) their targets.
        relevant: the features that matter.
    """

    data: Dataset
    held_out_x: NDArray[np.float32]
    held_out_y: NDArray[np.float32]
    relevant: tuple[int, ...]


def draw(case: Case, seed: int) -> Sample:
    """The table of a case and seed, its first `n` rows to learn from and the rest held out."""
    problem = PROBLEMS[case.family](case.n + HELD_OUT, case.p, seed)
    whole = problem.dataset()
    x, y = whole.x[: case.n], whole.y[: case.n]
    digest = fingerprint(x, y, task=whole.task, features=whole.features, classes=whole.classes, groups=None)
    data = replace(whole, x=x, y=y, source_rows=whole.source_rows[: case.n], sha256=digest)
    return Sample(data, whole.x[case.n :], whole.y[case.n :], problem.relevant)


def held_out_score(task: Task, y: NDArray[np.float32], answers: NDArray[np.floating]) -> float:
    """Area under the ROC curve (mean of one class against the rest), or R2 for a regression."""
    if task == "regression":
        return float(r2_score(y[:, 0], answers[:, 0]))
    return float(roc_auc_score(y, answers, average="macro"))
