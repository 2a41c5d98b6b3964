"""A checkpoint that the reader names: gone on from if it fits, refused if it is another run's.

`gancourse run 03 -p checkpoint=ck.safetensors` keeps ck.safetensors.identity.json beside it, which
says what the checkpoint is made from.  (Without checkpoint= a run keeps its own, whose name says
it.)
"""

import json
import os
import re
from pathlib import Path
from typing import Any

from gancourse import checkpoints
from gancourse.course.lessons import under_present_names
from gancourse.errors import CourseError
from gancourse.files import write_atomically

MAY_DIFFER = {"checkpoint", "num_steps", "device"}  # a run may be made longer, or go on elsewhere
COMPUTER = {
    "code_sha256": "code of the course",
    "package_data": "data of the course",
    "threads": "number of threads",
    "versions": "versions of libraries",
    "machine": "kind of processor or card",
}


def path_of(value: str, cwd: Path) -> Path:
    """Return the file that checkpoint=VALUE names for a lesson that runs in the folder `cwd`."""
    return Path(cwd, os.path.expanduser(value))


def check(
    checkpoint: Path, lesson: str, parameters: dict[str, Any], known: dict[str, Any]
) -> list[str]:
    """Return in words what to know about going on from a checkpoint; [] where there is none yet.

    `parameters` are all of the run's, `known` is its identity.  Raises CourseError where the file
    is no checkpoint, or was made by another lesson, from other data or with other settings; the
    number of steps may grow.  A lesson that has got another number is the same lesson.
    """
    if not checkpoint.is_file():
        return []
    try:
        facts = checkpoints.load_run(checkpoint).facts
    except ValueError as error:
        raise CourseError(str(error)) from error
    before = _read(checkpoint)
    if not before:
        apart = [
            f"{name}={facts[name]} then, {parameters[name]} now"
            for name in ("dataset", "seed")
            if name in facts and name in parameters and facts[name] != parameters[name]
        ]
        _refuse(checkpoint, apart)
        return [f"{checkpoint} does not say what it was made from; it is taken to fit"]
    if _topic(before["lesson"]) != _topic(lesson):
        _refuse(checkpoint, [f"lesson {before['lesson']} then, {lesson} now"])
    then = under_present_names(before["parameters"])
    apart = _other_parameters(then, parameters) + _other_inputs(before["identity"], known)
    steps = then.get("num_steps", 0)
    more = parameters.get("num_steps", 0)
    if more < steps:
        apart.append(f"num_steps={steps} then, {more} now: training cannot go back")
    _refuse(checkpoint, apart)
    notes = []
    if more > steps:
        notes.append(
            f"going on from a run of {steps} steps: what follows from num_steps, such as a falling "
            "learning rate, was made for those, so the numbers are not those of "
            f"{more} steps at once"
        )
    changed = [words for name, words in COMPUTER.items() if before["identity"][name] != known[name]]
    if changed:
        notes.append(
            f"{checkpoint} was made with another {', another '.join(changed)}: the numbers are "
            "not those of one run from start to end"
        )
    return notes


def note(checkpoint: Path, lesson: str, parameters: dict[str, Any], known: dict[str, Any]) -> None:
    """Write beside a checkpoint what it is made from, before the run that writes it starts."""
    about = {"lesson": lesson, "parameters": parameters, "identity": known}
    write_atomically(_file(checkpoint), json.dumps(about, indent=1, ensure_ascii=False).encode())


def _topic(lesson: str) -> str:
    """A lesson's name without its number: "dcgan_pt" of "03_dcgan_pt"."""
    return re.sub(r"^\d+_", "", lesson)


def _other_parameters(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What differs in the parameters, in words."""
    names = sorted((before.keys() | now.keys()) - MAY_DIFFER)
    values = {name: (before.get(name), now.get(name)) for name in names}
    return [f"{name}={old} then, {new} now" for name, (old, new) in values.items() if old != new]


def _other_inputs(before: dict, known: dict) -> list[str]:
    """What differs in the contents of files and folders whose names are the same."""
    both = sorted(set(before["inputs"]) & set(known["inputs"]))
    return [
        f"what {name}= names has changed: {known['inputs'][name]['path']}"
        for name in both
        if before["inputs"][name]["sha256"] != known["inputs"][name]["sha256"]
    ]


def _refuse(checkpoint: Path, apart: list[str]) -> None:
    """Raise CourseError where there is anything in which a checkpoint does not fit."""
    if apart:
        raise CourseError(
            f"{checkpoint} was made from other data or settings ({'; '.join(apart)}): give "
            "-p checkpoint= another file to start anew, or repeat what made this one"
        )


def _read(checkpoint: Path) -> dict:
    """What stands beside a checkpoint, {} where nothing does or it is not whole."""
    try:
        about = json.loads(_file(checkpoint).read_text(encoding="utf-8"))
        return about if {"lesson", "parameters", "identity"} <= set(about) else {}
    except (OSError, ValueError, TypeError):
        return {}


def _file(checkpoint: Path) -> Path:
    """The file beside a checkpoint that says what it is made from."""
    return checkpoint.with_name(f"{checkpoint.name}.identity.json")
