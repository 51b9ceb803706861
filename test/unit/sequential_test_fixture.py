#!/usr/bin/python3
"""Make sequential_test_fixture.h: intervals and p-values by scipy.

The mixture likelihood ratio is integrated numerically over the normal prior of the log-odds ratio, Wilson's
interval is scipy's, and the interval of the difference is found by root search: the two differences at which
the mixture of the normal likelihood ratio, integrated numerically too, is 20.
"""

import math

from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import binomtest, norm

DEVIATION = 0.2
CASES = [(5, 10, 9, 10), (100, 1000, 150, 1000), (500, 1000, 500, 1000), (3, 2000, 9, 2000), (990, 1000, 700, 800),
         (0, 50, 0, 50), (0, 50, 50, 50), (1, 1, 0, 1), (20000, 100000, 2100, 10000), (51000, 100000, 50000, 100000)]


def mixture(score, information, deviation):
    """E exp(d U - d^2 I / 2) over d ~ N(0, deviation^2)."""
    # the integrand is a normal density around its peak: integrate around it
    precision = information + 1 / deviation**2
    peak, width = score / precision, 1 / math.sqrt(precision)
    offset = peak * score - peak * peak * information / 2 + norm.logpdf(peak, 0, deviation)
    value = quad(lambda d: math.exp(d * score - d * d * information / 2 + norm.logpdf(d, 0, deviation) - offset),
                 peak - 12 * width, peak + 12 * width, epsabs=0, epsrel=1e-9, limit=200)[0]
    return math.log(value) + offset


def p_value(s1, n1, s2, n2):
    rate = (s1 + s2) / (n1 + n2)
    # the score of the log-odds ratio with the common rate: successes of the other side less what is expected
    score = s2 - n2 * rate
    information = n1 * n2 / (n1 + n2) * rate * (1 - rate)
    return min(1, math.exp(-mixture(score, information, DEVIATION)))


def difference(s1, n1, s2, n2):
    rates = [(s + 2) / (n + 4) for s, n in ((s1, n1), (s2, n2))]
    variance = sum(rate * (1 - rate) / n for rate, n in zip(rates, (n1, n2)))
    common = (rates[0] * n1 + rates[1] * n2) / (n1 + n2)
    deviation = DEVIATION * common * (1 - common)
    estimate = s2 / n2 - s1 / n1

    def excess(half):
        # the likelihood ratio of a shift by x to none, at a distance half from the estimate, mixed over x
        return mixture(half / variance, 1 / variance, deviation) - math.log(20)

    half = brentq(excess, 1e-9, 1e3, xtol=1e-14, rtol=1e-13)
    return max(estimate - half, -1), min(estimate + half, 1)


def main():
    print("/* Made by sequential_test_fixture.py; do not edit. */")
    print("static const struct\n{\n\tuint64_t successes, n, other_successes, other_n;")
    print("\tdouble wilson_lower, wilson_upper, p_value, lower, upper;\n} sequential_cases[] = {")
    for s1, n1, s2, n2 in CASES:
        wilson = binomtest(s1, n1).proportion_ci(method="wilson")
        lower, upper = difference(s1, n1, s2, n2)
        print("\t{%d, %d, %d, %d, %.15g, %.15g, %.12g, %.12g, %.12g},"
              % (s1, n1, s2, n2, wilson.low, wilson.high, p_value(s1, n1, s2, n2), lower, upper))
    print("};")


if __name__ == "__main__":
    main()
