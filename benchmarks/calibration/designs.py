"""The tables of the cells, and the classical tests they are compared with."""

import numpy as np
from cell import Array, Draw
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset, Task
from deepfeat.testing.families.encoding import encode
from deepfeat.testing.families.sampling import autoregressive

TASKS: tuple[Task, ...] = ("regression", "binary", "multiclass")
IN_WORDS = {"regression": "continuous y", "binary": "binary y", "multiclass": "3-class y"}


def table(x: Array, y: NDArray[np.generic], task: Task) -> Dataset:
    """A table of numbers."""
    names = tuple(f"x{j:0{len(str(x.shape[1]))}d}" for j in range(1, x.shape[1] + 1))
    return encode("calibration", x, y, task, names)


def targets(signal: Array, task: Task, rng: np.random.Generator) -> NDArray[np.generic]:
    """A target that depends on a signal of unit size: with noise, a coin, or one of three classes."""
    if task == "regression":
        return signal + rng.normal(size=len(signal))
    if task == "binary":
        return (rng.uniform(size=len(signal)) < 1 / (1 + np.exp(-1.5 * signal))).astype(np.int64)
    logits = np.stack([1.5 * signal, np.zeros(len(signal)), -1.5 * signal], axis=1)
    return np.argmax(logits + rng.gumbel(size=logits.shape), axis=1).astype(np.int64)


def null(task: Task, rows: int, features: int, number: int) -> Draw:
    """Independent normal features that have nothing to do with the target."""
    rng = np.random.default_rng([101, TASKS.index(task), number])
    x = rng.normal(size=(rows, features))
    return Draw(table(x, targets(np.zeros(rows), task, rng), task))


def correlated(task: Task, rho: float, rows: int, features: int, number: int) -> Draw:
    """Correlation `rho ** |j - k|`; two features matter, one of them in a curve, between irrelevant ones."""
    rng = np.random.default_rng([102, TASKS.index(task), round(100 * rho), number])
    x = autoregressive(rng, rows, features, rho)
    signal = 0.6 * x[:, 1] + 0.8 * np.sin(2 * x[:, 4])
    return Draw(table(x, targets(signal, task, rng), task), relevant=(1, 4))


def ols(data: Dataset) -> dict[str, Array]:
    """Ordinary least squares by statsmodels: p-values, slopes per deviation and their 95 % intervals."""
    import statsmodels.api as sm  # noqa: PLC0415 - slow to import

    x = data.x.astype(float)
    fitted = sm.OLS(data.y[:, 0].astype(float), sm.add_constant(x / x.std(axis=0))).fit()
    low, high = fitted.conf_int()[1:].T
    return {"p_value": fitted.pvalues[1:], "effect": fitted.params[1:], "ci_low": low, "ci_high": high}
