"""An ensemble without training: its members are linear models, found in closed form.

It answers like a trained ensemble, in milliseconds and without TensorFlow, which makes it good for the tests
of a plugin. Real networks are not linear: a plugin that passes here has yet to be run on real ones.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.data.splits import Split
from deepfeat.methods.annotations import Ensemble
from deepfeat.methods.importance import sum_columns
from deepfeat.nets.network import usual_head
from deepfeat.training.plan import FitPlan
from deepfeat.training.replaced import Output, Pair, Replaced, rebuilt
from deepfeat.training.scaling import moments

Floats = NDArray[np.float64]

LASSO_STEPS = 200


@dataclass(frozen=True, eq=False)
class LinearModel:
    """One member: answers for rows, as a Keras model does when it is called.

    Attributes:
        kernel: (columns, outputs) weights of the raw inputs.
        bias: (outputs,).
        head: what turns logits into answers: `sigmoid`, `softmax` or `linear`.
    """

    kernel: Floats
    bias: Floats
    head: str

    def __call__(self, x: ArrayLike) -> NDArray[np.float32]:
        """Probabilities, or values for a regression, (rows, outputs)."""
        return _answers(np.asarray(x, dtype=np.float64) @ self.kernel + self.bias, self.head)

    def get_weights(self) -> list[Floats]:
        """Kernel and bias; the arrays themselves, so that a test notices a plugin that changes them."""
        return [self.kernel, self.bias]


@dataclass(frozen=True, eq=False)
class LinearEnsemble:
    """Members with given weights.

    Attributes:
        data: the table.
        plan: which rows each member has seen.
        kernels: (members, columns, outputs) weights of the standardised inputs.
        biases: (members, outputs).
        means: (columns,) what the inputs are centred at.
        deviations: (columns,) what they are divided by.
        head: what turns logits into answers; that of most networks, unless it is replaced.
    """

    data: Dataset
    plan: FitPlan
    kernels: Floats
    biases: Floats
    means: Floats
    deviations: Floats
    head: str

    @classmethod
    def fit(cls, data: Dataset, members: int = 4, *, seed: int = 0) -> "LinearEnsemble":
        """Ridge regression of the targets, each member on half of the rows.

        Args:
            data: the table.
            members: how many.
            seed: of the split of the rows.
        """
        seeds = tuple(range(seed, seed + members))
        orders = [np.random.default_rng(member).permutation(data.n_rows) for member in seeds]
        half, rest = data.n_rows // 2, data.n_rows * 3 // 4
        plan = FitPlan(
            name="linear",
            seeds=seeds,
            splits=tuple(Split(order[:half], order[half:rest], order[rest:]) for order in orders),
            mask=np.ones((members, data.n_features), dtype=bool),
            penalty=np.zeros(members),
        )
        return cls.refit(data, plan)

    @classmethod
    def refit(cls, data: Dataset, plan: FitPlan) -> "LinearEnsemble":
        """Ridge regression of what a plan says: its rows, its targets, and only the features of its mask.

        Args:
            data: the table.
            plan: what each member is fitted to; a penalty makes it a lasso.
        """
        means, deviations = data.x.mean(axis=0, dtype=np.float64), data.x.std(axis=0, dtype=np.float64)
        deviations = np.where(deviations > 0, deviations, 1.0)
        scaled = (data.x - means) / deviations
        kernels, biases = [], []
        for member, split in enumerate(plan.splits):
            y = data.y if plan.targets is None else plan.targets[member]
            # Targets of 0 and 1 are stretched so that the logits are sure of themselves.
            stretched = 4.0 * (y - y.mean(axis=0)) if data.task != "regression" else y
            used = plan.mask[member][data.column_feature]
            inputs, targets = scaled[split.train] * used, stretched[split.train]
            biases.append(targets.mean(axis=0))
            gram = inputs.T @ inputs + np.eye(data.n_columns)
            product = inputs.T @ (targets - biases[-1])
            if plan.penalty[member] > 0:
                kernels.append(_lasso(gram, product, len(targets) * plan.penalty[member]))
            else:
                kernels.append(np.linalg.solve(gram, product))
        kernel, bias = np.stack(kernels), np.stack(biases).astype(np.float64)
        return cls(data, plan, kernel, bias, means, deviations, usual_head(data.task))

    def __len__(self) -> int:
        return len(self.kernels)

    def __getitem__(self, member: int) -> LinearModel:
        kernel = self.kernels[member] / self.deviations[:, None]
        return LinearModel(kernel, self.biases[member] - self.means @ kernel, self.head)

    def models(self) -> Iterator[LinearModel]:
        """Every member in turn."""
        return (self[member] for member in range(len(self)))

    def select(self, indices: Sequence[int] | NDArray[np.int64]) -> "LinearEnsemble":
        """Only these members, in this order."""
        chosen = np.asarray(indices, dtype=np.int64)
        return replace(
            self, plan=self.plan.select(chosen), kernels=self.kernels[chosen], biases=self.biases[chosen]
        )

    def predict(self, x: ArrayLike, output: Output = "probability") -> NDArray[np.float32]:
        """Answers of all members, (members, rows, outputs); `x` may differ between them, as in `Ensemble`."""
        scaled = (np.asarray(x, dtype=np.float64) - self.means) / self.deviations
        logits = scaled @ self.kernels + self.biases[:, None, :]
        return logits.astype(np.float32) if output == "logit" else _answers(logits, self.head)

    def gradients(self, x: ArrayLike, output: int = 0) -> NDArray[np.float32]:
        """Derivatives of one logit with respect to the raw inputs, (members, rows, columns)."""
        slopes = self.kernels[:, None, :, output] / self.deviations
        return np.repeat(slopes, np.asarray(x).shape[-2], axis=1).astype(np.float32)

    def replaced(
        self,
        pairs: Iterable[Pair],
        output: Output = "probability",
        *,
        features: NDArray[np.int64] | None = None,
    ) -> Iterator[Replaced]:
        """Answers with one feature at a time replaced, as `Ensemble.replaced`."""
        return rebuilt(self, pairs, output, features)

    def estimate(self, fits: int) -> str:
        """What it would take to fit models like these: nothing worth telling."""
        return f"{fits:,} linear models"

    @property
    def succeeded(self) -> NDArray[np.int64]:
        """Numbers of the members whose training did not fail: all."""
        return np.arange(len(self))

    @property
    def moments(self) -> tuple[Floats, Floats]:
        """Mean and deviation of every column over each member's training rows, each (members, columns)."""
        return moments(self.data.x, [split.train for split in self.plan.splits])

    @cached_property
    def gates(self) -> Floats:
        """(members, features) one non-negative gate per feature."""
        return np.sqrt(sum_columns((self.kernels**2).sum(axis=2), self.data))

    @property
    def chance_open(self) -> Floats:
        """(members, features) 0 for a gate that is shut; for others more than 1/2, growing with it."""
        chances: Floats = np.where(self.gates > 0, (1 + np.tanh(self.gates)) / 2, 0.0)
        return chances

    def activations(self, x: ArrayLike, layer: str) -> NDArray[np.float32]:
        """(members, rows, columns) share of each input in the answer: all that a linear model has inside."""
        del layer
        scaled = (np.asarray(x, dtype=np.float64) - self.means) / self.deviations
        parts = np.abs(scaled[..., None] * self.kernels[:, None]).sum(axis=-1)
        total = parts.sum(axis=-1, keepdims=True)
        shares: Floats = np.divide(parts, total, out=np.zeros_like(parts), where=total > 0)
        return shares.astype(np.float32)

    @cached_property
    def uses(self) -> NDArray[np.bool_]:
        """(members, features) False where every weight on a feature is exactly zero."""
        return self.gates > 0

    @property
    def connections(self) -> Floats:
        """(members, columns, outputs) of standardised inputs: the kernel, which is all there is."""
        return self.kernels

    @cached_property
    def first_layer(self) -> Floats:
        """(members, columns, units) the first layer, which is the only one: its units are the outputs."""
        return self.kernels


class LinearEnsembles:
    """Makes linear ensembles and fits them anew, as `TrainedEnsembles` does with networks."""

    def __call__(self, data: Dataset, members: int) -> Ensemble:
        """Fits `members` linear models, each on half of the rows."""
        return cast("Ensemble", LinearEnsemble.fit(data, members))

    def refit(self, data: Dataset, plan: FitPlan, **_: object) -> Ensemble:
        """Fits linear models to what a plan says; the `context.fit` of a method that is checked."""
        return cast("Ensemble", LinearEnsemble.refit(data, plan))


def _lasso(gram: Floats, product: Floats, penalty: float) -> Floats:
    """Minimum of `k'Gk / 2 - k'p + penalty |k|`, by proximal gradient steps."""
    rate = 1 / np.linalg.eigvalsh(gram)[-1]
    kernel = np.zeros_like(product)
    for _ in range(LASSO_STEPS):
        kernel -= rate * (gram @ kernel - product)
        kernel = np.sign(kernel) * np.maximum(np.abs(kernel) - rate * penalty, 0)
    return kernel


def _answers(logits: Floats, head: str) -> NDArray[np.float32]:
    if head == "linear":
        return logits.astype(np.float32)
    if head == "softmax":
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        answers: Floats = powers / powers.sum(axis=-1, keepdims=True)
    else:
        answers = 1 / (1 + np.exp(-logits))
    return answers.astype(np.float32)
