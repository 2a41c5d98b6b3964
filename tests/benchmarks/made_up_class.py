"""A class made up: every way in which students hand a lesson in, and the mark that each must get.

    cases = a_class(released, BANKS["05"], size=12)      # submissions to a release
    wrong_marks(results, cases, points)                  # in words, where the grader is wrong about them

What the marks are follows from the lines of each check, which stand beside the answers.  The damaged submissions are
those of issue 17; their answers are right, so what is lost is what the damage takes.
"""

import copy
import io
import json
import math
import zipfile
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

STUB_ONLY = None  # an exercise that is left as it was handed out


class Answer(NamedTuple):
    """An answer to an exercise, its status, and the share of the check's lines that hold."""

    text: str | None
    status: str
    share: float


class Bank(NamedTuple):
    """Answers to one lesson, by exercise."""

    right: dict[str, list[str]]
    wrong: dict[str, list[Answer]]  # and partly right
    split: str  # another right answer to the first exercise, with a helper; cut where the marks are


class Case(NamedTuple):
    """A submission, and what it must get."""

    key: str
    kind: str  # in which way it is odd
    file: str  # its name on the platform
    data: bytes
    answers: dict[str, Answer]  # only status and share are compared

    def earned(self, points: dict[str, float]) -> dict[str, float]:
        """The points that it must get."""
        return {id_: round(points[id_] * answer.share, 2) for id_, answer in self.answers.items()}


W1 = "import numpy as np\n\n\ndef w1_gradient(real, fake):\n    "
CRITIC = "def critic_slope(real, fake, x):\n    "
KL = "def kl_at_least(T_real, T_fake):\n    "
TV = "def best_bounded_T(p, q):\n    "
BCE = "def softplus(a):\n    return np.logaddexp(0, a)\n\n\ndef bce(logits, target):\n    "
STEP = "def g_step(theta, z, w, b, loss, rate):\n    "
BEST_D = "def smoothed_best_D(p, q, a):\n    "
HIGHEST = "\n\n\ndef highest_logit(a):\n    "

BANKS = {
    "05": Bank(
        right={
            "05.1": [W1 + "rank = np.argsort(np.argsort(fake))\n"
                     "    return np.sign(fake - np.sort(real)[rank]) / len(fake)",
                     W1 + "slopes = np.zeros(len(fake))\n"
                     "    for r, f in zip(np.argsort(real), np.argsort(fake)):\n"
                     "        slopes[f] = (1 if fake[f] > real[r] else -1) / len(fake)\n    return slopes"],
            "05.2": [CRITIC + "below_real = np.searchsorted(np.sort(real), x) / len(real)\n"
                     "    below_fake = np.searchsorted(np.sort(fake), x) / len(fake)\n"
                     "    return np.sign(below_fake - below_real)",
                     CRITIC + "above = lambda batch: (np.asarray(batch) > np.asarray(x)[:, None]).mean(1)\n"
                     "    gain = above(real) - above(fake)\n    return 1.0 * (gain > 0) - 1.0 * (gain < 0)"],
            "05.3": [KL + "highest = T_fake.max()\n"
                     "    return T_real.mean() - highest - np.log(np.exp(T_fake - highest).mean())",
                     KL + "return np.mean(T_real) + np.log(len(T_fake)) - np.logaddexp.reduce(T_fake)"],
            "05.4": [TV + "return np.sign(p - q) / 2", TV + "return np.where(p > q, 0.5, -0.5)"],
        },
        wrong={
            "05.1": [  # its lines: twelve by nudging; four fakes to the right; real at 0 and 10, fakes at -5 and 1
                Answer(W1 + "return np.sign(fake - real) / len(fake)  # pairs as they came", "partial", 2 / 3),
                Answer(W1 + "return np.full(len(fake), 1 / len(fake))  # always to the left", "partial", 1 / 3),
                Answer(W1 + "rank = np.argsort(np.argsort(fake))\n"
                       "    return np.sign(fake - np.sort(real)[rank])  # a sum, not a mean", "wrong", 0)],
            "05.2": [  # three real between four fakes; batches of 12 and 20 by W1; numbers that occur several times
                Answer(CRITIC + "share = lambda b: (np.unique(b) > x[:, None]).mean(1)\n"
                       "    return np.sign(share(real) - share(fake))  # each number once", "partial", 2 / 3),
                Answer(CRITIC + "count = lambda b: np.searchsorted(np.sort(b), x)\n"
                       "    return np.sign(count(fake) - count(real))  # counts, not shares", "partial", 1 / 3),
                Answer(CRITIC + "share = lambda b: (b > x[:, None]).mean(1)\n"
                       "    return np.sign(share(fake) - share(real))  # uphill to the fakes", "wrong", 0)],
            "05.3": [  # best of many constants; 7 added; T the same everywhere; outputs of 1000; of -1000
                Answer(KL + "return T_real.mean() - np.log(np.exp(T_fake).mean())  # overflows", "partial", 3 / 5),
                # 1000 - 1000 and 0 - 0 alone would also come from a function that always returns 0
                Answer(KL + "return T_real.mean() - T_fake.mean()  # the mean, not its log", "wrong", 0)],
            "05.4": [  # T within its bounds; it scores TV; lesson 01's accuracy; the hinge loss
                Answer(TV + "return np.sign(p - q)  # between -1 and 1", "wrong", 0),
                # only the bounds hold, as they do for a function that always returns 0
                Answer(TV + "return np.where(p > q, 0.5, 0.0)  # nothing about fakes", "wrong", 0)],
        },
        split="import numpy as np\n\n\ndef ranks(values):\n    return np.argsort(np.argsort(values))\n\n\n#---\n"
              "def w1_gradient(real, fake):\n    return np.sign(fake - np.sort(real)[ranks(fake)]) / len(fake)",
    ),
    "01": Bank(
        right={
            "01.1": [BCE + "return target * softplus(-logits) + (1 - target) * softplus(logits)",
                     BCE + "return softplus(logits) - target * logits"],
            "01.2": [STEP + 's = w * (z + theta) + b\n'
                     '    push = error_signal(s, 1) if loss == "non-saturating" else -error_signal(s, 0)\n'
                     "    return theta - rate * np.mean(push * w)"],
            "01.3": [BEST_D + "return a * p / (p + q)" + HIGHEST + "return np.log(a / (1 - a))",
                     BEST_D + "return a / (1 + q / p)" + HIGHEST + "return np.log(a) - np.log1p(-a)"],
        },
        wrong={
            "01.1": [  # an undecided D; small logits; a target each; real and sure; fake and sure
                Answer(BCE + "D = 1 / (1 + np.exp(-logits))\n"
                       "    return -target * np.log(D) - (1 - target) * np.log(1 - D)  # overflows", "partial", 3 / 5),
                Answer(BCE + "return softplus(-logits)  # takes all for real", "partial", 2 / 5),
                Answer(BCE + "return target * logits", "wrong", 0)],
            "01.2": [  # a flat D moves nothing; measuring agrees; computed by hand to the last digit
                Answer(STEP + "kind = LOSSES.index(loss)\n"
                       "    up = g_losses(w * (z + theta + 1e-4) + b)[kind].mean()\n"
                       "    down = g_losses(w * (z + theta - 1e-4) + b)[kind].mean()\n"
                       "    return theta - rate * (up - down) / 2e-4  # measured, not computed", "partial", 2 / 3),
                # with a flat D nothing moves, as with a function that gives its first argument back
                Answer(STEP + "s = w * (z + theta) + b\n    return theta + rate * np.mean(error_signal(s, 0) * w) * 2",
                       "wrong", 0)],
            "01.3": [  # no smoothing; where no fake falls; a search agrees; a search for the highest logit agrees
                Answer(BEST_D + "return a * p / (p + q)" + HIGHEST + "raise NotImplementedError", "partial", 3 / 4),
                Answer(BEST_D + "return p / (p + q)" + HIGHEST + "return np.log(a / (1 - a))", "partial", 2 / 4)],
        },
        split="import numpy as np\n\n\ndef softplus(a):\n    return np.logaddexp(0, a)\n\n\n#---\n"
              "def bce(logits, target):\n    return softplus(logits) - target * logits",
    ),
}


# ---- a notebook as students send it


def filled(release: dict, answers: dict[str, str | None], replies: dict[str, str]) -> dict:
    """Return the notebook that was handed out, with answers and replies in their cells."""
    notebook = copy.deepcopy(release)
    for cell in notebook["cells"]:
        role, id_ = role_of(cell)
        text = {"answer": answers, "reply": replies}.get(role, {}).get(id_)
        if text:
            put(cell, text)
    return notebook


def put(cell: dict, text: str) -> None:
    """Write a text into a cell."""
    cell["source"] = text.splitlines(keepends=True)


def place(notebook: dict, exercise: str, role: str = "answer") -> int:
    """Return where a cell of an exercise stands."""
    return next(i for i, cell in enumerate(notebook["cells"]) if role_of(cell) == (role, exercise))


def role_of(cell: dict) -> tuple[str, str]:
    """Return what a cell is, and the exercise or open question of which; ("", "") for most."""
    facts = cell["metadata"].get("gancourse", {})
    return facts.get("role", ""), facts.get("exercise", facts.get("open", ""))


def code(text: str, **metadata) -> dict:
    """Return a code cell."""
    return {"cell_type": "code", "metadata": metadata, "source": text.splitlines(keepends=True), "outputs": [],
            "execution_count": None}


def as_bytes(notebook: dict) -> bytes:
    """Return a notebook's file as Jupyter writes it."""
    return (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode()


# ---- cells and files that are damaged; each takes a notebook whose answers are right, and returns it or its bytes


def without_answer_cell(notebook, first, second):
    del notebook["cells"][place(notebook, second)]
    return notebook


def without_checks(notebook, first, second):
    notebook["cells"] = [cell for cell in notebook["cells"] if role_of(cell)[0] != "check"]
    return notebook


def doubled(notebook, first, second):
    i = place(notebook, first)
    notebook["cells"].insert(i, copy.deepcopy(notebook["cells"][i]))
    return notebook


def doubled_and_empty_above(notebook, first, second):
    i = place(notebook, first)
    notebook["cells"].insert(i, copy.deepcopy(notebook["cells"][i]))
    head = "".join(notebook["cells"][i]["source"]).rpartition("def ")
    put(notebook["cells"][i], f"{head[0]}def {head[2].splitlines()[0]}\n    raise NotImplementedError  # your turn")
    return notebook


def to_markdown(notebook, first, second):
    return retyped(notebook, first, "markdown")


def to_raw(notebook, first, second):
    return retyped(notebook, second, "raw")


def retyped(notebook, exercise, kind):
    """Change the kind of an answer's cell."""
    cell = notebook["cells"][place(notebook, exercise)]
    cell["cell_type"] = kind
    del cell["outputs"], cell["execution_count"]
    return notebook


def to_the_end(notebook, first, second):
    i = place(notebook, first)
    notebook["cells"] += [notebook["cells"].pop(i), notebook["cells"].pop(i)]
    return notebook


def upside_down(notebook, first, second):
    notebook["cells"].reverse()
    return notebook


def without_metadata(notebook, first, second):
    notebook["metadata"] = {}
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)
    return notebook


def other_kernel(notebook, first, second):
    notebook["metadata"]["kernelspec"] = {"display_name": "Julia 1.11", "language": "julia", "name": "julia-1.11"}
    notebook["metadata"]["language_info"] = {"name": "julia"}
    return notebook


def older_release(notebook, first, second):
    notebook["metadata"]["gancourse"]["release"]["version"] = "000000000000"
    return notebook


def of_colab(notebook, first, second):
    """Colab keeps no metadata of others, and writes its own."""
    notebook["metadata"] = {"colab": {"provenance": []}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"] = {"id": f"aB{number:04d}"}
        cell.pop("id", None)
    return notebook | {"nbformat_minor": 0}


def of_vscode(notebook, first, second):
    for cell in notebook["cells"]:
        cell["metadata"]["vscode"] = {"languageId": "python"}
        cell["source"] = "".join(cell["source"])
    return notebook


def nbformat_3(notebook, first, second):
    """As IPython 2 wrote it: worksheets, and `input` in place of `source`."""
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cells.append({"cell_type": "code", "collapsed": False, "input": cell["source"], "language": "python",
                          "metadata": {}, "outputs": [], "prompt_number": 1})
        else:
            cells.append({"cell_type": "markdown", "metadata": {}, "source": cell["source"]})
    return {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0,
            "worksheets": [{"cells": cells, "metadata": {}}]}


def cp1252(notebook, first, second):
    """A reply with letters that only Windows writes so."""
    reply = [cell for cell in notebook["cells"] if role_of(cell)[0] == "reply"][-1]
    put(reply, "Weil die Fälschungen über allen liegen, fällt der Zug weg – für immer.")
    text = json.dumps(notebook, ensure_ascii=False, indent=1)
    return text.encode("cp1252", "xmlcharrefreplace")


def with_bom(notebook, first, second):
    return b"\xef\xbb\xbf" + as_bytes(notebook)


def with_crlf(notebook, first, second):
    return as_bytes(notebook).replace(b"\n", b"\r\n")


def cut_off(notebook, first, second):
    data = as_bytes(notebook)
    return data[: len(data) // 2]


def a_page(notebook, first, second):
    return b"<!DOCTYPE html>\n<html><body><h1>Lesson</h1></body></html>\n"


FULL = {}  # nothing is lost
GONE = {"second": ("missing", 0)}
ALL_GONE = {"first": ("missing", 0), "second": ("missing", 0), "rest": ("missing", 0)}
DAMAGES: dict[str, tuple[Callable, dict]] = {
    "answer cell deleted": (without_answer_cell, GONE), "checks deleted": (without_checks, FULL),
    "answer cell twice": (doubled, FULL), "answer cell twice, one empty": (doubled_and_empty_above, FULL),
    "answer turned into markdown": (to_markdown, FULL), "answer turned into raw text": (to_raw, FULL),
    "exercise moved to the end": (to_the_end, FULL), "all cells upside down": (upside_down, FULL),
    "no metadata": (without_metadata, FULL), "another kernel": (other_kernel, FULL),
    "an older release": (older_release, FULL), "saved by Colab": (of_colab, FULL),
    "saved by VS Code": (of_vscode, FULL), "saved as nbformat 3": (nbformat_3, FULL),
    "saved as cp1252": (cp1252, FULL), "with a byte order mark": (with_bom, FULL),
    "with CRLF": (with_crlf, FULL), "cut off": (cut_off, ALL_GONE), "a page in its place": (a_page, ALL_GONE),
}
UNREADABLE = {"cut off", "a page in its place"}  # what is never collected, but listed

# ---- answers that do more than they should; {right} is a right answer, {name} its function, {wrong} a wrong answer

TRICKS: dict[str, tuple[str, str, float]] = {  # text, status, share
    "syntax error": ("def {name}(:\n    return 1", "broken", 0),
    "another name": ("def my_{name}(*given):\n    return 0.0", "missing", 0),
    "no return": ("def {name}(*given):\n    result = 0.0", "wrong", 0),
    "returns a text": ("def {name}(*given):\n    return 'W1'", "wrong", 0),
    "raises": ("def {name}(*given):\n    return given[99]", "error", 0),
    "lines for IPython": ("%matplotlib inline\n!ls\n{right}", "right", 1),
    "asks for input": ("def {name}(*given):\n    return float(input('n: '))", "error", 0),
    "prints a little": ("{right}\nprint('tried:', {name})", "right", 1),
    "endless recursion": ("def {name}(*given):\n    return {name}(*given)", "error", 0),
    "ends Python": ("import sys\n\n\ndef {name}(*given):\n    sys.exit()", "error", 0),
    "check redefined": ("{wrong}\n\n\nchecks.close = checks.true = lambda *given, **more: print('✓')", "wrong", 0),
    "module patched": ("from gancourse.notebook import checks as c\n\n{wrong}\n\n\n"
                       "c.close = c.true = lambda *given, **more: None\nnp.allclose = lambda *given, **more: True",
                       "wrong", 0),
    "an endless loop": ("def {name}(*given):\n    while True:\n        pass", "time", 0),
    "an endless loop outside": ("{right}\n\n\nwhile True:\n    pass", "time", 0),
    "sleeps": ("import time\n\n\ndef {name}(*given):\n    time.sleep(10_000)", "time", 0),
    "a memory hog": ("def {name}(*given):\n    hoard = []\n    while True:\n        hoard.append(bytearray(10**8))",
                     "memory", 0),
    "a flood of output": ("def {name}(*given):\n    while True:\n        print('x' * 1000)", "output", 0),
    "exits hard": ("import os\n\n\ndef {name}(*given):\n    os._exit(0)", "killed", 0),
    "kills its process": ("import os, signal\n\n\ndef {name}(*given):\n    os.kill(os.getpid(), signal.SIGKILL)",
                          "killed", 0),
    "a segmentation fault": ("import ctypes\n\n\ndef {name}(*given):\n    ctypes.string_at(0)", "killed", 0),
    # only in an empty folder such as the grader's: never where somebody's files are
    "deletes files": ("import pathlib\n\n{right}\n\n\nif not any(pathlib.Path(n).exists() for n in "
                      "('pyproject.toml', 'class.toml', '.git', 'notebooks')):\n"
                      "    for path in pathlib.Path().rglob('*'):\n        path.unlink()", "right", 1),
    "writes files": ("{right}\n\n\nopen('notes.txt', 'w').write('x' * 1000)", "right", 1),
    "changes the folder": ("import os\n\n{right}\n\n\nos.chdir('/')", "right", 1),
    "leaves a process behind": ("import subprocess, sys\n\n{right}\n\n\n"
                                "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])", "right", 1),
}
KILLS_WORKER = ("import os, signal\n\n\ndef {name}(*given):\n    os.kill(os.getppid(), signal.SIGKILL)", "killed", 0)
REPLIES = ["Because the signal is lost among the errors.", "Die Kritikerin weiß nichts über leere Orte.", ""]


def a_class(release: dict, bank: Bank, size: int, kinds: list[str] | None = None, *, killers: int = 0,
            seed: int = 0) -> list[Case]:
    """Return submissions to a release: each odd kind once, the rest as students are.

    The odd kinds are those of `kinds`, or all; in a small class as many as half of it.  Of the rest half are right, a
    third partly right or wrong, and the others hardly answered.  In `killers` of them an answer kills the process that
    runs the grader's task, so that nothing of these is graded.
    """
    rng = np.random.default_rng(seed)
    exercises = list(bank.right)
    odd = kinds
    if kinds is None:
        odd = [*DAMAGES, *TRICKS, "answer split", "check edited", "file renamed"]
        odd = odd[:: max(1, math.ceil(2 * len(odd) / size))]
    cases = []
    for number in range(size):
        key = f"s{number:03d}"
        kind = odd[number] if number < len(odd) else "killer" if number < len(odd) + killers else "plain"
        answers = {id_: Answer(str(rng.choice(bank.right[id_])), "right", 1) for id_ in exercises}
        if kind == "plain":
            answers = ordinary(bank, rng)
        cases.append(a_case(release, bank, key, kind, answers, rng))
    return cases


def ordinary(bank: Bank, rng) -> dict[str, Answer]:
    """Return the answers of a student who does nothing odd."""
    answers = {}
    mood = rng.choice(["right", "partly", "hardly"], p=[0.5, 0.35, 0.15])
    for id_, right in bank.right.items():
        answers[id_] = Answer(str(rng.choice(right)), "right", 1)
        if mood == "partly" and rng.random() < 0.6:
            answers[id_] = bank.wrong[id_][rng.integers(len(bank.wrong[id_]))]
        elif mood == "hardly" and rng.random() < 0.8:
            answers[id_] = Answer(STUB_ONLY, "empty", 0)
    return answers


def a_case(release: dict, bank: Bank, key: str, kind: str, answers: dict[str, Answer], rng) -> Case:
    """Return one submission; all but its oddity is as `answers` say."""
    first, second = list(answers)[:2]
    wrong = next(answer for answer in bank.wrong[first] if answer.status == "wrong")
    file = f"{release['metadata']['gancourse']['lesson']:02d}.ipynb"
    if kind in TRICKS or kind == "killer":
        text, status, share = TRICKS.get(kind, KILLS_WORKER)
        at = first if "{wrong}" in text else second
        name = answers[at].text.rpartition("\ndef ")[2].partition("(")[0].removeprefix("def ")
        text = text.replace("{right}", answers[at].text).replace("{name}", name)
        answers = answers | {at: Answer(text.replace("{wrong}", wrong.text), status, share)}
    if kind == "killer":
        answers = {id_: Answer(answer.text, "killed", 0) for id_, answer in answers.items()}
    if kind == "check edited":
        answers = answers | {first: wrong}
    replies = {role_of(cell)[1]: str(rng.choice(REPLIES)) for cell in release["cells"] if role_of(cell)[0] == "reply"}
    notebook = filled(release, {id_: answer.text for id_, answer in answers.items()}, replies)
    if kind in DAMAGES:
        damage, lost = DAMAGES[kind]
        notebook = damage(notebook, first, second)
        roles = {first: "first", second: "second"}
        answers = {id_: Answer(answer.text, *lost.get(roles.get(id_, "rest"), (answer.status, answer.share)))
                   for id_, answer in answers.items()}
    elif kind == "answer split":
        upper, lower = bank.split.split("#---\n")
        i = place(notebook, first)
        put(notebook["cells"][i], upper)
        notebook["cells"].insert(i + 1, code(lower))
    elif kind == "check edited":
        put(notebook["cells"][place(notebook, first, "check")], "print('✓ all is well')")
    elif kind == "file renamed":
        file = "Kopie von Aufgabe (1).ipynb"
    data = notebook if isinstance(notebook, bytes) else as_bytes(notebook)
    return Case(key, kind, file, data, answers)


# ---- the class on disk


def moodle_zip(cases: list[Case]) -> bytes:
    """Return the zip that Moodle makes of all submissions."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, case in enumerate(cases):
            archive.writestr(f"{name_of(case)}_{1000 + number}_assignsubmission_file_/{case.file}", case.data)
    return data.getvalue()


def name_of(case: Case) -> str:
    """Return the name that a made-up student has on the platform."""
    return f"Ada {case.key.upper()}"


def roster(cases: list[Case]) -> str:
    """Return the text of a class's roster.csv."""
    lines = [f"{case.key},{name_of(case)},{case.key}@example.org,," for case in cases]
    return "\n".join(["id,name,email,group,pseudonym", *lines]) + "\n"


def wrong_marks(results: dict[str, dict], cases: list[Case], points: dict[str, float]) -> list[str]:
    """Return in words where results are not as they must be."""
    wrong = [f"{key} is nobody's" for key in set(results) - {case.key for case in cases}]
    for case in cases:
        if case.key not in results:
            wrong.append(f"{case.key} ({case.kind}) is lost")
            continue
        entries = {entry["id"]: entry for entry in results[case.key]["exercises"]}
        for id_, earned in case.earned(points).items():
            entry = entries[id_]
            if entry["status"] != case.answers[id_].status or abs(entry["earned"] - earned) > 0.005:
                wrong.append(f"{case.key} ({case.kind}), {id_}: {entry['status']}, {entry['earned']:g} points "
                             f"({entry['reason']}); it must be {case.answers[id_].status}, {earned:g}")
    return wrong
