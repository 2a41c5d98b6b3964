"""Which of a few English words a recogniser hears that knows nothing of this course.  Lesson 12.

PocketSphinx (Huggins-Daines et al. 2006) learned from the recorded English of people; its model
comes with it.
"""

from collections.abc import Sequence

import numpy as np

from gancourse.data.audio import resample
from gancourse.errors import CourseError, MissingPackage

RATE = 16_000  # samples a second that its model takes
PAUSE = 1600  # samples of silence before and after a word
DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def recognise(clips: np.ndarray, words: Sequence[str], rate: int = 8000) -> np.ndarray:
    """Return the index in `words` of the word heard in each clip, -1 for none, int64 (n,).

    Clips are (n, samples) at `rate` samples a second, of any loudness.  The recogniser knows that
    one of `words` comes, and hears none of them where no choice fits.  Digits may be written 0 to
    9.  Raises ImportError without the extra `gancourse[speech]`, ValueError for a word that its
    dictionary lacks.  Lesson 12.
    """
    try:
        from pocketsphinx import Decoder
    except ImportError as error:
        message = 'recognising words needs PocketSphinx: pip install "gancourse[speech]"'
        raise MissingPackage(message) from error
    digits = {str(digit): word for digit, word in enumerate(DIGIT_WORDS)}
    spoken = [digits.get(word, word.lower()) for word in words]
    decoder = Decoder(lm=None, loglevel="FATAL")
    missing = [repr(word) for word in spoken if not _in_dictionary(decoder, word)]
    if missing:
        raise CourseError(f"the recogniser's English dictionary lacks {', '.join(missing)}: "
                          "name the classes by the words that are said")
    grammar = f"#JSGF V1.0; grammar words; public <word> = {' | '.join(spoken)};"
    decoder.add_jsgf_string("words", grammar)
    decoder.activate_search("words")
    indices = [_recognise_clip(decoder, _prepare(clip, rate), spoken) for clip in clips]
    return np.array(indices, np.int64)


def _in_dictionary(decoder, word: str) -> bool:
    """Whether the recogniser knows how a word is pronounced."""
    return word.isalpha() and decoder.lookup_word(word) is not None


def _prepare(clip: np.ndarray, rate: int) -> bytes:
    """A clip as 16-bit samples at RATE, between two pauses, at a fixed loudness.

    A little noise is added as from a real microphone, which is never quite silent.
    """
    x = np.pad(resample(clip, rate, RATE), PAUSE)
    noise = np.random.default_rng(0).normal(0, 1e-4, len(x))
    x = 0.7 * x / max(np.abs(x).max(), 1e-9) + noise
    return np.rint(32767 * x).astype(np.int16).tobytes()


def _recognise_clip(decoder, samples: bytes, spoken: list[str]) -> int:
    """The index in `spoken` of the word that is heard in 16-bit samples, -1 for none of them."""
    decoder.reinit_feat()  # forget what it adapted to in the clip before
    decoder.start_utt()
    decoder.process_raw(samples, full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    if hypothesis is None or hypothesis.hypstr not in spoken:
        return -1
    return spoken.index(hypothesis.hypstr)
