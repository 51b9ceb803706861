#!/usr/bin/python3
"""Write validation_fixture.h: medians, deviations and outliers by numpy and scipy, Jaccard similarities by sets."""
import re
import numpy as np
from scipy import stats

rng = np.random.default_rng(7)


def c_array(name, values, fmt="%r"):
    body = ", ".join(fmt % (float(v),) for v in values)
    return "static const double %s[] = {%s};\n" % (name, body)


def robust(values, logarithms, z):
    x = np.log1p(values) if logarithms else values
    center = np.median(x)
    mad = stats.median_abs_deviation(x)
    spread = 1.482602218505602 * mad if mad > 0 else 1.2533141373155003 * np.mean(np.abs(x - center))
    outlying = int(np.sum(np.abs(x - center) > z * spread)) if spread > 0 else 0
    return center, mad, spread, outlying


samples = {
    "lengths": (np.round(np.exp(rng.normal(4, 0.8, 400))), True),
    "rates": (np.concatenate([np.zeros(260), rng.uniform(0, 0.4, 141)]), False),
    "numbers": (np.concatenate([rng.normal(10, 2, 300), [100, -90, 57.5]]), False),
    "equal": (np.full(31, 3.0), False),
}
print("/* Made by validation_fixture.py with numpy and scipy; do not edit. */")
for name, (values, logarithms) in samples.items():
    print(c_array(name + "_values", values), end="")
    print(c_array(name + "_expected", robust(values, logarithms, 5)), end="")

words = ["w%d" % i for i in range(400)]
pairs = []
for i in range(600):
    length = int(rng.integers(12, 90))
    first = [words[j] for j in rng.integers(0, 400, length)]
    second = list(first)
    for _ in range(int(rng.integers(0, 1 + length // 4)) if i % 3 else 1):
        second[int(rng.integers(0, length))] = words[int(rng.integers(0, 400))]
    shingles = [{tuple(t[k:k + 3]) for k in range(len(t) - 2)} for t in (first, second)]
    jaccard = len(shingles[0] & shingles[1]) / len(shingles[0] | shingles[1])
    pairs.append((" ".join(first), " ".join(second), jaccard))
print("static const struct\n{\n\tconst char *first;\n\tconst char *second;\n\tdouble jaccard;\n} text_pairs[] = {")
for first, second, jaccard in pairs:
    print('\t{"%s", "%s", %r},' % (first, second, jaccard))
print("};")
