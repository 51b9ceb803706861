"""Makes truncated_svd_fixture.h: what scikit-learn's TruncatedSVD finds, by ARPACK.

    /usr/bin/python3 truncated_svd_fixture.py > truncated_svd_fixture.h

Rows are of a few topics, each a distribution over features, and scaled to length 1 as TF-IDF's are. Some
are empty.
"""

import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.preprocessing import normalize

N_ROWS = 300
N_FEATURES = 500
N_TOPICS = 12
N_COMPONENTS = 20
N_SHOWN_ROWS = 10
EMPTY_ROWS = (0, 17, 299)


def make_matrix(random):
    """Sparse rows, float32."""
    topics = random.dirichlet(np.full(N_FEATURES, 0.05), size=N_TOPICS)
    rows = np.zeros((N_ROWS, N_FEATURES))
    for row in range(N_ROWS):
        mixture = random.dirichlet(np.full(N_TOPICS, 0.2))
        rows[row] = random.multinomial(random.integers(5, 40), mixture @ topics)
    rows[list(EMPTY_ROWS)] = 0
    return sparse.csr_matrix(normalize(np.log1p(rows)).astype(np.float32))


def print_array(kind, name, values, pattern):
    """A C array, wrapped."""
    print(f"static const {kind} {name}[] = {{")
    for i in range(0, len(values), 12):
        print("\t" + ", ".join(pattern % value for value in values[i : i + 12]) + ",")
    print("};\n")


def print_decomposition(name, matrix):
    """Singular values, variances, and the coordinates of the first rows."""
    svd = TruncatedSVD(N_COMPONENTS, algorithm="arpack", tol=1e-12, random_state=0)
    transformed = svd.fit_transform(matrix.astype(np.float64))
    print(f"static const FixtureDecomposition {name} = {{")
    for values in (svd.singular_values_, svd.explained_variance_, svd.explained_variance_ratio_):
        print("\t{" + ", ".join(f"{v:.12g}" for v in values) + "},")
    print("\t{")
    for row in transformed[:N_SHOWN_ROWS]:
        print("\t\t{" + ", ".join(f"{v:.9g}" for v in row) + "},")
    print("\t},")
    print("};\n")


def main():
    matrix = make_matrix(np.random.default_rng(11))
    print("/* Made by truncated_svd_fixture.py; do not edit. */")
    print("/* clang-format off */")
    print("#ifndef SENTIMENT_TRUNCATED_SVD_FIXTURE_H")
    print("#define SENTIMENT_TRUNCATED_SVD_FIXTURE_H\n")
    print("#include <stdint.h>\n")
    print(f"#define FIXTURE_ROWS       {N_ROWS}")
    print(f"#define FIXTURE_FEATURES   {N_FEATURES}")
    print(f"#define FIXTURE_COMPONENTS {N_COMPONENTS}")
    print(f"#define FIXTURE_SHOWN_ROWS {N_SHOWN_ROWS}\n")
    print_array("uint64_t", "fixture_row_starts", matrix.indptr, "%d")
    print_array("uint32_t", "fixture_indices", matrix.indices, "%d")
    print_array("float", "fixture_values", matrix.data, "%.9g")
    print("typedef struct FixtureDecomposition")
    print("{")
    print("\tdouble singular_values[FIXTURE_COMPONENTS];")
    print("\tdouble explained_variance[FIXTURE_COMPONENTS];")
    print("\tdouble explained_variance_ratio[FIXTURE_COMPONENTS];")
    print("\tdouble transformed[FIXTURE_SHOWN_ROWS][FIXTURE_COMPONENTS]; /* the first rows */")
    print("} FixtureDecomposition;\n")
    print("/* Of the matrix, and of its transpose. */")
    print_decomposition("fixture_wide", matrix)
    print_decomposition("fixture_tall", matrix.T.tocsr())
    print("#endif /* SENTIMENT_TRUNCATED_SVD_FIXTURE_H */")


main()
