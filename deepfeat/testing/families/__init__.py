"""Families of problems with a known answer, for tests, benchmarks and the choice of defaults.

Each `make_<family>(n, p, seed)` draws one table of `n` rows and `p` features and says which of them the
target depends on. `PROBLEMS` holds them all by name.
"""

from collections.abc import Mapping
from types import MappingProxyType

from deepfeat.testing.families.biology import make_gene_expression, make_genotypes
from deepfeat.testing.families.interaction import (
    make_exact_xor,
    make_noisy_xor,
    make_pairwise_interactions,
)
from deepfeat.testing.families.known import KnownProblem, Maker, average_precision
from deepfeat.testing.families.linear import (
    make_additive,
    make_correlated_copies,
    make_near_copies,
    make_noise,
    make_sparse_linear_ar,
)
from deepfeat.testing.families.mixed import make_mixed_types
from deepfeat.testing.families.nonlinear import (
    make_friedman1,
    make_friedman1_regression,
    make_nonlinear_additive,
    make_orange_skin,
    make_switch,
)

PROBLEMS: Mapping[str, Maker] = MappingProxyType(
    {
        "additive": make_additive,
        "correlated_copies": make_correlated_copies,
        "exact_xor": make_exact_xor,
        "friedman1": make_friedman1,
        "friedman1_regression": make_friedman1_regression,
        "gene_expression": make_gene_expression,
        "genotypes": make_genotypes,
        "mixed_types": make_mixed_types,
        "near_copies": make_near_copies,
        "noise": make_noise,
        "noisy_xor": make_noisy_xor,
        "nonlinear_additive": make_nonlinear_additive,
        "orange_skin": make_orange_skin,
        "pairwise_interactions": make_pairwise_interactions,
        "sparse_linear_ar": make_sparse_linear_ar,
        "switch": make_switch,
    }
)
"""Every family by its name."""

__all__ = [
    "PROBLEMS",
    "KnownProblem",
    "Maker",
    "average_precision",
    "make_additive",
    "make_correlated_copies",
    "make_exact_xor",
    "make_friedman1",
    "make_friedman1_regression",
    "make_gene_expression",
    "make_genotypes",
    "make_mixed_types",
    "make_near_copies",
    "make_noise",
    "make_noisy_xor",
    "make_nonlinear_additive",
    "make_orange_skin",
    "make_pairwise_interactions",
    "make_sparse_linear_ar",
    "make_switch",
]
