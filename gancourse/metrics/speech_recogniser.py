"""Which of a few English words is heard by a recogniser that knows nothing of this course (lesson 12).

PocketSphinx (Huggins-Daines et al. 2006) learned from the recorded English of people; its model comes with it.
"""

from collections.abc import Sequence

import numpy as np

from gancourse.data.audio import resample
from gancourse.errors import CourseError, MissingPackage

RATE, PAUSE = 16_000, 1600  # what its model takes in samples a second; samples of silence before and after a word
DIGITS = dict(zip("0123456789", "zero one two three four five six seven eight nine".split(), strict=True))


def recognise(clips: np.ndarray, words: Sequence[str], rate: int = 8000) -> np.ndarray:
    """Return which of the words is heard in each clip, int64 (n,) with the index into `words`, -1 for none.

    Clips are (n, samples) at `rate` samples a second, of any loudness.  The recogniser knows that one of `words`
    comes, and hears none of them where no choice fits.  Digits may be written 0 to 9.  Raises ImportError without
    the extra `gancourse[speech]`, ValueError for a word that its dictionary lacks.  Lesson 12.
    """
    try:
        from pocketsphinx import Decoder
    except ImportError as error:
        raise MissingPackage('recognising words needs PocketSphinx: pip install "gancourse[speech]"') from error
    spoken = [DIGITS.get(word, word.lower()) for word in words]
    decoder = Decoder(lm=None, loglevel="FATAL")
    if missing := [word for word in spoken if not word.isalpha() or decoder.lookup_word(word) is None]:
        raise CourseError(f"the recogniser's English dictionary lacks {', '.join(map(repr, missing))}: "
                          "name the classes by the words that are said")
    decoder.add_jsgf_string("words", f"#JSGF V1.0; grammar words; public <word> = {' | '.join(spoken)};")
    decoder.activate_search("words")
    return np.array([_heard(decoder, _prepared(clip, rate), spoken) for clip in clips], np.int64)


def _prepared(clip: np.ndarray, rate: int) -> bytes:
    """A clip as its 16-bit samples, between two pauses, with a little noise: no microphone is ever silent."""
    x = np.pad(resample(clip, rate, RATE), PAUSE)
    x = 0.7 * x / max(np.abs(x).max(), 1e-9) + np.random.default_rng(0).normal(0, 1e-4, len(x))
    return np.rint(32767 * x).astype(np.int16).tobytes()


def _heard(decoder, samples: bytes, spoken: list[str]) -> int:
    decoder.reinit_feat()  # what it heard before shall not matter
    decoder.start_utt()
    decoder.process_raw(samples, full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return spoken.index(found.hypstr) if found and found.hypstr in spoken else -1
