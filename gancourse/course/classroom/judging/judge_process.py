"""The process in which answers are judged, one after another; limits.py starts and watches it.

It reads the jobs from standard input, closes it, and writes what becomes of each to a file of its
own.  Every line there holds a random token, so nothing that an answer prints or writes is taken for
a verdict.
"""

import contextlib
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from gancourse.course.classroom.judging.check_lines import described
from gancourse.course.classroom.judging.judge import Job, judge, without_verdict

PREFIX = "gancourse_judge_"  # of the folder in which it works


def main() -> None:
    """Judge the jobs of a request in turn; the events of each are started, ready and done.

    It ends early after an answer that has left something behind: the rest wants a fresh process.
    """
    folder = os.path.dirname(os.getcwd())
    try:
        request = json.loads(sys.stdin.buffer.read())
    except ValueError:  # the grader has ended while it wrote
        _remove(folder)
        return
    jobs = [Job(*job[:4], tuple(job[4]), job[5]) for job in request["jobs"]]
    _settle(request["limits"])
    watch = threading.Thread(target=_watch, args=[request["grader"], folder], name="watch")
    watch.daemon = True
    watch.start()
    own = os.getpid()
    with open(os.path.join(folder, "results"), "ab", buffering=0) as results:
        def tell(event: str, number: int, **facts: Any) -> None:
            if os.getpid() != own:
                os._exit(0)  # an answer has forked, and this is its copy
            line = json.dumps({"event": event, "number": number, **facts})
            results.write(f"{request['token']}{line}\n".encode())

        for number, job in enumerate(jobs):
            _enter_empty_folder(folder, number)
            tell("started", number)
            verdict = _verdict(job, lambda number=number: tell("ready", number))
            tell("done", number, verdict=verdict)
            if verdict["disturbed"]:
                break
    if os.getppid() != request["grader"]:  # it has ended meanwhile, and cleans up no more
        _remove(folder)
    os._exit(0)  # whatever threads an answer may have left


def _verdict(job: Job, ready: Callable[[], None]) -> dict[str, Any]:
    """The verdict on an answer, also where the lesson's own code fails before it."""
    try:
        return judge(job, ready)
    except BaseException as error:  # noqa: BLE001 - whatever that code may raise
        reason = f"the lesson's own code before this exercise failed ({described(error)})"
        return without_verdict(job, "error", reason) | {"notes": [reason], "disturbed": True}


def _enter_empty_folder(folder: str, number: int) -> None:
    """Work in an empty folder, one for each answer."""
    empty = os.path.join(folder, "home", f"exercise_{number}")
    os.makedirs(empty, exist_ok=True)
    os.chdir(empty)


def _settle(limits: dict[str, int]) -> None:
    """Close standard input, and set the limits that the system knows."""
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    with contextlib.suppress(ImportError):
        import resource  # not on Windows

        for name, limit in limits.items():
            with contextlib.suppress(ValueError, OSError, AttributeError):
                resource.setrlimit(getattr(resource, name), (limit, limit))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # where memory runs out, Linux ends this process first


def _watch(grader: int, folder: str) -> None:
    """End with the grader, however it ends, and leave nothing of it behind."""
    while os.getppid() == grader:
        time.sleep(1)
    _remove(folder)
    os._exit(1)


def _remove(folder: str) -> None:
    """Remove the folder that the grader has made; whoever starts this by hand keeps theirs."""
    if os.path.basename(folder).startswith(PREFIX):
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
