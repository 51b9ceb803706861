"""The benchmark of the kinds of classifiers: sentiment beside scikit-learn and xgboost, two threads each.

Called by run_bench.sh, which has started the server and built bench_classifier. All rivals learn from the
same features: 100 components of the texts' TF-IDF and ten numbers about each text, made by scikit-learn and Python.
Rivals take turns; a figure is the median of the turns, and F1 the mean over five seeds.
"""

import os
import re
import statistics
import subprocess
import sys
import time

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from bench_data import kindle_path, kindle_stars, load_sets
from run_bench import NO_WORKERS, Table, progress
from server import Session

N_THREADS = 2
N_SEEDS = 5
N_COMPONENTS = 100


EMOJI = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]")
ELONGATION = re.compile(r"([^\W\d_])\1{2,}", re.IGNORECASE)
PUNCTUATION = re.compile(r"[^\w\s]")


def text_numbers(text):
    """The ten numbers of sentiment_text_features, as one writes them in Python."""
    words = text.split()
    length = len(text)
    upper = sum(map(str.isupper, text))
    cased = upper + sum(map(str.islower, text))
    return [length, len(words), sum(map(len, words)) / len(words) if words else 0, text.count("!"), text.count("?"),
            upper / cased if cased else 0, sum(map(str.isdigit, text)) / max(length, 1),
            len(PUNCTUATION.findall(text)) / max(length, 1), len(EMOJI.findall(text)), len(ELONGATION.findall(text))]


class Features:
    """The features of one data set, by scikit-learn."""

    def __init__(self, data):
        self.vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        self.terms = self.vectorizer.fit_transform([text for text, _ in data.train])
        self.svd = TruncatedSVD(N_COMPONENTS, random_state=0).fit(self.terms)
        self.scaler = StandardScaler().fit([text_numbers(text) for text, _ in data.train])
        self.names = sorted({label for _, label in data.train})

    def transform(self, texts):
        """(texts, 110)"""
        numbers = self.scaler.transform([text_numbers(text) for text in texts])
        return np.hstack([self.svd.transform(self.vectorizer.transform(texts)), numbers]).astype(np.float32)

    def classes(self, rows):
        return np.array([self.names.index(label) for _, label in rows], dtype=np.uint32)


def write_matrix(path, row_starts, indices, values, n_features, labels, n_dense):
    """A file for bench_classifier."""
    with open(path, "wb") as file:
        np.array([len(row_starts) - 1, n_features, len(values), labels.max() + 1, n_dense], "<u8").tofile(file)
        np.asarray(row_starts, "<u8").tofile(file)
        np.asarray(indices, "<u4").tofile(file)
        np.asarray(values, "<f4").tofile(file)
        np.asarray(labels, "<u4").tofile(file)


def write_dense(path, matrix, labels):
    n_rows, n_features = matrix.shape
    write_matrix(path, np.arange(n_rows + 1) * n_features, np.tile(np.arange(n_features), n_rows), matrix.ravel(),
                 n_features, labels, n_features)


def write_sparse(path, matrix, labels):
    write_matrix(path, matrix.indptr, matrix.indices, matrix.data, matrix.shape[1], labels, 0)


def ours(train, test, kind, parameters, repeat=1):
    """Lines of bench_classifier: seconds, F1, microseconds for a prediction, bytes."""
    output = subprocess.run([os.environ["BENCH_CLASSIFIER"], train, test, kind, parameters, str(N_THREADS), str(repeat)],
                            check=True, stdout=subprocess.PIPE, text=True).stdout
    return [[float(field) for field in line.split()] for line in output.splitlines()]


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


# kind, our parameters, scikit-learn's classifier of a seed, target of the ratio of times
KINDS = [
    ("random_forest", '{"n_estimators": 200, "max_depth": 18}',
     lambda seed: RandomForestClassifier(200, max_depth=18, n_jobs=N_THREADS, random_state=seed), 10),
    ("hist_gradient_boosting", '{"max_iter": 100, "max_leaf_nodes": 31, "early_stopping": "false"}',
     lambda seed: HistGradientBoostingClassifier(max_iter=100, max_leaf_nodes=31, early_stopping=False,
                                                 random_state=seed), 2),
    ("mlp", '{"hidden_layer_sizes": [128], "max_iter": 8, "early_stopping": false}',
     lambda seed: MLPClassifier((128,), max_iter=8, random_state=seed), 2),
]


def bench_kinds(table, data, features, folder):
    """Time and F1 of each kind on the same features; answers a fitted rival of each."""
    train, test = os.path.join(folder, "train.matrix"), os.path.join(folder, "test.matrix")
    x_train, x_test = (features.transform([text for text, _ in rows]) for rows in (data.train, data.test))
    y_train, y_test = features.classes(data.train), features.classes(data.test)
    write_dense(train, x_train, y_train)
    write_dense(test, x_test, y_test)
    fitted = {}
    for kind, parameters, make, target in KINDS:
        rival_seconds, rival_f1 = [], []
        lines = []
        for seed in range(N_SEEDS):
            rival = make(seed)
            rival_seconds.append(timed(lambda: rival.fit(x_train, y_train)))
            rival_f1.append(f1_score(y_test, rival.predict(x_test), average="macro"))
            lines.append(ours(train, test, kind, parameters, seed + 1)[-1])
        seconds, f1, _, size = zip(*lines)
        fitted[kind] = rival
        table.add_ratio("%s: %s, fit (image %.1f MB)" % (data.name, kind, size[0] / 1e6),
                        statistics.median(rival_seconds), statistics.median(seconds), "s", 1, target)
        difference = statistics.mean(f1) - statistics.mean(rival_f1)
        table.add("%s: %s, macro F1, mean of %d seeds" % (data.name, kind, N_SEEDS),
                  "%.4f" % statistics.mean(rival_f1), "%.4f" % statistics.mean(f1), "%+.4f" % difference, ">= -0.01",
                  difference >= -0.01)
        if kind == "hist_gradient_boosting":
            bench_xgboost(table, data, x_train, y_train, statistics.median(seconds))
    return fitted


def bench_xgboost(table, data, x_train, y_train, seconds):
    """Gradient boosting by xgboost, if it is installed."""
    try:
        import xgboost
    except ImportError:
        progress("xgboost is not installed")
        return

    def fit():
        xgboost.XGBClassifier(n_estimators=100, max_leaves=31, max_depth=0, grow_policy="lossguide", tree_method="hist",
                              n_jobs=N_THREADS).fit(x_train, y_train)

    rival = statistics.median(timed(fit) for _ in range(3))
    table.add_ratio("%s: hist_gradient_boosting, fit, against xgboost" % data.name, rival, seconds, "s", 1, 1)


def bench_svd(table, data, features, folder):
    """The truncated SVD of the terms."""
    path = os.path.join(folder, "terms.matrix")
    write_sparse(path, features.terms, features.classes(data.train))
    rival, seconds, explained = [], [], []
    for seed in range(3):
        rival.append(timed(lambda: TruncatedSVD(N_COMPONENTS, random_state=seed).fit(features.terms)))
        line = ours(path, path, "svd", str(N_COMPONENTS), seed + 1)[-1]
        seconds.append(line[0])
        explained.append(line[1])
    table.add_ratio("%s: truncated SVD of %d x %d" % (data.name, *features.terms.shape), statistics.median(rival),
                    statistics.median(seconds), "s", 1, 15)
    exact = TruncatedSVD(N_COMPONENTS, algorithm="arpack", random_state=0).fit(features.terms)
    ratio = min(explained) / exact.explained_variance_.sum()
    table.add("%s: variance explained, of arpack's" % data.name, "1", "%.6f" % ratio, "", ">= 0.999", ratio >= 0.999)


def bench_prediction(table, session, data, features, fitted):
    """Prediction of all test texts, from text to label."""
    texts = [text for text, _ in data.test]
    for kind, parameters, _, _ in KINDS:
        session.ask("SELECT version FROM sentiment_train('%s_%s', '%s_train', kind => '%s', params => '%s', deploy => "
                    "'always');" % (data.name, kind, data.name, kind,
                                    parameters.replace("{", '{"svd_components": 100, "text_features": true, "holdout": 0, ',
                                                       1)))
        statement = NO_WORKERS + "SELECT sentiment_predict(text, '%s_%s') FROM %s_test;" % (data.name, kind, data.name)
        session.milliseconds(statement)
        rival = statistics.median(timed(lambda: fitted[kind].predict(features.transform(texts))) for _ in range(3))
        seconds = statistics.median(session.milliseconds(statement) / 1e3 for _ in range(5))
        table.add_ratio("%s: %s, prediction of all, per review" % (data.name, kind), rival / len(texts),
                        seconds / len(texts), "us", 1e6, 20)


def bench_weighting(table, session, data):
    """Held-out F1 of logistic regression by weighting, on the set's own split."""
    f1 = {}
    for name, parameters in (("tfidf", '"weighting": "tfidf"'), ("nb", '"weighting": "nb"'),
                             ("tfidf_nb", '"weighting": "tfidf_nb"'),
                             ("tfidf_nb, 1-3-grams", '"weighting": "tfidf_nb", "ngram_max": 3, "C": 30')):
        session.ask("SELECT version FROM sentiment_train('weighting', '%s_train', params => '{%s, \"holdout\": 0}', "
                    "deploy => 'always');" % (data.name, parameters))
        f1[name] = float(session.value(
            "SELECT sentiment_evaluate(label, sentiment_predict(text, 'weighting'))->'classes'->'%s'->>'f1' FROM %s_test;"
            % (max(label for _, label in data.test), data.name)))
    best = max(f1, key=f1.get)
    table.add("%s: logistic regression, F1, weighting nb" % data.name, "%.4f" % f1["tfidf"], "%.4f" % f1["nb"],
              "%+.4f" % (f1["nb"] - f1["tfidf"]), "> 0", f1["nb"] > f1["tfidf"])
    if data.name == "kindle":
        table.add("%s: logistic regression, F1, weighting %s" % (data.name, best), "%.4f" % f1["tfidf"],
                  "%.4f" % f1[best], "", ">= 0.935", f1[best] >= 0.935)


def bench_stars(table, session, path):
    """Five stars as five classes."""
    for part, rows in zip(("train", "test"), kindle_stars(path)):
        session.load("stars_%s" % part, ["text text", "label int"], rows)
    session.ask("SELECT version FROM sentiment_train('stars', 'stars_train', params => '{\"weighting\": \"tfidf_nb\", "
                "\"C\": 3, \"holdout\": 0}');")
    f1 = float(session.value("SELECT sentiment_evaluate(label, sentiment_predict(text, 'stars'))->'macro'->>'f1' "
                             "FROM stars_test;"))
    table.add("five stars as classes: logistic regression, weighting tfidf_nb, macro F1", "", "%.4f" % f1, "", ">= 0.50",
              f1 >= 0.50)


def main():
    work = os.environ["BENCH_WORK"]
    data_folder = sys.argv[1] if len(sys.argv) > 1 else None
    data = load_sets(data_folder, work)[-1]
    session = Session()
    table = Table()
    session.ask("SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS sentiment;")
    for part in ("train", "test"):
        session.ask("DROP TABLE IF EXISTS %s_%s;" % (data.name, part))
        session.load("%s_%s" % (data.name, part), ["id int PRIMARY KEY", "text text", "label text"],
                     [(i, *row) for i, row in enumerate(getattr(data, part))])
    features = Features(data)
    fitted = bench_kinds(table, data, features, work)
    bench_svd(table, data, features, work)
    bench_prediction(table, session, data, features, fitted)
    bench_weighting(table, session, data)
    if kindle_path(data_folder):
        bench_stars(table, session, kindle_path(data_folder))
    print("\nKinds of classifiers on %s: %s; %d rows to train on, %d to test on; %d threads each.\n"
          % (data.name, data.description, len(data.train), len(data.test), N_THREADS))
    table.print()
    print("\n%d measures, %d missed." % (len(table.lines) - 1, table.n_missed))


if __name__ == "__main__":
    main()
