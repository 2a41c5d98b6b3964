"""A sweep as one HTML page: the best settings, a heat map, every seed; it needs no network."""

import html
import itertools
import math
import os
from base64 import b64encode
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from gancourse.course.sweeps.plan import Sweep
from gancourse.course.sweeps.tables import VERSION, Setting, mixed, ranked
from gancourse.files import write_atomically
from gancourse.notebook import plots

SHOWN = 24  # settings in the figure of seeds: the best ones
PANELS = 6  # heat maps at most, when more than two parameters are swept
WIDTH = 9.5  # of the figures, in inches
STYLE = """body{font:16px/1.55 system-ui,sans-serif;color:#222;max-width:62rem;margin:2.5rem auto;padding:0 1.2rem}
h1{font-size:1.7rem;line-height:1.25;margin-bottom:.3rem}h2{font-size:1.2rem;margin-top:2.4rem}img{max-width:100%;height:auto}
.quiet{color:#666}.card{border-left:5px solid #0072B2;background:#f2f7fb;padding:.9rem 1.3rem;margin:1.4rem 0}
.card b{font-size:1.15rem}.note{border-left:5px solid #E66100;background:#fdf4ec;padding:.7rem 1.3rem;margin:1rem 0}
pre{background:#f4f4f4;padding:.7rem .9rem;white-space:pre-wrap;font-size:.85rem;margin:.5rem 0}figure{margin:1rem 0}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}.scroll{overflow-x:auto}
th,td{padding:.3rem .8rem;text-align:right;border-bottom:1px solid #ddd}th{border-bottom:2px solid #888}
tr.best td{background:#f2f7fb;font-weight:600}"""


def save(folder: Path, sweep: Sweep, table: list[dict], name: str, maximise: bool, runs: Path) -> Path:
    """Write the report into a folder and return its path."""
    home = Path(os.path.relpath(runs, folder)).as_posix()
    write_atomically(folder / "report.html", page(sweep, table, name, maximise, home).encode())
    return folder / "report.html"


def page(sweep: Sweep, table: list[dict], name: str = "", maximise: bool = False, home: str = "../..") -> str:
    """Return the report as one HTML page with its figures inside; `home` leads from it to the folder of runs.

    `name` is the column that decides; without it the page holds no ranking.
    """
    count = Counter(row["status"] for row in table)
    lesson, swept = sweep.lesson.about, " × ".join(sweep.grid) or "seeds"
    title = f"Lesson {lesson['lesson']:02d}, {lesson['title']}: {swept}"
    hours = sum(row["seconds"] for row in table if math.isfinite(row["seconds"])) / 3600
    spent = f"{hours:.1f} hours" if hours >= 1 else f"{60 * hours:.0f} minutes"
    summary = (f"{_many(len(sweep.settings()), 'setting')} × {_many(len(sweep.seeds), 'seed')} = {len(table)} runs: "
               f"{', '.join(f'{count[s]} {s}' for s in ('done', 'missed', 'failed', 'waiting') if count[s])}; "
               f"{spent} of computing.")
    parts = [f"<h1>{_h(title)}</h1><p class=quiet>{_h(summary)}</p>"]
    if count["waiting"]:
        parts.append("<p class=note>The sweep is not complete. While it runs, this page reloads itself.</p>")
    if count["missed"]:
        parts.append("<p class=quiet>Missed (○): a claim that the lesson makes does not hold at these "
                     "settings. What was measured there counts like the rest; table.csv says which "
                     "claim.</p>")
    if words := mixed(table):
        parts.append(f"<p class=note>These runs were made under different versions: {_h(words)}. "
                     "<code>--force</code> makes all of them anew.</p>")
    if name:
        parts += _ranking(sweep, table, name, maximise, home)
    if count["failed"]:
        parts.append(_failures(sweep, table, home))
    versions = [f"{key.removeprefix(VERSION)} {value}" for key, value in table[0].items() if key.startswith(VERSION)]
    made = [", ".join(versions), "code " + ", ".join(sorted({row["code"] for row in table} - {""}))] if versions else []
    made.append(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    parts.append(f"<h2>How it was made</h2><pre>{_h(sweep.command(name, maximise))}</pre>"
                 f"<p class=quiet>{_h('; '.join(made))}. All numbers: <a href=table.csv>table.csv</a>, "
                 "<a href=table.parquet>table.parquet</a>.</p>")
    reload = '<meta http-equiv="refresh" content="20">' if count["waiting"] else ""
    return (f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"{reload}<title>{_h(title)}</title><style>{STYLE}</style>{''.join(parts)}</html>\n")


def _ranking(sweep: Sweep, table: list[dict], name: str, maximise: bool, home: str) -> list[str]:
    """The parts of the page that judge: the card, the figures, the table of settings."""
    order = ranked(sweep, table, name, maximise)
    if not order[0].numbers:
        return [f"<p class=note>No run has a number for <b>{_h(name)}</b> yet.</p>"]
    goal = "higher is better" if maximise else "lower is better"
    parts = [f"<p>Judged by <b>{_h(name)}</b>, {goal}; the median over seeds decides.</p>",
             _card(sweep, order, name, maximise)]
    if len(sweep.grid) > 1:
        parts.append(_heat_maps(sweep, order, name, maximise))
    shown = order[:SHOWN] if len(sweep.grid) > 1 else sorted(order, key=lambda s: sweep.settings().index(s.values))
    words = "One dot a run, one line a setting; the bar is the median."
    words += f" The best {SHOWN} of {len(order)} settings." if len(order) > len(shown) else ""
    fig, ax = plots.figure(width=WIDTH, height=0.9 + 0.42 * len(shown))
    plots.show_spread({setting.text(): [*setting.scores.values()] for setting in shown}, ax=ax,
                      names=[f"seed {seed}" for seed in sweep.seeds], xlabel=f"{name} ({goal})")
    return [*parts, "<h2>Every seed</h2>", _figure(fig, words), _settings_table(sweep, table, order, home)]


def _card(sweep: Sweep, order: list[Setting], name: str, maximise: bool) -> str:
    """The best setting and the command that repeats its run nearest the median."""
    best = order[0]
    scores = {seed: score for seed, score in best.scores.items() if math.isfinite(score)}
    seed = min(scores, key=lambda seed: abs(scores[seed] - best.middle))
    run = sweep.run_command({**sweep.fixed, **best.values, "seed": seed})
    missing = "" if best.whole else " No setting has a number for every seed."
    spread = (f"median {best.middle:.4g}, {min(scores.values()):.4g} to {max(scores.values()):.4g} over "
              f"{_many(len(scores), 'seed')}")
    return (f"<div class=card><b>{_h(best.text())}</b><br>{spread}.{missing}"
            f"<p>This repeats its run nearest the median, seed {seed}, {scores[seed]:.7g}:</p><pre>{_h(run)}</pre>"
            f"{_doubt(sweep, order, name, maximise)}</div>")


def _doubt(sweep: Sweep, order: list[Setting], name: str, maximise: bool) -> str:
    """How sure the first place is, and the command that tests it on seeds that did not choose it."""
    if len(order) < 2 or not order[1].whole:
        return ""
    best, second = order[:2]
    pairs = zip(best.scores.values(), second.scores.values(), strict=True)
    better = sum((a > b) if maximise else (a < b) for a, b in pairs)
    inside = sum(any(min(best.numbers) <= n <= max(best.numbers) for n in other.numbers) for other in order[1:])
    fresh = range(max(sweep.seeds) + 1, max(sweep.seeds) + 1 + max(3, len(sweep.seeds)))
    both = {key: [*dict.fromkeys([best.values[key], second.values[key]])] for key in sweep.grid}
    return (f"<p>It beats the runner-up, {_h(second.text())}, on {better} of {_many(len(sweep.seeds), 'seed')}. Other "
            f"settings with a seed inside its range: {inside} of {len(order) - 1}. The best of {len(order)} looks "
            "better than it is, and the seeds that chose it cannot confirm it; this tests it on fresh ones:</p>"
            f"<pre>{_h(sweep._replace(grid=both, seeds=[*fresh]).command(name, maximise))}</pre>")


def _heat_maps(sweep: Sweep, order: list[Setting], name: str, maximise: bool) -> str:
    """Maps over the first two swept parameters, the one with more values across; one map per value of the others."""
    (y, rows), (x, columns) = sorted([*sweep.grid.items()][:2], key=lambda item: len(item[1]))
    others = [*sweep.grid.items()][2:]
    panels = [dict(zip([key for key, _ in others], point, strict=True))
              for point in itertools.product(*(values for _, values in others))]
    if len(panels) > PANELS:
        return ""
    middles, best = [setting.middle for setting in order if setting.numbers], order[0].values
    across = min(len(panels), max(1, int(WIDTH / (1.3 + 1.4 * len(columns)))))
    down, room = -(-len(panels) // across), min(1.4, (WIDTH / across - 1.3) / len(columns))
    fig, axes = plots.figure(down, across, width=across * (1.3 + room * len(columns)),
                             height=0.3 + down * (0.9 + 0.72 * len(rows)), squeeze=False)
    fig.suptitle(name, x=0, ha="left", fontsize=11)
    for ax in axes.ravel()[len(panels):]:
        ax.axis("off")
    for ax, panel in zip(axes.ravel(), panels, strict=False):
        framed = (rows.index(best[y]), columns.index(best[x])) if panel.items() <= best.items() else None
        at = {(s.values[y], s.values[x]): s for s in order if all(s.values[k] == v for k, v in panel.items())}
        values = np.array([[at[row, column].middle for column in columns] for row in rows])
        notes = [[_range(at[row, column]) if room > 1.2 else "" for column in columns] for row in rows]
        plots.show_heat_map(values, rows=rows, columns=columns, notes=notes, lower_is_better=not maximise,
                            limits=(min(middles), max(middles)), xlabel=x, ylabel=y, ax=ax,
                            frame=framed, title=", ".join(f"{k}={v}" for k, v in panel.items()))
    words = f"Median of “{name}” over seeds, its range below; darker is better, the frame marks the best."
    return f"<h2>{_h(x)} and {_h(y)} together</h2>" + _figure(fig, words)


def _range(setting: Setting) -> str:
    if len(setting.scores) == 1 or not setting.numbers:
        return ""
    lost = len(setting.scores) - len(setting.numbers)
    return f"{min(setting.numbers):.3g} – {max(setting.numbers):.3g}" + (f"\n{lost} missing" if lost else "")


def _settings_table(sweep: Sweep, table: list[dict], order: list[Setting], home: str) -> str:
    """Settings from best to worst, a column a seed; each number leads to its run's page."""
    run = {(row["seed"], *(row[key] for key in sweep.grid)): row for row in table}
    body = []
    for setting in order:
        cells = []
        for seed, score in setting.scores.items():
            row = run[seed, *setting.values.values()]
            address = f"{home}/{sweep.lesson.name}/{row['run']}/notebook.html"
            mark = "○ " if row["status"] == "missed" else ""
            linked = f'{mark}<a href="{_h(address)}">{score:.4g}</a>'
            cells.append(linked if row["status"] in ("done", "missed") else row["status"])
        seconds = [row["seconds"] for key, row in run.items() if key[1:] == tuple(setting.values.values())]
        known = [s for s in seconds if math.isfinite(s)]
        spent = f"{sum(known) / len(known):.0f}" if known else "–"
        body.append([*map(_h, setting.values.values()), f"{setting.middle:.4g}", *cells, spent])
    head = [*sweep.grid, "median", *(f"seed {seed}" for seed in sweep.seeds), "seconds a run"]
    return f"<h2>All settings, best first</h2>{_html_table(head, body)}"


def _failures(sweep: Sweep, table: list[dict], home: str) -> str:
    """What went wrong, each error once, with the runs that it stopped; they lead to their pages."""
    why = defaultdict(list)
    for row in table:
        if row["status"] == "failed":
            address = f"{home}/{sweep.lesson.name}/{row['run']}/failed.html"
            words = ", ".join(f"{key}={row[key]}" for key in [*sweep.grid, "seed"])
            why[row["error"].splitlines()[0]].append(f'<a href="{_h(address)}">{_h(words)}</a>')
    return "<h2>Runs that failed</h2>" + "".join(
        f"<pre>{_h(error)}</pre><p class=quiet>{_many(len(stopped), 'run')}: {'; '.join(stopped)}</p>"
        for error, stopped in why.items())


def _html_table(head: list[str], body: list[list[str]]) -> str:
    """An HTML table of cells that are HTML already; its first row stands out."""
    first = "".join(f"<th>{_h(cell)}</th>" for cell in head)
    rest = "".join(f"<tr{'' if n else ' class=best'}>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>"
                   for n, row in enumerate(body))
    return f"<div class=scroll><table><thead><tr>{first}</tr></thead><tbody>{rest}</tbody></table></div>"


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _figure(fig, words: str) -> str:
    width = round(96 * fig.get_figwidth())  # its own size on the page, sharp enough for a slide
    picture = b64encode(plots.png(fig, dpi=200)).decode()
    return (f'<figure><img width={width} alt="{_h(words)}" src="data:image/png;base64,{picture}">'
            f"<figcaption class=quiet>{_h(words)}</figcaption></figure>")


def _h(value: Any) -> str:
    return html.escape(str(value))
