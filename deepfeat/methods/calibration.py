"""Probabilities that can be compared: logits stretched by rows that tell how far they can be trusted.

Networks that are trained for F1, or for too long, are too sure of themselves, and how much so depends on how
many features they have. Losses of their probabilities then compare over-confidence, not knowledge.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS = 30
# Keeps the equations regular; logits are standardised, so that this is little.
LEAST = 1e-6


def one_against_rest(logits: NDArray[np.floating], head: str) -> Floats:
    """Log-odds of every output against all others.

    Args:
        logits: (..., outputs).
        head: what turns logits into answers; elsewhere than before a `softmax` they are log-odds as they are.
    """
    values = logits.astype(np.float64)
    if head != "softmax":
        return values
    odds = np.empty_like(values)
    for output in range(values.shape[-1]):
        others = np.delete(values, output, axis=-1)
        largest = others.max(axis=-1)
        rest = largest + np.log(np.exp(others - largest[..., None]).sum(axis=-1))
        odds[..., output] = values[..., output] - rest
    return odds


def calibrated(odds: Floats, target: NDArray[np.floating[Any]], weight: Floats) -> Floats:
    """Probabilities `sigmoid(a z + b)` with `a >= 0` and `b` fitted to some of the rows, problem by problem.

    Platt 1999, "Probabilistic outputs for support vector machines", with his smoothed targets, which keep the
    fit finite where the rows are separated; by Newton's method.

    Args:
        odds: (problems, rows) log-odds z.
        target: (problems, rows) 0 or 1.
        weight: (problems, rows) 1 for the rows to fit to, 0 for the others.

    Returns:
        (problems, rows) probabilities of all rows. Where z says nothing about the rows, or the opposite, they
        are all the same.
    """
    count = np.maximum(1.0, weight.sum(axis=1))
    mean = (weight * odds).sum(axis=1) / count
    spread = np.sqrt((weight * (odds - mean[:, None]) ** 2).sum(axis=1) / count)
    z = np.divide(odds - mean[:, None], spread[:, None], out=np.zeros_like(odds), where=spread[:, None] > 0)
    positive = (weight * target).sum(axis=1)
    high, low = (positive + 1) / (positive + 2), 1 / (count - positive + 2)
    wanted = np.where(target > 0.5, high[:, None], low[:, None])  # noqa: PLR2004 - targets are 0 or 1
    share = (weight * wanted).sum(axis=1) / count
    alone = np.log(share / (1 - share))
    slope, shift = np.zeros(len(odds)), alone.copy()
    for _ in range(STEPS):
        p = _sigmoid(slope[:, None] * z + shift[:, None])
        off, curve = weight * (p - wanted), weight * p * (1 - p)
        g1, g0 = (off * z).sum(axis=1) + LEAST * slope, off.sum(axis=1)
        h11, h10 = (curve * z**2).sum(axis=1) + LEAST, (curve * z).sum(axis=1)
        h00 = curve.sum(axis=1) + LEAST
        determinant = h11 * h00 - h10**2
        # A step that is too long ends where the curve is flat; one standard deviation at a time is enough.
        slope = slope - np.clip((h00 * g1 - h10 * g0) / determinant, -1, 1)
        shift = shift - np.clip((h11 * g0 - h10 * g1) / determinant, -1, 1)
    against = slope <= 0
    slope, shift = np.where(against, 0, slope), np.where(against, alone, shift)
    return _sigmoid(slope[:, None] * z + shift[:, None])


def _sigmoid(values: Floats) -> Floats:
    half: Floats = np.tanh(values / 2) / 2 + 0.5
    return half
