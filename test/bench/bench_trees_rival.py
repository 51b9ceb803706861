#!/usr/bin/python3
"""scikit-learn's decision trees on the data of bench_trees, and that data.

    bench_trees_rival.py make TEXTS.csv[.gz] TEXT_COLUMN LABEL_COLUMN FOLDER
    bench_trees_rival.py run FOLDER [N_THREADS]

make writes FOLDER/train and FOLDER/test: 100 components of the texts' TF-IDF and six numbers about each
text. LABEL_COLUMN may be a number of stars: 1 and 2 are negative, 4 and 5 positive, 3 left out; add
":stars" to keep every number of stars a class. run prints times and held-out figures (and of xgboost, if
it is installed). Needs python3-sklearn.

A file holds, little-endian: n_rows, n_features, n_classes (uint64 each), values (float, by row), labels
(uint32).
"""

import csv
import gzip
import os
import sys
import time

import numpy as np


def text_numbers(text):
    """Six numbers about a text."""
    words = text.split()
    length = max(len(text), 1)
    return [
        len(text),
        len(words),
        len(text) / max(len(words), 1),
        text.count("!"),
        text.count("?"),
        sum(c.isupper() for c in text) / length,
    ]


def read_texts(path, text_column, label_column):
    """Texts and classes."""
    column, _, every = label_column.partition(":")
    open_file = gzip.open if path.endswith(".gz") else open
    csv.field_size_limit(1 << 30)
    with open_file(path, "rt", newline="", encoding="utf-8") as file:
        rows = [(r[text_column], r[column]) for r in csv.DictReader(file)]
    if not every and all(label.isdigit() for _, label in rows):
        rows = [(text, int(label) > 3) for text, label in rows if label != "3"]
    names = sorted({label for _, label in rows})
    return [text for text, _ in rows], np.array([names.index(label) for _, label in rows])


def write(path, values, labels, n_classes):
    """One file."""
    with open(path, "wb") as file:
        np.array([*values.shape, n_classes], dtype="<u8").tofile(file)
        values.astype("<f4").tofile(file)
        labels.astype("<u4").tofile(file)


def read(path):
    """Values and labels of one file."""
    with open(path, "rb") as file:
        n_rows, n_features, _ = np.fromfile(file, "<u8", 3)
        values = np.fromfile(file, "<f4", int(n_rows * n_features)).reshape(int(n_rows), -1)
        return values, np.fromfile(file, "<u4", int(n_rows))


def make(path, text_column, label_column, folder):
    """Make the files."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts, labels = read_texts(path, text_column, label_column)
    test = np.arange(len(texts)) % 5 == 0
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    train_rows = vectorizer.fit_transform([t for t, held in zip(texts, test) if not held])
    test_rows = vectorizer.transform([t for t, held in zip(texts, test) if held])
    svd = TruncatedSVD(100, random_state=0)
    numbers = np.array([text_numbers(t) for t in texts])
    n_classes = labels.max() + 1
    os.makedirs(folder, exist_ok=True)
    train_values = np.hstack([svd.fit_transform(train_rows), numbers[~test]])
    write(os.path.join(folder, "train"), train_values, labels[~test], n_classes)
    test_values = np.hstack([svd.transform(test_rows), numbers[test]])
    write(os.path.join(folder, "test"), test_values, labels[test], n_classes)


def report(name, make_model, train, test):
    """Time of the fastest of three fits, and held-out figures."""
    from sklearn.metrics import accuracy_score, f1_score, log_loss

    best = float("inf")
    for _ in range(3):
        model = make_model()
        start = time.perf_counter()
        model.fit(*train)
        best = min(best, time.perf_counter() - start)
    start = time.perf_counter()
    probabilities = model.predict_proba(test[0])
    per_row = (time.perf_counter() - start) / len(test[0]) * 1e6
    classes = probabilities.argmax(axis=1)
    print(
        f"{name}: fit {best:.3f} s, predict {per_row:.1f} us a row of many, "
        f"accuracy {accuracy_score(test[1], classes):.4f}, "
        f"macro F1 {f1_score(test[1], classes, average='macro'):.4f}, "
        f"log loss {log_loss(test[1], probabilities):.4f}",
        flush=True,
    )


def run(folder, n_threads):
    """Fit and compare."""
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

    train = read(os.path.join(folder, "train"))
    test = read(os.path.join(folder, "test"))
    report(
        "hist_gradient_boosting",
        lambda: HistGradientBoostingClassifier(early_stopping=False),
        train,
        test,
    )
    report(
        "random_forest",
        lambda: RandomForestClassifier(200, max_depth=18, n_jobs=n_threads, random_state=1),
        train,
        test,
    )
    try:
        from xgboost import XGBClassifier
    except ImportError:
        return
    report(
        "xgboost hist",
        lambda: XGBClassifier(
            n_estimators=100,
            max_leaves=31,
            max_depth=0,
            grow_policy="lossguide",
            learning_rate=0.1,
            tree_method="hist",
            n_jobs=n_threads,
        ),
        train,
        test,
    )


def main():
    """Read the command line."""
    if len(sys.argv) == 6 and sys.argv[1] == "make":
        make(*sys.argv[2:])
    elif len(sys.argv) in (3, 4) and sys.argv[1] == "run":
        n_threads = int(sys.argv[3]) if len(sys.argv) == 4 else 2
        os.environ["OMP_NUM_THREADS"] = str(n_threads)
        run(sys.argv[2], n_threads)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
