"""Awkward data sets through a lesson: each must end in a result, or in one sentence before it trains.

    python tests/benchmarks/awkward_datasets.py --only "one image" animated
    python tests/benchmarks/awkward_datasets.py --look       reads them as lesson 03 does, and trains nothing
    python tests/benchmarks/awkward_datasets.py --lesson 10 --only "one class" -p learning_rate=0.5

Makes some fifty folders, zips and .npz files in a temporary folder, gives each to `gancourse run 03`
with the smallest training, or to another lesson with its smoke preset, and prints a table. The status
is 1 where one ends in a traceback, in a sentence of several lines, or, in lesson 03, after training has begun.
"""

import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from gancourse.course import check_inputs, lessons
from gancourse.data import registry

SMALLEST = {"num_steps": 4, "picture_steps": 4, "width": 2, "picture_width": 2, "batch_size": 4, "z_dim": 2,
            "resolution": 8}
READS = 4  # the number of the cell of lesson 03 that reads the data; the next ones train
RESULT = "distance of the samples, as a share of an untrained G's"
RNG = np.random.default_rng(0)


class Case(NamedTuple):
    """A data set to be made: what it is, the parameter's value, and what makes it in a folder."""

    name: str
    about: str
    make: Callable[[Path], str | None]  # returns the value, by default folder:NAME


class Outcome(NamedTuple):
    """How a data set ended, in words, and whether it may end so."""

    seconds: float
    words: str
    good: bool


def noise(height: int = 24, width: int = 30, channels: int = 3) -> np.ndarray:
    """A random picture, uint8 (height, width, channels), or (height, width) for one channel."""
    shape = (height, width, channels) if channels > 1 else (height, width)
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def many(name: str = "{}.png", count: int = 12, mode: str = "RGB", size: tuple[int, int] = (24, 30),
         picture: Callable[[], np.ndarray] | None = None, **options) -> Callable[[Path], None]:
    """Return what writes so many pictures of a mode into a folder; `name` may hold a number and folders."""
    def make(folder: Path) -> None:
        for i in range(count):
            path = folder / name.format(i)
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = picture() if picture else noise(*size)
            Image.fromarray(pixels).convert(mode).save(path, **options)

    return make


def flat(*colour: int) -> Callable[[Path], None]:
    """Return what writes pictures of one colour."""
    return many(picture=lambda: np.full((16, 16, 3), colour, np.uint8))


def both(*makers: Callable[[Path], str | None]) -> Callable[[Path], None]:
    """Return what makes several things in one folder."""
    def make(folder: Path) -> None:
        for maker in makers:
            maker(folder)

    return make


def written(name: str, data: bytes = b"") -> Callable[[Path], None]:
    """Return what writes a file of these bytes."""
    return lambda folder: folder.joinpath(name).write_bytes(data) and None


def spoilt(count: int, of: int = 12) -> Callable[[Path], None]:
    """Return what writes pictures and cuts off the second half of the first `count`."""
    def make(folder: Path) -> None:
        many(count=of)(folder)
        for i in range(count):
            path = folder / f"{i}.png"
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return make


def deep_colour(folder: Path) -> None:
    """Write PNG files of three channels of 16 bits, which Pillow does not write."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for i in range(12):
        rows = RNG.integers(0, 65536, (16, 16, 3)).astype(">u2")
        raw = b"".join(b"\0" + row.tobytes() for row in rows)
        header = struct.pack(">IIBBBBB", 16, 16, 16, 2, 0, 0, 0)
        (folder / f"{i}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
                                          + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def gray(dtype: type, high: float, suffix: str = "png") -> Callable[[Path], None]:
    """Return what writes gray pictures of many bits, from 0 to `high`."""
    def make(folder: Path) -> None:
        for i in range(12):
            Image.fromarray((RNG.random((20, 20)) * high).astype(dtype)).save(folder / f"{i}.{suffix}")

    return make


def huge(side: int) -> Callable[[Path], None]:
    """Return what writes one black and white picture of so many pixels a side, a small file, among small ones."""
    def make(folder: Path) -> None:
        many()(folder)
        Image.new("1", (side, side)).save(folder / "huge.png")

    return make


def animated(suffix: str) -> Callable[[Path], None]:
    """Return what writes animations of three frames."""
    def make(folder: Path) -> None:
        for i in range(12):
            first, *others = (Image.fromarray(noise()) for _ in range(3))
            first.save(folder / f"{i}.{suffix}", save_all=True, append_images=others)

    return make


def turned(folder: Path) -> None:
    """Write photographs that stand on their side, as their EXIF data say."""
    exif = Image.Exif()
    exif[0x0112] = 6
    many("{}.jpg", exif=exif)(folder)


def links(folder: Path) -> None:
    """Write a folder of links: to files, to nowhere, to a folder, and to itself."""
    others = folder.with_name(f"{folder.name} elsewhere")
    many()(others)
    for i in range(12):
        (folder / f"{i}.png").symlink_to(others / f"{i}.png")
    (folder / "nowhere.png").symlink_to(others / "gone.png")
    (folder / "others").symlink_to(others, target_is_directory=True)
    (folder / "itself").symlink_to(folder, target_is_directory=True)


def link_to_folder(folder: Path) -> str:
    """Return a link to a folder of pictures as the data set."""
    many()(folder)
    link = folder.with_name(f"{folder.name} link")
    link.symlink_to(folder, target_is_directory=True)
    return f"folder:{link.name}"


def not_utf8(folder: Path) -> None:
    """Write files whose names are bytes that are no text."""
    many()(folder)
    os.rename(folder / "0.png", os.fsencode(folder) + b"/\xff\xfe.png")


def unusual_files(folder: Path) -> None:
    """Write a folder and a pipe that are named like pictures, beside pictures."""
    many()(folder)
    (folder / "folder.png").mkdir()
    os.mkfifo(folder / "pipe.png")


def zipped(folder: Path) -> str:
    """Return a zip of pictures, given as a folder."""
    many()(folder)
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for picture in folder.iterdir():
            archive.write(picture, picture.name)
    return f"folder:{path.name}"


def npz(**arrays) -> Callable[[Path], str]:
    """Return what writes an .npz file of these arrays."""
    def make(folder: Path) -> str:
        path = folder.with_suffix(".npz")
        np.savez(path, **arrays)
        return f"npz:{path.name}"

    return make


def cut_npz(folder: Path) -> str:
    """Return an .npz file without its last third."""
    npz(x_train=GRAY)(folder)
    path = folder.with_suffix(".npz")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    return f"npz:{path.name}"


def npy(folder: Path) -> str:
    """Return one array, saved by np.save, named as an .npz file."""
    path = folder.with_suffix(".npz")
    with open(path, "wb") as file:
        np.save(file, GRAY)
    return f"npz:{path.name}"


def value(text: str) -> Callable[[Path], str]:
    """Return what makes nothing and gives this value."""
    return lambda folder: text


GRAY = RNG.integers(0, 256, (20, 28, 28), dtype=np.uint8)
CASES = [
    Case("one image", "a single file", many(count=1)),
    Case("two images", "two files", many(count=2)),
    Case("three images", "two to learn from, one to test with", many(count=3)),
    Case("five classes of one", "five folders of one file", many("{}/a.png", count=5)),
    Case("one class", "all in one folder", many("cats/{}.png")),
    Case("in and beside folders", "files above and in two levels of folders", both(many(), many("a/b/{}.png"))),
    Case("all black", "12 files", flat(0, 0, 0)),
    Case("all white", "12 files", flat(255, 255, 255)),
    Case("one colour", "12 files, all of one red", flat(200, 30, 30)),
    Case("copies", "12 times the same", many(picture=lambda: np.arange(192, dtype=np.uint8).reshape(8, 8, 3))),
    Case("one pixel", "1 x 1", many(size=(1, 1))),
    Case("tiny", "2 x 3", many(size=(2, 3))),
    Case("a line", "3 x 4,000", many(size=(3, 4000))),
    Case("huge", "one of 100 million pixels among 12", huge(10_000)),
    Case("too huge", "one of 400 million pixels among 12", huge(20_000)),
    Case("sizes and modes", "gray, colour, bits, from 1 to 300 pixels",
         both(many("a{}.png", size=(300, 200)), many("b{}.png", mode="L"), many("c{}.png", mode="1", size=(1, 1)))),
    Case("CMYK", "JPEG", many("{}.jpg", mode="CMYK")),
    Case("Lab", "TIFF", many("{}.tif", mode="LAB")),
    Case("16 bits gray", "PNG", gray(np.uint16, 65535)),
    Case("16 bits colour", "PNG", deep_colour),
    Case("32 bits", "whole numbers in TIFF", gray(np.int32, 1e6, "tif")),
    Case("floats", "0 to 1 in TIFF", gray(np.float32, 1, "tif")),
    Case("no numbers", "NaN in TIFF", gray(np.float32, np.nan, "tif")),
    Case("palette", "GIF", many("{}.gif", mode="P")),
    Case("1 bit", "PNG", many(mode="1")),
    Case("transparent", "PNG with 4 channels", many(picture=lambda: noise(channels=4), mode="RGBA")),
    Case("animated GIF", "three frames", animated("gif")),
    Case("animated WebP", "three frames", animated("webp")),
    Case("pages", "TIFF of three pages", animated("tif")),
    Case("turned", "JPEG with EXIF orientation", turned),
    Case("one damaged", "one of 12 cut off", spoilt(1)),
    Case("most damaged", "11 of 12 cut off", spoilt(11)),
    Case("all damaged", "12 cut off", spoilt(12)),
    Case("first 30 damaged", "30 of 40 cut off", spoilt(30, 40)),
    Case("30 damaged", "all of 30 cut off", spoilt(30, 30)),
    Case("empty files", "of 0 bytes", both(written("a.png"), written("b.jpg"))),
    Case("texts as pictures", "text named .png", written("a.png", b"no picture\n")),
    Case("wrong suffix", "PNG named .jpg", many("{}.jpg", format="PNG")),
    Case("capital suffix", ".PNG", many("{}.PNG", format="PNG")),
    Case("unknown suffix", ".ppm only", many("{}.ppm")),
    Case("no files", "an empty folder", lambda folder: None),
    Case("hidden files", "only .thumbnails", many(".thumbnails/{}.png")),
    Case("links", "to files, nowhere, a folder, itself", links),
    Case("a link", "to a folder", link_to_folder),
    Case("Fotos äöü 日本 🎲", "unicode names", many("ключ/日本 {} 🎲.png")),
    Case("quote's, commas = and [x]", "punctuation in a name", many("a, b={} 'c'.png")),
    Case("bytes that are no text", "a name that is not UTF-8", not_utf8),
    Case("lines\nin a name", "a damaged file of such a name, too", both(spoilt(1), many("a\nb{}.png"))),
    Case("folder and pipe", "named like pictures", unusual_files),
    Case("zip", "given as a folder", zipped),
    Case("nothing there", "a path that leads nowhere", value("folder:gone")),
    Case("no path", "folder: alone", value("folder:")),
    Case("npz", "gray, without labels", npz(x_train=GRAY)),
    Case("npz of one", "one image", npz(x_train=GRAY[:1])),
    Case("npz of none", "no image", npz(x_train=GRAY[:0])),
    Case("npz without test images", "x_test of none", npz(x_train=GRAY, x_test=GRAY[:0])),
    Case("npz floats", "in [-1, 1]", npz(x_train=GRAY / 127.5 - 1)),
    Case("npz channels first", "(n, 3, 28, 28)", npz(x_train=np.zeros((20, 3, 28, 28), np.uint8))),
    Case("npz of two sizes", "test images of another size", npz(x_train=GRAY, x_test=GRAY[:, :20])),
    Case("npz of two depths", "test images in colour", npz(x_train=GRAY, x_test=np.stack([GRAY] * 3, -1))),
    Case("npz of no width", "(n, 28, 0)", npz(x_train=GRAY[:, :, :0])),
    Case("npz huge label", "one label is 10**12", npz(x_train=GRAY, y_train=np.array([0] * 19 + [10**12]))),
    Case("npz gaps", "labels 0 and 700", npz(x_train=GRAY, y_train=np.array([0, 700] * 10))),
    Case("npz text labels", "names", npz(x_train=GRAY, y_train=np.array(["cat", "dog"] * 10))),
    Case("npz objects", "a pickle", npz(x_train=np.array([GRAY, None], dtype=object))),
    Case("npz cut off", "without its last third", cut_npz),
    Case("npy", "one array named .npz", npy),
]


def made(cases: list[Case], folder: Path) -> Iterator[tuple[Case, str]]:
    """Make data sets in a folder, one after the other, and yield the values of the parameter."""
    for case in cases:
        own = folder / case.name
        own.mkdir()
        yield case, case.make(own) or f"folder:{case.name}"


def look(dataset: str) -> Outcome:
    """Judge and read a data set as lesson 03 does, and train nothing."""
    lesson = lessons.find("03")
    began = time.perf_counter()
    try:
        with warnings.catch_warnings(record=True) as notes:
            warnings.simplefilter("always")
            check_inputs.check(lesson, lessons.defaults(lesson) | {"dataset": dataset}, Path.cwd())
            images = registry.load(dataset, resolution=SMALLEST["resolution"])
        words, good = f"{len(images.x_train)} + {len(images.x_test)} images of {images.shape}", True
        if notes:
            words += f"; {len(notes)} warnings: {notes[0].message}"
            good = all("\n" not in str(note.message) for note in notes)
    except ValueError as error:
        words, good = str(error), type(error).__module__ == "gancourse.errors" and "\n" not in str(error)
    except Exception as error:
        words, good = f"{type(error).__name__}: {error}", False
    return Outcome(time.perf_counter() - began, words, good)


def run(number: str, chosen: dict[str, object], runs: Path) -> Outcome:
    """Run a lesson with these parameters, where it is not lesson 03 with its smoke preset, too."""
    words = [word for name, each in chosen.items() for word in ("-p", f"{name}={each}")]
    preset = [] if number == "03" else ["--preset", "smoke"]
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "gancourse", "run", number, *preset, *words, "--runs", runs],
                          capture_output=True, text=True, errors="replace")
    seconds = time.perf_counter() - began
    (record,) = [*runs.rglob("run.json"), *runs.rglob("failed.json")] or [None]
    if record is None:  # refused before anything started
        said = [line for line in done.stderr.splitlines() if line and not line.startswith(("usage:", " "))]
        return Outcome(seconds, "\n".join(said), done.returncode == 2 and len(said) == 1)
    facts = json.loads(record.read_text())
    if done.returncode == 0:
        distance = facts["results"].get(RESULT)
        return Outcome(seconds, "a result" + (f": distance {distance:.2f} of an untrained G's" if distance else ""),
                       True)
    said = facts["error"]
    early = number != "03" or facts["cell"].get("number", READS + 1) <= READS
    return Outcome(seconds, f"cell {facts['cell'].get('number')}: {said}",
                   early and "CourseError: " in said and "\n" not in said)


def parameters_of(number: str, dataset: str) -> dict[str, object]:
    """What a lesson is given to train on a data set as little as it can."""
    if number == "03":
        return SMALLEST | {"dataset": dataset, "pictures": "folder:pictures"}
    known = lessons.defaults(lessons.find(number))
    return {"dataset": dataset} | ({"resolution": 16} if "resolution" in known else {})


def row(case: Case, ended: Outcome) -> str:
    """A line of the table."""
    cells = [case.name, case.about, f"{ended.seconds:.1f}", ("" if ended.good else "**BAD** ") + ended.words]
    return "| " + " | ".join(repr(cell)[1:-1] if "\n" in cell else cell for cell in cells) + " |"


def main() -> int:
    """Make the data sets, look at them or run them, and print the table; return the status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], help="data sets whose names hold one of these words")
    parser.add_argument("--look", action="store_true", help="only read the data sets: a minute for all")
    parser.add_argument("--lesson", default="03", help="another lesson with a parameter `dataset`, e.g. 10")
    parser.add_argument("-p", action="append", default=[], metavar="NAME=VALUE", help="another parameter of it")
    chosen = parser.parse_args()
    cases = [case for case in CASES if not chosen.only or any(word in case.name for word in chosen.only)]
    others = dict(text.split("=", 1) for text in chosen.p)
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["GANCOURSE_DATA"] = f"{folder}/downloads"  # where trained feature networks go
        many("{}.png")(Path("pictures"))
        print("| data set | what it is | seconds | how it ends |\n|---|---|---|---|")
        for i, (case, dataset) in enumerate(made(cases, Path.cwd())):
            if chosen.look:
                ended = look(dataset)
            else:
                ended = run(chosen.lesson, parameters_of(chosen.lesson, dataset) | others, Path(f"runs {i}"))
            bad += not ended.good
            print(row(case, ended), flush=True)
    print(f"{len(cases)} data sets, {bad} of which do not end as they should")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
