"""Truncated SVD beside scikit-learn's, on TF-IDF of the Kindle reviews or of made ones.

    bench_truncated_svd.py REVIEWS.csv.gz [N_COMPONENTS [REPEAT]]
    bench_truncated_svd.py FOLDER [N_COMPONENTS [REPEAT]]

A folder is that of bench_data.py: its reviews are recombined to 25,000 longer ones. Compiles
bench_truncated_svd.c, runs it in turn with scikit-learn's solvers, two threads each, and compares all
explained variances with ARPACK's at full precision.
"""

import glob
import os
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "2"

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

import bench_data

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def load_texts(path):
    """Texts of the training rows."""
    if not os.path.isdir(path):
        return [text for text, _ in bench_data.kindle_reviews(path)[0]]
    with tempfile.TemporaryDirectory() as folder:
        return [text for text, _ in bench_data.load_sets(path, folder)[0].train]


def write_matrix(matrix, path):
    """The file that bench_truncated_svd.c reads."""
    with open(path, "wb") as file:
        np.array([*matrix.shape, matrix.nnz, 0], "<u8").tofile(file)
        matrix.indptr.astype("<u8").tofile(file)
        matrix.indices.astype("<u4").tofile(file)
        matrix.data.astype("<f4").tofile(file)


def compile_bench(folder):
    """Path of the compiled benchmark."""
    program = os.path.join(folder, "bench_truncated_svd")
    sources = glob.glob(TOP + "/src/core/linear_algebra/*.c") + [
        TOP + "/" + source
        for source in (
            "test/bench/bench_truncated_svd.c",
            "test/unit/host.c",
            "src/core/threads.c",
            "src/core/features/truncated_svd.c",
            "src/core/features/sparse_gram.c",
        )
    ]
    subprocess.run(
        ["gcc", "-std=gnu11", "-D_GNU_SOURCE", f"-I{TOP}/src", f"-I{TOP}/test/unit", "-O3",
         "-fno-math-errno", "-ffp-contract=off", "-o", program, *sources, "-lm", "-ldl", "-lpthread"],
        check=True)
    return program


def timed_fit(matrix, n_components, algorithm, seed):
    """Seconds and the fitted decomposition."""
    svd = TruncatedSVD(n_components, algorithm=algorithm, n_iter=5, random_state=seed)
    start = time.perf_counter()
    svd.fit_transform(matrix)
    return time.perf_counter() - start, svd


def largest_error(actual, exact):
    return np.abs(actual / exact - 1).max()


def main():
    n_components = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    repeat = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, dtype=np.float32)
    matrix = vectorizer.fit_transform(load_texts(sys.argv[1]))
    print(f"{matrix.shape[0]} x {matrix.shape[1]}, {matrix.nnz} entries, {n_components} components")
    exact = TruncatedSVD(n_components, algorithm="arpack", random_state=0)
    exact = exact.fit(matrix.astype(np.float64)).explained_variance_
    seconds = {"randomized": [], "arpack": []}
    with tempfile.TemporaryDirectory() as folder:
        write_matrix(matrix, folder + "/matrix")
        exact.astype("<f8").tofile(folder + "/variances")
        program = compile_bench(folder)
        for seed in range(repeat):
            for algorithm, times in seconds.items():
                taken, svd = timed_fit(matrix, n_components, algorithm, seed)
                times.append(taken)
                print(f"scikit-learn, {algorithm}: {taken:.3f} s, explained variances within "
                      f"{largest_error(svd.explained_variance_, exact):.1e}")
            for threads in ("1", "2"):
                print(subprocess.run(
                    [program, folder + "/matrix", str(n_components), "10", threads, "5",
                     folder + "/variances"],
                    check=True, capture_output=True, text=True).stdout, end="", flush=True)
    for algorithm, times in seconds.items():
        print(f"scikit-learn, {algorithm}: median {statistics.median(times):.3f} s")


main()
