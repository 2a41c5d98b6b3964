"""Wav files to clips, and clips to wav files and players (lesson 12).

A clip is float32 (samples,) in [-1, 1]; all clips of a set have one rate, in samples a second, and
one length.  `spectrograms` makes pictures of them.
"""

import html
import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from math import gcd
from pathlib import Path

import numpy as np
from scipy.io import wavfile
from scipy.signal import resample_poly

from gancourse.data.labels import folder_classes, is_hidden
from gancourse.errors import CourseError, MissingFile, check_range
from gancourse.files import files_below

SMALL = 10  # clips of a class: with fewer there is little to learn
QUIET = 0.03  # of a clip's peak: where a sound begins


def read_wav(file, rate: int = 8000) -> np.ndarray:
    """Return a wav file as float32 (samples,) in [-1, 1] at `rate` samples a second.

    Any rate, any number of channels (mixed down to their mean), 8, 16, 24 or 32 bits or floats.
    `file` is a path or an open file.  Raises ValueError when it is no wav file, is cut short or
    empty, or holds numbers that are not finite.
    """
    check_range("rate", rate, 1000, 200_000, include_low=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # chunks with a title or a date
            warnings.filterwarnings("error", "Reached EOF prematurely", wavfile.WavFileWarning)
            own_rate, stored = wavfile.read(file)
    except (ValueError, EOFError, struct.error, wavfile.WavFileWarning) as error:
        raise CourseError(f"it is no wav file that can be read, or is cut short ({error}); "
                          "save it again as PCM wav, or remove it") from error
    if stored.size == 0:
        raise CourseError("it is empty: it holds no sample")
    x = stored.astype(np.float64)
    if stored.dtype.kind == "u":  # 8 bits, of which 128 is silence
        x = (x - 128) / 128
    elif stored.dtype.kind == "i":
        x = x / 2.0 ** (8 * stored.dtype.itemsize - 1)
    if not np.isfinite(x).all():
        raise CourseError("it holds samples that are not finite numbers")
    if x.ndim == 2:
        x = x.mean(1)
    return resample(x, own_rate, rate).astype(np.float32)


def resample(x: np.ndarray, own_rate: int, rate: int) -> np.ndarray:
    """Return a sound (samples,) of `own_rate` samples a second at `rate`, low-pass filtered."""
    common = gcd(own_rate, rate)
    return resample_poly(x, rate // common, own_rate // common)


def read_folder(folder: str | Path, samples: int,
                rate: int = 8000) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return the wav files of a folder, or of a zip of one: clips, class numbers, class names.

    Each file gives one clip of `samples` samples, see `clip`.  The folders in it are the classes
    (`labels.folder_classes`); a zip's one folder that holds all the others is the folder itself.
    Where there is but one class, the part of a name before the first "_" is the class, as in
    7_jackson_32.wav, if at least half of these parts have ten files.  Classes with fewer are kept,
    and a warning names them.  A file that cannot be read, or is silent, is skipped with a warning
    that names it; hidden files are passed over.
    Raises FileNotFoundError for a missing folder, ValueError for an encrypted zip and when no sound
    is left.
    """
    folder = Path(folder).expanduser()
    if not folder.exists():
        raise MissingFile(f"there is no folder {str(folder)!r}: give dataset=folder:PATH with one "
                          "of wav files")
    clips = []
    names = []
    skipped = 0
    for name, file in wav_files(folder):
        try:
            clips.append(clip(read_wav(file, rate), samples))
            names.append(name)
        except (ValueError, OSError) as error:
            skipped += 1
            warnings.warn(f"skipped {name}: {error}", stacklevel=2)
    if skipped and not clips:
        raise CourseError(f"none of the {skipped} wav files in {str(folder)!r} could be used")
    if not clips:
        raise CourseError(f"{str(folder)!r} holds no wav file: put recordings there as .wav "
                          "(mp3 does not count)")
    return np.stack(clips), *_classes(names)


def clip(x: np.ndarray, samples: int, lead: int = 160) -> np.ndarray:
    """Return the first `samples` samples of the sound in `x`, its loudest sample at .9.

    Silence before it is cut off but for `lead` samples, silence after it is filled up.
    Raises ValueError for silence.
    """
    peak = np.abs(x).max(initial=0)
    if peak < 1e-4:
        raise CourseError("it is silent")
    begin = int(np.argmax(np.abs(x) > QUIET * peak))
    start = max(0, begin - lead)
    x = x[start : start + samples]
    x = np.pad(x, (0, samples - len(x)))
    return (0.9 / max(np.abs(x).max(), 1e-4) * x).astype(np.float32)


def wav_bytes(clip: np.ndarray, rate: int = 8000) -> bytes:
    """Return a clip as the bytes of a 16-bit wav file; what lies outside [-1, 1] is cut off."""
    buffer = io.BytesIO()
    wavfile.write(buffer, rate, np.rint(32767 * np.clip(clip, -1, 1)).astype(np.int16))
    return buffer.getvalue()


def show_players(sounds: dict[str, np.ndarray | bytes], rate: int = 8000) -> None:
    """Display a player for each named sound: a wav file's bytes as they are, or float (samples,).

    Arrays are made as loud as each other.
    """
    from IPython.display import HTML, Audio, display

    rows = []
    for name, x in sounds.items():
        if not isinstance(x, bytes):
            x = wav_bytes(0.9 * np.asarray(x, float) / max(np.abs(x).max(), 1e-9), rate)
        source = Audio(x).src_attr()
        label = html.escape(name)
        rows.append(f'<tr><td style="text-align:left">{label}</td><td><audio controls '
                    f'preload="auto" aria-label="{label}" src="{source}"></audio></td></tr>')
    display(HTML(f"<table>{''.join(rows)}</table>"))


def wav_files(folder: Path) -> Iterator[tuple[str, object]]:
    """Each wav file's name within the folder or zip, sorted, and what `read_wav` takes."""
    if not folder.is_dir():
        yield from _zipped_wav_files(folder)
        return
    for path in sorted(files_below(folder)):
        name = path.relative_to(folder).as_posix()
        if _is_wav(name):
            yield name, path


def _zipped_wav_files(path: Path) -> Iterator[tuple[str, io.BytesIO]]:
    """`wav_files` of a zip; a file whose bytes are damaged comes out empty."""
    if not zipfile.is_zipfile(path):
        raise CourseError(f"{str(path)!r} is neither a folder nor a zip file")
    with zipfile.ZipFile(path) as archive:
        files = [file for file in archive.infolist() if _is_wav(file.filename)]
        if any(file.flag_bits & 1 for file in files):
            raise CourseError(f"{str(path)!r} is encrypted: unpack it with its password, and give "
                              "the folder")
        tops = {file.filename.split("/")[0] for file in files}
        in_one_folder = len(tops) == 1 and all("/" in file.filename for file in files)
        for file in sorted(files, key=lambda file: file.filename):
            try:
                content = archive.read(file)
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
                content = b""  # which `read_wav` refuses
            name = file.filename.split("/", 1)[1] if in_one_folder else file.filename
            yield name, io.BytesIO(content)


def _is_wav(name: str) -> bool:
    """Whether a path under a folder is that of a wav file of the reader's."""
    return name.lower().endswith(".wav") and not is_hidden(name)


def _classes(names: list[str]) -> tuple[np.ndarray, list[str]]:
    """Class numbers, int64 (n,), and names of wav files; a warning names the small classes."""
    labels, classes = folder_classes(names)
    if len(classes) == 1:
        prefixes = [Path(name).name.split("_")[0] for name in names]
        distinct, numbers, counts = np.unique(prefixes, return_inverse=True, return_counts=True)
        if 2 * (counts >= SMALL).sum() >= len(distinct):
            labels = numbers.astype(np.int64)
            classes = [str(prefix) for prefix in distinct]
    small = [f"{name or 'the files in no folder'} ({count})"
             for name, count in zip(classes, np.bincount(labels), strict=True) if count < SMALL]
    if small and len(classes) > 1:
        warnings.warn(f"classes with fewer than {SMALL} clips, of which little can be learned: "
                      f"{', '.join(small)}; add recordings, or take their files away", stacklevel=3)
    return labels, classes
