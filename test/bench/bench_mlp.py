#!/usr/bin/python3
"""Time the multilayer perceptron beside scikit-learn's MLPClassifier, on the same rows.

    make && test/bench/bench_mlp.py [--sparse-epochs N]

Dense: 8,000 rows of 106 numbers, 128 hidden units, 8 epochs, batches of 200; medians and mean macro F1
on 2,000 other rows, over five seeds, the programs taking turns. Sparse: 8,000 rows of 85,071 features,
1.09 million entries, like TF-IDF of reviews. scikit-learn needs minutes for it: it is timed for
--sparse-epochs epochs only (default 0: not at all). scikit-learn's BLAS has two threads, and ours are two.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time
import warnings

os.environ["OPENBLAS_NUM_THREADS"] = "2"

import numpy as np
from scipy import sparse
from sklearn.datasets import make_classification
from sklearn.metrics import f1_score
from sklearn.neural_network import MLPClassifier

TOP = pathlib.Path(__file__).resolve().parents[2]
N_TRAINING_ROWS, N_ROWS, N_SEEDS = 8000, 10000, 5
EPOCHS, BATCH_SIZE, HIDDEN = 8, 200, 128


def build(folder):
    """Link the benchmark with the core's objects that make has made."""
    objects = [str(path) for path in TOP.glob("src/core/**/*.o")]
    command = ["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", f"-I{TOP}/src", f"-I{TOP}/test/unit"]
    command += ["-o", f"{folder}/bench_mlp", f"{TOP}/test/bench/bench_mlp.c"]
    command += [f"{TOP}/test/unit/host.c", *objects]
    command += ["-lcjson", "-lutf8proc", "-lstemmer", "-lm", "-ldl", "-lpthread"]
    subprocess.run(command, check=True)


def write_matrix(path, matrix, labels, n_dense):
    """In the form that bench_mlp.c reads."""
    with open(path, "wb") as file:
        sizes = [*matrix.shape, matrix.nnz, labels.max() + 1, n_dense]
        np.array(sizes, dtype=np.uint64).tofile(file)
        matrix.indptr.astype(np.uint64).tofile(file)
        matrix.indices.astype(np.uint32).tofile(file)
        matrix.data.astype(np.float32).tofile(file)
        labels.astype(np.uint32).tofile(file)


def dense_rows():
    """Standardized numbers of three classes, with every entry of the matrix stored."""
    rows, labels = make_classification(
        N_ROWS, 106, n_informative=20, n_redundant=30, n_classes=3, class_sep=1.2, flip_y=0.05,
        random_state=0,
    )
    rows = ((rows - rows.mean(0)) / rows.std(0)).astype(np.float32)
    starts = np.arange(0, rows.size + 1, rows.shape[1])
    columns = np.tile(np.arange(rows.shape[1]), len(rows))
    return sparse.csr_matrix((rows.ravel(), columns, starts), shape=rows.shape), labels


def sparse_rows():
    """Rows of norm 1 with Zipf's frequencies; some features prefer one of two classes."""
    random = np.random.default_rng(0)
    n_features, n_entries = 85071, 1090000 // 8000
    labels = random.integers(0, 2, N_ROWS)
    ranks = np.exp(random.uniform(0, np.log(n_features), (N_ROWS, 3 * n_entries))).astype(int) - 1
    rows = sparse.lil_matrix((N_ROWS, n_features), dtype=np.float32)
    for i, candidates in enumerate(ranks):
        features = np.unique(candidates)
        prefers = features % 10 < 2
        features = features[~prefers | ((features % 2 == labels[i]) | (random.random(len(features)) < 0.8))]
        features = np.sort(random.permutation(features)[:n_entries])
        rows.rows[i] = features.tolist()
        rows.data[i] = np.full(len(features), 1 / np.sqrt(len(features)), np.float32).tolist()
    return rows.tocsr(), labels


def run_ours(folder, parameters, repeat):
    """Seconds and macro F1 of each fit."""
    command = [f"{folder}/bench_mlp", f"{folder}/train", f"{folder}/test", json.dumps(parameters)]
    output = subprocess.run(command + [str(repeat), "2"], check=True, capture_output=True, text=True)
    seconds = [float(x) for x in re.findall(r"fit ([\d.]+)", output.stdout)]
    return seconds, [float(x) for x in re.findall(r"macro F1 ([\d.]+)", output.stdout)]


def run_scikit_learn(rows, labels, epochs, seed):
    """Seconds and macro F1 of one fit."""
    model = MLPClassifier(HIDDEN, batch_size=BATCH_SIZE, max_iter=epochs, random_state=seed)
    start = time.perf_counter()
    model.fit(rows[:N_TRAINING_ROWS], labels[:N_TRAINING_ROWS])
    seconds = time.perf_counter() - start
    predicted = model.predict(rows[N_TRAINING_ROWS:])
    return seconds, f1_score(labels[N_TRAINING_ROWS:], predicted, average="macro")


def report(name, seconds, scores):
    print(f"{name:28} {statistics.median(seconds):8.3f} s   macro F1 {statistics.mean(scores):.4f}")


def main():
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("--sparse-epochs", type=int, default=0)
    sparse_epochs = parser.parse_args().sparse_epochs
    parameters = {"hidden_layer_sizes": [HIDDEN], "batch_size": BATCH_SIZE, "max_iter": EPOCHS}
    parameters["early_stopping"] = False
    with tempfile.TemporaryDirectory() as folder:
        build(folder)
        for name, make_rows in ("dense", dense_rows), ("sparse", sparse_rows):
            matrix, labels = make_rows()
            n_dense = matrix.shape[1] if name == "dense" else 0
            write_matrix(f"{folder}/train", matrix[:N_TRAINING_ROWS], labels[:N_TRAINING_ROWS], n_dense)
            write_matrix(f"{folder}/test", matrix[N_TRAINING_ROWS:], labels[N_TRAINING_ROWS:], n_dense)
            ours = run_ours(folder, parameters, N_SEEDS)
            if name == "dense":
                theirs = [run_scikit_learn(matrix.toarray(), labels, EPOCHS, s) for s in range(N_SEEDS)]
                more = run_ours(folder, parameters, N_SEEDS)
                report("dense, ours", ours[0] + more[0], ours[1])
                report("dense, scikit-learn", *zip(*theirs))
                continue
            report("sparse, ours", *ours)
            if sparse_epochs > 0:
                seconds, score = run_scikit_learn(matrix, labels, sparse_epochs, 0)
                report(f"sparse, {sparse_epochs} epochs, scikit-learn", [seconds], [score])


main()
