#!/usr/bin/env python3
"""Figures of numpy and scipy for the tests of histograms and drift statistics: writes drift_fixture.h."""

import collections
import os

import numpy as np
from scipy import special, stats
from scipy.spatial import distance

rng = np.random.default_rng(20240817)
lines = []


def number(value):
    return repr(float(value))


def array(name, values):
    values = list(values)
    lines.append(f"static const double {name}[{len(values)}] = {{")
    for i in range(0, len(values), 6):
        lines.append("\t" + ", ".join(number(v) for v in values[i:i + 6]) + ",")
    lines.append("};")


def scalar(name, value):
    lines.append(f"static const double {name} = {number(value)};")


def table(name, rows):
    rows = list(rows)
    lines.append(f"static const double {name}[{len(rows)}][{len(rows[0])}] = {{")
    for row in rows:
        lines.append("\t{" + ", ".join(number(v) for v in row) + "},")
    lines.append("};")


def psi(reference, current):
    """Of counts; half a row more in each bin where one is empty."""
    reference = np.asarray(reference, float)
    current = np.asarray(current, float)
    if (reference == 0).any() or (current == 0).any():
        reference = reference + 0.5
        current = current + 0.5
    e = reference / reference.sum()
    a = current / current.sum()
    return ((a - e) * np.log(a / e)).sum()


def figures(name, reference, current):
    """PSI and its p-value, Jensen-Shannon distance of counts in bins."""
    scalar(f"{name}_psi", psi(reference, current))
    n, m = np.sum(reference), np.sum(current)
    scalar(f"{name}_psi_p", stats.chi2.sf(psi(reference, current) / (1 / n + 1 / m), len(reference) - 1))
    scalar(f"{name}_js", distance.jensenshannon(reference, current, 2))


reference = np.round(rng.normal(0, 1, 400), 6)
current = np.round(rng.normal(0.2, 1.2, 330), 6)
assert len(set(reference)) == 400
array("fixture_reference", reference)
array("fixture_current", current)
scalar("fixture_mean", reference.mean())
scalar("fixture_stddev", reference.std(ddof=1))
table("fixture_quantiles", [(q, np.quantile(reference, q)) for q in (0, 0.001, 0.1, 0.25, 0.333, 0.5, 0.9, 0.999, 1)])

cuts = np.sort(reference)[39:399:40]
counts = [np.bincount(np.searchsorted(cuts, x, side="left"), minlength=10) for x in (reference, current)]
array("fixture_counts", counts[1])
figures("fixture", *counts)
# 20 values are missing in the reference, 30 in the current window
figures("fixture_missing", np.append(counts[0], 20), np.append(counts[1], 30))

ks = stats.ks_2samp(reference, current)
scalar("fixture_ks", ks.statistic)
scalar("fixture_ks_p", special.kolmogorov(np.sqrt(400 * 330 / 730) * ks.statistic))

ratings = rng.choice([1, 2, 3, 4, 5], 500, p=[.05, .1, .15, .3, .4])
new_ratings = rng.choice([0, 1, 2, 3, 4, 5], 300, p=[.02, .1, .1, .18, .3, .3])
array("fixture_ratings", ratings)
array("fixture_new_ratings", new_ratings)
by_value = [collections.Counter(x) for x in (ratings, new_ratings)]
# each number that the reference has, and the others
figures("fixture_ratings", [by_value[0][v] for v in (1, 2, 3, 4, 5, 0)], [by_value[1][v] for v in (1, 2, 3, 4, 5, 0)])
scalar("fixture_ratings_ks", stats.ks_2samp(ratings, new_ratings).statistic)

categories = np.array([[120, 30, 9, 4000, 1], [100, 60, 0, 3500, 7]])
array("fixture_categories_reference", categories[0])
array("fixture_categories_current", categories[1])
chi2, p, dof, _ = stats.chi2_contingency(categories, correction=False)
scalar("fixture_chi2", chi2)
scalar("fixture_chi2_p", p)
scalar("fixture_chi2_dof", dof)

table("fixture_gamma_q", [(a, x, special.gammaincc(a, x)) for a in (0.5, 1, 1.5, 4.5, 10, 50, 100, 1000, 10000)
                          for x in (0.0, 1e-6 * a, 0.1 * a, 0.5 * a, 0.9 * a, a, a + 0.99, a + 1.01, 1.1 * a, 1.5 * a, 2 * a, 5 * a)
                          if special.gammaincc(a, x) > 1e-290])
table("fixture_kolmogorov", [(x, special.kolmogorov(x)) for x in
                             (0, 0.01, 0.1, 0.2, 0.3, 0.5, 0.8, 0.99, 1, 1.01, 1.18, 1.36, 1.63, 2, 3, 5, 10)])

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "drift_fixture.h")
with open(path, "w", encoding="ascii") as header:
    header.write("/* Made by drift_fixture.py with numpy %s and scipy %s: do not edit. */\n"
                 % (np.__version__, __import__("scipy").__version__))
    header.write("\n".join(lines) + "\n")
