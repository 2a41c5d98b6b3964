"""A model card beside its weights, and weights that are loaded only if the card knows them.

    write(folder, weights, facts)     # weights.safetensors, then model_card.md
    weights, facts = load(folder)     # CourseError if they do not belong together

The nine sections are those of Mitchell et al. 2019, Model Cards for Model Reporting.  Lesson 14.
"""

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from gancourse.errors import CourseError, MissingFile
from gancourse.files import file_sha256, write_atomically

CARD, WEIGHTS = "model_card.md", "weights.safetensors"
FACTS = {  # what a card needs, by its name in `facts`
    "title": str, "question": str, "prediction": str, "verdict": str, "table": str, "use": str,
    "limits": str, "settings": dict, "seed": int, "seeds": list, "data": dict, "distance": float,
    "floor": float, "num_samples": int, "budget": dict, "versions": dict,
}
CHECKSUM = re.compile(r"sha256 `([0-9a-f]{64})`")
TEMPLATE = """\
# Model card: {title}

## Model details
A generator of images, trained as a GAN in the course gancourse on {date}, for the question:
{question} The setting `{choice}` and the seed {seed} are those of the middle run of its arm by
distance (of the two middle ones the better), not of the best run.

- weights: `{weights}`, sha256 `{sha256}`, {parameters:,} numbers
- settings: {settings}
- versions: {versions}

## Intended use
{use}

## Factors
{factors}

## Metrics
Frechet distance between {num_samples:,} samples and {num_test:,} held-out images, in the features
of the course's own small classifier. It is not the FID of publications, and must not be compared
with one. Lower is better; as many training images come to {floor:.2f}.

## Evaluation data
{num_test:,} images of `{dataset}` that no training saw.

## Training data
{num_train:,} images of `{dataset}`, {shape}. Source: {source} Licence: {licence}
sha256 of the training images as the networks saw them: `{data_sha256}`.
Training budget: {budget}.

## Quantitative analyses
Measured distance of these weights: **{distance:.2f}**. All runs of the study (seeds {seeds}):

{table}

Predicted: {prediction} {verdict}

## Ethical considerations
Samples can resemble training images. Whether these do was not tested: before you publish samples
of a model that was trained on pictures of people, compare them with their nearest training images,
and ask the people.

## Caveats and recommendations
{limits}
"""


def write(folder: Path, weights: dict[str, np.ndarray], facts: dict[str, Any]) -> Path:
    """Write weights and card into a folder, and return the path of the card.

    `facts` are those of FACTS; what is not in the card's text stands in the weights file too, so
    that the model can be built again from it.  The weights come first: where the process dies in
    between, the old card does not know the new weights, and `load` says so.  Raises CourseError for
    facts that are missing or of another type, OSError when a file cannot be written.
    """
    _check(facts)
    contiguous = {name: np.asarray(array, order="C") for name, array in weights.items()}
    data = save(contiguous, metadata={"gancourse": json.dumps(facts, sort_keys=True)})
    text = compose(facts, hashlib.sha256(data).hexdigest(),
                   sum(array.size for array in weights.values()))
    write_atomically(folder / WEIGHTS, data)
    write_atomically(folder / CARD, text.encode())
    return folder / CARD


def load(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the weights by name and the facts that `write` has written.

    Raises MissingFile where one of the two files is not there, CourseError where the weights are
    not those whose sha256 stands in the card, or cannot be read.
    """
    card = folder / CARD
    path = folder / WEIGHTS
    for needed in (card, path):
        if not needed.is_file():
            raise MissingFile(f"there is no {needed.name} in {folder}")
    stated = CHECKSUM.search(card.read_text(encoding="utf-8"))
    if not stated or stated[1] != file_sha256(path):
        raise CourseError(f"{path} is not the file whose sha256 stands in {CARD}: one of the two "
                          "has been changed or belongs to another run; run the study again")
    try:
        with safe_open(path, framework="np") as file:
            facts = json.loads(file.metadata()["gancourse"])
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise CourseError(f"{path} is damaged ({error}); run the study again") from error
    return weights, facts


def compose(facts: dict[str, Any], sha256: str, parameters: int) -> str:
    """Return the card as Markdown, of weights with this sha256 and so many numbers."""
    data = facts["data"]
    settings = facts["settings"]
    return TEMPLATE.format(
        title=facts["title"], date=facts.get("date") or datetime.now(UTC).date().isoformat(),
        question=_sentence(facts["question"]), seed=facts["seed"],
        choice=facts.get("choice", "as below"), weights=WEIGHTS, sha256=sha256,
        parameters=parameters, settings=_listed(settings), versions=_listed(facts["versions"]),
        use=_sentence(facts["use"]), factors=_factors(data), num_samples=facts["num_samples"],
        num_test=data["num_test"], num_train=data["num_train"], floor=facts["floor"],
        dataset=data["name"], shape="x".join(map(str, data["shape"])),
        source=_sentence(data["source"]), licence=_sentence(data["licence"]),
        data_sha256=data["sha256"], budget=_listed(facts["budget"]), distance=facts["distance"],
        seeds=", ".join(map(str, facts["seeds"])), table=facts["table"],
        prediction=_sentence(facts["prediction"]), verdict=facts["verdict"],
        limits=_limits(facts))


def data_facts(images: Any, num_test: int) -> dict[str, Any]:
    """Return what a card says of a data set, a `gancourse.data.Dataset`.

    `num_test` is the number of held-out images that were compared with.
    """
    digest = hashlib.sha256(np.ascontiguousarray(images.x_train).tobytes()).hexdigest()
    return {
        "name": images.name, "shape": list(images.shape), "num_train": len(images.x_train),
        "num_test": num_test, "class_names": list(images.class_names), "source": images.source,
        "licence": images.licence, "sha256": digest,
    }


def _check(facts: dict[str, Any]) -> None:
    """Raise CourseError unless all facts are there and of their type."""
    for name, kind in FACTS.items():
        if name not in facts:
            raise CourseError(f"the model card needs {name!r}")
        value = facts[name]
        if kind is float and isinstance(value, int):
            continue
        if not isinstance(value, kind):
            raise CourseError(f"the model card needs {name!r} as {kind.__name__}, not "
                              f"{type(value).__name__}")
    for name in ("use", "limits"):
        if not facts[name].strip():
            raise CourseError(f"{name} is empty: a card without it says too little to be of use")


def _limits(facts: dict[str, Any]) -> str:
    """The reader's sentence about limits, and what always limits a study like this one."""
    count = len(facts["seeds"])
    shape = facts["data"]["shape"]
    return (f"{_sentence(facts['limits'])} The comparison holds for images of "
            f"{shape[0]}x{shape[1]} pixels, for this data set, these settings and this budget, on "
            f"{count} seeds. Longer training or other data can turn it round.")


def _factors(data: dict[str, Any]) -> str:
    """The groups of images that the data set distinguishes."""
    names = data["class_names"]
    if not names:
        return "The data have no classes, so nothing is known about groups among the samples."
    return (f"The data have {len(names)} classes ({', '.join(names)}). The generator is not told "
            "them, and the distance is one number for all: single classes may be drawn worse, or "
            "not at all.")


def _listed(values: dict[str, Any]) -> str:
    """Names and values on one line."""
    return ", ".join(f"{name} {_short(value)}" for name, value in values.items())


def _short(value: Any) -> str:
    """A value as text, numbers without needless digits."""
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _sentence(text: str) -> str:
    """A text that ends like a sentence."""
    text = text.strip()
    return text if not text or text[-1] in ".?!" else f"{text}."
