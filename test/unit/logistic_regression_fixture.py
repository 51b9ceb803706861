#!/usr/bin/python3
"""Make logistic_regression_fixture.h: small problems and scikit-learn's solutions of them.

    /usr/bin/python3 logistic_regression_fixture.py > logistic_regression_fixture.h

Needs python3-sklearn (made with 1.2). The tests only need the header.
"""

import json
import sys
import warnings

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

N_TRAINING_ROWS, N_HELD_OUT_ROWS, N_FEATURES, N_CLASSES = 90, 30, 60, 4

# name, classes, penalty, C, class_weight
CASES = [
    ("binary", 2, "l2", 10, "none"),
    ("binary, weak penalty", 2, "l2", 1000, "none"),
    ("binary, strong penalty", 2, "l2", 0.01, "none"),
    ("binary, balanced", 2, "l2", 1, "balanced"),
    ("multinomial", N_CLASSES, "l2", 10, "none"),
    ("multinomial, balanced", N_CLASSES, "l2", 1, "balanced"),
    ("multinomial, weak penalty", N_CLASSES, "l2", 300, "none"),
    ("binary, l1", 2, "l1", 3, "none"),
    ("binary, l1, balanced", 2, "l1", 30, "balanced"),
    ("multinomial, l1", N_CLASSES, "l1", 3, "none"),
    ("multinomial, l1, balanced", N_CLASSES, "l1", 10, "balanced"),
]


def make_rows(random):
    """Rows like TF-IDF: a few features each, frequent and rare ones, of norm 1."""
    n_rows = N_TRAINING_ROWS + N_HELD_OUT_ROWS
    popularity = 1 / np.arange(1, N_FEATURES + 1)
    popularity /= popularity.sum()
    rows = np.zeros((n_rows, N_FEATURES))
    for row in rows:
        features = random.choice(N_FEATURES, random.integers(3, 12), False, popularity)
        row[features] = random.uniform(0.5, 3, len(features))
        row /= np.linalg.norm(row)
    return rows.astype(np.float32)


def make_labels(random, rows):
    """Labels that the rows explain in part; the last class is rare."""
    weights = random.normal(size=(N_FEATURES, N_CLASSES)) * 2
    logits = rows @ weights + [0.5, 0, 0, -1] + random.gumbel(size=(len(rows), N_CLASSES))
    return logits.argmax(axis=1)


def objective(model, rows, labels, penalty, C, sample_weights):
    """What the solver minimises, in double precision."""
    log_probabilities = model.predict_log_proba(rows)
    loss = -(sample_weights * log_probabilities[np.arange(len(rows)), labels]).sum()
    size = np.abs(model.coef_).sum() if penalty == "l1" else (model.coef_**2).sum() / 2
    return size + C * loss


def solve(rows, labels, penalty, C, class_weight):
    """Fit to the limits of double precision."""
    n_classes = labels.max() + 1
    model = LogisticRegression(
        C=C,
        penalty=penalty,
        class_weight=None if class_weight == "none" else class_weight,
        solver="saga" if penalty == "l1" else "newton-cg",
        multi_class="multinomial" if n_classes > 2 else "auto",
        tol=1e-13 if penalty == "l1" else 1e-6,
        max_iter=2000000 if penalty == "l1" else 200,
        random_state=0,
    )
    return model.fit(rows.astype(float), labels)


def print_array(kind, name, values, form):
    print(f"static const {kind} {name}[] = {{")
    for start in range(0, len(values), 8):
        print("\t" + ", ".join(form % value for value in values[start : start + 8]) + ",")
    print("};\n")


def print_case(name, n_classes, penalty, C, class_weight, rows, labels):
    labels = labels % n_classes
    training = slice(0, N_TRAINING_ROWS)
    counts = np.bincount(labels[training])
    model = solve(rows[training], labels[training], penalty, C, class_weight)
    weights = np.ones(N_TRAINING_ROWS)
    if class_weight == "balanced":
        weights = N_TRAINING_ROWS / (n_classes * counts[labels[training]])
    value = objective(model, rows[training].astype(float), labels[training], penalty, C, weights)
    probabilities = model.predict_proba(rows[N_TRAINING_ROWS:].astype(float))
    print("\t{")
    print(f'\t\t"{name}",')
    parameters = {"C": C, "penalty": penalty, "class_weight": class_weight}
    parameters |= {"tol": 1e-6, "max_iter": 1000}
    print(f"\t\t{json.dumps(json.dumps(parameters))},")
    print(f"\t\t{n_classes},")
    print(f"\t\t{value:.15g},")
    print(f"\t\t{int((model.coef_ != 0).sum())},")
    print("\t\t{")
    for row in probabilities:
        print("\t\t\t{" + ", ".join(f"{p:.12g}" for p in row) + "},")
    print("\t\t},")
    print("\t},")


def main():
    warnings.simplefilter("error")
    random = np.random.default_rng(7)
    rows = make_rows(random)
    labels = make_labels(random, rows)
    matrix = sparse.csr_matrix(rows)
    print("/* Made by logistic_regression_fixture.py; do not edit. */")
    print("/* clang-format off */")
    print("#ifndef SENTIMENT_LOGISTIC_REGRESSION_FIXTURE_H")
    print("#define SENTIMENT_LOGISTIC_REGRESSION_FIXTURE_H\n")
    print("#include <stdint.h>\n")
    print(f"#define FIXTURE_TRAINING_ROWS {N_TRAINING_ROWS}")
    print(f"#define FIXTURE_HELD_OUT_ROWS {N_HELD_OUT_ROWS}")
    print(f"#define FIXTURE_FEATURES      {N_FEATURES}")
    print(f"#define FIXTURE_CLASSES       {N_CLASSES}\n")
    print("/* Training rows, then held-out rows; a case of two classes takes labels modulo 2. */")
    print_array("uint64_t", "fixture_row_starts", matrix.indptr, "%d")
    print_array("uint32_t", "fixture_indices", matrix.indices, "%d")
    print_array("float", "fixture_values", matrix.data, "%.9g")
    print_array("uint32_t", "fixture_labels", labels, "%d")
    print("typedef struct FixtureCase")
    print("{")
    print("\tconst char *name;")
    print("\tconst char *parameters;")
    print("\tuint32_t n_classes;")
    print("\tdouble objective;")
    print("\tint n_weights; /* that are not zero */")
    print("\tdouble probabilities[FIXTURE_HELD_OUT_ROWS][FIXTURE_CLASSES];")
    print("} FixtureCase;\n")
    print("static const FixtureCase fixture_cases[] = {")
    for case in CASES:
        print_case(*case, rows, labels)
        print(case[0], file=sys.stderr)
    print("};\n")
    print("#endif /* SENTIMENT_LOGISTIC_REGRESSION_FIXTURE_H */")


main()
