"""What sentiment is measured against: scikit-learn and fastText, on the same rows."""

import os
import subprocess
import time

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


def timed(work):
    """Result of work() and its seconds."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


class ScikitLearn:
    """TF-IDF of 1-2-grams and logistic regression."""

    def __init__(self, rows):
        self.texts = [text for text, label in rows]
        self.labels = [label for text, label in rows]

    def train(self):
        """Seconds of one training; leaves the pipeline that predict() asks."""

        def work():
            vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
            matrix = vectorizer.fit_transform(self.texts)
            classifier = LogisticRegression(C=10, solver="liblinear").fit(matrix, self.labels)
            return vectorizer, classifier

        (self.vectorizer, classifier), seconds = timed(work)
        self.pipeline = make_pipeline(self.vectorizer, classifier)
        return seconds

    def reference(self):
        """The optimum whose intercept is not penalised."""
        return LogisticRegression(C=10, solver="newton-cg", tol=1e-8, max_iter=1000).fit(
            self.vectorizer.transform(self.texts), self.labels)

    def predict(self, texts):
        """Seconds to predict all texts in one call."""
        return timed(lambda: self.pipeline.predict(texts))[1]

    def predict_one_by_one(self, texts):
        """Seconds to predict the texts in a call each."""
        return timed(lambda: [self.pipeline.predict([text]) for text in texts])[1]


class FastText:
    """The command of Debian's package fasttext, as it comes but for word bigrams."""

    def __init__(self, folder, rows):
        self.folder = folder
        # prediction takes equally long whatever was learned: one epoch will do
        train = self.write("train", ["__label__%s %s" % (label, text) for text, label in rows])
        subprocess.run(
            ["fasttext", "supervised", "-input", train, "-output", self.path("model"),
             "-wordNgrams", "2", "-epoch", "1", "-thread", "2", "-verbose", "0"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, lines):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        return self.path(name)

    def seconds(self, texts):
        path = self.write("texts", texts)
        return timed(lambda: subprocess.run(
            ["fasttext", "predict", self.path("model.bin"), path],
            check=True, stdout=subprocess.DEVNULL))[1]

    def seconds_per_text(self, texts):
        """From a run on all texts and one on none but the first, so that loading does not count."""
        return (self.seconds(texts) - self.seconds(texts[:1])) / (len(texts) - 1)
