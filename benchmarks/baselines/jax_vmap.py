"""The same training of many members with `jax.vmap` and `jax.jit`.

An optional extra: `pip install jax numpy`, best in an environment of its own.
"""

from functools import partial
from time import perf_counter
from typing import Any

import cleveland as setup
import jax
from jax import numpy as jnp

PACKAGES = ("jax", "jaxlib", "numpy")

Tree = Any


def initial(key: Tree) -> Tree:
    """Weights, moments of Adam and what early stopping remembers, of one member."""
    *keys, gate_key = jax.random.split(key, setup.LAYERS + 2)
    limit, glorot = setup.GATE_LIMIT, jax.nn.initializers.glorot_uniform()
    params = {
        "gate": jax.random.uniform(gate_key, (setup.FEATURES,), minval=-limit, maxval=limit),
        "dense": [
            (glorot(one, size), jnp.zeros(size[1]))
            for one, size in zip(keys, setup.layer_sizes(), strict=True)
        ],
    }
    return {
        "params": params,
        "mean": jax.tree.map(jnp.zeros_like, params),
        "square": jax.tree.map(jnp.zeros_like, params),
        "step": jnp.zeros(()),
        "best": jax.tree.map(jnp.copy, params),
        "best_loss": jnp.inf,
        "waited": jnp.zeros((), jnp.int32),
    }


def forward(params: Tree, inputs: Tree, key: Tree | None) -> Tree:
    """Answers `(rows, labels)`, with noise and dropout where there is a key."""
    hidden = jax.nn.relu(inputs * params["gate"])
    *layers, (kernel, bias) = params["dense"]
    for block, (block_kernel, block_bias) in enumerate(layers):
        hidden = jax.nn.relu(hidden @ block_kernel + block_bias)
        if key is not None:
            key, noise_key, drop_key = jax.random.split(key, 3)
            if block < 2:
                hidden = hidden + setup.NOISE * jax.random.normal(noise_key, hidden.shape)
            keep = jax.random.bernoulli(drop_key, 1 - setup.DROPOUT, hidden.shape)
            hidden = jnp.where(keep, hidden / (1 - setup.DROPOUT), 0)
    return jax.nn.sigmoid(hidden @ kernel + bias)


def soft_f1(target: Tree, predicted: Tree) -> Tree:
    """Double soft F1 of the batch, summed over labels."""
    true_positive = jnp.sum(target * predicted, axis=0)
    true_negative = jnp.sum((1 - target) * (1 - predicted), axis=0)
    wrong = jnp.sum(target * (1 - predicted) + (1 - target) * predicted, axis=0) + setup.TINY
    f1 = 2 * true_positive / (2 * true_positive + wrong)
    f1_of_complement = 2 * true_negative / (2 * true_negative + wrong)
    return jnp.sum(1 - (f1 + f1_of_complement) / 2)


def penalty(params: Tree) -> Tree:
    """L2 of the kernels and biases of the three layers."""
    return setup.L2 * sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(params["dense"][:-1]))


def train_loss(params: Tree, inputs: Tree, target: Tree, key: Tree) -> Tree:
    """Loss of one batch."""
    return soft_f1(target, forward(params, inputs, key)) + penalty(params)


def valid_loss(params: Tree, inputs: Tree, target: Tree) -> Tree:
    """Mean over batches, weighted by their rows, as Keras has it."""
    predicted = forward(params, inputs, None)
    total = sum(
        soft_f1(target[batch], predicted[batch]) * (batch.stop - batch.start)
        for batch in setup.batches(len(inputs))
    )
    return total / len(inputs) + penalty(params)


def adam(state: Tree, gradient: Tree) -> Tree:
    """One update, after which no gate is negative."""
    step = state["step"] + 1
    mean = jax.tree.map(lambda m, g: setup.BETA_1 * m + (1 - setup.BETA_1) * g, state["mean"], gradient)
    square = jax.tree.map(
        lambda v, g: setup.BETA_2 * v + (1 - setup.BETA_2) * g**2, state["square"], gradient
    )
    rate = setup.LEARNING_RATE * jnp.sqrt(1 - setup.BETA_2**step) / (1 - setup.BETA_1**step)
    params = jax.tree.map(
        lambda p, m, v: p - rate * m / (jnp.sqrt(v) + setup.EPSILON), state["params"], mean, square
    )
    params["gate"] = jnp.maximum(params["gate"], 0)
    return {**state, "params": params, "mean": mean, "square": square, "step": step}


def epoch(train: Tree, valid: Tree, state: Tree, key: Tree) -> Tree:
    """All batches in a new order, then validation and the best weights so far."""
    x, y = train
    slices = setup.batches(len(x))
    order_key, *keys = jax.random.split(key, 1 + len(slices))
    order = jax.random.permutation(order_key, len(x))
    for batch, batch_key in zip(slices, keys, strict=True):
        rows = order[batch]
        state = adam(state, jax.grad(train_loss)(state["params"], x[rows], y[rows], batch_key))
    loss = valid_loss(state["params"], *valid)
    better = loss < state["best_loss"]
    return {
        **state,
        "best": jax.tree.map(partial(jnp.where, better), state["params"], state["best"]),
        "best_loss": jnp.minimum(loss, state["best_loss"]),
        "waited": jnp.where(better, 0, state["waited"] + 1),
    }


def time_per_member_epoch(n_members: int = 100, epochs: int = 50, prng: str = "threefry2x32") -> float:
    """Milliseconds per member and epoch, compilation left out.

    Args:
        n_members: members trained at once.
        epochs: epochs that are timed.
        prng: jax's generator: `threefry2x32` (its default) or `rbg`.
    """
    jax.config.update("jax_default_prng_impl", prng)
    train, valid, _ = setup.halves()
    train, valid = jax.tree.map(jnp.asarray, (train, valid))
    epoch_of_all = jax.jit(jax.vmap(partial(epoch, train, valid)), donate_argnums=0)
    state = jax.vmap(initial)(jax.random.split(jax.random.key(0), n_members))
    keys = [jax.random.split(jax.random.key(1 + number), n_members) for number in range(epochs + 2)]
    for key in keys[:2]:
        state = jax.block_until_ready(epoch_of_all(state, key))
    start = perf_counter()
    for key in keys[2:]:
        state = epoch_of_all(state, key)
    jax.block_until_ready(state)
    return 1000 * (perf_counter() - start) / (n_members * epochs)
