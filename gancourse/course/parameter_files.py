"""Parameters from a file, for `gancourse run -f FILE`: YAML, as papermill reads it, or TOML."""

import re
import tomllib
from pathlib import Path
from typing import Any

from gancourse.errors import CourseError, MissingFile

EXAMPLE = "a line for each parameter, such as learning_rate: 1e-3"
ENDINGS = (".yaml", ".yml", ".json", ".toml")
# YAML 1.1, which PyYAML reads, takes 1e-3 for a text because it has no point; YAML 1.2 does not
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+\Z")


def read(path: Path) -> dict[str, Any]:
    """Return the parameters that a file sets, by name.

    Raises MissingFile, or CourseError for a file that is not YAML or TOML, names a parameter twice,
    or gives it anything but one value.
    """
    if path.suffix not in ENDINGS:
        raise CourseError(f"-f {path} must end in one of {', '.join(ENDINGS)}, so that it is clear "
                          "how to read it")
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MissingFile(f"there is no file {str(path)!r} to read parameters from") from None
    except UnicodeDecodeError as error:
        raise CourseError(f"{path} is no text: {error}") from error
    values = _toml(path, text) if path.suffix == ".toml" else _yaml(path, text)
    for name, value in values.items():
        if isinstance(value, dict | list) or value is None:
            kind = {dict: "a table", list: "a list"}.get(type(value), "nothing")
            raise CourseError(f"{path}: {name} is {kind}; it must be one value.  The file has "
                              f"{EXAMPLE}")
    return values


def _toml(path: Path, text: str) -> dict[str, Any]:
    """What a TOML file holds."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path} is not TOML: {error}") from error


def _yaml(path: Path, text: str) -> dict[str, Any]:
    """What a YAML file holds; numbers such as 1e-3 are numbers."""
    import yaml

    class Loader(yaml.SafeLoader):
        """PyYAML's safe loader with one rule more."""

    Loader.add_implicit_resolver("tag:yaml.org,2002:float", NUMBER, list("-+.0123456789"))
    try:
        values = yaml.load(text, Loader) or {}
        node = yaml.compose(text, Loader)
    except yaml.YAMLError as error:
        raise CourseError(f"{path} is not YAML: {error}") from error
    if not isinstance(values, dict):
        raise CourseError(f"{path} holds {type(values).__name__}, not parameters by name: it must "
                          f"have {EXAMPLE}")
    names = [key.value for key, _ in node.value] if node else []
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CourseError(f"{path}: {twice[0]} is given twice: leave one out")
    return {str(name): value for name, value in values.items()}
