#!/usr/bin/python3
"""Make mlp_fixture.h: a small problem that is not linear, and how well scikit-learn solves it.

    /usr/bin/python3 mlp_fixture.py > mlp_fixture.h

Needs python3-sklearn (made with 1.2). The tests only need the header. Random numbers differ, so the
figures are means over seeds, with their standard deviations.
"""

import json
import sys
import warnings

import numpy as np
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

N_TRAINING_ROWS, N_HELD_OUT_ROWS, N_FEATURES, N_CLASSES, N_SEEDS = 240, 240, 6, 3, 30

COMMON = {"batch_size": 40, "learning_rate_init": 0.005, "n_iter_no_change": 1000}

# name, classes, parameters besides COMMON
CASES = [
    ("binary", 2, {"hidden_layer_sizes": [32], "max_iter": 40}),
    ("binary, strong penalty", 2, {"hidden_layer_sizes": [32], "max_iter": 40, "alpha": 3}),
    ("binary, two layers", 2, {"hidden_layer_sizes": [24, 12], "max_iter": 25}),
    ("multinomial", 3, {"hidden_layer_sizes": [32], "max_iter": 40}),
    ("multinomial, four layers", 3, {"hidden_layer_sizes": [16, 12, 12, 8], "max_iter": 25}),
    ("multinomial, early", 3, {"hidden_layer_sizes": [20], "max_iter": 200, "early_stopping": True,
                               "n_iter_no_change": 8, "validation_fraction": 0.2}),
    ("binary, tol", 2, {"hidden_layer_sizes": [20], "max_iter": 300, "tol": 0.002,
                        "n_iter_no_change": 3, "batch_size": 240}),
]


def make_rows(random):
    """Rows of which a product and a square decide the class."""
    rows = random.normal(size=(N_TRAINING_ROWS + N_HELD_OUT_ROWS, N_FEATURES))
    rows[:, 5] = rows[:, 5] * 0.1 + 0.5
    return np.round(rows, 4).astype(np.float32)


def make_labels(random, rows):
    """Classes 0 and 1 by the sign of a product, class 2 far from the centre."""
    sign = rows[:, 0] * rows[:, 1] + 0.3 * rows[:, 2] + random.normal(size=len(rows)) * 0.2 > 0
    far = (rows[:, :3] ** 2).sum(axis=1) > 4.2
    return np.where(far, 2, sign.astype(int))


def print_array(kind, name, values, form):
    print(f"static const {kind} {name}[] = {{")
    for start in range(0, len(values), 10):
        print("\t" + ", ".join(form % value for value in values[start : start + 10]) + ",")
    print("};\n")


def print_case(name, n_classes, parameters, rows, labels):
    parameters = COMMON | {"early_stopping": False} | parameters
    labels = labels % n_classes
    training, held_out = slice(0, N_TRAINING_ROWS), slice(N_TRAINING_ROWS, None)
    accuracies, losses, epochs = [], [], []
    for seed in range(N_SEEDS):
        model = MLPClassifier(random_state=seed, **parameters)
        model.fit(rows[training].astype(float), labels[training])
        probabilities = model.predict_proba(rows[held_out].astype(float))
        accuracies.append(np.mean(probabilities.argmax(axis=1) == labels[held_out]))
        losses.append(log_loss(labels[held_out], probabilities))
        epochs.append(model.n_iter_)
    figures = [f(x) for x in (accuracies, losses, epochs) for f in (np.mean, np.std)]
    print(f'\t{{"{name}", {n_classes}, {json.dumps(json.dumps(parameters))},')
    print("\t " + ", ".join(f"{x:.6g}" for x in figures) + "},")
    print(name, figures, file=sys.stderr)


def main():
    warnings.simplefilter("ignore")
    random = np.random.default_rng(5)
    rows = make_rows(random)
    labels = make_labels(random, rows)
    print("/* Made by mlp_fixture.py; do not edit. */")
    print("/* clang-format off */")
    print("#ifndef SENTIMENT_MLP_FIXTURE_H")
    print("#define SENTIMENT_MLP_FIXTURE_H\n")
    print("#include <stdint.h>\n")
    print(f"#define FIXTURE_TRAINING_ROWS {N_TRAINING_ROWS}")
    print(f"#define FIXTURE_HELD_OUT_ROWS {N_HELD_OUT_ROWS}")
    print(f"#define FIXTURE_FEATURES      {N_FEATURES}")
    print(f"#define FIXTURE_CLASSES       {N_CLASSES}")
    print(f"#define FIXTURE_SEEDS         {N_SEEDS}\n")
    print("/* Training rows, then held-out rows; a case of two classes takes labels modulo 2. */")
    print_array("float", "fixture_values", rows.ravel(), "%.9g")
    print_array("uint32_t", "fixture_labels", labels, "%d")
    print("/* Means and standard deviations over seeds, on the held-out rows. */")
    print("typedef struct FixtureCase")
    print("{")
    print("\tconst char *name;")
    print("\tuint32_t n_classes;")
    print("\tconst char *parameters;")
    for figure in "accuracy", "log_loss", "epochs":
        print(f"\tdouble {figure};\n\tdouble {figure}_deviation;")
    print("} FixtureCase;\n")
    print("static const FixtureCase fixture_cases[] = {")
    for case in CASES:
        print_case(*case, rows, labels)
    print("};\n")
    print("#endif /* SENTIMENT_MLP_FIXTURE_H */")


main()
