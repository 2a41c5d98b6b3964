"""What the grader writes about a submission, and what it makes of an earlier result and a new one.

A result is plain JSON.  For one and the same submission no mark falls in silence: where an exercise
now gets less, the earlier mark stays its `earned`, and what it would get is its `measured`.
"""

from collections import Counter
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from gancourse.course.classroom.lesson.exercises import about

COLUMNS = {  # of the table, and the statuses that are counted there
    "right": {"right"}, "partly": {"partial"}, "wrong": {"wrong"}, "empty": {"empty"},
    "broken": {"missing", "broken", "error"}, "stopped": {"time", "memory", "output", "killed"},
}
LEGEND = ("partly: some facts of the check hold; broken: it does not run, or the function is gone; "
          "stopped: too slow, too much memory or output, or it ended its process")
MOST_NAMED = 20  # submissions that are named below the table
ALMOST = 1e-9  # of a point


def better_of(old: dict | None, new: dict) -> dict:
    """Return the result that counts: `new`, in which no exercise has less than it had in `old`.

    An exercise that is worth other points than before keeps its share of them.  What the exercises
    had under the last other identity goes into `before`.  An `old` result of another submission
    does not count.
    """
    if not old or old.get("submission") != new["submission"]:
        return new
    earned = {entry["id"]: entry["earned"] for entry in old["exercises"]}
    before = {"version": old["version"], "graded": old["graded"], "earned": earned}
    if old["identity"] == new["identity"]:
        before = old.get("before")
    shares = {entry["id"]: entry["earned"] / entry["points"] for entry in old["exercises"]
              if entry["points"]}
    exercises = []
    notes = list(new["notes"])
    for entry in new["exercises"]:
        kept = shares.get(entry["id"], 0) * entry["points"]
        if kept > entry["earned"] + ALMOST:
            entry = entry | {"earned": kept, "measured": entry["earned"]}
            notes.append(_kept_in_words(entry))
        exercises.append(entry)
    return added_up(new | {"exercises": exercises, "notes": notes, "before": before})


def accept_lower(result: dict) -> dict:
    """Return a result in which each exercise has what its check gives it now, also where less."""
    exercises = []
    notes = list(result["notes"])
    for entry in result["exercises"]:
        if "measured" in entry:
            notes.remove(_kept_in_words(entry))
            entry = entry | {"earned": entry["measured"]}
            del entry["measured"]
        exercises.append(entry)
    return added_up(result | {"exercises": exercises, "notes": notes})


def added_up(result: dict) -> dict:
    """Return a result with `earned` and `points` of all its exercises, without open questions."""
    sums = {name: round(sum(entry[name] for entry in result["exercises"]), 6)
            for name in ("earned", "points")}
    return result | sums


def changes(results: dict[str, dict]) -> list[list[Any]]:
    """Return key, exercise, points, old mark, new mark and the mark that counts, a row an exercise.

    The old mark is None where the submission or the exercise was not graded before.
    """
    rows = []
    for key, result in results.items():
        before = (result.get("before") or {}).get("earned", {})
        for entry in result["exercises"]:
            measured = entry.get("measured", entry["earned"])
            rows.append([key, entry["id"], entry["points"], before.get(entry["id"]), measured,
                         entry["earned"]])
    return rows


def changes_in_words(rows: list[list[Any]]) -> str:
    """Return how many marks rise, fall and stay, and a line for each that changes."""
    compared = [row for row in rows if row[3] is not None]
    rise = [row for row in compared if row[4] > row[3] + ALMOST]
    fall = [row for row in compared if row[4] < row[3] - ALMOST]
    kept = [row for row in fall if row[5] > row[4] + ALMOST]
    lines = [f"{len(compared)} marks compared: {len(rise)} rise, {len(fall)} fall"]
    if rise or fall:
        lines.append(f"  {'student':16} exercise     old     new  counts")
    for key, exercise, _, old, new, counts in rise + fall:
        lines.append(f"  {key:16} {exercise:8} {old:7.4g} {new:7.4g} {counts:7.4g}")
    if kept:
        lines.append(f"In {len(kept)} of them the old mark counts, because the new one is lower; "
                     "--allow-lower takes the new one.")
    return "\n".join(lines)


def table(results: Iterable[dict]) -> str:
    """Return how many submissions have done how well in each exercise, a line an exercise."""
    by_exercise: dict[str, list[dict]] = {}
    for result in results:
        for entry in result["exercises"]:
            by_exercise.setdefault(entry["id"], []).append(entry)
    lines = ["exercise  points " + "".join(f"{name:>9}" for name in COLUMNS) + "     mean"]
    for id_, entries in sorted(by_exercise.items()):
        statuses = Counter(entry["status"] for entry in entries)
        counts = [sum(statuses[status] for status in kinds) for kinds in COLUMNS.values()]
        mean = sum(entry["earned"] for entry in entries) / len(entries)
        lines.append(f"{id_:9}{entries[-1]['points']:7g} "
                     + "".join(f"{count:9}" for count in counts) + f"{mean:9.2f}")
    return "\n".join([*lines, LEGEND])


def oddities(results: dict[str, dict]) -> str:
    """Return in words which submissions a teacher should look at, "" where there are none."""
    stopped = []
    for key, result in results.items():
        ids: dict[str, list[str]] = {}  # of the exercises that were stopped, by the reason
        for entry in result["exercises"]:
            if entry["status"] in COLUMNS["stopped"]:
                ids.setdefault(entry["reason"], []).append(entry["id"])
        stopped += [f"  {key}: {', '.join(names)}: {reason}" for reason, names in ids.items()]
    noted = {key: result["notes"] for key, result in results.items() if result["notes"]}
    lines = []
    if stopped:
        lines = ["Answers that had to be stopped:", *stopped[:MOST_NAMED]]
    if noted:
        lines.append(f"{len(noted)} submission(s) with notes:")
        lines += [f"  {key}: {' '.join(notes)}" for key, notes in [*noted.items()][:MOST_NAMED]]
    if max(len(stopped), len(noted)) > MOST_NAMED:
        lines.append("  ... and more: the page of marks has them all")
    return "\n".join(lines)


def clean_copy(released: dict, result: dict) -> dict:
    """Return the notebook that students got, with a student's answers and what the checks say.

    What was odd about the submission stands in a cell at the top, for the teacher.
    """
    copy = deepcopy(released)
    exercises = {entry["id"]: entry for entry in result["exercises"]}
    replies = {entry["id"]: entry["answer"] for entry in result["open"]}
    for cell in copy["cells"]:
        facts = about(cell)
        entry = exercises.get(facts.get("exercise"))
        if facts.get("role") == "answer" and entry and entry["answer"]:
            cell["source"] = entry["answer"].splitlines(keepends=True)
        elif facts.get("role") == "check" and entry:
            cell["outputs"] = [{"output_type": "stream", "name": "stdout",
                                "text": verdict(entry).splitlines(keepends=True)}]
        elif facts.get("role") == "reply" and replies.get(facts["open"]):
            cell["source"] = replies[facts["open"]].splitlines(keepends=True)
    if result["notes"]:
        text = "\n".join(["**Noted by the grader**\n", *(f"- {note}" for note in result["notes"])])
        first = {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}
        if "id" in copy["cells"][0]:
            first["id"] = "noted-by-the-grader"
        copy["cells"].insert(0, first)
    return copy


def verdict(entry: dict) -> str:
    """Return what a check says about an answer: a line for each of its facts, then the points."""
    lines = [f"✓ {line['hint']}" if line["passed"] else f"✗ {line['reason'] or line['hint']}"
             for line in entry["lines"]]
    if entry["reason"] and entry["status"] not in ("right", "partial", "wrong"):
        lines.append(f"✗ {entry['reason']}")
    return "\n".join([*lines, f"{entry['earned']:.4g} of {entry['points']:g} points"])


def _kept_in_words(entry: dict) -> str:
    """The note about a mark that would have fallen."""
    return (f"{entry['id']}: graded anew it gets {entry['measured']:.4g} of {entry['points']:g}; "
            f"the {entry['earned']:.4g} of the earlier grading count.")
