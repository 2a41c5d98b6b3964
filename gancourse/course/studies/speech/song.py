"""What lesson 12 plays at its top: the first half of the tune that it ends with, in 8 bits.

    python -m gancourse.course.studies.speech.song

takes the tune from the stored outputs of the lesson, without training anything.
"""

import argparse
import io
import re
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.io import wavfile

from gancourse.course.lessons import find
from gancourse.errors import CourseError
from gancourse.files import write_atomically

SONG = Path(__file__).with_name("12_song.wav")
PLAYER = re.compile(r'aria-label="sung by G" src="data:audio/wav;base64,([^"]+)"')


def sung(notebook: dict) -> bytes:
    """Return the wav file that the lesson's stored outputs play as "sung by G".

    Raises CourseError where they hold none.
    """
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            page = "".join(output.get("data", {}).get("text/html", []))
            if player := PLAYER.search(page):
                return b64decode(player[1])
    raise CourseError("lesson 12 has no stored song: gancourse render 12")


def first_half(wav: bytes) -> bytes:
    """Return the first half of a 16-bit wav file of one channel as an 8-bit one."""
    rate, x = wavfile.read(io.BytesIO(wav))
    half = x[: len(x) // 2].astype(float)
    file = io.BytesIO()
    wavfile.write(file, rate, np.clip(np.rint(half / 256 + 128), 0, 255).astype(np.uint8))
    return file.getvalue()


def main(words: Sequence[str] | None = None) -> None:
    """Write the song."""
    parser = argparse.ArgumentParser(
        description="Make the song at the top of lesson 12.",
        epilog="example: python -m gancourse.course.studies.speech.song --to song.wav")
    parser.add_argument("--to", type=Path, default=SONG, help="where to")
    chosen = parser.parse_args(words)
    write_atomically(chosen.to, first_half(sung(find("12").notebook)))


if __name__ == "__main__":
    main()
