"""Random numbers that belong to a member, whatever stack, process or machine it is trained in."""

import hashlib

import numpy as np
from numpy.random import Generator, Philox, SeedSequence

SPLIT, WEIGHTS, ORDER = range(3)


def member_seed(experiment_seed: int, plan: str, member: int) -> int:
    """A 63-bit seed from the experiment's seed, the plan's name and the member's number."""
    name = int.from_bytes(hashlib.sha256(plan.encode()).digest()[:8], "little")
    state = SeedSequence([experiment_seed, name, member]).generate_state(1, np.uint64)
    return int(state[0] >> 1)


def stream(seed: int, purpose: int) -> Generator:
    """The generator of one member for one purpose (`SPLIT`, `WEIGHTS` or `ORDER`)."""
    return Generator(Philox(SeedSequence([seed, purpose])))
