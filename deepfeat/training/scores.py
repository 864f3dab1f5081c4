"""Held-out scores of one member, by scikit-learn."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_fscore_support, r2_score, roc_auc_score

THRESHOLD = 0.5


def score_names(task: str) -> tuple[str, ...]:
    """The scores that exist for a task, the one to judge skill by first."""
    return ("r2",) if task == "regression" else ("auc", "f1", "precision", "recall")


def held_out_scores(
    task: str, target: NDArray[np.floating], predicted: NDArray[np.floating]
) -> dict[str, float]:
    """Scores of predictions on rows the member was not trained on.

    Args:
        task: `binary`, `multiclass`, `multilabel` or `regression`.
        target: (rows, outputs).
        predicted: (rows, outputs) probabilities, or values for regression.

    Returns:
        Regression: `r2`. Otherwise `auc`, `f1`, `precision` and `recall`; with several outputs the plain mean
        over those that occur among the targets. A score that the rows do not define is NaN.
    """
    if len(target) < 2:  # noqa: PLR2004 - no score is defined on one row
        return dict.fromkeys(score_names(task), float("nan"))
    if task == "regression":
        return {"r2": float(r2_score(target, predicted))}
    truth = target.astype(np.int64)
    if task == "multiclass":
        decided = np.eye(truth.shape[1], dtype=np.int64)[predicted.argmax(axis=1)]
    else:
        decided = (predicted >= THRESHOLD).astype(np.int64)
    ranked = [
        roc_auc_score(truth[:, output], predicted[:, output])
        for output in range(truth.shape[1])
        if 0 < truth[:, output].sum() < len(truth)
    ]
    present = [output for output in range(truth.shape[1]) if truth[:, output].any()]
    precision, recall, f1, _ = (
        precision_recall_fscore_support(
            truth[:, present], decided[:, present], average="macro", zero_division=0.0
        )
        if len(present) > 1
        else precision_recall_fscore_support(
            truth[:, 0] if not present else truth[:, present[0]],
            decided[:, 0] if not present else decided[:, present[0]],
            average="binary",
            zero_division=0.0,
        )
    )
    return {
        "auc": float(np.mean(ranked)) if ranked else float("nan"),
        "f1": float(f1),
        "precision": float(precision),
        "recall": float(recall),
    }
