"""Families shaped like the tables of molecular biology."""

from statistics import NormalDist

import numpy as np

from deepfeat.testing.families.known import KnownProblem
from deepfeat.testing.families.sampling import Numbers, autoregressive, coin, equicorrelated, names, require

CLASSES = 3
GENES_PER_CLASS = 3
MODULE = 20


def make_gene_expression(n: int, p: int, seed: int, *, rho: float = 0.4) -> KnownProblem:
    """Log expression of 200 people and 2,000 genes, nine of which decide between three classes.

    Genes come in modules of twenty with correlation `rho` within and none between, as genes of one pathway
    do (the design of the simulations in Witten & Tibshirani 2011, "Penalized classification using Fisher's
    linear discriminant"); each gene has its own level and spread. Three genes, each of another module, raise
    the logit of each class by 3 per standard deviation; the class is drawn by softmax. The rest of a relevant
    gene's module correlates with the class, but not given the gene.

    The module structure needs at least 180 genes.
    """
    relevant_genes = CLASSES * GENES_PER_CLASS
    require(p, relevant_genes * MODULE)
    rng = np.random.default_rng(seed)
    z = equicorrelated(rng, n, p, MODULE, rho)
    modules = rng.choice(p // MODULE, size=relevant_genes, replace=False)
    relevant = MODULE * modules + rng.integers(MODULE, size=relevant_genes)
    logits = 3 * z[:, relevant].reshape(n, CLASSES, GENES_PER_CLASS).sum(axis=2)
    # The largest of the logits with Gumbel noise is a draw from their softmax.
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    level, spread = rng.normal(8, 2, size=p), np.exp(rng.normal(-0.5, 0.5, size=p))
    x = level + spread * z
    return KnownProblem("gene_expression", x, y, "multiclass", tuple(relevant.tolist()), names(p, "gene_"))


def make_genotypes(n: int, p: int, seed: int, *, rho: float = 0.8) -> KnownProblem:
    """Counts 0, 1, 2 of the minor allele in linkage; a disease of two additive loci and an epistatic pair.

    Each person has two haplotypes. The alleles of a haplotype are an autoregressive normal, of correlation
    `rho` between neighbours, cut at the allele frequency of each locus: this gives Hardy-Weinberg
    proportions and linkage disequilibrium that decays with distance. With `g` a standardised count,
    `P(y = 1) = sigmoid(1.2 (g_a - g_b) + 2 g_c g_d)`. Where c and d are far apart neither has an effect of
    its own, and only a search over pairs finds them (Marchini, Donnelly & Cardon 2005, "Genome-wide
    strategies for detecting multiple loci that influence complex diseases"). Relevant loci have common
    alleles and lie a quarter of the table apart.
    """
    require(p, 4)
    rng = np.random.default_rng(seed)
    frequency = rng.uniform(0.1, 0.5, size=p)
    step = p // 4
    first = int(rng.integers(p - 3 * step))
    relevant = tuple(rng.permutation(first + step * np.arange(4)).tolist())
    frequency[list(relevant)] = rng.uniform(0.35, 0.5, size=4)
    x = _haplotype(rng, n, frequency, rho) + _haplotype(rng, n, frequency, rho)
    a, b, c, d = ((x - 2 * frequency) / np.sqrt(2 * frequency * (1 - frequency)))[:, relevant].T
    y = coin(rng, 1.2 * (a - b) + 2 * c * d)
    return KnownProblem("genotypes", x, y, "binary", relevant, names(p, "snp_"))


def _haplotype(rng: np.random.Generator, n: int, frequency: Numbers, rho: float) -> Numbers:
    """(n, loci) 0/1 alleles; each is 1 with the frequency of its locus."""
    cut = [NormalDist().inv_cdf(1 - share) for share in frequency]
    return (autoregressive(rng, n, len(frequency), rho) > cut).astype(np.float64)
