"""Awkward photographs, recordings and texts through lessons 04, 12 and 13, as awkward_datasets.py does with images.

    python tests/benchmarks/awkward_files.py                       all of them, half an hour of one core
    python tests/benchmarks/awkward_files.py --lesson 12 --only silent

Each must end in a result, or in one sentence before anything starts.  The status is 1 where one does not.
"""

import argparse
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from awkward_datasets import RNG, Case, animated, deep_colour, many, row, run, spoilt, turned, written
from scipy.io import wavfile

RATE = 8000
SENTENCES = [f"the {a} {b} sees a {c}\n" for a in ("old", "new", "red", "big", "shy", "sly")
             for b in ("cat", "dog", "fox", "hen", "cow", "owl")
             for c in ("tree", "house", "car", "boat", "star", "sea")]


def only(make: Callable[[Path], object], name: str = "0.png") -> Callable[[Path], str]:
    """Return what makes files and gives the path of one."""
    def make_one(folder: Path) -> str:
        make(folder)
        return f"{folder.name}/{name}"

    return make_one


def tone(pitch: float, seconds: float = 0.4) -> np.ndarray:
    """A tone with some noise, float (samples,) in [-1, 1]."""
    times = np.arange(int(seconds * RATE)) / RATE
    return 0.5 * np.sin(2 * np.pi * pitch * times) + 0.01 * RNG.standard_normal(len(times))


def sounds(count: int = 60, classes: int = 3, rate: int = RATE, dtype: type = np.int16, seconds: float = 0.4,
           channels: int = 1, name: str = "{}_{}.wav", loud: float = 1.0) -> Callable[[Path], None]:
    """Return what writes so many tones, a pitch for each class."""
    def make(folder: Path) -> None:
        for i in range(count):
            x = loud * tone(200 * (1 + i % classes), seconds)
            x = np.stack([x] * channels, 1) if channels > 1 else x
            path = folder / name.format(i % classes, i)
            path.parent.mkdir(parents=True, exist_ok=True)
            kind = np.dtype(dtype).kind
            stored = x if kind == "f" else 127 * x + 128 if kind == "u" else np.iinfo(dtype).max * x
            wavfile.write(path, rate, stored.astype(dtype))

    return make


def cut_sounds(count: int) -> Callable[[Path], None]:
    """Return what writes 60 tones and cuts off the end of the first `count`."""
    def make(folder: Path) -> None:
        sounds()(folder)
        for path in sorted(folder.iterdir())[:count]:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return make


def zipped_sounds(folder: Path) -> str:
    """Return a zip of recordings."""
    sounds()(folder)
    with zipfile.ZipFile(f"{folder}.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    return f"{folder.name}.zip"


def text(lines: list[str], encoding: str = "utf-8", end: str = "\n") -> Callable[[Path], str]:
    """Return what writes a text and gives its path."""
    return only(written("a.txt", "".join(lines).replace("\n", end).encode(encoding)), "a.txt")


def gone(folder: Path) -> str:
    """Return a path that leads nowhere."""
    return "gone"


PHOTOS = [
    Case("one pixel", "1 x 1", only(many(count=1, size=(1, 1)))),
    Case("small", "40 x 50, smaller than a crop", only(many(count=1, size=(40, 50)))),
    Case("a line", "3 x 2,000", only(many(count=1, size=(3, 2000)))),
    Case("all black", "200 x 240", only(many(count=1, picture=lambda: np.zeros((200, 240, 3), np.uint8)))),
    Case("all white", "200 x 240", only(many(count=1, picture=lambda: np.full((200, 240, 3), 255, np.uint8)))),
    Case("gray", "one channel", only(many(count=1, mode="L", size=(200, 240)))),
    Case("1 bit", "black and white", only(many(count=1, mode="1", size=(200, 240)))),
    Case("16 bits colour", "PNG of 16 x 16", only(deep_colour)),
    Case("CMYK", "JPEG", only(many("{}.jpg", count=1, mode="CMYK", size=(200, 240)), "0.jpg")),
    Case("transparent", "PNG with 4 channels", only(many(count=1, mode="RGBA", size=(200, 240)))),
    Case("animated", "GIF of three frames", only(animated("gif"), "0.gif")),
    Case("turned", "JPEG with EXIF orientation", only(turned, "0.jpg")),
    Case("large", "3,000 x 4,000", only(many("{}.jpg", count=1, size=(3000, 4000)), "0.jpg")),
    Case("cut off", "without its second half", only(spoilt(1))),
    Case("empty", "0 bytes", only(written("0.png"))),
    Case("a text", "named .png", only(written("0.png", b"no picture\n"))),
    Case("a folder", "in place of a file", only(many(), "")),
    Case("nothing there", "a path that leads nowhere", gone),
]
SOUNDS = [
    Case("tones", "60 of three pitches", sounds()),
    Case("one", "a single recording", sounds(1)),
    Case("ten", "of one class", sounds(10, 1)),
    Case("one class", "60 of one pitch", sounds(classes=1)),
    Case("60 classes", "of one recording each", sounds(classes=60)),
    Case("stereo", "two channels", sounds(channels=2)),
    Case("44.1 kHz", "", sounds(rate=44_100)),
    Case("8 bits", "unsigned", sounds(dtype=np.uint8)),
    Case("32 bits", "", sounds(dtype=np.int32)),
    Case("floats", "32 bits", sounds(dtype=np.float32)),
    Case("not finite", "floats, all of them NaN", sounds(dtype=np.float32, loud=np.nan)),
    Case("silent", "all of them", sounds(loud=0)),
    Case("very quiet", "a hundredth of the scale", sounds(loud=0.01)),
    Case("short", "10 ms", sounds(seconds=0.01)),
    Case("long", "20 s each", sounds(12, seconds=20)),
    Case("no samples", "headers alone", sounds(seconds=0)),
    Case("some cut off", "20 of 60", cut_sounds(20)),
    Case("all cut off", "60 of 60", cut_sounds(60)),
    Case("folders", "a folder for each class, unicode names", sounds(name="ключ {}/日本 {} 🎲.wav")),
    Case("zip", "of recordings", zipped_sounds),
    Case("text", "named .wav", written("a.wav", b"no sound\n")),
    Case("mp3", "no wav file", written("a.mp3", b"no sound\n")),
    Case("no files", "an empty folder", lambda folder: None),
    Case("nothing there", "a path that leads nowhere", gone),
]
TEXTS = [
    Case("sentences", "216 lines", text(SENTENCES)),
    Case("one line", "", text(SENTENCES[:1])),
    Case("199 lines", "one too few", text(SENTENCES[:199])),
    Case("copies", "one line 500 times", text(SENTENCES[:1] * 500)),
    Case("empty", "0 bytes", text([])),
    Case("blank lines", "500 of them", text(["\n"] * 500)),
    Case("one long line", "no end of line", text([line.rstrip("\n") + ". " for line in SENTENCES])),
    Case("numbers", "every line another word", text([f"{i}\n" for i in range(400)])),
    Case("one letter", "words of one letter, 1 to 300 long", text(["a " * i + "\n" for i in range(1, 301)])),
    Case("Windows", "lines that end in CR LF", text(SENTENCES, end="\r\n")),
    Case("byte order mark", "UTF-8", text(["\ufeff", *SENTENCES])),
    Case("UTF-16", "", text(SENTENCES, "utf-16")),
    Case("Latin-1", "with umlauts", text([line.replace("o", "ö") for line in SENTENCES], "latin-1")),
    Case("other letters", "ключ 日本 🎲", text([f"ключ 日本 🎲 {line}" for line in SENTENCES])),
    Case("marks only", "punctuation", text([f"{'!' * (i % 20 + 1)} {'?' * (i // 20 + 1)}\n" for i in range(400)])),
    Case("zeros", "bytes of 0", only(written("a.txt", bytes(5000)), "a.txt")),
    Case("a picture", "named .txt", only(many("{}.png", count=1), "0.png")),
    Case("a folder", "in place of a file", only(written("a.txt"), "")),
    Case("nothing there", "a path that leads nowhere", gone),
]
LESSONS = {
    "04": (PHOTOS, lambda path: {"photo": path}),
    "04 painting": (PHOTOS, lambda path: {"painting": path}),
    "12": (SOUNDS, lambda path: {"dataset": f"folder:{path}"}),
    "13": (TEXTS, lambda path: {"corpus": f"file:{path}"}),
}


def main() -> int:
    """Make the files, run the lessons, and print a table for each; return the status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], help="files whose names hold one of these words")
    parser.add_argument("--lesson", nargs="+", default=[*LESSONS], choices=[*LESSONS])
    chosen = parser.parse_args()
    bad = 0
    for lesson in chosen.lesson:
        cases, given = LESSONS[lesson]
        cases = [case for case in cases if not chosen.only or any(word in case.name for word in chosen.only)]
        print(f"\n{lesson}\n\n| files | what they are | seconds | how it ends |\n|---|---|---|---|")
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            os.environ["GANCOURSE_DATA"] = f"{folder}/downloads"
            for i, case in enumerate(cases):
                own = Path(case.name)
                own.mkdir()
                path = case.make(own.absolute()) or own.name
                ended = run(lesson[:2], given(path), Path(f"runs {i}"))
                bad += not ended.good
                print(row(case, ended), flush=True)
            os.chdir("/")
    print(f"{bad} do not end as they should")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
