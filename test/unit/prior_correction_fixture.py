#!/usr/bin/python3
"""Corrected probabilities for test_prior_correction.c, by the papers' formulas: prints prior_correction_fixture.h.

    test/unit/prior_correction_fixture.py > test/unit/prior_correction_fixture.h
"""

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp


def elkan(p, learned, base):
    """Theorem 2 of Elkan 2001: a probability at base rate `learned` as one at base rate `base`."""
    return base * (p - p * learned) / (learned - p * learned + base * p - base * learned)


def saerens(p, learned, base):
    """Equation 2.4 of Saerens, Latinne and Decaestecker 2002."""
    weighted = p * (base / learned)
    return weighted / weighted.sum(axis=1, keepdims=True)


def measure(p, labels):
    """Offsets of the classes' log-probabilities, that of the first 0, at which log loss is the least."""
    def loss(offsets):
        logits = np.log(p) + np.concatenate([[0], offsets])
        return np.mean(logsumexp(logits, axis=1) - logits[np.arange(len(p)), labels])
    return np.concatenate([[0], minimize(loss, np.zeros(p.shape[1] - 1), tol=1e-12).x])


def array(kind, name, values):
    form = "%.17g" if kind == "double" else "%d"
    print("static const %s %s[] = {%s};" % (kind, name, ", ".join(form % v for v in np.asarray(values).ravel())))


def main():
    generator = np.random.default_rng(3)
    print("/* Made by prior_correction_fixture.py. */")
    p = np.concatenate([generator.random(20), [0.5, 1e-9, 1 - 1e-9]])
    print("#define FIXTURE_BINARY %d" % len(p))
    array("double", "binary_asked", p)
    # undersampled to 50 of 1,000 and 50 of 19,000
    array("double", "binary_corrected", elkan(p, 0.5, 1000 / 20000))
    # a limit of 600 rows a class leaves 600 and 400 of 9,600 and 400
    array("double", "limited_corrected", elkan(p, 400 / 1000, 400 / 10000))
    base = np.array([9000, 600, 250, 150])
    limited = np.minimum(base, 300)
    asked = generator.dirichlet([0.5] * 4, 15)
    print("#define FIXTURE_ROWS %d" % len(asked))
    array("uint32_t", "four_base", base)
    array("uint32_t", "four_limited", limited)
    array("double", "four_asked", asked)
    array("double", "four_corrected", saerens(asked, limited / limited.sum(), base / base.sum()))
    asked = generator.dirichlet([1, 2, 3], 300)
    labels = np.array([generator.choice(3, p=saerens(row[None], np.array([0.2, 0.3, 0.5]), np.array([0.7, 0.2, 0.1]))[0])
                       for row in asked])
    print("#define FIXTURE_MEASURED %d" % len(asked))
    array("double", "measured_asked", asked)
    array("uint32_t", "measured_labels", labels)
    array("double", "measured_offsets", measure(asked, labels))


main()
