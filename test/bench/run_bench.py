"""The benchmark: sentiment beside scikit-learn and fastText, and one table of what came out.

Called by run_bench.sh, which has started the server. Rivals take turns on the same rows; a figure is the
median of the turns.
"""

import multiprocessing
import os
import statistics
import sys

from bench_data import load_sets
from rivals import FastText, ScikitLearn
from server import Session, memory, statement_latency, thread_count

PARAMETERS = ('{"min_df": 2, "sublinear_tf": true, "C": 10, "ngram_min": 1, "ngram_max": 2, '
              '"holdout": 0}')
DRIFT_ROWS = 1000000
N_SINGLE = 500
N_FASTTEXT = 10000
NO_WORKERS = "SET max_parallel_workers_per_gather = 0;"


def progress(message):
    print("... " + message, file=sys.stderr, flush=True)


class Table:
    """The figures, as they come in."""

    HEADER = ("measure", "rival", "sentiment", "ratio", "target", "")

    def __init__(self):
        self.lines = [self.HEADER]
        self.n_missed = 0

    def add(self, measure, rival, sentiment, ratio, target, met):
        self.lines.append((measure, rival, sentiment, ratio, target, "met" if met else "MISSED"))
        self.n_missed += not met
        progress("  ".join(field for field in self.lines[-1] if field))

    def add_ratio(self, measure, rival, sentiment, unit, factor, target):
        """A figure in seconds beside the rival's, given in the unit, which is factor to a second."""
        self.add(measure, "%.4g %s" % (rival * factor, unit), "%.4g %s" % (sentiment * factor, unit),
                 "%.1f x" % (rival / sentiment), ">= %g x" % target, rival / sentiment >= target)

    def add_limit(self, measure, value, limit, unit, figure="%.3g"):
        self.add(measure, "", (figure + " %s") % (value, unit), "", ("< " + figure + " %s") % (limit, unit),
                 value < limit)

    def print(self):
        widths = [max(len(line[i]) for line in self.lines) for i in range(len(self.HEADER))]
        for line in self.lines:
            print("  ".join(field.ljust(width) for field, width in zip(line, widths)).rstrip())
            if line is self.HEADER:
                print("  ".join("-" * width for width in widths))


def take_turns(n_turns, *measures):
    """Medians of measures that are taken in turn."""
    figures = [[measure() for measure in measures] for _ in range(n_turns)]
    return [statistics.median(column) for column in zip(*figures)]


class Bench:
    """One data set's measures."""

    def __init__(self, table, session, data, n_turns):
        self.table = table
        self.session = session
        self.data = data
        self.n_turns = n_turns
        self.scikit_learn = ScikitLearn(data.train)
        self.texts = [text for text, label in data.train]
        for part in ("train", "test"):
            session.load("%s_%s" % (data.name, part), ["id int PRIMARY KEY", "text text", "label text"],
                         [(i, *row) for i, row in enumerate(getattr(data, part))])

    def name(self, measure):
        return "%s: %s" % (self.data.name, measure)

    def train_statement(self, parameters=PARAMETERS, model=None):
        return ("SELECT version FROM sentiment_train('%s', '%s_train', params => '%s', deploy => 'always');"
                % (model or self.data.name, self.data.name, parameters))

    def training(self):
        ours = self.train_statement()
        rival, seconds = take_turns(self.n_turns, self.scikit_learn.train,
                                    lambda: self.session.milliseconds(ours) / 1e3)
        self.table.add_ratio(self.name("training, end to end"), rival, seconds, "s", 1, 20)

    def correctness(self):
        """Held-out probabilities against the reference, by the model whose training was timed."""
        reference = self.scikit_learn.reference()
        vectorizer = self.scikit_learn.vectorizer
        expected = reference.predict_proba(vectorizer.transform([text for text, _ in self.data.test]))[:, 1]
        scores = self.session.rows("SELECT sentiment_score(text, '%s') FROM %s_test ORDER BY id;"
                                   % (self.data.name, self.data.name))
        furthest = max(abs(float(score) - p) for score, p in zip(scores, expected))
        labels = [reference.classes_[int(float(score) > 0.5)] for score in scores]
        right = sum(label == row[1] for label, row in zip(labels, self.data.test)) / len(labels)
        self.table.add_limit(self.name("furthest probability from newton-cg's (%d held-out rows, accuracy %.3f)"
                                       % (len(scores), right)), furthest, 2e-3, "", "%.2g")
        features = int(self.session.value("SELECT features FROM sentiment.model_version JOIN sentiment.model "
                                          "USING (model_id) WHERE name = '%s' LIMIT 1;" % self.data.name))
        if features != len(vectorizer.vocabulary_) or len(scores) != len(expected):
            raise RuntimeError("not the same features: %d, and %d in scikit-learn"
                               % (features, len(vectorizer.vocabulary_)))
        return features

    def predict_statement(self):
        return "SELECT sentiment_predict(text, '%s') FROM %s_train;" % (self.data.name, self.data.name)

    def prediction_of_all(self):
        """A scan on one core; answers its seconds per review."""
        self.session.ask(NO_WORKERS)
        rival, seconds = take_turns(self.n_turns, lambda: self.scikit_learn.predict(self.texts),
                                    lambda: self.session.milliseconds(self.predict_statement()) / 1e3)
        self.session.ask("RESET max_parallel_workers_per_gather;")
        n = len(self.texts)
        self.table.add_ratio(self.name("prediction of all, one core, per review"), rival / n, seconds / n,
                             "us", 1e6, 35)
        return seconds / n

    def single_predictions(self):
        """One text a call: in a loop inside the server, and from a client that sends the text."""
        texts = [text for text, label in self.data.test[:N_SINGLE]]
        passes = 10
        loop = ("DO $$ DECLARE t text; label text; BEGIN FOR pass IN 1..%d LOOP "
                "FOR t IN SELECT text FROM %s_test WHERE id < %d LOOP "
                "label := sentiment_predict(t, '%s'); END LOOP; END LOOP; END $$;"
                % (passes, self.data.name, len(texts), self.data.name))
        script = ("\\set id random(0, %d)\n"
                  "SELECT text FROM %s_test WHERE id = :id \\gset\n"
                  "SELECT sentiment_predict(:text, '%s');\n"
                  % (len(texts) - 1, self.data.name, self.data.name))
        self.session.ask(loop)
        rival, inside, round_trip = take_turns(
            self.n_turns,
            lambda: self.scikit_learn.predict_one_by_one(texts) / len(texts),
            lambda: self.session.milliseconds(loop) / 1e3 / passes / len(texts),
            lambda: statement_latency(script, 4000) / 1e3)
        self.table.add_ratio(self.name("one prediction, inside the server"), rival, inside, "us", 1e6, 80)
        self.table.add_ratio(self.name("one prediction, round trip from a client"), rival, round_trip,
                             "us", 1e6, 20)

    def fasttext(self, seconds_per_text):
        rival = FastText(os.environ["BENCH_WORK"], self.data.train)
        texts = self.texts[:N_FASTTEXT]
        per_text, = take_turns(3, lambda: rival.seconds_per_text(texts))
        self.table.add_ratio(self.name("prediction of all, per review, against fastText"), per_text,
                             seconds_per_text, "us", 1e6, 10)

    def drift_check(self):
        """One scan for drift against one that predicts, both by a leader and a worker: new texts, of DRIFT_ROWS rows."""
        table = "%s_new" % self.data.name
        self.session.ask("CREATE TABLE %s AS SELECT t.text || ' ' || i AS text, t.label FROM generate_series(1, %d) AS i JOIN %s_train AS t "
                         "ON t.id = i %% %d;" % (table, DRIFT_ROWS, self.data.name, len(self.texts)))
        self.session.ask("VACUUM ANALYZE %s;" % table)
        check = "SELECT sentiment_check_drift('%s', '%s', store => false);" % (self.data.name, table)
        predict = "SELECT count(sentiment_predict(text, '%s')) FROM %s;" % (self.data.name, table)
        for workers in (0, 1):
            self.session.ask("SET max_parallel_workers_per_gather = %d;" % workers)
            for statement in (check, predict):
                self.session.milliseconds(statement)
            checked, predicted = take_turns(3, lambda: self.session.milliseconds(check) / 1e3,
                                            lambda: self.session.milliseconds(predict) / 1e3)
            self.table.add_limit(self.name("check of %d rows for drift (%.2f s) against predicting them (%.2f s), %d worker%s"
                                           % (DRIFT_ROWS, checked, predicted, workers, "" if workers == 1 else "s")),
                                 checked / predicted, 1.5, "x", "%.2f")
        self.session.ask("RESET max_parallel_workers_per_gather; DROP TABLE %s;" % table)

    def two_cores(self):
        """Leader and one worker against one core, and what the planner chooses by itself."""
        statement = self.predict_statement()
        plan = self.session.rows("EXPLAIN (COSTS OFF) " + statement)
        cores = multiprocessing.cpu_count()

        def scan(workers):
            self.session.ask("SET max_parallel_workers_per_gather = %d;" % workers)
            return self.session.milliseconds(statement) / 1e3

        one, two = take_turns(7, lambda: scan(0), lambda: scan(1))
        self.session.ask("RESET max_parallel_workers_per_gather;")
        self.table.add(self.name("planner chooses workers by itself"), "", plan[0].strip(), "", "Gather",
                       "Gather" in plan[0])
        self.table.add_ratio(self.name("leader and a worker against one core (%d cores here)" % cores), one, two,
                             "s", 1, 1.7)

    def training_memory(self):
        """Peak of a new backend that trains, shared memory not counted."""
        session = Session()
        process = session.process()
        before = memory(process, "VmRSS") - memory(process, "RssShmem")
        session.ask(self.train_statement())
        peak = memory(process, "VmHWM") - memory(process, "RssShmem")
        session.close()
        size = sum(len(text.encode()) for text in self.texts)
        self.table.add_limit(self.name("peak memory of training, %.1f MB of texts (%.0f MB of it the backend's before)"
                                       % (size / 1e6, before / 1e6)), peak / 1e6, (8 * size + 64 * 2**20) / 1e6, "MB",
                             "%.0f")

    def prediction_memory(self):
        """A backend that predicts: its threads, and what many statements add to its memory."""
        session = Session()
        process = session.process()
        one = "SELECT sentiment_predict(text, '%s') FROM %s_test WHERE id = %%d;" % (self.data.name, self.data.name)
        image = int(session.value("SELECT max(image_bytes) FROM sentiment.model_version JOIN sentiment.model "
                                  "USING (model_id) WHERE name = '%s';" % self.data.name))
        before = memory(process, "RssAnon")
        session.ask(one % 0)
        first = memory(process, "RssAnon") - before
        for i in range(300):
            session.ask(one % i)
        session.ask(NO_WORKERS + self.predict_statement().replace("sentiment_predict(", "count(sentiment_predict(", 1)
                    .replace(") FROM", ")) FROM", 1))
        many = memory(process, "RssAnon") - before
        threads = thread_count(process)
        session.close()
        self.table.add(self.name("threads of a backend that predicts"), "", str(threads), "", "1", threads == 1)
        self.table.add(self.name("memory of a backend that predicts, model of %.1f MB" % (image / 1e6)), "",
                       "%.1f MB, after 302 statements %.1f MB" % (first / 1e6, many / 1e6), "", "one copy",
                       many < 1.5 * image + 8e6)

    def first_prediction(self, model, features):
        """The first statement of new connections."""

        def connect():
            session = Session()
            elapsed = session.milliseconds("SELECT sentiment_predict('Could not put it down.', '%s');" % model)
            session.close()
            return elapsed

        median, = take_turns(11, connect)
        self.table.add_limit("%s: first prediction of a connection, %d features" % (model, features), median, 10, "ms")


def main():
    work = os.environ["BENCH_WORK"]
    sets = load_sets(sys.argv[1] if len(sys.argv) > 1 else None, work)
    session = Session()
    table = Table()
    session.ask("SET client_min_messages = warning; CREATE EXTENSION sentiment;")
    for data in sets:
        progress("data set %s: %s" % (data.name, data.description))
        bench = Bench(table, session, data, 3 if data is sets[0] else 5)
        bench.training()
        features = bench.correctness()
        seconds_per_text = bench.prediction_of_all()
        bench.single_predictions()
        if data is sets[0]:
            bench.fasttext(seconds_per_text)
            bench.two_cores()
            bench.prediction_memory()
        if data is sets[-1]:
            bench.drift_check()
        bench.training_memory()
        bench.first_prediction(data.name, features)
    if len(sets) == 1:
        session.ask(bench.train_statement(PARAMETERS.replace("{", '{"max_features": 85000, '), "small"))
        bench.first_prediction("small", 85000)

    print()
    for data in sets:
        print("%s: %s; %d to train on (%.1f MB), %d to test on."
              % (data.name, data.description, len(data.train), sum(len(t.encode()) for t, _ in data.train) / 1e6,
                 len(data.test)))
    print("Medians of %d turns or more; scikit-learn has one thread and its texts in memory; a scan's rows are sent to "
          "the client, which does not print them.\n" % 3)
    table.print()
    print("\n%d measures, %d missed." % (len(table.lines) - 1, table.n_missed))


if __name__ == "__main__":
    main()
