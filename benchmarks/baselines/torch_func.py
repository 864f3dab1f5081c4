"""The same training of many members with `torch.func`: `stack_module_state`, `vmap` and `grad`.

An optional extra: `pip install torch numpy`, best in an environment of its own.
"""

from collections.abc import Callable
from time import perf_counter

import cleveland as setup
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap

PACKAGES = ("torch", "numpy")

Params = dict[str, Tensor]


class Network(nn.Module):
    """One member."""

    def __init__(self) -> None:
        super().__init__()
        limit = setup.GATE_LIMIT
        self.gate = nn.Parameter(torch.empty(setup.FEATURES).uniform_(-limit, limit))
        self.dense = nn.ModuleList(nn.Linear(*size) for size in setup.layer_sizes())
        for layer in self.dense:
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        """Answers `(rows, labels)`, with noise and dropout while training."""
        hidden = torch.relu(inputs * self.gate)
        for block, layer in enumerate(self.dense[:-1]):
            hidden = torch.relu(layer(hidden))
            if self.training and block < 2:
                hidden = hidden + setup.NOISE * torch.randn_like(hidden)
            hidden = nn.functional.dropout(hidden, setup.DROPOUT, training=self.training)
        return torch.sigmoid(self.dense[-1](hidden))


def soft_f1(target: Tensor, predicted: Tensor) -> Tensor:
    """Double soft F1 of the batch, summed over labels."""
    true_positive = (target * predicted).sum(0)
    true_negative = ((1 - target) * (1 - predicted)).sum(0)
    wrong = (target * (1 - predicted) + (1 - target) * predicted).sum(0) + setup.TINY
    f1 = 2 * true_positive / (2 * true_positive + wrong)
    f1_of_complement = 2 * true_negative / (2 * true_negative + wrong)
    return (1 - (f1 + f1_of_complement) / 2).sum()


def penalty(params: Params) -> Tensor:
    """L2 of the kernels and biases of the three layers."""
    spared = ("gate", f"dense.{setup.LAYERS}.")
    return setup.L2 * sum((v**2).sum() for name, v in params.items() if not name.startswith(spared))


def losses() -> tuple[Callable[[Params, Tensor, Tensor], Tensor], Callable[[Params, Tensor, Tensor], Tensor]]:
    """Of one batch in training, and of all validation rows: the mean over batches, as Keras has it."""
    training, answering = Network().to("meta").train(), Network().to("meta").eval()

    def train_loss(params: Params, inputs: Tensor, target: Tensor) -> Tensor:
        return soft_f1(target, functional_call(training, params, (inputs,))) + penalty(params)

    def valid_loss(params: Params, inputs: Tensor, target: Tensor) -> Tensor:
        predicted = functional_call(answering, params, (inputs,))
        total = sum(
            soft_f1(target[batch], predicted[batch]) * (batch.stop - batch.start)
            for batch in setup.batches(len(inputs))
        )
        return total / len(inputs) + penalty(params)

    return train_loss, valid_loss


class Training:
    """Members that train together.

    Args:
        n_members: how many.
    """

    def __init__(self, n_members: int) -> None:
        train, valid, _ = setup.halves()
        self.train, self.valid = tuple(map(torch.from_numpy, train)), tuple(map(torch.from_numpy, valid))
        self.params, _ = stack_module_state([Network() for _ in range(n_members)])
        train_loss, valid_loss = losses()
        self.gradients = vmap(grad(train_loss), randomness="different")
        self.valid_loss = vmap(valid_loss, in_dims=(0, None, None))
        self.optimizer = torch.optim.Adam(
            self.params.values(),
            lr=setup.LEARNING_RATE,
            betas=(setup.BETA_1, setup.BETA_2),
            eps=setup.EPSILON,
            fused=True,
        )
        self.best = {name: value.detach().clone() for name, value in self.params.items()}
        self.best_loss = torch.full((n_members,), torch.inf)
        self.waited = torch.zeros(n_members, dtype=torch.int64)

    @torch.no_grad()
    def epoch(self) -> None:
        """All batches in a new order, then validation and the best weights so far."""
        x, y = self.train
        order = torch.rand(len(self.waited), len(x)).argsort(1)
        for batch in setup.batches(len(x)):
            rows = order[:, batch]
            gradients = self.gradients(self.params, x[rows], y[rows])
            for name, value in self.params.items():
                value.grad = gradients[name]
            self.optimizer.step()
            self.params["gate"].clamp_(min=0)
        loss = self.valid_loss(self.params, *self.valid)
        better = loss < self.best_loss
        for name, value in self.params.items():
            self.best[name][better] = value[better]
        self.best_loss = torch.minimum(loss, self.best_loss)
        self.waited = torch.where(better, 0, self.waited + 1)


def time_per_member_epoch(n_members: int = 100, epochs: int = 30) -> float:
    """Milliseconds per member and epoch, the first two epochs left out.

    Args:
        n_members: members trained at once.
        epochs: epochs that are timed.
    """
    training = Training(n_members)
    for _ in range(2):
        training.epoch()
    start = perf_counter()
    for _ in range(epochs):
        training.epoch()
    return 1000 * (perf_counter() - start) / (n_members * epochs)
