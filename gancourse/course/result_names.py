"""Short names for the numbers of a lesson, made from the sentences that the lesson gives them.

    name_of("distance of the samples")      # "distance_of_the_samples"
    name_of("R1, γ = .3: |λ - 2w|")         # "r1_gamma_0_3_lambda_2w"

A name depends on its sentence alone, so it stays the same as long as the sentence does, whatever
other numbers a run has.  It is made of small letters, digits and underscores, and is fit for a
column of a table, for MLflow and for `gancourse runs -w`.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from gancourse.files import text_sha256

LONGEST = 48  # characters of a name
DIGEST = 4  # hex digits that tell two names apart where letters cannot
MINUS = re.compile(r"(?<![\w)])[-−](?=[.\d])")  # a sign, not the dash in "WGAN-GP" or in "a - b"
POINT_FIRST = re.compile(r"(?<!\d)\.(?=\d)")  # the point of ".3", which is 0.3


@cache
def name_of(text: str) -> str:
    """Return the short name of a sentence.

    Where it would be longer than LONGEST characters, it is cut at the end of a word, and a few
    digits of the sentence's sha256 tell it from others that begin alike.
    """
    plain = POINT_FIRST.sub("0.", MINUS.sub(" minus ", text))
    spelt = "".join(map(_spelt, unicodedata.normalize("NFKC", plain))).lower()
    words = re.findall(r"[a-z0-9]+", spelt.replace("'", "").replace("’", ""))
    name = "_".join(words) or "number"
    if name[0].isdigit():
        name = f"n_{name}"  # a column's name begins with a letter
    if len(name) <= LONGEST:
        return name
    begin = name[: LONGEST - DIGEST].rpartition("_")[0]
    return f"{begin}_{_digest(text)}"


def names_of(texts: Iterable[str]) -> dict[str, str]:
    """Return the short name of each sentence of a lesson; no two are the same.

    Where two sentences differ in signs only, which leave no trace in a name, the later one gets a
    few digits of its sha256.
    """
    names: dict[str, str] = {}
    for text in dict.fromkeys(texts):
        name = name_of(text)
        if name in names.values():
            name = f"{name[: LONGEST - DIGEST - 1]}_{_digest(text)}"
        names[text] = name
    return names


def _spelt(character: str) -> str:
    """A Greek letter by its name, a letter without its accent, all else as it stands."""
    full = unicodedata.name(character, "")
    if full.startswith("GREEK "):
        letter = full.split(" LETTER ")[-1].split(" WITH ")[0].replace("FINAL ", "")
        return f" {letter.replace('LAMDA', 'LAMBDA')} "  # Unicode leaves the B out
    return unicodedata.normalize("NFKD", character)[0]


def _digest(text: str) -> str:
    """The first digits of a sentence's sha256."""
    return text_sha256(text)[:DIGEST]
