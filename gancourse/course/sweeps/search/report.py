"""A search as one HTML page, without a network: the best point, how sure it is, the way there."""

import math
import os
from collections import Counter
from pathlib import Path
from typing import Any

import jinja2

from gancourse.course import records
from gancourse.course.sweeps.report import START, STYLE, made
from gancourse.course.sweeps.search import figures, outcome
from gancourse.course.sweeps.search.plan import Search
from gancourse.course.sweeps.search.study import Trial, importance
from gancourse.course.sweeps.tables import Table, mixed
from gancourse.course.sweeps.watch import duration
from gancourse.files import write_atomically

STATES = ("complete", "pruned", "failed", "running")
PAGE = START + """\
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
{% if waiting %}
<meta http-equiv="refresh" content="20">
{% endif %}
<title>{{ title }}</title><style>{{ style }}</style>
<h1>{{ title }}</h1>
<p class=quiet>{{ summary }}</p>
{% if waiting %}
<p class=note>The search is not complete. While it runs, this page reloads itself.</p>
{% endif %}
{% if missed %}
<p class=quiet>Missed (○): a claim that the lesson makes does not hold at these settings. What was
measured there counts like the rest; table.csv says which claim.</p>
{% endif %}
{% if mixed_versions %}
<p class=note>These runs were made under different versions: {{ mixed_versions }}.
<code>--force</code> makes all of them anew.</p>
{% endif %}
{% if not best %}
<p class=note>No trial has come to its end with a number for <b>{{ metric }}</b> yet.</p>
{% else %}
<p>Judged by <b>{{ metric }}</b>, {{ goal }}.</p>
<div class=card><b>{{ best.text }}</b><br>{{ best.spread }}
<p>{{ best.luck }}</p>
{% if best.command %}
<p>This repeats its run with seed {{ best.seed }}, {{ best.score }}:</p>
<pre>{{ best.command }}</pre>
{% endif %}
</div>
{% if fresh %}
<h2>The best points on fresh seeds</h2>
{{ figure(fresh) }}
{% endif %}
<h2>The way there</h2>
{{ figure(history) }}
{% if importance %}
<h2>What mattered</h2>
{{ figure(importance) }}
{% endif %}
<h2>All trials</h2>
{{ figure(parallel) }}
{% endif %}
{% if rungs %}
<h2>Pruning</h2>
<p>{{ pruning }}</p>
<div class=scroll><table>
<thead><tr><th>{{ budget }}</th><th>trials</th><th>runs</th><th>seconds a run</th>
<th>together</th></tr></thead>
<tbody>
{% for rung in rungs %}
<tr><td>{{ rung.budget }}</td><td>{{ rung.trials }}</td><td>{{ rung.runs }}</td>
<td>{{ rung.each }}</td><td>{{ rung.together }}</td></tr>
{% endfor %}
</tbody></table></div>
{% endif %}
<h2>All trials, best first</h2>
<div class=scroll><table>
<thead><tr>
{% for name in columns %}
<th>{{ name }}</th>
{% endfor %}
</tr></thead>
<tbody>
{% for row in rows %}
<tr{% if row.best %} class=best{% endif %}>
{% for value in row.cells %}
<td>{{ value }}</td>
{% endfor %}
<td>{% for run in row.runs %}
{{ run.mark }}<a href="{{ run.address }}">{{ run.text }}</a>
{% endfor %}</td></tr>
{% endfor %}
</tbody></table></div>
{% if failures %}
<h2>Trials that failed</h2>
{% for row in failures %}
<p>Trial {{ row.number }}, {{ row.text }}:</p>
<pre>{{ row.error }}</pre>
{% endfor %}
{% endif %}
<h2>How it was made</h2>
<pre>{{ command }}</pre>
<p class=quiet>With more <code>--trials</code> it goes on, here or on another machine that sees
this folder. {{ made }}. All numbers: <a href=table.csv>table.csv</a>,
<a href=table.parquet>table.parquet</a>; the study: study.journal.</p>
</html>
"""


def save(folder: Path, search: Search, trials: list[Trial], table: Table, column: str,
         runs: Path) -> Path:
    """Write the report into a folder and return its path."""
    home = Path(os.path.relpath(runs, folder)).as_posix()
    text = page(search, trials, table, column, home)
    write_atomically(folder / "report.html", text.encode())
    return folder / "report.html"


def page(search: Search, trials: list[Trial], table: Table, column: str = "",
         home: str = "../..") -> str:
    """Return the report as one HTML page with its figures inside.

    `column` is that of what decides, "" while no run has it; `home` leads from the page to the
    folder of runs.
    """
    lesson = search.sweep.lesson.about
    rows = table.rows()
    order = outcome.finalists(search, trials, table, column)
    goal = "higher is better" if search.maximise else "lower is better"
    label = f"{column or search.metric} ({goal})"
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    facts: dict[str, Any] = {"best": {}, "rungs": []}
    if order:
        best = order[0].trial
        facts |= {"best": _best(search, order), "importance": _importance(search, trials),
                  "history": figures.history(search, trials, best, label),
                  "parallel": figures.parallel(search, trials, best, column)}
    if any(finalist.fresh.numbers for finalist in order):
        facts["fresh"] = figures.fresh(search, order, label)
    if search.budget:
        facts |= _pruning(search, trials, table)
    running = sum(trial.state == "running" for trial in trials)
    return environment.from_string(PAGE).render(
        style=STYLE, title=f"Lesson {lesson['lesson']:02d}, {lesson['title']}: a search over "
                           f"{' × '.join(search.sweep.names())}",
        summary=_summary(search, trials, rows), metric=column or search.metric, goal=goal,
        waiting=running or len(trials) < search.trials or any(
            row["status"] == "waiting" for row in rows),
        missed=any(row["status"] == "missed" for row in rows),
        mixed_versions=mixed(rows),
        columns=["trial", *search.sweep.names(), "state", "score", "runs"],
        rows=_rows(search, trials, order, table, f"{home}/{search.sweep.lesson.name}"),
        failures=[{"number": trial.number, "text": search.in_words(trial.point),
                   "error": trial.error} for trial in trials if trial.state == "failed"],
        command=search.command(), made=made(rows), **facts)


def _summary(search: Search, trials: list[Trial], rows: list[dict]) -> str:
    """How many trials there are, what became of them, and how long their runs took."""
    count = Counter(trial.state for trial in trials)
    ends = [f"{count[state]} {state}" for state in STATES if count[state]]
    seconds = sum(row["seconds"] for row in rows if math.isfinite(row["seconds"]))
    confirming = sum(row["phase"] == "confirm" for row in rows)
    more = f", {confirming} of them with fresh seeds" if confirming else ""
    drawn = "at random" if search.sampler == "random" else "by TPE"
    whole = records.counted(max(search.trials, len(trials)), "trial")
    return (f"{len(trials)} of {whole}, drawn {drawn}: "
            f"{', '.join(ends) or 'none yet'}; {records.counted(len(rows), 'run')}{more}; "
            f"{duration(seconds)} of computing.")


def _best(search: Search, order: list[outcome.Finalist]) -> dict[str, Any]:
    """The best point: its spread over fresh seeds, how lucky it was, the command of one run."""
    best = order[0]
    facts: dict[str, Any] = {"text": search.in_words(best.trial.point)}
    if not best.fresh.numbers:
        seeds = records.counted(len(search.sweep.seeds), "seed")
        later = "Fresh seeds will test it." if search.confirm else (
            "--confirm 3 tests it, and those behind it, on fresh ones.")
        return facts | {"spread": f"{best.trial.scores[-1]:.4g} in the search, on {seeds}.",
                        "luck": "The best of many looks better than it is, and the seeds that "
                                f"chose it cannot confirm it. {later}"}
    scores = {seed: score for seed, score in best.fresh.scores.items() if math.isfinite(score)}
    seed = min(scores, key=lambda seed: abs(scores[seed] - best.fresh.median))
    given = search.sweep.fixed | best.trial.point | {"seed": seed}
    if search.budget:
        given[search.budget.name] = search.budget.values[-1]
    spread = (f"median {best.fresh.median:.4g}, {min(best.fresh.numbers):.4g} to "
              f"{max(best.fresh.numbers):.4g} over {records.counted(len(scores), 'fresh seed')}.")
    return facts | {"spread": spread, "luck": _luck(search, order), "seed": seed,
                    "score": f"{scores[seed]:.7g}", "command": search.sweep.run_command(given)}


def _luck(search: Search, order: list[outcome.Finalist]) -> str:
    """What the search had thought of the best point, and how far those behind it are behind."""
    best = order[0]
    sign = -1 if search.maximise else 1
    favourite = min(order, key=lambda finalist: sign * finalist.trial.scores[-1])
    words = [f"In the search it had {best.trial.scores[-1]:.4g}."]
    if favourite is not best:
        words.append(f"The search itself had liked {search.in_words(favourite.trial.point)} "
                     f"better, with {favourite.trial.scores[-1]:.4g}; on fresh seeds its median is "
                     f"{favourite.fresh.median:.4g}.")
    low, high = min(best.fresh.numbers), max(best.fresh.numbers)
    inside = [finalist for finalist in order[1:] if low <= finalist.fresh.median <= high]
    if inside:
        words.append(f"The median of {records.counted(len(inside), 'other point')} lies within its "
                     "range, so that the order between them is not sure.")
    return " ".join(words)


def _importance(search: Search, trials: list[Trial]) -> dict[str, Any]:
    """The figure of what mattered; {} where too few trials tell, or there is one axis only.

    With a budget the scores at its least value count, the only ones that all trials have.
    """
    scored = [trial for trial in trials if trial.scores]
    if len(search.sweep.grid) < 2:
        return {}
    weights = importance(search, [trial.point for trial in scored],
                         [trial.scores[0] for trial in scored])
    if not weights:
        return {}
    where = ","
    if search.budget:
        where = f" at {search.budget.name}={search.budget.values[0]}, the only one that all have,"
    return figures.importance(weights, (
        "Share of what each parameter alone explains of the trials' ranks (fANOVA). It is "
        f"estimated from {len(scored)} trials{where} so a few per cent more or less say nothing."))


def _pruning(search: Search, trials: list[Trial], table: Table) -> dict[str, Any]:
    """What was done with each value of the budget, and what pruning has saved."""
    rungs = outcome.rungs(search, trials, table)
    spent = sum(rung.seconds for rung in rungs)
    whole = outcome.without_pruning(search, trials, rungs)
    pruning = (f"A trial went on with more of {search.budget.name} while it was among the best of "
               f"those so far (about one in {search.budget.reduce}; Optuna's successive halving).")
    if math.isfinite(whole):
        pruning += (f" The trials took {duration(spent)} of computing; with {search.budget.name}="
                    f"{search.budget.values[-1]} in each they would have taken about "
                    f"{duration(whole)}.")
    lines = [{"budget": rung.budget, "trials": rung.trials, "runs": rung.runs,
              "each": f"{rung.each:.1f}" if rung.runs else "–",
              "together": duration(rung.seconds)} for rung in rungs]
    return {"rungs": lines, "pruning": pruning, "budget": search.budget.name}


def _rows(search: Search, trials: list[Trial], order: list[outcome.Finalist], table: Table,
          runs: str) -> list[dict[str, Any]]:
    """The rows of the table of trials: complete ones best first, then how far they have come."""
    by_run = {row["run"]: row for row in table.rows()}
    sign = -1 if search.maximise else 1

    def place(trial: Trial) -> tuple:
        score = sign * trial.scores[-1] if trial.scores else math.inf
        return STATES.index(trial.state), -len(trial.scores), score

    rows = []
    for trial in sorted(trials, key=place):
        rung = min(len(trial.scores), search.rungs() - 1)
        if trial.state in ("complete", "pruned"):
            rung = len(trial.scores) - 1
        names = [*search.runs(trial.point, rung), *search.runs(trial.point,
                                                               seeds=search.fresh_seeds())]
        state = trial.state
        if trial.state == "pruned":
            state += f" at {search.budget.name}={search.budget.values[rung]}"
        score = f"{trial.scores[-1]:.4g}" if trial.scores else "–"
        rows.append({"best": bool(order) and trial.number == order[0].trial.number,
                     "cells": [trial.number, *trial.point.values(), state, score],
                     "runs": [_link(by_run[name], runs) for name in names
                              if by_run.get(name, {}).get("status", "waiting") != "waiting"]})
    return rows


def _link(row: dict[str, Any], runs: str) -> dict[str, str]:
    """A run as the table of trials names it: by its seed, with its page."""
    page = "failed.html" if row["status"] == "failed" else "notebook.html"
    mark = {"missed": "○ ", "failed": "✗ "}.get(row["status"], "")
    return {"address": f"{runs}/{row['run']}/{page}", "mark": mark, "text": f"seed {row['seed']}"}
