"""Lesson 13 with other seeds and settings: the runs, and the table that the lesson shows.

    python -m gancourse.course.studies.text.text_sweeps --to gancourse/course/studies/text

runs the lesson itself, without what stands in Deeper, once for each line of SETTINGS, about a
minute and a half of one core each, and writes `13.csv`: a row a run, with date, versions and what
was measured.  Every run has three seeds of its own.  Finished runs are kept: started again, it goes
on where it was.
"""

import argparse
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from gancourse.course.studies import stored_table
from gancourse.errors import CourseError

Rows = list[dict[str, str]]

FILE = "13.csv"
SETTINGS = {  # what is changed of the lesson's own: the words of a sweep, its seeds
    "as in the lesson, other seeds": ("", "3,6"),
    "weaker start: 40 updates": ("-p weak_steps=40", "3"),
    "twice as long: 180 updates": ("-p seqgan_steps=180", "3"),
    "fewer sentences: 300": ("-p sentences=300", "3"),
}
COLUMNS = {  # the lesson's results, as its table of claims names them: the words of its line
    "weak model: valid, mean": "weak: valid", "SeqGAN: valid, mean": "SeqGAN: valid",
    "full model: valid, mean": "full: valid", "weak model: KL, mean": "weak: KL",
    "SeqGAN: KL, mean": "SeqGAN: KL", "full model: KL, mean": "full: KL",
    "weak model: rule, mean": "weak: rule", "SeqGAN: rule, mean": "SeqGAN: rule",
    "SeqGAN: seeds of 3 that the weak model's own curve beats": "beaten by weak",
    "SeqGAN: seeds of 3 that the full model's own curve beats": "beaten by full",
}


def commands() -> dict[str, list[str]]:
    """Return the command of each setting, as its words."""
    result = {}
    for k, (name, (words, seeds)) in enumerate(SETTINGS.items()):
        result[name] = ["gancourse", "sweep", "13", "--preset", "study", *shlex.split(words),
                        "--seeds", seeds, "--workers", "1", "--measure", "SeqGAN: KL, mean",
                        "--to", f"runs/sweeps/13_{k}"]
    return result


def run(only: Sequence[int] = ()) -> Rows:
    """Run the settings, or those of some numbers; CourseError where one was stopped."""
    rows = []
    for k, (name, words) in enumerate(commands().items()):
        if not only or k in only:
            status = subprocess.run([sys.executable, "-m", *words]).returncode
            if status not in (0, 1):  # 1: all have ended, and some have failed
                raise CourseError(f"a sweep was stopped; start again: {shlex.join(words)}")
        path = Path(words[-1]) / "table.csv"
        if path.exists():
            rows += [{"setting": name, "machine": platform.machine()} | row
                     for row in stored_table.read(path)]
    return rows


def read() -> Rows:
    """Return the rows of the stored table, none where it is not there."""
    path = Path(__file__).with_name(FILE)
    return stored_table.read(path) if path.exists() else []


def in_markdown(rows: Rows) -> str:
    """Return the table as the lesson shows it, a column a run; "" without rows."""
    if not rows:
        return ""
    heads = [f"{row['setting']} ({row['seed']} to {int(row['seed']) + 2})" for row in rows]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (1 + len(rows)) + "|"]
    for name, words in COLUMNS.items():
        cells = [_cell(row[name]) for row in rows]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(number: str) -> str:
    """A measured number for a table: counts as they are, others with two digits, "" as a dash."""
    if not number:
        return "-"
    value = float(number)
    return f"{value:.0f}" if value.is_integer() and value > 1 or value == 0 else f"{value:.2f}"


def main(words: Sequence[str] | None = None) -> None:
    """Make the table, or print the commands that would."""
    parser = argparse.ArgumentParser(description="Make the table that lesson 13 reads.")
    parser.add_argument("only", nargs="*", type=int, help="numbers of settings, from 0 (all)")
    parser.add_argument("--to", type=Path, default=Path("runs/studies"), help="where to")
    parser.add_argument("--dry-run", action="store_true", help="print the commands only")
    chosen = parser.parse_args(words)
    if chosen.dry_run:
        print("\n".join(map(shlex.join, commands().values())))
        return
    stored_table.write(chosen.to / FILE, run(chosen.only))


if __name__ == "__main__":
    main()
