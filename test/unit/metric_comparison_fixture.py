#!/usr/bin/python3
"""Make metric_comparison_fixture.h: intervals and tests of two classifiers on the same rows.

McNemar's test, Wilson's interval and clustered standard errors are statsmodels', figures scikit-learn's, quantiles scipy's.
The bootstrap draws row numbers of whole clusters with numpy, many more times than the library does; the areas' intervals are
made from the matrix of all pairs of a positive and a negative row.
"""

import numpy as np
import statsmodels.api as sm
from scipy import stats
from sklearn import metrics
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

RESAMPLES = 40000
NAMES = ["macro_f1", "matthews_correlation", "f1", "weighted_f1", "accuracy"]


def figures(actual, predicted, labels, positive):
    """The figures of labels, in the order of NAMES."""
    present = np.union1d(actual, predicted)
    macro = metrics.f1_score(actual, predicted, average="macro", labels=present, zero_division=0)
    return [macro, metrics.matthews_corrcoef(actual, predicted),
            macro if positive is None else metrics.f1_score(actual, predicted, labels=[positive], average=None, zero_division=0)[0],
            metrics.f1_score(actual, predicted, average="weighted", labels=present, zero_division=0),
            metrics.accuracy_score(actual, predicted)]


def fast_figures(actual, predicted, labels, positive):
    """The same for resamples, checked against scikit-learn once a case."""
    matrix = np.bincount(actual * labels + predicted, minlength=labels * labels).reshape(labels, labels).astype(float)
    rows, columns, hits, n = matrix.sum(1), matrix.sum(0), matrix.diagonal(), matrix.sum()
    f1 = np.divide(2 * hits, rows + columns, out=np.zeros(labels), where=rows + columns > 0)
    macro = f1.sum() / (rows + columns > 0).sum()
    below = np.sqrt(n * n - rows @ rows) * np.sqrt(n * n - columns @ columns)
    return [macro, (hits.sum() * n - rows @ columns) / below if below > 0 else 0, macro if positive is None else f1[positive],
            (f1 * rows).sum() / n, hits.sum() / n]


def baselines(actual, labels, positive):
    """What is reached without looking: of constant answers and of guesses by share the better."""
    shares = np.bincount(actual, minlength=labels) / len(actual)
    present = shares > 0
    largest = shares.max()
    return [max(1 / present.sum(), 2 * largest / (1 + largest) / present.sum()), 0,
            1 / present.sum() if positive is None else 2 * shares[positive] / (1 + shares[positive]),
            max(largest * 2 * largest / (1 + largest), (shares**2).sum()), largest]


def bootstrap(case, rng):
    """Percentile intervals of resampled clusters and four pseudo-rows."""
    actual, clusters, labels, positive = case["actual"], case["clusters"], case["labels"], case["positive"]
    members = [np.flatnonzero(clusters == c) for c in np.unique(clusters)]
    n = len(members)
    shares = np.bincount(actual, minlength=labels) / len(actual)
    found = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(0, n + 4, n) if n > 0 else []
        real = [members[i] for i in drawn if i < n]
        rows = np.concatenate(real) if real else np.array([], int)
        n_pseudo = (drawn >= n).sum()
        pseudo_actual = rng.choice(labels, n_pseudo, p=shares)
        pseudo = [np.empty(n_pseudo, int), np.empty(n_pseudo, int)]
        for i, label in enumerate(pseudo_actual):
            others = shares.copy()
            others[label] = 0
            if others.sum() == 0:
                others[:] = 1
                others[label] = 0
            wrong = rng.choice(labels, p=others / others.sum())
            right = rng.integers(0, 4)
            pseudo[0][i] = label if right & 1 else wrong
            pseudo[1][i] = label if right & 2 else wrong
        drawn_actual = np.concatenate([actual[rows], pseudo_actual])
        one, other = (np.array(fast_figures(drawn_actual, np.concatenate([case["predicted"][side][rows], pseudo[side]]), labels, positive))
                      for side in (0, 1))
        found.append([one, other, one - other, one - baselines(drawn_actual, labels, positive)])
    low, high = np.percentile(np.array(found), [2.5, 97.5], axis=0)
    one, other = (np.array(figures(actual, case["predicted"][side], labels, positive)) for side in (0, 1))
    assert np.allclose(one, fast_figures(actual, case["predicted"][0], labels, positive))
    values = np.array([one, other, one - other, one - baselines(actual, labels, positive)])
    return values, np.minimum(low, values), np.maximum(high, values)


def clustered_interval(numbers, clusters):
    """Mean, and Student's interval with a variance of clusters."""
    fit = sm.OLS(numbers, np.ones(len(numbers))).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
    half = stats.t.ppf(0.975, len(np.unique(clusters)) - 1) * fit.bse[0]
    return fit.params[0], fit.params[0] - half, fit.params[0] + half


def area_interval(scores, positive, clusters):
    """Difference (or area, of one list of scores) with the interval of all pairs' placements, by clusters."""
    placements = np.zeros(len(positive))
    value = 0
    for sign, score in scores:
        pairs = (score[positive][:, None] > score[~positive][None, :]) + 0.5 * (score[positive][:, None] == score[~positive][None, :])
        value += sign * pairs.mean()
        placements[positive] += sign * (pairs.mean(1) - pairs.mean()) / positive.sum()
        placements[~positive] += sign * (pairs.mean(0) - pairs.mean()) / (~positive).sum()
    names = np.unique(clusters)
    sums = np.array([placements[clusters == c].sum() for c in names])
    half = stats.t.ppf(0.975, len(names) - 1) * np.sqrt((sums**2).sum() * len(names) / (len(names) - 1))
    return value, value - half, value + half


def areas(case):
    """Areas of both sides and their difference, with the intervals of four more rows."""
    positive = case["actual"] == case["positive"]
    more = np.concatenate([positive, [True, True, False, False]])
    clusters = np.concatenate([case["clusters"], [1000001, 1000002, 1000003, 1000004]])
    wider = [np.concatenate([case["scores"][side], [2, -1, 2, -1] if side == 0 else [-1, 2, -1, 2]]) for side in (0, 1)]
    found = []
    for signs in ([(1, 0)], [(1, 1)], [(1, 0), (-1, 1)]):
        value = area_interval([(sign, case["scores"][side]) for sign, side in signs], positive, case["clusters"])[0]
        _, low, high = area_interval([(sign, wider[side]) for sign, side in signs], more, clusters)
        lowest = -1 if len(signs) == 2 else 0
        found.append((value, min(max(low, lowest), value), max(min(high, 1), value)))
    for side in (0, 1):
        assert abs(found[side][0] - metrics.roc_auc_score(positive, case["scores"][side])) < 1e-12
    return found


def make_case(rng, n, labels, positive, skill, repeats, shares):
    """Rows of which some repeat, with what two classifiers of some skill say of them."""
    actual = rng.choice(labels, n, p=shares)
    clusters = np.arange(n)
    predicted = [np.where(rng.random(n) < skill[side], actual, rng.choice(labels, n, p=shares)) for side in (0, 1)]
    scores = [np.round(np.clip(0.5 + 0.3 * ((actual == positive) - 0.5) * skill[side] + 0.2 * rng.standard_normal(n), 0, 1), 2) for side in (0, 1)]
    losses = [np.round(-np.log(np.clip(rng.beta(2 + 3 * skill[side], 2, n), 1e-3, 1)), 4) for side in (0, 1)]
    for _ in range(repeats):
        copy, of = rng.integers(0, n, 2)
        clusters[copy] = clusters[of]
        for column in [actual, *predicted, *scores, *losses]:
            column[copy] = column[of]
    # a text with two labels
    if repeats:
        actual[np.flatnonzero(clusters == np.bincount(clusters).argmax())[0]] = 0
    return {"actual": actual, "clusters": clusters, "predicted": predicted, "scores": scores, "losses": losses, "labels": labels,
            "positive": positive}


def numbers(values):
    return "{" + ", ".join(f"{v:.17g}" for v in values) + "}"


def integers(values):
    return "{" + ", ".join(str(int(v)) for v in values) + "}"


def main():
    rng = np.random.default_rng(1)
    cases = [make_case(rng, 120, 2, 1, (0.7, 0.4), 0, [0.3, 0.7]), make_case(rng, 150, 5, None, (0.5, 0.5), 0, [0.1, 0.1, 0.1, 0.2, 0.5]),
             make_case(rng, 140, 2, 0, (0.8, 0.5), 90, [0.5, 0.5]), make_case(rng, 6, 2, 1, (1, 1), 0, [0.5, 0.5])]
    print("/* made by metric_comparison_fixture.py */\n#define MAX_CASE_ROWS 150\n")
    print("typedef struct ComparisonCase\n{\n\tuint32_t n_rows;\n\tuint32_t n_labels;\n\tuint32_t positive;\n\tuint64_t clusters[MAX_CASE_ROWS];"
          "\n\tuint32_t actual[MAX_CASE_ROWS];\n\tuint32_t predicted[2][MAX_CASE_ROWS];\n\tdouble scores[2][MAX_CASE_ROWS];"
          "\n\tdouble losses[2][MAX_CASE_ROWS];\n\tdouble values[5][4];\n\tdouble lower[5][4];\n\tdouble upper[5][4];\n\tdouble p_value;"
          "\n\tdouble areas[3][3];\n\tdouble mean_losses[3][3];\n} ComparisonCase;\n")
    print("static const ComparisonCase comparison_cases[] = {")
    for case in cases:
        values, low, high = bootstrap(case, rng)
        right = [case["predicted"][side] == case["actual"] for side in (0, 1)]
        leads = np.array([(right[0][case["clusters"] == c].astype(int) - right[1][case["clusters"] == c]).sum() for c in np.unique(case["clusters"])])
        p_value = mcnemar([[0, (leads > 0).sum()], [(leads < 0).sum(), 0]], exact=True).pvalue
        losses = [clustered_interval(x, case["clusters"]) for x in (case["losses"][0], case["losses"][1], case["losses"][1] - case["losses"][0])]
        nothing = [(float("nan"),) * 3] * 3
        found = areas(case) if case["positive"] is not None else None
        print(f"\t{{{len(case['actual'])}, {case['labels']}, {case['labels'] if case['positive'] is None else case['positive']},")
        print(f"\t {integers(case['clusters'])},\n\t {integers(case['actual'])},")
        print(f"\t {{{integers(case['predicted'][0])}, {integers(case['predicted'][1])}}},")
        print(f"\t {{{numbers(case['scores'][0])}, {numbers(case['scores'][1])}}},")
        print(f"\t {{{numbers(case['losses'][0])}, {numbers(case['losses'][1])}}},")
        for table in (values, low, high):
            print("\t {" + ", ".join(numbers(column) for column in table.T) + "},")
        print(f"\t {p_value:.17g},")
        print("\t {" + ", ".join("{NAN, NAN, NAN}" if found is None else numbers(row) for row in (found or nothing)) + "},")
        print("\t {" + ", ".join(numbers(row) for row in losses) + "}},")
    print("};\n")
    print("typedef struct ProportionCase\n{\n\tuint64_t n;\n\tuint64_t successes;\n\tdouble lower;\n\tdouble upper;\n} ProportionCase;\n")
    print("static const ProportionCase proportion_cases[] = {")
    for n, successes in [(1, 1), (1, 0), (10, 10), (100, 37), (20000, 19000), (1000000, 3)]:
        low, high = proportion_confint(successes, n, method="wilson")
        print(f"\t{{{n}, {successes}, {low:.17g}, {high:.17g}}},")
    print("};\n")
    print("typedef struct McNemarCase\n{\n\tuint64_t only_first;\n\tuint64_t only_other;\n\tdouble p_value;\n} McNemarCase;\n")
    print("static const McNemarCase mcnemar_cases[] = {")
    for one, other in [(0, 0), (1, 0), (5, 0), (6, 0), (3, 3), (12, 4), (100, 60), (2000, 1900), (700, 20), (100000, 99000)]:
        p = mcnemar([[0, one], [other, 0]], exact=True).pvalue if one + other > 0 else 1
        print(f"\t{{{one}, {other}, {p:.17g}}},")
    print("};\n")
    print("typedef struct QuantileCase\n{\n\tdouble p;\n\tdouble degrees_of_freedom;\n\tdouble x;\n} QuantileCase;\n")
    print("static const QuantileCase student_cases[] = {")
    for p, freedom in [(0.975, 1), (0.975, 2), (0.975, 9), (0.975, 1000), (0.975, 1e6), (0.6, 5), (0.9999, 3)]:
        print(f"\t{{{p}, {freedom}, {stats.t.ppf(p, freedom):.17g}}},")
    print("};\n")
    print("typedef struct BinomialCase\n{\n\tuint64_t n;\n\tdouble p;\n\tdouble quantiles[3]; /* cumulated at -1, 0 and 1 deviations */\n\tdouble at[3];\n} BinomialCase;\n")
    print("static const BinomialCase binomial_cases[] = {")
    for n, p in [(1, 0.3), (10, 0.5), (50, 0.02), (40, 0.45), (1000, 0.01), (1000, 0.3), (20000, 0.999), (100000, 0.5)]:
        deviation = np.sqrt(n * p * (1 - p))
        at = [np.floor(n * p + k * deviation) for k in (-1, 0, 1)]
        print(f"\t{{{n}, {p}, {numbers(stats.binom.cdf(at, n, p))}, {numbers(at)}}},")
    print("};")


main()
