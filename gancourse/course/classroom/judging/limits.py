"""Runs answers in a process of their own, with limits on time, memory, output and files.

    verdicts = run_jobs(jobs, settings)  # one for each job, whatever any of them does

One process judges all answers of a submission, because starting one costs the import of a
framework; an answer that ends it, exceeds a limit or leaves something behind costs a fresh one.
The process works in an empty folder that is removed, with a home of its own, without standard input
and without a GPU.  It is ended with everything that it has started.

**This is not a sandbox.**  It stops what goes wrong by accident, and the first tricks that come to
mind.  The code still runs with the rights of whoever grades: it can read and delete that user's
files, use the network, and look for its own verdict in memory.  Grade submissions of people whom
you do not trust in a container, as a user without rights, for example

    docker run --rm --network none --memory 4g --pids-limit 200 --user 1000 \\
        -v "$PWD":/class -w /class IMAGE gancourse class grade 05

On Linux and macOS all limits hold.  Windows knows no limit for the size of a file and no process
groups; there the parent alone watches, several times a second.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from gancourse.course.classroom.judging import judge_process
from gancourse.course.classroom.judging.judge import Job, without_verdict
from gancourse.errors import CourseError

PACKAGE = Path(__file__).resolve().parents[4]
KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "LANG", "LC_ALL",
        "GANCOURSE_DATA", "VIRTUAL_ENV", "CONDA_PREFIX")  # of this process's environment
PREPARATION = 180  # seconds in which the lesson's own code is ready, framework and all
WAITING = 3  # times the seconds of an answer that may pass while it does not compute, but sleeps
PROCESSES = 24  # that an answer may start
FILES_MB = 50  # that it may write
LAST_WORDS = 5  # seconds in which what an ended process has printed is read
TICK = 0.02  # seconds between two looks
CROWD = 0.3  # seconds between two looks at what it has started and written
MARK = "GANCOURSE_JUDGE"  # an environment variable


class Limits(NamedTuple):
    """What an answer may use; the settings of a class have the same names."""

    seconds: float = 20.0  # of computing; WAITING times as many on the clock
    memory_mb: int = 3000  # of the process and all that it starts
    output_kb: int = 200  # printed


class _Over(Exception):  # noqa: N818
    """An answer has exceeded a limit: its status, and a reason to read."""

    def __init__(self, status: str, reason: str) -> None:
        """Keep both."""
        super().__init__(reason)
        self.status = status


def run_jobs(jobs: list[Job], settings: Any = None) -> list[dict[str, Any]]:
    """Return the verdict on each job, in their order; see judge.judge.

    The status of one that was not judged to its end is time, memory, output or killed.  `settings`
    has the fields of Limits.  Raises CourseError when the process cannot be started at all.
    """
    verdicts: dict[int, dict[str, Any]] = {}
    tried: set[int] = set()
    while len(verdicts) < len(jobs):
        left = [i for i in range(len(jobs)) if i not in verdicts]
        for number, verdict in _one_process([jobs[i] for i in left], settings or Limits()):
            index = left[number]
            if verdict["status"] == "killed" and index not in tried:
                tried.add(index)  # it may have been somebody else's doing: once more
            else:
                verdicts[index] = verdict
    return [verdicts[i] for i in range(len(jobs))]


def _one_process(jobs: list[Job], settings: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (number, verdict) of the jobs that one process comes to, as each ends."""
    with _Process(jobs, settings) as process:
        try:
            yield from process.verdicts()
        except _Over as over:
            yield process.number, without_verdict(jobs[process.number], over.status, str(over))


class _Process:
    """The process that judges, and what this one knows of it."""

    def __init__(self, jobs: list[Job], settings: Any) -> None:
        """Start it, and hand it the jobs."""
        import psutil

        self.settings = settings
        self.phase = "starting"  # then, for each job, preparing, answering, between
        self.number = 0  # of the job
        self.since = time.monotonic()  # of the phase
        self.computed = 0.0  # seconds, when the phase began
        self.printed = 0  # bytes, in this phase
        self.tail = b""  # of what it printed
        self.looked = 0.0  # when all that it started was counted last
        self.token = secrets.token_hex(16)
        self.mark = secrets.token_hex(8)  # in the environment of all that it starts
        self.folder = Path(tempfile.mkdtemp(prefix=judge_process.PREFIX))
        self.home = self.folder / "home"
        self.home.mkdir()
        results = self.folder / "results"
        results.touch()
        self.reader = results.open("rb")
        group = {} if os.name == "nt" else {"start_new_session": True}
        self.popen = subprocess.Popen(
            [sys.executable, "-P", "-m", judge_process.__name__],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=self.home, env=self._environment(), **group)
        self.watched = psutil.Process(self.popen.pid)
        request = {"token": self.token, "grader": os.getpid(), "folder": str(self.folder),
                   "limits": self._limits(len(jobs)), "jobs": jobs}
        self.draining = threading.Thread(target=self._drain, daemon=True)
        feeding = threading.Thread(target=self._feed, args=(json.dumps(request).encode(),),
                                   daemon=True)
        for thread in (self.draining, feeding):
            thread.start()

    def __enter__(self):
        """Return itself."""
        return self

    def __exit__(self, *exception) -> None:
        """End it with all that it has started, and remove its folders."""
        for process in [*self._started(), *self._marked()]:
            with contextlib.suppress(Exception):
                process.kill()
        with contextlib.suppress(OSError, AttributeError):  # AttributeError: Windows
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.kill()
        self.popen.wait()
        self.reader.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def verdicts(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (number, verdict) until it ends.

        Raises _Over at a limit, CourseError where the process does not come to a start.
        """
        rest = b""
        while True:
            ended = self.popen.poll() is not None  # asked first: all that it wrote is there now
            *lines, rest = (rest + self.reader.read()).split(b"\n")
            for line in lines:
                if line.startswith(self.token.encode()):  # else an answer has written it
                    yield from self._advance(**json.loads(line[len(self.token):]))
            if ended:
                break
            self._look()
            time.sleep(TICK)
        if self.phase == "starting":
            self.draining.join(LAST_WORDS)
            raise CourseError("the process that judges answers did not start:\n"
                              + self.tail.decode(errors="replace"))
        if self.phase != "between":
            raise _Over("killed", "your code ended the Python process that ran it")

    def _advance(self, event: str, number: int, verdict: dict | None = None) -> Iterator:
        """Enter the next phase; yield the verdict where a job is done."""
        self.phase = {"started": "preparing", "ready": "answering", "done": "between"}[event]
        self.number = number
        self.since = time.monotonic()
        self.computed = self._cpu_seconds()
        self.printed = 0
        if verdict:
            yield number, verdict

    def _look(self) -> None:
        """Raise _Over where a limit is exceeded, CourseError where it does not come to a start."""
        limits = self.settings
        clock = time.monotonic() - self.since
        computed = self._cpu_seconds() - self.computed
        if self.phase == "starting" and clock > PREPARATION:
            raise CourseError(f"the process that judges answers did not start in {PREPARATION} "
                              "seconds: is this machine too busy?")
        if self.phase == "preparing" and clock > PREPARATION:
            raise _Over("time", f"what your cell uses of the lesson was not ready in {PREPARATION} "
                        "seconds: use what the exercise gives you")
        if self.phase == "answering":
            if computed > limits.seconds or clock > WAITING * limits.seconds:
                raise _Over("time", f"stopped after {limits.seconds:g} seconds: does a loop never "
                            "end, or does your code train something?")
        if self.printed > 1000 * limits.output_kb:
            raise _Over("output", f"stopped after printing {limits.output_kb} kB")
        processes = [self.watched]
        if time.monotonic() > self.looked + CROWD:
            self.looked = time.monotonic()
            processes += self._started()
            if len(processes) > PROCESSES:
                raise _Over("killed", f"stopped: your code started more than {PROCESSES} processes")
            if _size(self.home) > FILES_MB * 1e6:
                raise _Over("output", f"stopped after writing {FILES_MB} MB of files")
        if sum(map(_resident, processes)) > limits.memory_mb * 1e6:
            when = "" if self.phase == "answering" else ", before your code ran"
            raise _Over("memory", f"stopped at {limits.memory_mb} MB of memory{when}")

    def _cpu_seconds(self) -> float:
        """The seconds for which it has computed."""
        with contextlib.suppress(Exception):  # it has ended
            times = self.watched.cpu_times()
            return times.user + times.system
        return 0.0

    def _started(self) -> list:
        """The processes that it has started, and those that these have."""
        with contextlib.suppress(Exception):
            return self.watched.children(recursive=True)
        return []

    def _marked(self) -> list:
        """The processes that it has started and left to the system, by its mark."""
        import psutil

        marked = []
        for process in psutil.process_iter():
            with contextlib.suppress(Exception):  # those of others are not ours to read
                if process.environ().get(MARK) == self.mark:
                    marked.append(process)
        return marked

    def _feed(self, request: bytes) -> None:
        """Hand the request over; a process that has ended takes none."""
        with contextlib.suppress(OSError):
            self.popen.stdin.write(request)
            self.popen.stdin.close()

    def _drain(self) -> None:
        """Read what is printed, so that nobody waits for it; count it, and keep its end."""
        while chunk := self.popen.stdout.read1(65536):
            self.printed += len(chunk)
            self.tail = (self.tail + chunk)[-2000:]

    def _limits(self, jobs: int) -> dict[str, int]:
        """What the system itself holds the process to; the computing time is a last resort."""
        seconds = PREPARATION + jobs * (PREPARATION + 2 * self.settings.seconds)
        return {"RLIMIT_FSIZE": FILES_MB * 10**6, "RLIMIT_CORE": 0, "RLIMIT_CPU": int(seconds)}

    def _environment(self) -> dict[str, str]:
        """The environment of the process: nothing of the user's, one thread, no GPU, no window."""
        home = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), str(self.home))
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                                 "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
        paths = [str(PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {name: os.environ[name] for name in KEPT if name in os.environ} | home | threads | {
            "PYTHONPATH": os.pathsep.join(paths), "PYTHONHASHSEED": "0", "PYTHONUTF8": "1",
            "MPLBACKEND": "Agg", "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3",
            "TQDM_DISABLE": "1", MARK: self.mark}


def _resident(process) -> int:
    """The bytes of memory that a process holds, 0 where it has ended."""
    with contextlib.suppress(Exception):
        return process.memory_info().rss
    return 0


def _size(folder: Path) -> int:
    """The bytes of the files below a folder."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(path, name)).st_size
    return total
