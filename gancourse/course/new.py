"""Files that a reader begins with: `gancourse new study` copies the template of a study.

The copy is the reader's: an existing file is never overwritten.
"""

import json
import re
from pathlib import Path

from gancourse.errors import CourseError
from gancourse.files import write_atomically

TEMPLATES = Path(__file__).with_name("templates")
KINDS = ("study",)  # what there is a template of
DEFAULT = "my_study"
LONGEST = 60  # characters of a name


def copy(kind: str, name: str, folder: Path) -> Path:
    """Copy the template of a kind to `folder` under a name; return the path of the copy.

    The title of the notebook becomes the name in words, and what it writes when it is run in
    Jupyter goes to a folder of that name.  Raises CourseError for a name that is no file name on
    every system, or that looks like a lesson's, and where a file of that name exists.
    """
    check_name(name)
    path = folder / f"{name}.ipynb"
    if path.exists():
        raise CourseError(f"{path} exists and is yours, so it is left as it is: give another name, "
                          f"such as gancourse new {kind} {name}_2")
    notebook = json.loads((TEMPLATES / f"{kind}.ipynb").read_text(encoding="utf-8"))
    title = name.replace("_", " ").replace("-", " ").strip()
    title = title[0].upper() + title[1:]
    notebook["metadata"]["gancourse"]["title"] = title
    notebook["cells"][0]["source"][0] = f"# {title}\n"
    for cell in notebook["cells"]:
        cell["source"] = [line.replace("THIS_FILE.ipynb", path.as_posix())
                          .replace(f"{DEFAULT}_results", f"{name}_results")
                          for line in cell["source"]]
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    write_atomically(path, text.encode())
    return path


def check_name(name: str) -> None:
    """Raise CourseError for a name that cannot be used for a notebook of the reader's."""
    if name.endswith(".ipynb"):
        raise CourseError(f"give the name alone, without its ending: {name.removesuffix('.ipynb')}")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name) or len(name) > LONGEST:
        raise CourseError(f"{name!r} cannot be the name: use letters, digits, _ and -, "
                          f"{LONGEST} at most; --to says in which folder it shall lie")
    if re.match(r"\d\d_", name):
        raise CourseError(f"{name!r} looks like the name of a lesson: begin with a letter")
