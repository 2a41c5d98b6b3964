"""An answer is judged line by line, with the course's own names, in a process that it cannot hurt."""

import ast
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
import psutil
import pytest

from gancourse.course.classroom.judging.judge import Job, judge, marked
from gancourse.course.classroom.judging.limits import Limits, run_jobs
from gancourse.course.classroom.lesson import patients
from gancourse.course.classroom.lesson.exercises import exercise_of, exercises, stub_of
from gancourse.course.classroom.lesson.slicing import make_job
from gancourse.course.lessons import all_lessons, find, source
from gancourse.errors import CourseError

STUB = "def double(x):\n    raise NotImplementedError  # your turn\n"
BEFORE = """
import numpy as np
from gancourse.notebook import checks
factor = 2
table = [1.0, 2.0]
def ours(x):
    return factor * x
"""
CHECK = """
def check_double(f):
    checks.close(f(1), 2, "Twice one is two.")
    for k in (3, 4):
        checks.close(f(k), ours(k), f"Twice {k} is as ours says.")
    got = f(np.ones(3))
    checks.close(got, np.full(3, table[1]), "It works for arrays.")
    checks.true(isinstance(f(2.0), float), "A number stays a number.")


double = checks.adopt(double, losses.not_in_the_slice, check_double)
"""
RIGHT = "def double(x):\n    return 2 * x\n"
PATIENT = Limits(seconds=30, memory_mb=300, output_kb=50)
QUICK = PATIENT._replace(seconds=0.4)


def job(answer, check=CHECK, before=BEFORE):
    return Job("99.1", before, answer, check, ("double",), STUB)


def passed(verdict):
    """Which lines have passed, as a string of 1 and 0."""
    return "".join(str(int(line["passed"])) for line in verdict["lines"])


def marks(lesson, exercise_id, answer):
    """What an answer to an exercise of a lesson earns, and the status."""
    notebook = find(lesson).notebook
    exercise = exercise_of(notebook, exercise_id)
    result = marked(exercise, judge(make_job(notebook, exercise, answer, stub_of(notebook, exercise))))
    return result["earned"], result["status"]


# ---- every line counts


ANSWERS = [  # the answer, its status, the lines that pass, the reason
    (RIGHT, "right", "1111", ""),
    ("def double(x):\n    return x + 1", "partial", "1011",
     "Twice 3 is as ours says: largest difference from yours: 2"),
    ("def double(x):\n    return 2 * x if np.ndim(x) == 0 else 1 / 0", "partial", "1101",
     "It works for arrays: your code stopped with ZeroDivisionError: division by zero, in line 2 of your cell"),
    ("def double(x):\n    return np.array([2 * x])", "wrong", "0000",
     "Twice one is two: yours has shape (1,), expected ()"),
    ("def double(x):\n    2 * x", "wrong", "0000", "Twice one is two: yours is None: is a `return` missing?"),
    ("def double(x):\n    return str(2 * x)", "wrong", "0000",
     "Twice one is two: yours is of type str, expected numbers"),
    ("def double(x):\n    y = 1\n    return helper(x)", "error", "0000",
     "Twice one is two: your code stopped with NameError: name 'helper' is not defined, in line 3 of your cell"),
    ("def double(x):\n    return double(x)", "error", "0000",
     "Twice one is two: your code calls itself without end (RecursionError), in line 2 of your cell"),
    ("def double(x):\n    return 2 * float(input('x? '))", "error", "0000",
     "Twice one is two: your code waits for input; what it works on comes as its arguments, in line 2 of your cell"),
    ("import sys\ndef double(x):\n    sys.exit()", "error", "0000",
     "Twice one is two: your code ends Python (exit, quit), in line 3 of your cell"),
    ("def double(x):\n    assert x == 1\n    return 2.0 * x", "partial", "1000",
     "Twice 3 is as ours says: your code stopped with AssertionError, in line 2 of your cell"),
    ("def doble(x):\n    return 2 * x", "missing", "0000", "there is no function double in the cell"),
    ("double = 7", "missing", "0000", "there is no function double in the cell"),
    ("y = 1 / 0\ndef duble(x): pass", "missing", "0000",
     "your code stopped with ZeroDivisionError: division by zero, in line 1 of your cell"),
    ("x = 1\ndef double(x)\n    return 2 * x", "broken", "0000", "line 2 of your cell is not Python: expected ':'"),
    ("def double(x):\0", "broken", "0000",
     "your cell is not Python: source code string cannot contain null bytes"),
    ("(" * 5000, "broken", "0000", "line 1 of your cell is not Python: too many nested parentheses"),
    (STUB, "empty", "0000", "not answered yet"),
    ("# hm\n" + STUB.replace("  # your turn", "\n"), "empty", "0000", "not answered yet"),
    ("", "empty", "0000", "not answered yet"),
    ("def double(x):\n    '''What is it?'''\n    pass", "empty", "0000", "not answered yet"),
    ("def double(x):\n    y = 2\n    raise NotImplementedError", "empty", "0000", "not answered yet"),
    # one that passes no more lines than a function that always returns the same
    ("def double(x):\n    return 0.5 * 0", "wrong", "0000", "Twice one is two: largest difference from yours: 2"),
    ("def double(x):\n    return 1.0 * x", "wrong", "0000", "Twice one is two: largest difference from yours: 1"),
    # what a student may add to the cell
    ("%matplotlib inline\n" + RIGHT + "!ls\ndisplay(double(2))", "right", "1111", ""),
    (RIGHT + "assert double(2) == 5\nprint(undefined)", "right", "1111", ""),
    ("import sys\nsys.exit()\n" + RIGHT, "right", "1111", ""),
    ("import math\ndef helper(x):\n    return x + x\n\ndouble = lambda x: math.prod([helper(x)])", "right", "1111", ""),
    # the names of the lesson are the check's, whatever an answer does to them
    ("factor, ours, np = 5, None, None\ntable.clear()\n" + RIGHT, "right", "1111", ""),
    ("def double(x):\n    global factor\n    factor = 7\n    return 2 * x", "right", "1111", ""),
    ("table[:] = [0.0, 0.0]\ndef double(x):\n    return x * 0.0", "wrong", "0000", "Twice one is two"),
    ("class checks:\n    close = true = staticmethod(print)\ndef double(x):\n    return 0", "wrong", "0000", ""),
    ("print('{\"event\": \"done\", \"number\": 0}')\ndef double(x):\n    return 0", "wrong", "0000", ""),
]


@pytest.fixture(scope="module")
def verdicts():
    """All of them, one after another in one process."""
    return run_jobs([job(answer) for answer, *_ in ANSWERS])


@pytest.mark.parametrize("i", range(len(ANSWERS)), ids=[f"{answer[:30]!r}" for answer, *_ in ANSWERS])
def test_an_answer_gets_what_its_lines_are_worth_and_a_reason(verdicts, i):
    _, status, lines, reason = ANSWERS[i]
    verdict = verdicts[i]
    assert (verdict["status"], passed(verdict)) == (status, lines)
    assert verdict["reason"].startswith(reason) and "\n" not in verdict["reason"]
    assert verdict["share"] == lines.count("1") / 4


def test_what_fails_beside_the_function_is_a_note():
    (note,) = judge(job(RIGHT + "assert double(2) == 5\nprint(undefined)"))["notes"]
    assert note == "outside of the functions, your code stopped with AssertionError, in line 3 of your cell"


@pytest.mark.parametrize("exercise, answer, called", [
    ("03.2", "def r1(D, real):\n    return losses.r1_penalty(D, real)\n", ["gancourse.pt.losses.r1_penalty"]),
    ("03.2", "from gancourse.pt.losses import r1_penalty\ndef r1(D, real):\n    return r1_penalty(D, real)\n",
     ["gancourse.pt.losses.r1_penalty"]),
    ("03.1", "def update_D(gan, real, z):\n"
             "    return d_step(gan, real, z, losses.LOSSES['nonsaturating']).item()\n", ["gancourse.pt.train.d_step"]),
    ("03.2", "def r1(D, real):\n"
             "    real = real.detach().requires_grad_(True)\n"
             "    (gradient,) = torch.autograd.grad(D(real).sum(), real, create_graph=True)\n"
             "    return gradient.square().flatten(1).sum(1).mean()\n", [])])
def test_a_right_answer_that_only_calls_what_its_check_calls_is_noted(exercise, answer, called):
    notebook = find("03").notebook
    known = exercise_of(notebook, exercise)
    verdict = judge(make_job(notebook, known, answer, stub_of(notebook, known)))
    assert verdict["status"] == "right"
    assert verdict["notes"] == [f"{exercise} calls {name}, as its check does: is it an answer?" for name in called]


def test_a_line_in_a_loop_shows_the_run_that_failed():
    line = judge(job("def double(x):\n    return 2 * x if x < 4 else x"))["lines"][1]
    assert line == {"hint": "Twice 4 is as ours says.", "passed": False,
                    "reason": "Twice 4 is as ours says: largest difference from yours: 4"}


def test_a_failed_statement_fails_the_lines_that_need_its_names_also_in_the_next_run_of_a_loop():
    check = """
results = []
for k in (1, 2):
    got = double(k)
    checks.close(got, 2 * k, "Twice k.")
    results.append(double(k - 1))
checks.close(results, [0, 2], "Both.")
checks.close(double(1), 2, "Once more.")
"""
    verdict = judge(job("def double(x):\n    return 2 * x if x != 2 else 1 / 0", check))
    assert passed(verdict) == "011"
    assert verdict["lines"][0]["reason"].startswith("Twice k: your code stopped with ZeroDivisionError")
    verdict = judge(job("def double(x):\n    return 2 * x if x else 1 / 0", check))
    assert passed(verdict) == "101"  # `results` is gone, and no half of it is compared


def test_a_statement_whose_failure_no_line_notices_costs_the_last_line():
    check = "for k in (1, 2):\n    double(k)\nchecks.close(double(1), 2, 'one')"
    verdict = judge(job("def double(x):\n    return 2 * x if x == 1 else 1 / 0", check))
    assert verdict["status"] == "error" and "ZeroDivisionError" in verdict["reason"]


def test_of_two_functions_the_right_one_counts():
    check = "f = checks.adopt(f, 0, lambda f: checks.close(f(1), 3, 'f'))\nchecks.close(g(1), 2, 'g')"
    stub = "def f(x):\n    raise NotImplementedError\n\ndef g(x):\n    raise NotImplementedError\n"
    both = Job("99.1", BEFORE, "def f(x):\n    return 3 * x\n", check, ("f", "g"), stub)
    for answer, reason in ((both.answer, "there is no function g in the cell"),
                           (stub.replace("raise NotImplementedError", "return 3 * x", 1), "g: not answered yet")):
        verdict = judge(both._replace(answer=answer))
        assert (verdict["status"], passed(verdict), verdict["reason"]) == ("partial", "10", reason)


# ---- answers that do harm


HARMFUL = {  # what it does: the answer, its status
    "a loop without end": ("def double(x):\n    while True: pass", "time"),
    "sleeps": ("import time\ndef double(x):\n    time.sleep(100)", "time"),
    "takes all memory": ("def double(x):\n    kept = []\n    while True: kept.append(b'x' * 10**7)", "memory"),
    "lets another process take it": (
        "import subprocess, sys, time\n"
        "hog = 'x = b\"y\" * 400_000_000; import time; time.sleep(60)'\n"
        "subprocess.Popen([sys.executable, '-c', hog, 'left-over'])\n"
        "time.sleep(60)\n" + RIGHT, "memory"),
    "floods the output": ("def double(x):\n    while True: print('x' * 1000)", "output"),
    "fills the disk": ("import time\ndef double(x):\n    for i in range(60): open(f'f{i}', 'wb').write(b'x' * 10**6)\n"
                       "    time.sleep(60)", "output"),
    "writes one large file": ("def double(x):\n    open('f', 'wb').write(b'x' * 10**8)\n    return 2 * x", "error"),
    "ends Python at once": ("import os\ndef double(x):\n    os._exit(0)", "killed"),
    "kills itself": ("import os\ndef double(x):\n    os.kill(os.getpid(), 9)", "killed"),
    "deletes its home": ("import pathlib, shutil\nshutil.rmtree(pathlib.Path.home())\n" + RIGHT, "right"),
    "leaves the folder": ("import os\nos.chdir('/')\n" + RIGHT, "right"),
    "changes the rules of NumPy": ("import numpy as np\nnp.seterr(all='raise')\n" + RIGHT, "right"),
    "leaves a thread": ("import threading, time\nthreading.Thread(target=time.sleep, args=[60]).start()\n" + RIGHT,
                        "right"),
    "forks": ("import os\nos.fork()\n" + RIGHT, "right"),
    "forks out of the session": ("import os, time\nif os.fork() == 0:\n    os.setsid()\n    os.execvp("
                                 "'sleep', ['sleep', '60.25'])\n" + RIGHT, "right"),
    "starts many processes": ("import os, time\nfor i in range(40):\n    if os.fork() == 0:\n        time.sleep(60)\n"
                              "        os._exit(0)\ntime.sleep(60)\n" + RIGHT, ("killed", "memory")),
    "patches the judges": ("from gancourse.notebook import checks\nimport numpy\n"
                           "checks.close = checks.true = lambda *a, **k: None\ndef double(x):\n"
                           "    numpy.allclose = lambda *a, **k: True\n    return x + 1.0", "partial"),
    "rewrites their code": ("from gancourse.notebook import checks\n"
                            "checks.close.__code__ = checks.true.__code__ = (lambda *a, **k: None).__code__\n"
                            "def double(x):\n    return 0", "wrong"),
}
NEEDS_FORK = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")


@pytest.fixture(scope="module")
def harmed(tmp_path_factory):
    """Their verdicts, each followed by that on a right answer; and what was left in the temporary folder."""
    folder = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        jobs = [one for answer, _ in HARMFUL.values() for one in (job(answer), job(RIGHT))]
        verdicts = [*run_jobs(jobs[:4], QUICK), *run_jobs(jobs[4:], PATIENT)]
    return dict(zip(HARMFUL, zip(verdicts[::2], verdicts[1::2], strict=True), strict=True)), list(folder.iterdir())


@NEEDS_FORK
@pytest.mark.parametrize("what", HARMFUL)
def test_an_answer_that_does_harm_is_stopped_and_the_next_is_judged(harmed, what):
    verdict, following = harmed[0][what]
    wanted = HARMFUL[what][1]
    assert verdict["status"] in ((wanted,) if isinstance(wanted, str) else wanted), verdict["reason"]
    assert verdict["status"] in ("right", "partial") or verdict["share"] == 0
    assert following["status"] == "right", following["reason"]


@NEEDS_FORK
def test_nothing_is_left_of_answers_that_did_harm(harmed):
    assert harmed[1] == []
    commands = []
    for process in psutil.process_iter(["cmdline"]):
        commands.append(" ".join(process.info["cmdline"] or ()))
    assert not [command for command in commands if "left-over" in command or command == "sleep 60.25"]


@NEEDS_FORK
def test_a_student_reads_why_an_answer_was_stopped(harmed):
    reasons = {what: verdict["reason"] for what, (verdict, _) in harmed[0].items()}
    assert reasons["a loop without end"].startswith("stopped after 0.4 seconds: does a loop never end")
    assert reasons["takes all memory"] == "stopped at 300 MB of memory"
    assert reasons["floods the output"] == "stopped after printing 50 kB"
    assert reasons["fills the disk"] == "stopped after writing 50 MB of files"
    assert reasons["kills itself"] == "your code ended the Python process that ran it"


@NEEDS_FORK
def test_what_an_answer_has_patched_is_noted(harmed):
    verdict, _ = harmed[0]["patches the judges"]
    assert "the answer changed numpy.allclose; the check ran with the original" in verdict["notes"]
    assert passed(verdict) == "1011"


def test_an_answer_sees_nothing_of_the_teachers_home_and_gpu(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setenv("A_SECRET", "s3cret")
    answer = ("import os, pathlib\ndef double(x):\n    e = os.environ\n    raise ValueError(repr(["
              "pathlib.Path.home(), e['CUDA_VISIBLE_DEVICES'], e.get('A_SECRET'), os.listdir()]))")
    (verdict,) = run_jobs([job(answer)])
    assert "gancourse_judge_" in verdict["reason"] and ", '', None, []]" in verdict["reason"]
    assert str(Path.home()) not in verdict["reason"]


def test_where_the_lesson_itself_fails_the_reason_says_so():
    broken, following = run_jobs([job(RIGHT, before="1 / 0"), job(RIGHT)])
    assert broken["status"] == "error" and following["status"] == "right"
    assert broken["reason"].startswith("the lesson's own code before this exercise failed")


def test_a_judge_that_does_not_start_is_an_error_and_no_mark(monkeypatch, tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no such package\nexit 3\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(CourseError, match="did not start:\nno such package"):
        run_jobs([job(RIGHT)])


def test_a_judge_ends_when_the_grader_is_killed():
    code = ("from gancourse.course.classroom.judging import judge, limits\n"
            "job = judge.Job('99.1', '', 'while True: pass', 'checks.true(f(), \"yes\")', ('f',), '')\n"
            "with limits._Process([job], limits.Limits(seconds=600)) as process:\n"
            "    print(process.popen.pid, flush=True)\n"
            "    list(process.verdicts())\n")
    grader = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    judging = psutil.Process(int(grader.stdout.readline()))
    grader.kill()
    grader.communicate()
    assert psutil.wait_procs([judging], timeout=30)[0] == [judging]


def test_a_judge_that_is_started_by_hand_removes_nothing(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    command = [sys.executable, "-m", "gancourse.course.classroom.judging.judge_process"]
    subprocess.run(command, cwd=folder, input=b"", check=True)
    assert folder.exists()


def test_what_the_lesson_itself_prints_does_not_count_as_the_answers(capsys):
    """Slices of lessons draw figures, and where no notebook shows a figure it is printed as a long text."""
    verdict = judge(job("print('mine')\n" + RIGHT, before="print('of the lesson')\n" + BEFORE))
    assert verdict["status"] == "right"
    printed = capsys.readouterr().out
    assert printed.startswith("mine\n") and "of the lesson" not in printed


# ---- the lessons


@pytest.fixture(scope="module")
def solved():
    """The marks of every solution, all of them from one process: it imports each framework once."""
    pytest.importorskip("torch", reason="needs PyTorch")
    pytest.importorskip("tensorflow", reason="needs TensorFlow")
    known = [(lesson.name, lesson.notebook, e) for lesson in all_lessons() for e in exercises(lesson.notebook)]
    jobs = [make_job(notebook, e, source(notebook["cells"][e.answer]), stub_of(notebook, e))
            for _, notebook, e in known]
    results = zip(known, run_jobs(jobs, Limits(seconds=120, memory_mb=6000)), strict=True)
    return [(name, marked(e, verdict)) for (name, _, e), verdict in results]


@pytest.mark.parametrize("lesson", [lesson.name for lesson in all_lessons()])
def test_the_solutions_of_a_lesson_get_full_marks(solved, lesson):
    results = [result for name, result in solved if name == lesson]
    assert [result["reason"] for result in results] == [""] * len(results)
    assert all(result["earned"] == result["points"] and result["status"] == "right" for result in results)
    assert not any(result["notes"] for result in results)


@pytest.mark.parametrize("lesson", all_lessons(), ids=lambda lesson: lesson.name)
def test_a_student_version_that_nobody_has_touched_gets_nothing(lesson):
    for exercise in exercises(lesson.notebook):
        stub = stub_of(lesson.notebook, exercise)
        result = marked(exercise, judge(make_job(lesson.notebook, exercise, stub, stub)))
        assert (result["status"], result["earned"], result["reason"]) == ("empty", 0, "not answered yet")
        assert len(result["lines"]) >= 2 and not any(line["passed"] for line in result["lines"])


@pytest.mark.parametrize("lesson, exercise, answer, earned, status", [
    # nudging is near enough for the first line, not for the two exact ones
    ("05", "05.1", "def w1_gradient(real, fake):\n    nudges = 1e-6 * np.eye(len(fake))\n    return np.array("
     "[sample_w1(real, fake + e) - sample_w1(real, fake - e) for e in nudges]) / 2e-6", 1.67, "partial"),
    # pairs as they came: right where all fakes lie to the right, and for two that came in order
    ("05", "05.1", "def w1_gradient(real, fake):\n    return np.sign(fake - real) / len(fake)", 3.33, "partial"),
    ("05", "05.1", "def w1_gradient(real, fake):\n    rank = np.argsort(np.argsort(fake))\n"
     "    return np.sign(fake - np.sort(real)[rank])", 0, "wrong"),  # a sum, not a mean
    # breaks at outputs of 1000 and of -1000: three lines of five
    ("05", "05.3", "def kl_at_least(T_real, T_fake):\n    return np.mean(T_real) - np.log(np.mean(np.exp(T_fake)))",
     3.6, "partial"),
    ("05", "05.4", "def best_bounded_T(p, q):\n    return np.sign(p - q)", 0, "wrong"),
    # the logarithm of a sigmoid breaks at logits of 1000: three lines of five
    ("01", "01.1", "def bce(logits, target):\n    D = 1 / (1 + np.exp(-logits))\n"
     "    return -target * np.log(D) - (1 - target) * np.log(1 - D)", 2.4, "partial"),
    # the target is ignored: log 2 at 0, and what real images pay
    ("01", "01.1", "def bce(logits, target):\n    return np.logaddexp(0, -logits)", 1.6, "partial"),
    # the first function is right, three lines; the second gives a probability for a logit
    ("01", "01.3", "def smoothed_best_D(p, q, a):\n    return a * p / (p + q)\n\ndef highest_logit(a):\n    return a",
     3.75, "partial"),
    # both players at once: the two lines that pass are those of a function that returns its argument
    ("06", "06.1", "def alternating(state, v, h):\n    return state + h * v(state)", 0, "wrong"),
])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_wrong_answer_earns_what_its_right_lines_are_worth(lesson, exercise, answer, earned, status):
    assert marks(lesson, exercise, answer) == (earned, status)


def test_a_diagnosis_by_eye_is_judged_on_the_letters_of_the_students_name():
    pytest.importorskip("torch", reason="the lesson imports it")
    notebook = find("08").notebook
    exercise = exercise_of(notebook, "08.3")
    number = zlib.crc32(b"ada") % 10**6  # as the lesson's `admit` does
    words = np.random.default_rng(number).permutation(list(patients.ILLNESSES)).tolist()
    answer = f"def diagnose(letter, log):\n    return dict(zip('ABCDEFGH', {words}))[letter]"
    earned = {name: marked(exercise, judge(make_job(notebook, exercise, answer, "", {"student": name})))["earned"]
              for name in ("Ada ", "Grace")}
    assert earned == {"Ada ": 6, "Grace": 4}  # eight of the words, each once; but not of her patients


def test_the_stored_patients_are_those_of_the_lesson():
    cells = [source(cell) for cell in find("08").notebook["cells"]]

    def value(name):
        (cell,) = [cell for cell in cells if f"\n{name} = " in cell]
        return next(node.value for node in ast.parse(cell).body if ast.unparse(node).startswith(f"{name} = "))

    assert [key.value for key in value("ILLNESSES").keys] == list(patients.WORDS)
    shown = {name for group in ast.literal_eval(value("GROUPS")) for name in group}
    for word in patients.WORDS:
        log = patients.patient(7, word)
        assert set(log.names()) == shown and log[-1].step == 400 and len(log) == 31
