#!/usr/bin/python3
"""Figures of scikit-learn and numpy for test_features.c: prints features_fixture.h.

    test/unit/features_fixture.py > test/unit/features_fixture.h
"""

import numpy as np
from sklearn.calibration import _SigmoidCalibration
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.isotonic import IsotonicRegression
from sklearn.preprocessing import StandardScaler

TEXTS = [
    "A good book, a very good book", "not a good film", "The worst book I know", "good good good",
    "I know a film that is not good", "very bad", "the film is the worst", "Bad bad book!",
    "a very good film, very good", "The book is not bad",
]
LABELS = [1, 0, 0, 1, 0, 0, 0, 0, 1, 1]


def array(kind, name, values):
    values = np.asarray(values).ravel()
    form = "%d" if kind != "double" else "%.17g"
    print("static const %s %s[] = {%s};" % (kind, name, ", ".join(form % v if v == v else "NAN" for v in values)))


def centered_isotonic(scores, truth, asked):
    """Blocks of equal means, smoothed by two rows of the base rate, brought in order again, joined at their centres."""
    means = IsotonicRegression().fit_transform(scores, truth)
    blocks = np.unique(np.round(means, 12), return_inverse=True)[1].ravel()
    counts = np.bincount(blocks)
    centres = np.bincount(blocks, scores) / counts
    smoothed = (np.bincount(blocks, truth) + 2 * np.mean(truth)) / (counts + 2)
    values = IsotonicRegression().fit_transform(centres, smoothed, sample_weight=counts + 2)
    return np.interp(asked, centres, values)


def main():
    print("/* Made by features_fixture.py. */")
    print("#define FIXTURE_TEXTS %d" % len(TEXTS))
    print("static const char *const fixture_texts[] = {%s};" % ", ".join('"%s"' % t for t in TEXTS))
    array("uint32_t", "fixture_labels", LABELS)

    for name, options in (("sublinear", {"sublinear_tf": True}), ("plain", {"norm": "l1", "sublinear_tf": False})):
        vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, **options)
        matrix = vectorizer.fit_transform(TEXTS)
        array("double", "fixture_tfidf_" + name, matrix.toarray())
    terms = vectorizer.get_feature_names_out()
    print("#define FIXTURE_TERMS %d" % len(terms))
    print("static const char *const fixture_terms[] = {%s};" % ", ".join('"%s"' % t for t in terms))

    present = (matrix.toarray() > 0).astype(float)
    labels = np.array(LABELS)
    p = 1 + present[labels == 1].sum(axis=0)
    q = 1 + present[labels == 0].sum(axis=0)
    ratios = np.log((p / p.sum()) / (q / q.sum()))
    array("double", "fixture_ratios", ratios)
    array("double", "fixture_polarities", [present[i] @ ratios / max(present[i].sum(), 1) for i in range(len(TEXTS))])

    generator = np.random.default_rng(7)
    columns = np.column_stack([generator.normal(5, 3, 40), generator.exponential(1e6, 40), np.full(40, 3.25)])
    columns = columns.astype(np.float32).astype(float)
    columns[generator.random(columns.shape) < 0.15] = np.nan
    print("#define FIXTURE_ROWS 40")
    array("double", "fixture_columns", columns)
    array("double", "fixture_scaled", StandardScaler().fit_transform(columns))

    scores = generator.random(200)
    truth = (generator.random(200) < scores ** 2).astype(int)
    scores[::17] = 0.5
    print("#define FIXTURE_SCORES %d" % len(scores))
    array("double", "fixture_scores", scores)
    array("uint32_t", "fixture_truth", truth)
    sigmoid = _SigmoidCalibration().fit(np.log(scores / (1 - scores)), truth)
    asked = np.linspace(0.01, 0.99, 25)
    array("double", "fixture_asked", asked)
    array("double", "fixture_sigmoid", sigmoid.predict(np.log(asked / (1 - asked))))
    array("double", "fixture_isotonic", centered_isotonic(scores, truth, asked))


if __name__ == "__main__":
    main()
