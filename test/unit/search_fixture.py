#!/usr/bin/env python3
"""Writes search_fixture.h: what Optuna 3.1 (Debian's python3-optuna) says about trials, fronts, volumes
and pruning, and how far its TPE comes on two functions.

    /usr/bin/python3 test/unit/search_fixture.py > test/unit/search_fixture.h

Optuna makes small, the core large: objectives are negated on the way in.
"""
import math
import statistics
import warnings

import numpy as np
import optuna
from optuna._hypervolume import WFG
from optuna._hypervolume.hssp import _solve_hssp
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import NSGAIISampler, TPESampler
from optuna.samplers._tpe import parzen_estimator, sampler as tpe
from optuna.trial import TrialState, create_trial

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)

# Equal observations have no order in Optuna; here they have that of the trials.
unstable_argsort = np.argsort
parzen_estimator.np.argsort = lambda a, *args, **kw: unstable_argsort(a, kind="stable")

rng = np.random.RandomState(20240229)


def number(x):
    if math.isnan(x):
        return "NAN"
    if math.isinf(x):
        return "INFINITY" if x > 0 else "-INFINITY"
    return repr(float(x))


def array(name, values, kind="double"):
    text = number if kind == "double" else (lambda v: str(int(v)))
    body = ", ".join(text(v) for v in np.ravel(values)) or "0"
    print(f"static const {kind} {name}[] = {{{body}}};")


print("/* Written by search_fixture.py from the answers of Optuna. */\n#include <math.h>\n#include <stddef.h>\n#include <stdint.h>\n")

# --- densities -----------------------------------------------------------------------------------
parameters = parzen_estimator._ParzenEstimatorParameters(True, 1.0, True, False, tpe.default_weights, False)
dimensions = [
    ("DIMENSION_REAL", FloatDistribution(-2.0, 3.0), -2, 3, False, 0),
    ("DIMENSION_REAL", FloatDistribution(1e-4, 10.0, log=True), 1e-4, 10, True, 0),
    ("DIMENSION_INTEGER", IntDistribution(6, 18), 6, 18, False, 0),
    ("DIMENSION_INTEGER", IntDistribution(-5, 4000), -5, 4000, False, 0),
    ("DIMENSION_INTEGER", IntDistribution(1, 300, log=True), 1, 300, True, 0),
    ("DIMENSION_CHOICE", CategoricalDistribution(list("abcd")), 0, 0, False, 4),
]


def draw(distribution, n):
    if isinstance(distribution, CategoricalDistribution):
        return rng.randint(0, 4, n).astype(float)
    low, high = distribution.low, distribution.high
    values = np.exp(rng.uniform(np.log(low), np.log(high), n)) if distribution.log else rng.uniform(low, high, n)
    return np.round(values) if isinstance(distribution, IntDistribution) else np.round(values, 5)


cases = []
for kind, distribution, low, high, log, n_choices in dimensions:
    for n in (0, 1, 2, 7, 26, 27, 60):
        for weighted in (False, True):
            if weighted and n == 0:
                continue
            i = len(cases)
            observed = draw(distribution, n)
            asked = draw(distribution, 9)
            if kind != "DIMENSION_CHOICE":
                asked[:2] = low, high
            weights = np.round(rng.uniform(0.001, 1, n), 4) if weighted else None
            estimator = parzen_estimator._ParzenEstimator({"x": observed}, {"x": distribution}, parameters, weights)
            as_index = asked.astype(int) if kind == "DIMENSION_CHOICE" else asked
            array(f"density_values_{i}", observed)
            if weighted:
                array(f"density_weights_{i}", weights)
            array(f"density_asked_{i}", asked)
            array(f"density_logs_{i}", estimator.log_pdf({"x": as_index}))
            cases.append(f"{{{{.name = \"x\", .type = {kind}, .low = {low}, .high = {high}, .log_scale = {str(log).lower()}, "
                         f".n_choices = {n_choices}}}, {n}, density_values_{i}, "
                         f"{f'density_weights_{i}' if weighted else 'NULL'}, density_asked_{i}, density_logs_{i}}}")
print("#define N_ASKED 9\nstatic const struct DensityCase {\n\tDimension dimension;\n\tsize_t n_values;\n\tconst double *values;\n"
      "\tconst double *weights;\n\tconst double *asked;\n\tconst double *logs;\n} density_cases[] = {\n\t" + ",\n\t".join(cases) + "};\n")

# --- good trials ---------------------------------------------------------------------------------
# state: 0 complete, 1 pruned, 2 failed; steps of pruned trials, -1 for none; violation
split_cases = []
for n_objectives in (1, 2, 3, 4):
    for n in (1, 10, 11, 40, 120):
        for limited in (False, True):
            for coarse in (False, True):
                i = len(split_cases)
                if n_objectives == 4 and n != 40:
                    continue
                objectives = np.round(rng.normal(size=(n, n_objectives)), 3) + 0.0
                if coarse:
                    objectives = np.round(objectives * (1 if n_objectives == 1 else 100), 0) + 0.0
                states = rng.choice([0, 1, 2], n, p=[0.7, 0.2, 0.1]) if n_objectives == 1 else np.zeros(n, int)
                steps = rng.randint(0, 5, n)
                violation = np.where(rng.uniform(size=n) < 0.5, 0, np.round(rng.uniform(size=n), 2)) if limited else np.zeros(n)
                kept, scores = [], []
                for t in range(n):
                    if states[t] == 0:
                        scores.append((-math.inf, [-v for v in objectives[t]]))
                    elif states[t] == 1:
                        scores.append((-(steps[t] - 1), [-objectives[t][0]]) if steps[t] else (1, [0.0]))
                    else:
                        continue
                    kept.append(t)
                below, above = tpe._split_observation_pairs(scores, tpe.default_gamma(len(kept)), list(violation[kept]) if limited else None)
                order = np.argsort(below)
                weights = np.zeros(0)
                if n_objectives > 1:
                    weights = tpe._calculate_weights_below_for_multi_objective(scores, below, list(violation[kept]) if limited else None)[order]
                array(f"split_objectives_{i}", objectives)
                array(f"split_states_{i}", states, "int")
                array(f"split_steps_{i}", steps, "uint32_t")
                array(f"split_violations_{i}", violation)
                array(f"split_below_{i}", np.asarray(kept)[below[order]] if len(below) else [], "size_t")
                array(f"split_above_{i}", np.asarray(kept)[np.sort(above)] if len(above) else [], "size_t")
                array(f"split_weights_{i}", weights)
                split_cases.append(f"{{{n_objectives}, {n}, {len(below)}, {len(above)}, split_objectives_{i}, split_states_{i}, split_steps_{i}, "
                                   f"split_violations_{i}, split_below_{i}, split_above_{i}, split_weights_{i}}}")
print("static const struct SplitCase {\n\tuint32_t n_objectives;\n\tsize_t n;\n\tsize_t n_below;\n\tsize_t n_above;\n\tconst double *objectives;\n"
      "\tconst int *states;\n\tconst uint32_t *steps;\n\tconst double *violations;\n\tconst size_t *below;\n\tconst size_t *above;\n\tconst double *weights;\n"
      "} split_cases[] = {\n\t" + ",\n\t".join(split_cases) + "};\n")

# --- fronts and volumes --------------------------------------------------------------------------
front_cases = []
for n_objectives in (1, 2, 3, 4):
    for n, digits in ((1, 3), (2, 3), (12, 0), (30, 1), (60, 6)):
        i = len(front_cases)
        points = np.round(rng.normal(size=(n, n_objectives)), digits) + 0.0
        directions = [optuna.study.StudyDirection.MAXIMIZE] * n_objectives
        trials = [create_trial(values=list(map(float, p))) for p in points]
        for t, trial in enumerate(trials):
            trial.number = t
        ranks = np.zeros(n, int)
        for rank, front in enumerate(NSGAIISampler()._fast_non_dominated_sort(trials, directions)):
            for trial in front:
                ranks[trial.number] = rank
        reference = np.min(points, axis=0) - rng.uniform(0, 0.5, n_objectives)
        losses, worst = -points, -reference
        wanted = min(n, 5)
        if n_objectives > 1:
            volume = WFG().compute(losses, worst)
            without = [volume - (WFG().compute(np.delete(losses, t, 0), worst) if n > 1 else 0) for t in range(n)]
            chosen = _solve_hssp(losses, np.arange(n), wanted, worst)
            chosen_volume = WFG().compute(losses[chosen], worst)
        else:  # a length
            volume = float(np.max(points - reference))
            without = [volume - (float(np.max(np.delete(points, t) - reference)) if n > 1 else 0) for t in range(n)]
            chosen_volume = volume
        array(f"front_points_{i}", points)
        array(f"front_ranks_{i}", ranks, "uint32_t")
        array(f"front_reference_{i}", reference)
        array(f"front_contributions_{i}", without)
        front_cases.append(f"{{{n_objectives}, {n}, {wanted}, front_points_{i}, front_ranks_{i}, front_reference_{i}, {number(volume)}, "
                           f"front_contributions_{i}, {number(chosen_volume)}}}")
print("static const struct FrontCase {\n\tuint32_t n_objectives;\n\tsize_t n;\n\tsize_t n_chosen;\n\tconst double *points;\n\tconst uint32_t *ranks;\n"
      "\tconst double *reference;\n\tdouble volume;\n\tconst double *contributions;\n\tdouble chosen_volume;\n} front_cases[] = {\n\t"
      + ",\n\t".join(front_cases) + "};\n")

# --- pruning -------------------------------------------------------------------------------------
MAX_STEPS = 5
pruner_cases = []
for n in (0, 4, 5, 8, 30):
    for startup, warmup in ((5, 0), (0, 0), (5, 2)):
        for repeat in range(6):
            i = len(pruner_cases)
            study = optuna.create_study(direction="maximize")
            steps = np.round(rng.normal(size=(n, MAX_STEPS)), 1)
            steps[rng.uniform(size=steps.shape) < 0.05] = math.nan
            lengths = rng.randint(0, MAX_STEPS + 1, n)
            states = rng.choice([0, 1], n, p=[0.8, 0.2])
            for t in range(n):
                study.add_trial(create_trial(state=TrialState.COMPLETE if states[t] == 0 else TrialState.PRUNED,
                                             value=1.0 if states[t] == 0 else None,
                                             intermediate_values={s: float(steps[t][s]) for s in range(lengths[t])}))
            own = np.round(rng.normal(size=MAX_STEPS) - 0.3, 1)
            own[rng.uniform(size=MAX_STEPS) < 0.15] = math.nan
            n_steps = rng.randint(0, MAX_STEPS + 1)
            running = optuna.trial.FrozenTrial(number=n, state=TrialState.RUNNING, value=None, datetime_start=None, datetime_complete=None,
                                               params={}, distributions={}, user_attrs={}, system_attrs={}, trial_id=n,
                                               intermediate_values={s: float(own[s]) for s in range(n_steps)})
            prunes = optuna.pruners.MedianPruner(startup, warmup).prune(study, running)
            array(f"pruner_steps_{i}", steps)
            array(f"pruner_lengths_{i}", lengths, "uint32_t")
            array(f"pruner_states_{i}", states, "int")
            array(f"pruner_own_{i}", own)
            pruner_cases.append(f"{{{n}, {startup}, {warmup}, pruner_steps_{i}, pruner_lengths_{i}, pruner_states_{i}, pruner_own_{i}, {n_steps}, "
                                f"{str(bool(prunes)).lower()}}}")
print(f"#define MAX_STEPS {MAX_STEPS}\nstatic const struct PrunerCase {{\n\tsize_t n;\n\tuint32_t startup;\n\tuint32_t warmup;\n\tconst double *steps;\n"
      "\tconst uint32_t *lengths;\n\tconst int *states;\n\tconst double *own;\n\tuint32_t n_steps;\n\tbool prunes;\n} pruner_cases[] = {\n\t"
      + ",\n\t".join(pruner_cases) + "};\n")


# --- how far TPE comes ---------------------------------------------------------------------------
def branin(trial):
    x, y = trial.suggest_float("x", -5, 10), trial.suggest_float("y", 0, 15)
    return (y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6) ** 2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10 - 0.397887


def mixed(trial):
    rate = trial.suggest_float("rate", 1e-5, 1, log=True)
    depth = trial.suggest_int("depth", 1, 20)
    leaves = trial.suggest_int("leaves", 1, 1000, log=True)
    kind = trial.suggest_categorical("kind", [0, 1, 2, 3])
    return (math.log10(rate) + 3) ** 2 + (depth - 7) ** 2 / 20 + (math.log10(leaves) - 1.5) ** 2 + [0.5, 0, 1, 2][kind]


def losses(function, n_trials, sampler):
    result = []
    for seed in range(40):
        study = optuna.create_study(sampler=sampler(seed))
        study.optimize(function, n_trials=n_trials)
        result.append(study.best_value)
    return result


for name, function in (("branin", branin), ("mixed", mixed)):
    print(f"/* best of 60 trials, mean of the logarithm over 40 seeds */")
    print(f"static const double {name}_tpe = {number(statistics.mean(map(math.log, losses(function, 60, lambda s: TPESampler(seed=s)))))};")
