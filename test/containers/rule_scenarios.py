#!/usr/bin/env python3
"""Write unit tests of the alert rules for promtool: rule_scenarios.py OUTPUT RULES...

A scenario is the ordinary day with a few series changed while the trouble lasts. It names exactly the
alerts that fire near the end of the trouble; before it, and some time after it, none may. An alert without a
scenario is an error, so that a new one cannot go untested.
"""
import os
import sys

import yaml

BEGIN, END = 60, 150  # minutes of trouble, unless a scenario says otherwise
DAY = 86400


def counter(normal, trouble=None):
    """A counter that grows by so much a minute."""
    def series(minutes, begin, end):
        values = [0]
        for minute in range(1, minutes + 1):
            bad = trouble is not None and begin < minute <= end
            values.append(values[-1] + (trouble if bad else normal))
        return values
    return series


def gauge(normal, *trouble):
    """A gauge; None is a series that is not there."""
    def series(minutes, begin, end):
        return [trouble[0] if trouble and begin < minute <= end else normal for minute in range(minutes + 1)]
    return series


def clock(age, trouble=None):
    """The time of something that is always so many seconds past."""
    def series(minutes, begin, end):
        return [60 * minute - (trouble if trouble is not None and begin < minute <= end else age)
                for minute in range(minutes + 1)]
    return series


def labels(name, **pairs):
    pairs = {"job": "sentiment", "instance": "a", **pairs}
    return name + "{" + ",".join('%s="%s"' % pair for pair in pairs.items()) + "}"


def requests(status):
    return labels("api_requests_total", method="POST", endpoint="/predict", status=status)


def latency(counts, trouble=None, endpoint="/predict"):
    """Requests a minute up to 0.1 s, from 0.5 s to 0.75 s, from 1 s to 2.5 s."""
    def cumulative(up_to_100ms, up_to_750ms, up_to_2500ms):
        middle = up_to_100ms + up_to_750ms
        return {"0.1": up_to_100ms, "0.5": up_to_100ms, "0.75": middle, "1": middle,
                "2.5": middle + up_to_2500ms, "+Inf": middle + up_to_2500ms}
    usual, bad = cumulative(*counts), cumulative(*(trouble or counts))
    return {labels("api_request_duration_seconds_bucket", method="POST", endpoint=endpoint, le=le):
            counter(usual[le], bad[le]) for le in usual}


UP = labels("up")
DATABASE_UP = labels("sentiment_exporter_database_up")
STATISTICS = labels("sentiment_statistics_available")
PREDICTION_ERRORS = labels("sentiment_prediction_errors_total", sqlstate_class="22")
DEPLOYED = labels("sentiment_deployed_version", model="m")
F1 = labels("sentiment_model_f1", model="m", version=2)
TRAINED = labels("sentiment_model_trained_timestamp_seconds", model="m", version=2)
PSI = labels("sentiment_drift_max_psi", model="m")
DRIFT = labels("sentiment_drift_detected", model="m")
DRIFT_CHECKED = labels("sentiment_drift_checked_timestamp_seconds", model="m")
RETRAINING = labels("sentiment_retraining_last_failed", model="m")
FINDINGS = labels("sentiment_validation_findings", model="m", severity="error")
JOB_FAILED = labels("sentiment_job_last_failed", model="m", task="monitor")
JOB_RAN = labels("sentiment_job_last_run_timestamp_seconds", model="m", task="monitor")

ORDINARY = {
    UP: gauge(1),
    DATABASE_UP: gauge(1),
    requests(200): counter(1000),
    requests(400): counter(2),
    requests(401): counter(500),
    requests(503): counter(1),
    STATISTICS: gauge(1),
    labels("sentiment_predictions_total", model="m", version=2, label="pos"): counter(600),
    labels("sentiment_predictions_total", model="m", version=2, label="neg"): counter(600),
    PREDICTION_ERRORS: counter(3),
    DEPLOYED: gauge(2),
    labels("sentiment_model_share", model="m", version=2): gauge(1),
    F1: gauge(0.91),
    TRAINED: clock(3 * DAY),
    # an old version that answers nobody is nobody's trouble
    labels("sentiment_model_trained_timestamp_seconds", model="m", version=1): clock(90 * DAY),
    PSI: gauge(0.04),
    DRIFT: gauge(0),
    DRIFT_CHECKED: clock(3600),
    RETRAINING: gauge(0),
    FINDINGS: gauge(0),
    labels("sentiment_validation_findings", model="m", severity="warning"): gauge(4),
    JOB_FAILED: gauge(0),
    JOB_RAN: clock(600),
    **latency((1000, 2, 1)),
    # batches take long, and may
    **latency((1, 1, 5), endpoint="/batch_predict"),
}


def scenario(changes, alerts, end=END, quiet=20):
    """Trouble until minute `end`; `quiet` minutes later nothing fires any more."""
    unknown = [name for name in changes if name not in ORDINARY]
    if unknown:
        sys.exit("a scenario changes what the ordinary day does not have: %s" % unknown)
    return {"changes": changes, "alerts": sorted(alerts), "end": end, "quiet": end + quiet}


SCENARIOS = {
    "ordinary": scenario({}, []),
    "nobody asks": scenario(
        {name: counter(0) for name in ORDINARY if name.startswith(("api_", "sentiment_prediction"))}, []),
    "the exporter does not answer": scenario({UP: gauge(1, 0)}, ["SentimentExporterDown"]),
    "there is no exporter": scenario({UP: gauge(1, None)}, ["SentimentExporterDown"]),
    "the database is away": scenario(
        {DATABASE_UP: gauge(1, 0), DEPLOYED: gauge(2, None)}, ["SentimentDatabaseDown"]),
    "a tenth of the requests is bad": scenario(
        {requests(400): counter(2, 180)}, ["SentimentErrorRateHigh", "SentimentErrorRateOverObjective"]),
    "2 % of the requests are bad": scenario({requests(400): counter(2, 30)}, ["SentimentErrorRateOverObjective"]),
    "strangers are kept out": scenario({requests(401): counter(500, 9000)}, []),
    "the service fails a sixth of the requests": scenario(
        {requests(503): counter(1, 300)},
        ["SentimentAvailabilityFastBurn", "SentimentAvailabilityMediumBurn", "SentimentAvailabilitySlowBurn",
         "SentimentErrorRateHigh", "SentimentErrorRateOverObjective"], quiet=420),
    # less than the error rate's objective and the fast burns allow, and yet more than the budget
    "the service fails a little for long": scenario(
        {requests(503): counter(1, 11)}, ["SentimentAvailabilitySlowBurn"], end=500, quiet=400),
    "one request in ten takes 0.75 s": scenario(
        latency((1000, 2, 1), (900, 100, 0)), ["SentimentLatencyP95High"]),
    "one request in fifty takes 2 s": scenario(
        latency((1000, 2, 1), (980, 0, 20)), ["SentimentLatencyP99High"]),
    "one request in ten takes 2 s": scenario(
        latency((1000, 2, 1), (900, 0, 100)), ["SentimentLatencyP95High", "SentimentLatencyP99High"]),
    "predictions fail in the database": scenario(
        {PREDICTION_ERRORS: counter(3, 200)}, ["SentimentPredictionErrors"]),
    "the library is not preloaded": scenario({STATISTICS: gauge(1, 0)}, ["SentimentStatisticsNotLoaded"]),
    "nothing is deployed": scenario({DEPLOYED: gauge(2, None)}, ["SentimentNoModelDeployed"]),
    "a poor model answers": scenario({F1: gauge(0.91, 0.8)}, ["SentimentF1Low"]),
    "an old model answers": scenario({TRAINED: clock(3 * DAY, 31 * DAY)}, ["SentimentModelStale"]),
    "PSI is above 0.1 by chance": scenario({PSI: gauge(0.04, 0.15)}, ["SentimentPsiHigh"]),
    "drift": scenario({PSI: gauge(0.04, 0.4), DRIFT: gauge(0, 1)}, ["SentimentDriftDetected", "SentimentPsiHigh"]),
    "nobody looks for drift": scenario({DRIFT_CHECKED: clock(3600, 3 * DAY)}, ["SentimentDriftCheckStale"]),
    "retraining fails": scenario({RETRAINING: gauge(0, 1)}, ["SentimentRetrainingFailed"]),
    "rows break the contract": scenario({FINDINGS: gauge(0, 2)}, ["SentimentValidationErrors"]),
    "a job fails": scenario({JOB_FAILED: gauge(0, 1)}, ["SentimentJobFailed"]),
    "a job does not run any more": scenario({JOB_RAN: clock(600, 9 * DAY)}, ["SentimentJobStale"]),
}


def unit_test(name, wanted):
    minutes = wanted["quiet"] + 10

    def fires(minute, alerts):
        return {"expr": 'count by (alertname) (ALERTS{alertstate="firing"})', "eval_time": "%dm" % minute,
                "exp_samples": [{"labels": '{alertname="%s"}' % alert, "value": 1} for alert in alerts]}
    series = {**ORDINARY, **wanted["changes"]}
    return {
        "name": name,
        "interval": "1m",
        "input_series": [
            {"series": key, "values": " ".join("_" if value is None else str(value)
                                               for value in make(minutes, BEGIN, wanted["end"]))}
            for key, make in series.items()],
        "promql_expr_test": [fires(BEGIN - 1, []), fires(wanted["end"] - 1, wanted["alerts"]),
                             fires(wanted["quiet"], [])],
    }


def main():
    output, rule_files = sys.argv[1], sys.argv[2:]
    alerts = set()
    for path in rule_files:
        with open(path, encoding="utf-8") as file:
            for group in yaml.safe_load(file)["groups"]:
                alerts.update(rule["alert"] for rule in group["rules"] if "alert" in rule)
    tested = {alert for wanted in SCENARIOS.values() for alert in wanted["alerts"]}
    if alerts != tested:
        sys.exit("alerts without a scenario: %s; scenarios of no alert: %s"
                 % (sorted(alerts - tested), sorted(tested - alerts)))
    with open(output, "w", encoding="utf-8") as file:
        yaml.safe_dump({
            "rule_files": [os.path.abspath(path) for path in rule_files],
            "evaluation_interval": "1m",
            "tests": [unit_test(name, wanted) for name, wanted in SCENARIOS.items()],
        }, file, sort_keys=False, width=10 ** 9)
    print("%d scenarios of %d alerts" % (len(SCENARIOS), len(alerts)))


main()
