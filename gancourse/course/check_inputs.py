"""A run's parameters, and the files that they name, are looked at before it starts, not later.

The readers of `gancourse.data` judge them, so that a file which does not fit gets the same sentence
here as in the lesson.  Large folders are sampled, not read.
"""

import os
import warnings
from collections.abc import Callable, Iterable
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from gancourse.course.lessons import Lesson, defaults, find, parameters, settings, source
from gancourse.course.studies.own import plan as own_plan
from gancourse.errors import CourseError, MissingFile

SAMPLED = 1000  # files of a folder that are opened at most, until a few are images
ONE_OF = {"images": "image", "classes": "class"}
COUNTED = 10_000  # files of a folder that are counted: more are enough for every lesson


def check(lesson: Lesson, values: dict[str, Any], cwd: Path) -> None:
    """Raise ValueError or OSError where a run could not read what its parameters name.

    `values` are all parameters of the run, which starts in the folder `cwd`.
    """
    if own_plan.is_study(lesson):
        own_plan.check(lesson, values)
    code = "\n".join(source(c) for c in lesson.notebook["cells"] if c["cell_type"] == "code")
    for name, parameter in parameters(lesson.notebook).items():
        value = values[name]
        if value in (parameter.default, "") or not isinstance(value, str):
            continue  # the lesson's own is there, and may be a download
        path = _at(value, cwd)
        if name in ("dataset", "pictures"):
            _check_dataset(path, "load_sounds(" in code)
            if name == "dataset" and "least" in lesson.about:
                _check_enough(value, path, lesson.about["least"])
        elif name in ("photo", "painting"):
            _check_photo(path, values["longest"])
        elif name == "mask":
            _check_mask(path, values["resolution"])
        elif name == "corpus":
            _check_corpus(path, values["unit"], values["length"])
        elif name == "inception_weights" and not Path(path).is_file():
            raise MissingFile(f"{name}: there is no file {value!r}; leave it out to do without")


def check_here(number: int, names: dict[str, Any]) -> None:
    """Look at a lesson's parameters inside its own notebook, where papermill may have set them.

    `names` are all that the notebook has defined so far, `globals()`.  Raises what `check` does,
    and CourseError for a value of another kind or out of its range: the sentences of `gancourse
    run`.  A copy of a lesson that has left its course is not judged.
    """
    try:
        lesson = find(f"{number:02d}")
    except CourseError:
        return
    values = defaults(lesson)
    given = {name: names[name] for name in values if name in names}
    check(lesson, values | settings(lesson, given=given), Path.cwd())


def _at(value: str, cwd: Path) -> str:
    """A value with the path in it as it stands in the folder of the run; others as they are."""
    prefix, colon, rest = value.partition(":")
    written = rest if colon else value
    path = os.path.expanduser(written)
    if cwd == Path.cwd() or os.path.isabs(path) or not (cwd / path).exists():
        return value
    return f"{prefix}{colon}{cwd / path}" if colon else str(cwd / path)


@cache
def _check_dataset(value: str, sounds: bool) -> None:
    """Look at a data set of images, or of sounds where the lesson takes those."""
    from gancourse.data import registry

    kind, _, path = value.partition(":")
    if sounds:
        if kind == "folder" and path:
            _check_recordings(path)
        else:
            registry.load_sounds(value)  # "speech", which is drawn at once, or an error
    elif kind == "npz":
        _counted_in_npz(value)
    elif value in registry.SOUNDS:
        registry.load(value)  # which refuses sounds
    elif kind == "folder":
        _check_folder(path)


def _check_recordings(path: str) -> None:
    """Look for enough recordings in a folder or a zip of one."""
    from gancourse.data import audio, loaders, registry

    folder = Path(path).expanduser()
    _look_for(loaders.FEWEST_CLIPS, audio.wav_files(folder) if folder.exists() else (),
              lambda named: audio.clip(audio.read_wav(named[1]), samples=1),
              lambda: registry.load_sounds(f"folder:{path}"))


def _check_folder(path: str) -> None:
    """Look for a few images in a folder."""
    from gancourse.data import images, registry

    _look_for(registry.FEWEST, images.image_files(Path(path).expanduser()),
              lambda file: images.read_image(file, 64),
              lambda: registry.load(f"folder:{path}", resolution=8))


def _look_for(fewest: int, files: Iterable, read: Callable, load: Callable[[], Any]) -> None:
    """Read files until `fewest` are good; where there are not, `load` says what is wrong.

    Of more files than SAMPLED, none of which helps, the lesson tells.
    """
    tried = readable = 0
    for file in islice(files, SAMPLED):
        tried += 1
        try:
            read(file)
            readable += 1
        except (ValueError, OSError):
            continue
        if readable == fewest:
            return
    if tried < SAMPLED:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of files that are skipped: the lesson names them
            load()


@cache
def _counted_in_npz(value: str) -> dict[str, int]:
    """Read a data set from an .npz file, once, and return how many images and classes it has."""
    from gancourse.data import registry

    dataset = registry.load(value)
    return {"images": len(dataset.x_train) + len(dataset.x_test),
            "classes": len(dataset.class_names)}


def _check_enough(value: str, path: str, least: dict[str, int]) -> None:
    """Count images and classes of the reader's own against what a lesson's metadata say it needs.

    `least` may name "images" and "classes".  Files that cannot be read count here.
    """
    from gancourse.data import images, labels, registry

    kind, _, where = path.partition(":")
    if kind not in registry.FILES:
        return
    if kind == "folder":
        folder = Path(where).expanduser()
        files = [path.relative_to(folder).as_posix()
                 for path in islice(images.image_files(folder), COUNTED)]
        counted = {"images": len(files), "classes": len(labels.folder_classes(files)[1])}
    else:
        counted = _counted_in_npz(path)
    for what, one in ONE_OF.items():
        number = least.get(what, 0)
        if counted[what] < number:
            count = f"1 {one}" if counted[what] == 1 else f"{counted[what]} {what}"
            apart = what == "classes" and kind == "folder"
            raise CourseError(f"{value!r} gives {count}; this lesson needs {number} at least"
                              + (", each in a folder of its own" if apart else ""))


@cache
def _check_photo(value: str, longest: int) -> None:
    """Look at a photograph or a painting."""
    from gancourse.data import sample_images

    sample_images.photo(value, longest)


@cache
def _check_mask(value: str, resolution: int) -> None:
    """Look at a mask: its name, or its file and whether that fits the images."""
    from gancourse.data import masks

    masks.make_holes(value, 1, (resolution, resolution))


@cache
def _check_corpus(value: str, unit: str, length: int) -> None:
    """Look at a text."""
    from gancourse.data import texts

    texts.read(value, unit=unit, length=length)
