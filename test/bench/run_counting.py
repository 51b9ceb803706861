"""What counting predictions in shared memory costs, and A/B routing.

Called by run_bench.sh, which has started the server with the library preloaded. Processor time of the backend,
by the kernel's count: others on the machine do not disturb it. One session takes turns, so that both
sides have the same memory layout.
"""

import os
import statistics
import sys

from bench_data import load_sets
from run_bench import NO_WORKERS, PARAMETERS, Table
from server import Session

# many short turns: what else runs on the machine disturbs single ones, and not the median
N_TURNS = 201
N_ROWS = 2500


def processor_seconds(process):
    with open("/proc/%d/schedstat" % process) as file:
        return int(file.read().split()[0]) / 1e9


def scan_seconds(session, process, statement):
    before = processor_seconds(process)
    session.ask(statement)
    return processor_seconds(process) - before


def compare(session, statement, one, other):
    """Median processor seconds of a statement after each of two statements."""
    process = session.process()
    columns = ([], [])
    for _ in range(N_TURNS):
        for column, setting in zip(columns, (one, other)):
            session.ask(setting)
            column.append(scan_seconds(session, process, statement))
    return [statistics.median(column[1:]) for column in columns]


def main():
    data = load_sets(sys.argv[1] if len(sys.argv) > 1 else None, os.environ["BENCH_WORK"])[0]
    session = Session()
    table = Table()
    session.ask("SET client_min_messages = warning; DROP EXTENSION IF EXISTS sentiment CASCADE; CREATE EXTENSION sentiment;")
    session.ask("DROP TABLE IF EXISTS counted, counted_few;")
    session.load("counted", ["id int PRIMARY KEY", "text text", "label text"],
                 [(i, *row) for i, row in enumerate(data.train)])
    session.ask("CREATE TABLE counted_few AS SELECT * FROM counted ORDER BY id LIMIT %d; VACUUM ANALYZE counted_few;" % N_ROWS)
    session.ask(NO_WORKERS)
    for _ in range(2):
        session.ask("SELECT version FROM sentiment_train('counted', 'counted', params => '%s', deploy => 'always');" % PARAMETERS)
    n = min(N_ROWS, len(data.train))
    statement = "SELECT count(sentiment_predict(text, 'counted')) FROM counted_few;"
    off, on = compare(session, statement, "SET sentiment.track_predictions = off;", "SET sentiment.track_predictions = on;")
    counted = int(session.value("SELECT sum(predictions) FROM sentiment_stat_predictions;"))
    if counted != N_TURNS * n:
        raise RuntimeError("%d predictions were counted, not %d" % (counted, N_TURNS * n))
    table.add_limit("%s: counting a prediction of %.2f us, share of it" % (data.name, off / n * 1e6), (on / off - 1) * 100, 3, "%", "%.2f")
    # the shorter a text, the more counting matters
    session.ask("DROP TABLE IF EXISTS counted_short; CREATE TABLE counted_short AS SELECT pg_catalog.left(text, 100) AS text FROM counted_few; VACUUM ANALYZE counted_short;")
    off, on = compare(session, "SELECT count(sentiment_predict(text, 'counted')) FROM counted_short;",
                      "SET sentiment.track_predictions = off;", "SET sentiment.track_predictions = on;")
    table.add_limit("%s, 100 characters of each: counting a prediction of %.2f us, share of it" % (data.name, off / n * 1e6), (on / off - 1) * 100, 3, "%", "%.2f")
    # the same version for every unit, then half of the units each
    routed = "SELECT count(sentiment_predict(text, 'counted', unit => id::text)) FROM counted_few;"
    one, two = compare(session, routed, "SELECT sentiment_set_traffic('counted', '{\"1\": 1}');",
                       "SELECT sentiment_set_traffic('counted', '{\"1\": 0.5, \"2\": 0.5}');")
    table.add_limit("%s: two versions share the traffic, more than one takes" % data.name, (two / one - 1) * 100, 50, "%", "%.1f")
    print()
    table.print()
    print("\nProcessor time of one backend, medians of %d turns; %d texts." % (N_TURNS - 1, n))


if __name__ == "__main__":
    main()
