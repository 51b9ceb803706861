#!/usr/bin/env python3
"""Figures of numpy, scipy and scikit-learn for the tests of drift reports: writes drift_report_fixture.h."""

import os

import numpy as np
from scipy import special, stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(20251125)
lines = []


def numbers(values):
    return ",\n\t".join(", ".join(repr(float(v)) for v in values[i:i + 6]) for i in range(0, len(values), 6))


def array(name, values, kind="double"):
    values = list(np.asarray(values).reshape(-1))
    lines.append(f"static const {kind} {name}[{len(values)}] = {{\n\t{numbers(values)}}};")


def table(name, comment, rows):
    lines.append(f"/* {comment} */")
    lines.append(f"static const double {name}[{len(rows)}][{len(rows[0])}] = {{")
    for row in rows:
        lines.append("\t{" + ", ".join(repr(float(v)) for v in row) + "},")
    lines.append("};")


def bfloat16(values):
    bits = np.asarray(values, dtype=np.float32).view(np.uint32).astype(np.uint64)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16 << 16
    return bits.astype(np.uint32).view(np.float32)


table("beta_values", "a, b, x, I(x; a, b)",
      [(a, b, x, special.betainc(a, b, x)) for a in (0.5, 3, 40, 2500) for b in (0.5, 7, 900) for x in (0.01, 0.3, 0.5, 0.9, 0.9999)])
table("f_values", "x, degrees of freedom, P(F > x)",
      [(x, d, e, stats.f.sf(x, d, e)) for x in (0.2, 1, 1.7, 4, 12) for d in (1, 5, 32) for e in (3, 170, 20000)])
table("fisher_values", "marked, of; marked, of; twice the smaller tail, at most 1",
      [(a, n, b, m, min(1, 2 * (stats.hypergeom.sf(b - 1, n + m, a + b, m) if b >= (a + b) * m / (n + m)
                                else stats.hypergeom.cdf(b, n + m, a + b, m))))
       for a, n, b, m in ((3, 100, 0, 20), (30, 1600, 25, 500), (0, 1600, 9, 500), (800, 1600, 100, 500), (5, 5, 0, 5),
                          (1, 1000000, 30, 400), (400000, 1000000, 41000, 100000))])

# two samples of four dimensions, in multiples of 2^-14
DIMENSIONS = 4
mixing = rng.normal(size=(DIMENSIONS, DIMENSIONS)) * 0.1
reference = np.round(np.clip(rng.normal(size=(160, DIMENSIONS)) @ mixing, -1, 1) * 16384) / 16384
current = np.round(np.clip(rng.normal(size=(120, DIMENSIONS)) @ mixing + 0.02, -1, 1) * 16384) / 16384
array("moment_reference", reference, "float")
array("moment_current", current, "float")
array("moment_mean", reference.mean(axis=0))
array("moment_covariance", np.cov(reference, rowvar=False))
n, m = len(reference), len(current)
pooled = ((n - 1) * np.cov(reference, rowvar=False) + (m - 1) * np.cov(current, rowvar=False)) / (n + m - 2)
difference = current.mean(axis=0) - reference.mean(axis=0)
squared = difference @ np.linalg.solve(pooled, difference)
t_squared = squared * n * m / (n + m)
f_value = t_squared * (n + m - DIMENSIONS - 1) / (DIMENSIONS * (n + m - 2))
array("hotelling_figures", [t_squared, np.sqrt(max(0, squared - DIMENSIONS * (1 / n + 1 / m))),
                            stats.f.sf(f_value, DIMENSIONS, n + m - DIMENSIONS - 1)])
# the same by the covariance of the reference alone
squared = difference @ np.linalg.solve(np.cov(reference, rowvar=False), difference)
t_squared = squared * n * m / (n + m)
f_value = t_squared * (n - DIMENSIONS) / (DIMENSIONS * (n - 1))
array("mean_test_figures", [t_squared, np.sqrt(max(0, squared - DIMENSIONS * (1 / n + 1 / m))), stats.f.sf(f_value, DIMENSIONS, n - DIMENSIONS)])

# the domain classifier: three columns, the second one a count, some numbers missing
VALUES = 3


def rows(size, shift):
    values = np.column_stack([rng.normal(size=size) + shift, rng.poisson(8, size=size), rng.normal(size=size)])
    values[rng.random(size) < 0.1, 2] = np.nan
    return bfloat16(values.reshape(-1)).reshape(size, VALUES)


def domain(first, second):
    areas, p_values = [], []
    halves = []
    for half in range(2):
        values = np.concatenate([first[half::2], second[half::2]]).astype(float)
        values[:, 1] = np.log1p(values[:, 1])
        halves.append((values, np.repeat([0, 1], [len(first[half::2]), len(second[half::2])])))
    for half in range(2):
        by = halves[half][0]
        mean, deviation = np.nanmean(by, axis=0), np.nanstd(by, axis=0)
        scaled = [np.column_stack([np.clip(np.nan_to_num((v - mean) / deviation, nan=0), -5, 5), np.ones(len(v))]) for v, _ in halves]
        model = LogisticRegression(C=1 / (1e-3 * len(by)), fit_intercept=False, class_weight="balanced", tol=1e-12, max_iter=1000)
        model.fit(scaled[half], halves[half][1])
        scores, sides = model.decision_function(scaled[1 - half]), halves[1 - half][1]
        areas.append(roc_auc_score(sides, scores))
        p_values.append(stats.mannwhitneyu(scores[sides == 1], scores[sides == 0], alternative="greater", method="asymptotic",
                                           use_continuity=False).pvalue)
    return [np.mean(areas), min(1, 2 * min(p_values))]


same, moved, other = rows(180, 0), rows(150, 0.6), rows(150, 0)
for name, values in (("domain_reference", same), ("domain_moved", moved), ("domain_same", other)):
    # NAN is written by name
    flat = ["NAN" if np.isnan(v) else repr(float(v)) for v in values.reshape(-1)]
    lines.append(f"static const float {name}[{len(flat)}] = {{\n\t" + ",\n\t".join(", ".join(flat[i:i + 6]) for i in range(0, len(flat), 6)) + "};")
array("domain_moved_figures", domain(same, moved))
array("domain_same_figures", domain(same, other))

# Holm by its definition
p_values = [0.01, 0.04, 0.0001, 0.03, 0.5, 0.0001, 1]
order = np.argsort(p_values, kind="stable")
adjusted = np.empty(len(p_values))
adjusted[order] = np.minimum(1, np.maximum.accumulate([(len(p_values) - i) * p_values[j] for i, j in enumerate(order)]))
array("holm_p_values", p_values)
array("holm_adjusted", adjusted)

# chi-squared of common categories, Fisher's exact test of the rare ones together
counts = np.array([[500, 300, 190, 3, 2, 1], [60, 25, 30, 0, 4, 2]])
common = stats.chi2_contingency(counts[:, :3], correction=False)[1]
rare_n, rare_m = counts[0, 3:].sum(), counts[1, 3:].sum()
rare = min(1, 2 * stats.hypergeom.sf(rare_m - 1, counts.sum(), rare_n + rare_m, counts[1].sum()))
array("category_reference", counts[0])
array("category_current", counts[1])
array("category_p_value", [min(1, 2 * min(common, rare))])

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "drift_report_fixture.h")
with open(path, "w", encoding="utf-8") as file:
    file.write("/* Made by drift_report_fixture.py with numpy, scipy and scikit-learn: figures for tests of drift reports. */\n\n")
    file.write("#include <math.h>\n\n")
    file.write("\n\n".join(lines) + "\n")
