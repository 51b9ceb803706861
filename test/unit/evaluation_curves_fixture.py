#!/usr/bin/python3
"""Curves of scikit-learn for test_evaluation_curves.c: prints evaluation_curves_fixture.h.

    test/unit/evaluation_curves_fixture.py > test/unit/evaluation_curves_fixture.h
"""

import json

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve, roc_curve

random = np.random.default_rng(7)


def case(name, scores, positive):
    scores, positive = np.asarray(scores, float), np.asarray(positive, int)
    print("static const ScoredRow %s_rows[] = {%s};" % (name, ", ".join(
        "{%r, %s}" % (float(s), "true" if p else "false") for s, p in zip(scores, positive))))
    false_positive, true_positive, _ = roc_curve(positive, scores, drop_intermediate=False)
    precision, recall, _ = precision_recall_curve(positive, scores)
    fraction, mean = calibration_curve(positive, scores, n_bins=10, strategy="uniform")
    # scikit-learn starts at the lowest threshold
    for curve, x, y in (("roc", false_positive, true_positive), ("precision_recall", recall[::-1], precision[::-1]),
                        ("calibration", mean, fraction)):
        print("static const double %s_%s[][2] = {%s};" % (name, curve, ", ".join(
            "{%.17g, %.17g}" % (a, b) for a, b in zip(x, y))))


def main():
    print("/* Made by evaluation_curves_fixture.py. */")
    case("plain", random.random(60), random.random(60) < 0.5)
    scores = random.random(80)
    case("informative", scores, random.random(80) < scores)
    case("ties", np.round(random.random(90), 1), random.random(90) < 0.3)
    case("perfect", [0.9, 0.8, 0.7, 0.2, 0.1], [1, 1, 1, 0, 0])
    case("constant", [0.25] * 8, [1, 0, 0, 1, 0, 0, 0, 1])


main()
