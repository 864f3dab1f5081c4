"""The rate of float32 matrix products of this machine, and how long those of the experiment take at it."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import cleveland as setup
import tensorflow as tf

PACKAGES = ("tensorflow",)
DETAILS: dict[str, float] = {}
"""The rates behind the last measurement, in GFLOP/s."""

MEASURED_SECONDS = 2.0


def gflops(product: Callable[[], Any], operations: int) -> float:
    """Rate of `product`, the best of many calls: other work on the machine can only slow it down."""
    product()
    best, until = float("inf"), perf_counter() + MEASURED_SECONDS
    while perf_counter() < until:
        start = perf_counter()
        product()
        best = min(best, perf_counter() - start)
    return operations / best / 1e9


def product_gflops(left: tuple[int, ...], right: tuple[int, ...]) -> float:
    """Rate of the (batched) product of two matrices of these shapes."""
    a, b = tf.random.normal(left), tf.random.normal(right)
    multiply = tf.function(lambda: tf.linalg.matmul(a, b)[..., -1, -1], autograph=False)
    operations = 2 * int(tf.size(a)) * right[-1]
    return gflops(lambda: multiply().numpy(), operations)


def time_per_member_epoch(n_members: int = 100, size: int = 4096) -> float:
    """Milliseconds that the products of one member and epoch take at the faster of two measured rates.

    One is that of two large square matrices, the other that of a stack in its widest layer.

    Args:
        n_members: members of the batched products.
        size: of the square matrices.
    """
    hidden, kernel = (n_members, setup.BATCH, setup.UNITS), (n_members, setup.UNITS, setup.UNITS)
    DETAILS["gflops_square"] = product_gflops((size, size), (size, size))
    DETAILS["gflops_batched"] = product_gflops(hidden, kernel)
    DETAILS["flops_per_member_epoch"] = setup.flops_per_member_epoch()
    return setup.flops_per_member_epoch() / max(DETAILS["gflops_square"], DETAILS["gflops_batched"]) / 1e6
