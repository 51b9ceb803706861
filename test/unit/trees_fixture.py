#!/usr/bin/python3
"""Make trees_fixture.h: what scikit-learn's decision trees make of the rows of tree_rows.h.

    /usr/bin/python3 trees_fixture.py > trees_fixture.h

Needs python3-sklearn (made with 1.2). The tests only need the header. The rows are made here by the same
arithmetic as in tree_rows.h.
"""

import json
import warnings

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss

N_TRAINING_ROWS, N_HELD_OUT_ROWS, N_FEATURES, N_CLASSES = 1000, 1000, 12, 4
N_LISTED = 25
N_FOREST_SEEDS = 5
MASK = (1 << 64) - 1

# name, classes, missing values, parameters as the kinds know them
FOREST_CASES = [
    ("binary", 2, False, {"n_estimators": 100}),
    ("binary, entropy", 2, False, {"n_estimators": 100, "criterion": "entropy"}),
    (
        "binary, balanced, larger leaves",
        2,
        False,
        {"n_estimators": 100, "class_weight": "balanced", "min_samples_leaf": 5},
    ),
    (
        "binary, all features",
        2,
        False,
        {"n_estimators": 100, "tree_max_features": "all", "max_depth": 6},
    ),
    ("four classes", 4, False, {"n_estimators": 100}),
    (
        "four classes, entropy, balanced samples",
        4,
        False,
        {
            "n_estimators": 100,
            "criterion": "entropy",
            "class_weight": "balanced_subsample",
            "tree_max_features": "log2",
        },
    ),
    (
        "four classes, all rows",
        4,
        False,
        {"n_estimators": 100, "bootstrap": False, "min_samples_split": 10, "max_depth": 0},
    ),
]

# Small nodes have splits of equal gain, where rounding decides: the first two cases are near, the others
# exact.
BOOSTING_CASES = [
    ("binary", 2, False, {}),
    ("four classes", 4, False, {"max_iter": 40}),
    ("binary, missing values", 2, True, {"max_iter": 60, "max_depth": 2, "max_bins": 64}),
    (
        "binary, regularized",
        2,
        False,
        {"max_depth": 3, "l2_regularization": 2.5, "learning_rate": 0.2, "max_iter": 50},
    ),
    (
        "binary, balanced, few bins",
        2,
        True,
        {"class_weight": "balanced", "max_bins": 16, "max_iter": 50},
    ),
    (
        "four classes, missing values, few leaves",
        4,
        True,
        {"max_iter": 30, "min_samples_leaf": 50, "max_leaf_nodes": 6},
    ),
]
N_NEAR_BOOSTING_CASES = 2


def hash_mix(word):
    """The finalizer of splitmix64, as in core/hash.h."""
    word ^= word >> 30
    word = word * 0xBF58476D1CE4E5B9 & MASK
    word ^= word >> 27
    word = word * 0x94D049BB133111EB & MASK
    return word ^ word >> 31


def uniform(row, column):
    """A random number from 0 to 1."""
    return (hash_mix((row * 0x9E3779B97F4A7C15 + column * 0xD1B54A32D192ED03 + 1) & MASK) >> 11) * (
        2.0**-53
    )


def make_row(row):
    """Features of a row, before values are missing, and its score."""
    x = []
    for j in range(N_FEATURES):
        u = [uniform(row, 4 * j + t) for t in range(4)]
        x.append(u[0] + u[1] + u[2] + u[3] - 2)
    x[5] = np.floor(uniform(row, 100) * 4)
    x[11] = 1.0
    score = 1.5 * x[0] + 3 * x[1] * x[2] + (1 if x[3] > 0.3 else -0.5) + 0.3 * x[5] + x[4]
    return x, score + 2 * (uniform(row, 101) - 0.5)


def label_of(score, n_classes):
    """The class of a score."""
    if n_classes == 2:
        return int(score > 0.8)
    return int(score > -0.6) + int(score > 0.5) + int(score > 1.8)


def make_rows(first, count, n_classes, missing):
    """Rows and labels."""
    rows, labels = [], []
    for row in range(first, first + count):
        x, score = make_row(row)
        if missing:
            for j in range(5):
                if uniform(row, 200 + j) < 0.15 + (0.2 if j == 0 and score > 1 else 0):
                    x[j] = np.nan
        rows.append(x)
        labels.append(label_of(score, n_classes))
    return np.array(rows, dtype=np.float32), np.array(labels)


def forest(parameters, seed):
    """scikit-learn's forest with our parameters."""
    renamed = {"max_depth": 18, **parameters}
    renamed["max_features"] = renamed.pop("tree_max_features", "sqrt")
    if renamed["max_features"] == "all":
        renamed["max_features"] = None
    renamed["max_depth"] = renamed["max_depth"] or None
    return RandomForestClassifier(random_state=seed, **renamed)


def boosting(parameters):
    """scikit-learn's boosting with our parameters."""
    return HistGradientBoostingClassifier(**{"early_stopping": False, **parameters})


def print_case(name, n_classes, missing, parameters, figures, probabilities):
    """One initializer."""
    text = json.dumps(json.dumps(parameters))
    print(f"\t{{{json.dumps(name)}, {n_classes}, {str(missing).lower()}, {text},")
    print("\t " + ", ".join(f"{figure:.6f}" for figure in figures) + ",")
    rows = [", ".join(f"{p:.6f}" for p in row) for row in probabilities[:N_LISTED]]
    print("\t {" + ",\n\t  ".join("{" + row + "}" for row in rows) + "}},")


def measure(model, test):
    """Accuracy, macro F1 and log loss."""
    probabilities = model.predict_proba(test[0])
    classes = probabilities.argmax(axis=1)
    figures = [
        accuracy_score(test[1], classes),
        f1_score(test[1], classes, average="macro"),
        log_loss(test[1], probabilities),
    ]
    return np.array(figures), probabilities


def print_importances(name, importances):
    """Importances of the first case."""
    print(f"static const double {name}[FIXTURE_FEATURES] = {{")
    print("\t" + ", ".join(f"{value:.6f}" for value in importances) + "};\n")


def main():
    """Print the header."""
    warnings.simplefilter("ignore")
    print("/* Made by trees_fixture.py with scikit-learn: do not edit. */")
    print(f"#define FIXTURE_TRAINING_ROWS {N_TRAINING_ROWS}")
    print(f"#define FIXTURE_HELD_OUT_ROWS {N_HELD_OUT_ROWS}")
    print(f"#define FIXTURE_FEATURES {N_FEATURES}")
    print(f"#define FIXTURE_CLASSES {N_CLASSES}")
    print(f"#define FIXTURE_LISTED {N_LISTED}\n")
    print("typedef struct FixtureCase\n{\n\tconst char *name;\n\tuint32_t n_classes;")
    print("\tbool missing;\n\tconst char *parameters;\n\tdouble accuracy;\n\tdouble macro_f1;")
    print("\tdouble log_loss;\n\tdouble probabilities[FIXTURE_LISTED][FIXTURE_CLASSES];")
    print("} FixtureCase;\n")
    importances = 0
    print("/* Means over forests of several seeds. */")
    print("static const FixtureCase forest_cases[] = {")
    for number, (name, n_classes, missing, parameters) in enumerate(FOREST_CASES):
        train = make_rows(0, N_TRAINING_ROWS, n_classes, missing)
        test = make_rows(N_TRAINING_ROWS, N_HELD_OUT_ROWS, n_classes, missing)
        figures, probabilities = 0, 0
        for seed in range(N_FOREST_SEEDS):
            model = forest(parameters, seed).fit(*train)
            one = measure(model, test)
            figures = figures + one[0] / N_FOREST_SEEDS
            probabilities = probabilities + one[1] / N_FOREST_SEEDS
            if number == 0:
                importances = importances + model.feature_importances_ / N_FOREST_SEEDS
        print_case(name, n_classes, missing, parameters, figures, probabilities)
    print("};\n")
    print("static const FixtureCase boosting_cases[] = {")
    for name, n_classes, missing, parameters in BOOSTING_CASES:
        train = make_rows(0, N_TRAINING_ROWS, n_classes, missing)
        test = make_rows(N_TRAINING_ROWS, N_HELD_OUT_ROWS, n_classes, missing)
        model = boosting(parameters).fit(*train)
        print_case(name, n_classes, missing, parameters, *measure(model, test))
    print("};\n")
    print("/* The first ones are near only: in small nodes splits have equal gains, rounding decides. */")
    print(f"#define N_NEAR_BOOSTING_CASES {N_NEAR_BOOSTING_CASES}\n")
    print("/* Of the first case. */")
    print_importances("forest_importances", importances)


if __name__ == "__main__":
    main()
