"""How long `gancourse runs` and its page take with many runs, made up from the lessons' stored results.

    python tests/benchmarks/run_list.py --count 500
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gancourse.course import lessons, records, runner
from gancourse.course.runs import rows as run_rows

LESSONS = ("02", "03", "06", "09")  # of many numbers and of few


def make(runs: Path, count: int) -> None:
    """Write made-up records, every twentieth a failure."""
    planned = [runner.plan(lessons.find(which), runs) for which in LESSONS]
    for i in range(count):
        plan = planned[i % len(planned)]
        stored = plan.lesson.notebook
        record = runner.about(plan) | {
            "settings": {"seed": i}, "parameters": plan.parameters | {"seed": i}, "seconds": 60.0 + i,
            "results": {text: number * (1 + i / count) for text, number in records.results(stored).items()},
            "claims": records.claims(stored)}
        name = "run.json"
        if i % 20 == 0:
            record |= {"status": "failed", "error": "failed in cell [3]: no", "cell": {"number": 3}}
            name = "failed.json"
        folder = runs / plan.lesson.name / f"seed={i}"
        folder.mkdir(parents=True)
        (folder / name).write_text(json.dumps(records.completed(record), indent=1, ensure_ascii=False))


def seconds(work) -> float:
    """The least of three times, in seconds."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    """Make runs in a temporary folder, list them, and print how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=500, help="runs (500)")
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder)
        make(runs, count)
        command = [sys.executable, "-m", "gancourse", "runs", "--runs", folder, "--lesson", "03", "--sort", "seconds"]
        listed = seconds(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True))
        print(f"{count} runs: read {seconds(lambda: run_rows.rows(runs)):.2f} s, "
              f"the command with a filter and an order {listed:.2f} s, "
              f"the page {seconds(lambda: records.write_index(runs)):.2f} s, "
              f"{(runs / 'index.html').stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
