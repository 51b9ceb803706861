"""The benchmark of hyperparameter search: sentiment_search beside Optuna with scikit-learn.

Called by run_bench.sh with the folder of data, which has started the server. Both search the same space for
logistic regression with the same number of trials and folds, from the same seeds, on one thread; neither prunes.
Times are of a whole search with the training of the winner; F1 is the winner's on test rows that neither has
seen. SEARCH_TRIALS and SEARCH_SEEDS choose how much is measured.
"""

import os
import statistics
import sys
import time

import optuna
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline

from bench_data import ReviewSet, kindle_path, kindle_reviews, modeldata_reviews
from run_bench import Table, progress
from server import Session

N_TRIALS = int(os.environ.get("SEARCH_TRIALS", "20"))
N_SEEDS = int(os.environ.get("SEARCH_SEEDS", "5"))
N_FOLDS = 5

SPACE = """{"C": {"low": 0.01, "high": 100, "log": true}, "class_weight": ["none", "balanced"],
	"ngram_max": [1, 2], "min_df": [1, 2, 5], "sublinear_tf": [true, false], "penalty": "l2",
	"weighting": "tfidf", "max_features": 0}"""


def pipeline(values):
    """What a point of the space is in scikit-learn."""
    return Pipeline([
        ("terms", TfidfVectorizer(ngram_range=(1, values["ngram_max"]), min_df=values["min_df"],
                                  sublinear_tf=values["sublinear_tf"])),
        ("classifier", LogisticRegression(
            C=values["C"], class_weight={"none": None, "balanced": "balanced"}[values["class_weight"]],
            solver="liblinear"))])


def suggest(trial):
    return {
        "C": trial.suggest_float("C", 0.01, 100, log=True),
        "class_weight": trial.suggest_categorical("class_weight", ["none", "balanced"]),
        "ngram_max": trial.suggest_categorical("ngram_max", [1, 2]),
        "min_df": trial.suggest_categorical("min_df", [1, 2, 5]),
        "sublinear_tf": trial.suggest_categorical("sublinear_tf", [True, False]),
    }


def cpu_seconds():
    """Of this process and of those that it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def search_with_optuna(data, seed):
    """Elapsed and CPU seconds, F1 of the folds and of the test rows."""
    texts = [text for text, _ in data.train]
    labels = [label == "pos" for _, label in data.train]
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)

    def objective(trial):
        return cross_val_score(pipeline(suggest(trial)), texts, labels, cv=folds, scoring="f1").mean()

    start = time.perf_counter(), cpu_seconds()
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(objective, n_trials=N_TRIALS)
    winner = pipeline(study.best_params).fit(texts, labels)
    end = time.perf_counter(), cpu_seconds()
    f1 = f1_score([label == "pos" for _, label in data.test], winner.predict([text for text, _ in data.test]))
    return end[0] - start[0], end[1] - start[1], study.best_value, f1


def backend_cpu_seconds(process):
    """User and system time of a backend and its threads."""
    with open("/proc/%d/stat" % process) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def search_with_sentiment(session, data, seed):
    process = session.process()
    cpu = backend_cpu_seconds(process)
    elapsed = session.milliseconds(
        "SELECT * FROM sentiment_search('%s_%d', '%s_train', trials => %d, folds => %d, pruner => 'none', seed => %d, "
        "params => '{\"holdout\": 0}', space => '%s');"
        % (data.name, seed, data.name, N_TRIALS, N_FOLDS, seed, SPACE)) / 1000
    cpu = backend_cpu_seconds(process) - cpu
    value = session.value("SELECT best_value FROM sentiment_searches ORDER BY search_id DESC LIMIT 1;")
    f1 = session.value("SELECT sentiment_evaluate(label, sentiment_predict(text, '%s_%d')) -> 'classes' -> 'pos' -> 'f1' "
                       "FROM %s_test;" % (data.name, seed, data.name))
    return elapsed, cpu, float(value), float(f1)


def median(results, column):
    return statistics.median(result[column] for result in results)


def load_set(data_folder):
    """Kindle's reviews if the folder has them, else the food reviews of Debian's r-cran-modeldata."""
    path = kindle_path(data_folder)
    if path:
        return ReviewSet("kindle", "Amazon Kindle reviews without 3 stars", *kindle_reviews(path))
    train, test = (
        [(text, "pos" if label == "great" else "neg") for text, label in part]
        for part in modeldata_reviews(os.environ["BENCH_WORK"])
    )
    return ReviewSet("foods", "Amazon food reviews", train, test)


def compare(table, session, data):
    """Measure both in turn, seed by seed."""
    ours, theirs = [], []
    for seed in range(N_SEEDS):
        for search, results in ((lambda: search_with_sentiment(session, data, seed), ours),
                                (lambda: search_with_optuna(data, seed), theirs)):
            results.append(search())
            progress("seed %d: %.2f s, CPU %.2f s, F1 %.4f in the folds, %.4f on test rows" % (seed, *results[-1]))
    table.add_ratio("a search, elapsed", median(theirs, 0), median(ours, 0), "s", 1, 10)
    table.add_ratio("a search, CPU time", median(theirs, 1), median(ours, 1), "s", 1, 10)
    for column, name in ((2, "best F1 of the folds"), (3, "F1 on test rows")):
        rival, own = median(theirs, column), median(ours, column)
        table.add(name + ", median of the seeds", "%.4f" % rival, "%.4f" % own, "", ">= rival - 0.005", own >= rival - 0.005)
    for column, name in ((2, "best F1 of the folds"), (3, "F1 on test rows")):
        table.add(name + ", lowest and highest", "%.4f %.4f" % extremes(theirs, column), "%.4f %.4f" % extremes(ours, column),
                  "", "", True)


def extremes(results, column):
    values = [result[column] for result in results]
    return min(values), max(values)


def main():
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    data = load_set(sys.argv[1] if len(sys.argv) > 1 else None)
    session = Session()
    table = Table()
    session.ask("SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS sentiment;")
    session.ask("SET sentiment.training_threads = 1;")
    for part in ("train", "test"):
        session.ask("DROP TABLE IF EXISTS %s_%s;" % (data.name, part))
        session.load("%s_%s" % (data.name, part), ["text text", "label text"], getattr(data, part))
    compare(table, session, data)
    print("\nHyperparameter search on %s: %s; %d rows to train on, %d to test on; %d trials in %d folds, %d seeds, one thread.\n"
          % (data.name, data.description, len(data.train), len(data.test), N_TRIALS, N_FOLDS, N_SEEDS))
    table.print()
    print("\n%d measures, %d missed." % (len(table.lines) - 1, table.n_missed))


if __name__ == "__main__":
    main()
