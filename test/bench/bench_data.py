"""Reviews for the benchmark.

Sources are reviews as people wrote them: Debian's r-cran-modeldata (Amazon food reviews), and, from a
folder of data, Amazon Kindle reviews. The large set is made from their sentences, since neither has
20,000 reviews of natural length.
"""

import csv
import gzip
import math
import os
import random
import re
import subprocess

csv.field_size_limit(1 << 30)

SEED = 20240613
N_MADE_TRAIN = 25000
N_MADE_TEST = 2000
MEAN_LENGTH = 1300  # characters of a made review, as in IMDB's
LENGTH_SIGMA = 0.65  # of the logarithm of the length
OWN_CLASS_SHARE = 0.85  # of a made review's sentences; the rest are the other class's
REPLACED_WORDS = 0.15  # share of words that give way to another, which makes new bigrams
BLENDED_WORDS = 0.08  # share of the replacements that are a new word, made from two


class ReviewSet:
    """Training and test rows of one data set; a row is (text, label)."""

    def __init__(self, name, description, train, test):
        self.name = name
        self.description = description
        self.train = train
        self.test = test


def clean(text):
    """A text on one line, so that every rival reads the same."""
    return " ".join(text.replace("\0", " ").split())


def modeldata_reviews(folder):
    """Food reviews of Debian's r-cran-modeldata: (text, label) by the set's own split."""
    script = (
        'suppressWarnings(library(modeldata)); data("small_fine_foods");'
        'for (n in c("training_data", "testing_data"))'
        ' write.csv(as.data.frame(lapply(get(n), as.character)),'
        ' file.path(commandArgs(TRUE)[1], paste0(n, ".csv")), row.names = FALSE)'
    )
    subprocess.run(["Rscript", "-e", script, folder], check=True, stdout=subprocess.DEVNULL)
    rows = []
    for name in ("training_data", "testing_data"):
        with open(os.path.join(folder, name + ".csv"), newline="", encoding="utf-8") as file:
            rows.append([(clean(r["review"]), r["score"]) for r in csv.DictReader(file)])
    return rows


def fine_foods_reviews(folder):
    """The same food reviews from a folder of data."""
    rows = []
    for name in ("train.csv", "test.csv"):
        with open(os.path.join(folder, name), newline="", encoding="utf-8") as file:
            rows.append([(clean(r["text"]), r["label"]) for r in csv.DictReader(file)])
    return rows


def kindle_reviews(path):
    """Kindle reviews of 1, 2 (neg), 4 and 5 stars (pos), every fifth as a test row."""
    with gzip.open(path, "rt", newline="", encoding="utf-8") as file:
        rows = [
            (clean(r["reviewText"]), "pos" if int(r["rating"]) > 3 else "neg")
            for r in csv.DictReader(file)
            if int(r["rating"]) != 3
        ]
    return [r for i, r in enumerate(rows) if i % 5], rows[::5]


def kindle_stars(path):
    """All Kindle reviews with their stars as labels, every fifth as a test row."""
    with gzip.open(path, "rt", newline="", encoding="utf-8") as file:
        rows = [(clean(r["reviewText"]), r["rating"]) for r in csv.DictReader(file)]
    return [r for i, r in enumerate(rows) if i % 5], rows[::5]


def kindle_path(data_folder):
    """The file of Kindle reviews, or None."""
    path = os.path.join(data_folder or "", "kindle", "kindle_12k_all_columns.csv.gz")
    return path if data_folder and os.path.exists(path) else None


def split_sentences(text):
    """Sentences of a text, with their marks."""
    return re.findall(r"[^.!?]+[.!?]*", text)


class Maker:
    """Makes reviews of one class from sentences, some of their words replaced."""

    def __init__(self, own, other, generator):
        self.generator = generator
        self.own = [s.split() for text in own for s in split_sentences(text)]
        self.other = [s.split() for text in other for s in split_sentences(text)]
        self.words = [word for sentence in self.own + self.other for word in sentence]

    def word(self):
        """A word, as often as the sources have it, or a blend of two."""
        choice = self.generator.random
        word = self.words[int(choice() * len(self.words))]
        if choice() < BLENDED_WORDS:
            second = self.words[int(choice() * len(self.words))]
            word = word[: (len(word) + 1) // 2 + 1] + second[len(second) // 2 :]
        return word

    def sentence(self):
        """One sentence with some of its words replaced."""
        choice = self.generator.random
        pool = self.own if choice() < OWN_CLASS_SHARE else self.other
        sentence = list(pool[int(choice() * len(pool))])
        # gaps between replacements of a share p are geometric: cheaper than a throw for each word
        position = -1
        while sentence:
            position += 1 + int(math.log(1 - choice()) / math.log(1 - REPLACED_WORDS))
            if position >= len(sentence):
                return " ".join(sentence)
            sentence[position] = self.word()
        return ""

    def review(self):
        """One review of a natural length."""
        mu = math.log(MEAN_LENGTH) - LENGTH_SIGMA**2 / 2
        wanted = self.generator.lognormvariate(mu, LENGTH_SIGMA)
        sentences = []
        length = 0
        while length < wanted:
            sentences.append(self.sentence())
            length += len(sentences[-1]) + 1
        return " ".join(sentences)


def make_reviews(source, n_reviews, generator):
    """Reviews of two classes, half of each, in random order."""
    by_class = {"pos": [], "neg": []}
    for text, label in source:
        by_class["pos" if label in ("pos", "great") else "neg"].append(text)
    makers = {
        "pos": Maker(by_class["pos"], by_class["neg"], generator),
        "neg": Maker(by_class["neg"], by_class["pos"], generator),
    }
    labels = ["pos", "neg"] * (n_reviews // 2)
    generator.shuffle(labels)
    return [(makers[label].review(), label) for label in labels]


def made_set(sources):
    """The large set: train and test rows come from different source reviews."""
    generator = random.Random(SEED)
    train = [row for source in sources for row in source[0]]
    test = [row for source in sources for row in source[1]]
    return ReviewSet(
        "made",
        "%d made reviews of about %d characters: sentences of %d real ones recombined "
        "(%.0f %% of a review's are its own class's, the others the other's), %.0f %% of the words "
        "replaced by others so that bigrams have a natural tail"
        % (N_MADE_TRAIN, MEAN_LENGTH, len(train), 100 * OWN_CLASS_SHARE, 100 * REPLACED_WORDS),
        make_reviews(train, N_MADE_TRAIN, generator),
        make_reviews(test, N_MADE_TEST, generator),
    )


def load_sets(data_folder, work_folder):
    """All data sets: the large one, and Kindle's if the folder has it."""
    sources = []
    sets = []
    kindle = kindle_path(data_folder)
    foods = os.path.join(data_folder or "", "fine_foods")
    if data_folder and os.path.exists(foods):
        sources.append(fine_foods_reviews(foods))
    else:
        sources.append(modeldata_reviews(work_folder))
    if kindle:
        sources.append(kindle_reviews(kindle))
        sets.append(
            ReviewSet("kindle", "Amazon Kindle reviews without 3 stars, as written", *sources[-1])
        )
    sets.insert(0, made_set(sources))
    return sets
