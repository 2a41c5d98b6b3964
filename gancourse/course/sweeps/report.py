"""A sweep as one HTML page: the best settings, a heat map, every seed; it needs no network."""

import math
import os
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2

from gancourse.course.sweeps import axes, figures
from gancourse.course.sweeps.plan import Sweep
from gancourse.course.sweeps.tables import VERSION, Setting, by_seed_and_values, mixed, ranked
from gancourse.files import write_atomically

STATUSES = ("done", "missed", "failed", "waiting")
STYLE = """body{font:16px/1.55 system-ui,sans-serif;color:#222;max-width:62rem}
body{margin:2.5rem auto;padding:0 1.2rem}h1{font-size:1.7rem;line-height:1.25;margin-bottom:.3rem}
h2{font-size:1.2rem;margin-top:2.4rem}img{max-width:100%;height:auto}.quiet{color:#666}
.card{border-left:5px solid #0072B2;background:#f2f7fb;padding:.9rem 1.3rem;margin:1.4rem 0}
.card b{font-size:1.15rem}figure{margin:1rem 0}.scroll{overflow-x:auto}
.note{border-left:5px solid #E66100;background:#fdf4ec;padding:.7rem 1.3rem;margin:1rem 0}
pre{background:#f4f4f4;padding:.7rem .9rem;white-space:pre-wrap;font-size:.85rem;margin:.5rem 0}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .8rem;text-align:right;border-bottom:1px solid #ddd}
th{border-bottom:2px solid #888}tr.best td{background:#f2f7fb;font-weight:600}"""
START = """<!doctype html>
{% macro figure(drawn) %}
<figure><img width={{ drawn.width }} alt="{{ drawn.words }}"
src="data:image/png;base64,{{ drawn.picture }}">
<figcaption class=quiet>{{ drawn.words }}</figcaption></figure>
{% endmacro %}
"""  # of this page and of that of a search
PAGE = START + """\
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
{% if count.waiting %}
<meta http-equiv="refresh" content="20">
{% endif %}
<title>{{ title }}</title><style>{{ style }}</style>
<h1>{{ title }}</h1>
<p class=quiet>{{ summary }}</p>
{% if count.waiting %}
<p class=note>The sweep is not complete. While it runs, this page reloads itself.</p>
{% endif %}
{% if count.missed %}
<p class=quiet>Missed (○): a claim that the lesson makes does not hold at these settings. What was
measured there counts like the rest; table.csv says which claim.</p>
{% endif %}
{% if mixed_versions %}
<p class=note>These runs were made under different versions: {{ mixed_versions }}.
<code>--force</code> makes all of them anew.</p>
{% endif %}
{% if metric and not ranking %}
<p class=note>No run has a number for <b>{{ metric }}</b> yet.</p>
{% elif metric %}
{% set best, second = ranking.best, ranking.second %}
<p>Judged by <b>{{ metric }}</b>, {{ ranking.goal }}; the median over seeds decides.</p>
<div class=card><b>{{ best.text }}</b><br>{{ best.spread }}.
{% if not best.whole %}
No setting has a number for every seed.
{% endif %}
<p>This repeats its run nearest the median, seed {{ best.seed }}, {{ best.score }}:</p>
<pre>{{ best.command }}</pre>
{% if second %}
<p>It beats the runner-up, {{ second.text }}, on {{ second.beaten }}. Other settings with
a seed inside its range: {{ second.inside }}. The best of {{ ranking.settings|length }} looks better
than it is, and the seeds that chose it cannot confirm it; this tests it on fresh ones:</p>
<pre>{{ second.command }}</pre>
{% endif %}
</div>
{% if ranking.heat_maps %}
<h2>{{ ranking.heat_maps.title }}</h2>
{{ figure(ranking.heat_maps) }}
{% endif %}
<h2>Every seed</h2>
{{ figure(ranking.spread) }}
<h2>All settings, best first</h2>
<div class=scroll><table>
<thead><tr>
{% for name in ranking.columns %}
<th>{{ name }}</th>
{% endfor %}
</tr></thead>
<tbody>
{% for setting in ranking.settings %}
<tr{% if loop.first %} class=best{% endif %}>
{% for value in setting.swept %}
<td>{{ value }}</td>
{% endfor %}
<td>{{ setting.median }}</td>
{% for run in setting.runs %}
<td>{% if run.address %}{{ run.mark }}<a href="{{ run.address }}">{{ run.score }}</a>
{% else %}{{ run.status }}{% endif %}</td>
{% endfor %}
<td>{{ setting.seconds }}</td></tr>
{% endfor %}
</tbody></table></div>
{% endif %}
{% if failures %}
<h2>Runs that failed</h2>
{% for error, stopped in failures.items() %}
<pre>{{ error }}</pre>
<p class=quiet>{{ many(stopped|length, "run") }}:
{% for run in stopped %}
<a href="{{ run.address }}">{{ run.text }}</a>{{ ";" if not loop.last }}
{% endfor %}
</p>
{% endfor %}
{% endif %}
<h2>How it was made</h2>
<pre>{{ command }}</pre>
<p class=quiet>{{ made }}. All numbers: <a href=table.csv>table.csv</a>,
<a href=table.parquet>table.parquet</a>.</p>
</html>
"""


def save(folder: Path, sweep: Sweep, table: list[dict], name: str, maximise: bool,
         runs: Path) -> Path:
    """Write the report into a folder and return its path."""
    home = Path(os.path.relpath(runs, folder)).as_posix()
    write_atomically(folder / "report.html", page(sweep, table, name, maximise, home).encode())
    return folder / "report.html"


def page(sweep: Sweep, table: list[dict], name: str = "", maximise: bool = False,
         home: str = "../..") -> str:
    """Return the report as one HTML page with its figures inside.

    `name` is the column that decides; without it the page holds no ranking.  `home` leads from the
    page to the folder of runs.
    """
    lesson = sweep.lesson.about
    swept = " × ".join(sweep.names()) or "seeds"
    count = Counter(row["status"] for row in table)
    runs = f"{home}/{sweep.lesson.name}"
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(PAGE).render(
        style=STYLE, title=f"Lesson {lesson['lesson']:02d}, {lesson['title']}: {swept}",
        count=count, summary=_summary(sweep, table, count), mixed_versions=mixed(table),
        metric=name, ranking=_ranking(sweep, table, name, maximise, runs) if name else {},
        failures=_failures(sweep, table, runs), many=_many,
        command=sweep.command(name, maximise), made=made(table))


def _summary(sweep: Sweep, table: list[dict], count: Counter) -> str:
    """How many runs there are, what became of them, and how long they took together."""
    ends = [f"{count[status]} {status}" for status in STATUSES if count[status]]
    hours = sum(row["seconds"] for row in table if math.isfinite(row["seconds"])) / 3600
    spent = f"{hours:.1f} hours" if hours >= 1 else f"{60 * hours:.0f} minutes"
    return (f"{_many(len(sweep.settings()), 'setting')} × {_many(len(sweep.seeds), 'seed')} = "
            f"{len(table)} runs: {', '.join(ends)}; {spent} of computing.")


def made(table: list[dict]) -> str:
    """Return the versions and the code that made a table, and when its page was written."""
    words = []
    columns = [column for column in (table[0] if table else {}) if column.startswith(VERSION)]
    if columns:
        versions = [f"{column.removeprefix(VERSION)} {table[0][column]}" for column in columns]
        codes = sorted({row["code"] for row in table} - {""})
        words += [", ".join(versions), f"code {', '.join(codes)}"]
    return "; ".join([*words, f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"])


def _ranking(sweep: Sweep, table: list[dict], name: str, maximise: bool,
             runs: str) -> dict[str, Any]:
    """The part of the page that judges; {} while no run has a number."""
    order = ranked(sweep, table, name, maximise)
    if not order[0].numbers:
        return {}
    goal = "higher is better" if maximise else "lower is better"
    return {
        "goal": goal,
        "best": _best(sweep, order[0]),
        "second": _second(sweep, order, name, maximise),
        "heat_maps": figures.heat_maps(sweep, order, name, maximise),
        "spread": figures.spread(sweep, order, f"{name} ({goal})"),
        "columns": [*sweep.names(), "median", *(f"seed {seed}" for seed in sweep.seeds),
                    "seconds a run"],
        "settings": _settings(sweep, table, order, runs),
    }


def _best(sweep: Sweep, best: Setting) -> dict[str, Any]:
    """The best setting and the command that repeats its run nearest the median."""
    scores = {seed: score for seed, score in best.scores.items() if math.isfinite(score)}
    seed = min(scores, key=lambda seed: abs(scores[seed] - best.median))
    spread = (f"median {best.median:.4g}, {min(best.numbers):.4g} to {max(best.numbers):.4g} "
              f"over {_many(len(scores), 'seed')}")
    return {"text": best.text(), "spread": spread, "whole": best.whole,
            "seed": seed, "score": f"{scores[seed]:.7g}",
            "command": sweep.run_command({**sweep.fixed, **best.values, "seed": seed})}


def _second(sweep: Sweep, order: list[Setting], name: str, maximise: bool) -> dict[str, str]:
    """How sure the first place is, and the command that tests it on seeds that did not choose it.

    {} where there is no second setting with a number for every seed.
    """
    if len(order) < 2 or not order[1].whole:
        return {}
    best, second = order[:2]
    pairs = zip(best.scores.values(), second.scores.values(), strict=True)
    beaten = sum((a > b) if maximise else (a < b) for a, b in pairs)
    low, high = min(best.numbers), max(best.numbers)
    inside = sum(any(low <= score <= high for score in other.numbers) for other in order[1:])
    first_fresh = max(sweep.seeds) + 1
    fresh = [*range(first_fresh, first_fresh + max(3, len(sweep.seeds)))]
    both = {}
    for key in sweep.grid:
        two = [axes.value_at(key, setting.values) for setting in (best, second)]
        both[key] = [*dict.fromkeys(two)]
    return {"text": second.text(), "beaten": f"{beaten} of {_many(len(sweep.seeds), 'seed')}",
            "inside": f"{inside} of {len(order) - 1}",
            "command": sweep._replace(grid=both, seeds=fresh).command(name, maximise)}


def _settings(sweep: Sweep, table: list[dict], order: list[Setting],
              runs: str) -> list[dict[str, Any]]:
    """The rows of the table of settings, best first; each score leads to its run's page."""
    by_run = by_seed_and_values(sweep, table)
    settings = []
    for setting in order:
        swept = [*setting.values.values()]
        rows = [by_run[seed, *swept] for seed in setting.scores]
        cells = []
        for row, score in zip(rows, setting.scores.values(), strict=True):
            cell = {"status": row["status"], "score": f"{score:.4g}"}
            if row["status"] in ("done", "missed"):
                cell["address"] = f"{runs}/{row['run']}/notebook.html"
                cell["mark"] = "○ " if row["status"] == "missed" else ""
            cells.append(cell)
        seconds = [row["seconds"] for row in rows if math.isfinite(row["seconds"])]
        settings.append({"swept": swept, "median": f"{setting.median:.4g}", "runs": cells,
                         "seconds": f"{sum(seconds) / len(seconds):.0f}" if seconds else "–"})
    return settings


def _failures(sweep: Sweep, table: list[dict], runs: str) -> dict[str, list[dict[str, str]]]:
    """Each error once, with the runs that it stopped: their parameters and their pages."""
    stopped = defaultdict(list)
    for row in table:
        if row["status"] == "failed":
            text = ", ".join(f"{key}={row[key]}" for key in [*sweep.names(), "seed"])
            run = {"text": text, "address": f"{runs}/{row['run']}/failed.html"}
            stopped[row["error"].splitlines()[0]].append(run)
    return stopped


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
