"""What a validation of 1,000,000 rows costs beside reading and predicting them.

Called by run_bench.sh, which has started the server. The rows are the reviews of the first data set, each
many times with another number at its end, so all texts differ. Medians of turns.
"""

import os
import statistics
import sys

from bench_data import load_sets
from server import Session

N_ROWS = int(os.environ.get("BENCH_CONTRACT_ROWS", "1000000"))
N_TURNS = 3


def main():
    data = load_sets(sys.argv[1] if len(sys.argv) > 1 else None, os.environ["BENCH_WORK"])[0]
    session = Session()
    session.ask("SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS sentiment;")
    session.load("contract_source", ["text text", "label text"], data.train)
    session.ask("CREATE TABLE contract_rows AS SELECT text || ' ' || n AS text, label"
                " FROM contract_source, generate_series(1, %d) AS n LIMIT %d;"
                % (N_ROWS // len(data.train) + 1, N_ROWS))
    session.ask("VACUUM ANALYZE contract_rows;")
    session.ask("SELECT sentiment_train('contract_model', 'contract_source');")
    statements = {
        "read": "SELECT count(text) FROM contract_rows;",
        "text features": "SELECT count(sentiment_text_features(text)) FROM contract_rows;",
        "predict": "SELECT count(sentiment_predict(text, 'contract_model')) FROM contract_rows;",
        "validate": "SELECT count(*) FROM sentiment_validate('contract_model', 'contract_rows', check_labels => false);",
        "validate and ask the model": "SELECT count(*) FROM sentiment_validate('contract_model', 'contract_rows');",
    }
    for workers in (0, 2):
        session.ask("SET max_parallel_workers_per_gather = %d;" % workers)
        seconds = {name: [] for name in statements}
        for _ in range(N_TURNS):
            for name, statement in statements.items():
                seconds[name].append(session.milliseconds(statement) / 1000)
        medians = {name: statistics.median(turns) for name, turns in seconds.items()}
        for name, median in medians.items():
            print("%d rows, %d workers, %-27s %7.2f s, %5.2f times predicting them"
                  % (N_ROWS, workers, name, median, median / medians["predict"]))
    session.close()


if __name__ == "__main__":
    main()
