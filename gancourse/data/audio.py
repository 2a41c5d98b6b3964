"""Sound as arrays: wav files, spectrograms and back, pitch, players (lesson 12).

A clip is float32 (samples,) in [-1, 1]; all clips of a set have one rate, in samples a second, and one length.
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
from scipy import fft
from scipy.io import wavfile
from scipy.signal import resample_poly
from scipy.signal.windows import hann

from gancourse.data.labels import folder_classes, is_hidden
from gancourse.errors import CourseError, MissingFile, check_range

WINDOW, HOP = 256, 64  # samples that one column of a spectrogram looks at, and from one column to the next
HANN = hann(WINDOW, sym=False).astype(np.float32)
CHUNK = 20  # clips at once: their columns still fit the processor's cache
FLOOR = -60.0  # dB below a full-scale tone that count as silence
SMALL = 10  # clips of a class: with fewer there is little to learn
QUIET = 0.03  # of a clip's peak: where a sound begins


def read_wav(file, rate: int = 8000) -> np.ndarray:
    """Return a wav file as float32 (samples,) in [-1, 1] at `rate` samples a second.

    Any rate, any number of channels (mixed down to their mean), 8, 16, 24 or 32 bits or floats.  `file` is a path
    or an open file.  Raises ValueError when it is no wav file, is cut short or empty, or holds numbers that are not
    finite.
    """
    check_range("rate", rate, 1000, 200_000, include_low=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # chunks with a title or a date
            warnings.filterwarnings("error", "Reached EOF prematurely", wavfile.WavFileWarning)
            own_rate, x = wavfile.read(file)
    except (ValueError, EOFError, struct.error, wavfile.WavFileWarning) as error:
        raise CourseError(f"it is no wav file that can be read, or is cut short ({error}); save it again as PCM wav, "
                          "or remove it") from error
    if x.size == 0:
        raise CourseError("it is empty: it holds no sample")
    low = {"u": 128, "i": 0, "f": 0}[x.dtype.kind]
    full = {"u": 128, "i": 2.0 ** (8 * x.dtype.itemsize - 1), "f": 1}[x.dtype.kind]
    x = (x.astype(np.float64) - low) / full
    if not np.isfinite(x).all():
        raise CourseError("it holds samples that are not finite numbers")
    x = x.mean(1) if x.ndim == 2 else x
    return resample(x, own_rate, rate).astype(np.float32)


def resample(x: np.ndarray, own_rate: int, rate: int) -> np.ndarray:
    """Return the sound (samples,) of `own_rate` samples a second at `rate`, low-pass filtered on the way."""
    common = gcd(own_rate, rate)
    return resample_poly(x, rate // common, own_rate // common)


def read_folder(folder: str | Path, samples: int, rate: int = 8000) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return the wav files of a folder, or of a zip of one, as clips, their class numbers and the class names.

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
        raise MissingFile(f"there is no folder {str(folder)!r}: give dataset=folder:PATH with one of wav files")
    clips, names, problems = [], [], []
    for name, file in _wav_files(folder):
        try:
            clips.append(clip(read_wav(file, rate), samples))
            names.append(name)
        except (ValueError, OSError) as error:
            problems.append(name)
            warnings.warn(f"skipped {name}: {error}", stacklevel=2)
    if not clips:
        raise CourseError(f"none of the {len(problems)} wav files in {str(folder)!r} could be used" if problems else
                          f"{str(folder)!r} holds no wav file: put recordings there as .wav (mp3 does not count)")
    labels, classes = _classes(names)
    return np.stack(clips), labels, classes


def clip(x: np.ndarray, samples: int, lead: int = 160) -> np.ndarray:
    """Return the first `samples` samples of the sound in `x`, its loudest sample at .9.

    Silence before it is cut off but for `lead` samples, silence after it is filled up.  Raises ValueError for silence.
    """
    peak = np.abs(x).max(initial=0)
    if peak < 1e-4:
        raise CourseError("it is silent")
    start = max(0, int(np.argmax(np.abs(x) > QUIET * peak)) - lead)
    x = x[start : start + samples]
    x = np.pad(x, (0, samples - len(x)))
    return (0.9 / max(np.abs(x).max(), 1e-4) * x).astype(np.float32)


def spectrogram(clips: np.ndarray) -> np.ndarray:
    """Return the magnitudes (n, 128, samples / 64) of clips (n, samples); a full-scale tone has 1.  Lesson 12.

    Hann windows of 256 samples, a column every 64; rows go from 0 Hz up to one below half the rate.
    Raises ValueError unless `samples` is a multiple of 64, at least 256.
    """
    if clips.ndim != 2 or clips.shape[1] % HOP or clips.shape[1] < WINDOW:
        raise CourseError(f"clips must be (n, samples) with samples a multiple of {HOP}, at least {WINDOW}, "
                          f"not {clips.shape}")
    return np.abs(_stft(np.asarray(clips, np.float32)))[..., :-1].transpose(0, 2, 1)


def to_picture(magnitudes: np.ndarray) -> np.ndarray:
    """Return magnitudes as float32 in [-1, 1]: decibels from FLOOR to 0, what is quieter or louder cut off."""
    decibels = 20 * np.log10(np.maximum(magnitudes, 1e-9))
    return np.clip(1 - 2 * decibels / FLOOR, -1, 1).astype(np.float32)


def to_magnitudes(pictures: np.ndarray) -> np.ndarray:
    """Return the magnitudes of pictures in [-1, 1], the inverse of `to_picture`; -1 gives silence."""
    return np.where(pictures > -1, 10 ** (FLOOR / 40 * (1 - pictures)), 0).astype(np.float32)


def griffin_lim(magnitudes: np.ndarray, iterations: int = 32, momentum: float = 0.99, seed: int = 0) -> np.ndarray:
    """Return clips (n, samples) whose spectrograms are close to the given magnitudes (n, 128, columns).  Lesson 12.

    A phase is guessed, the sound made, its phase kept and its magnitude replaced, again and again (Griffin & Lim 1984);
    `momentum` is that of Perraudin et al. 2013, 0 is the original.  The first phases come from `seed`, clip by clip.
    """
    n, columns = len(magnitudes), magnitudes.shape[2]
    turns = np.random.default_rng(seed).random((n, columns, WINDOW // 2 + 1), np.float32) * np.float32(2 * np.pi)
    cuts = [slice(i, i + CHUNK) for i in range(0, n, CHUNK)]
    return np.concatenate([_griffin_lim(magnitudes[cut], turns[cut], iterations, momentum) for cut in cuts])


def pitch(clips: np.ndarray, rate: int = 8000, low: float = 80, high: float = 400, voiced: float = 0.6) -> np.ndarray:
    """Return the pitch of each clip in Hz, float64 (n,): the median over its voiced columns, nan without three of them.

    The autocorrelation of each 48 ms, divided by that of its window, peaks at the period (Boersma 1993, section 3);
    a column is voiced when the peak is above `voiced` of the value at 0 and the column is not quiet.
    """
    length, hop = int(0.048 * rate), int(0.016 * rate)
    window = hann(length, sym=False).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(np.asarray(clips, np.float32), length, axis=1)[:, ::hop]
    frames = frames - frames.mean(2, keepdims=True)
    correlation = _autocorrelation(frames * window)
    energy = correlation[..., :1]
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = correlation / energy / (_autocorrelation(window) / _autocorrelation(window)[0])
    lags = np.arange(int(rate / high), int(np.ceil(rate / low)) + 1)
    part = correlation[..., lags]
    # of peaks that are nearly as high, the one at the shortest lag: two periods are a period too
    inner = (part[..., 1:-1] >= part[..., :-2]) & (part[..., 1:-1] >= part[..., 2:])
    height = np.where(inner, part[..., 1:-1], -1)
    best = 1 + np.argmax(height > 0.9 * height.max(-1, keepdims=True), -1)
    a, b, c = (np.take_along_axis(part, (best + i)[..., None], -1)[..., 0] for i in (-1, 0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = np.clip(0.5 * (a - c) / (a - 2 * b + c), -0.5, 0.5)
    loud = energy[..., 0] > 0.01 * energy[..., 0].max(1, keepdims=True)
    good = loud & (np.take_along_axis(height, (best - 1)[..., None], -1)[..., 0] > voiced)
    found = np.where(good, rate / (lags[best] + shift), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a clip without a voiced column
        return np.where(good.sum(1) >= 3, np.nanmedian(found, 1), np.nan)


def wav_bytes(clip: np.ndarray, rate: int = 8000) -> bytes:
    """Return a clip as the bytes of a 16-bit wav file; what lies outside [-1, 1] is cut off."""
    buffer = io.BytesIO()
    wavfile.write(buffer, rate, np.rint(32767 * np.clip(clip, -1, 1)).astype(np.int16))
    return buffer.getvalue()


def show_players(sounds: dict[str, np.ndarray], rate: int = 8000) -> None:
    """Display a player for each named sound, float (samples,), each as loud as the others."""
    from IPython.display import HTML, Audio, display

    rows = []
    for name, x in sounds.items():
        loud = 0.9 * np.asarray(x, float) / max(np.abs(x).max(), 1e-9)
        player, label = Audio(wav_bytes(loud, rate)).src_attr(), html.escape(name)
        rows.append(f'<tr><td style="text-align:left">{label}</td><td><audio controls preload="auto" '
                    f'aria-label="{label}" src="{player}"></audio></td></tr>')
    display(HTML(f"<table>{''.join(rows)}</table>"))


def _griffin_lim(magnitudes: np.ndarray, turns: np.ndarray, iterations: int, momentum: float) -> np.ndarray:
    target = np.pad(magnitudes, ((0, 0), (0, 1), (0, 0))).transpose(0, 2, 1).astype(np.float32)
    columns, before = target * np.exp(1j * turns), np.float32(0)
    for _ in range(iterations):
        now = _stft(_inverse(columns))
        columns = now + momentum * (now - before) if momentum else now
        columns *= target / np.sqrt(columns.real**2 + columns.imag**2 + np.float32(1e-18))
        before = now
    return _inverse(columns)


def _wav_files(folder: Path) -> Iterator[tuple[str, object]]:
    """Each wav file's name within the folder, and what `read_wav` takes."""
    if folder.is_dir():
        for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() == ".wav" and p.is_file()):
            name = path.relative_to(folder).as_posix()
            if not is_hidden(name):
                yield name, path
        return
    if not zipfile.is_zipfile(folder):
        raise CourseError(f"{str(folder)!r} is neither a folder nor a zip file")
    with zipfile.ZipFile(folder) as archive:
        files = [file for file in archive.infolist()
                 if file.filename.lower().endswith(".wav") and not is_hidden(file.filename)]
        if any(file.flag_bits & 1 for file in files):
            raise CourseError(f"{str(folder)!r} is encrypted: unpack it with its password, and give "
                              "the folder")
        tops = {file.filename.split("/")[0] for file in files}
        wrapped = len(tops) == 1 and all("/" in file.filename for file in files)
        for file in sorted(files, key=lambda file: file.filename):
            try:
                content = archive.read(file)
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
                content = b""  # which `read_wav` refuses
            yield file.filename.split("/", 1)[1] if wrapped else file.filename, io.BytesIO(content)


def _classes(names: list[str]) -> tuple[np.ndarray, list[str]]:
    """Class numbers, int64 (n,), and names of wav files; says which classes are small."""
    labels, classes = folder_classes(names)
    if len(classes) == 1:
        heads = [Path(name).name.split("_")[0] for name in names]
        found, numbers, counts = np.unique(heads, return_inverse=True, return_counts=True)
        if 2 * (counts >= SMALL).sum() >= len(found):
            labels, classes = numbers.astype(np.int64), [str(name) for name in found]
    counts = np.bincount(labels)
    small = [f"{name or 'the files in no folder'} ({count})"
             for name, count in zip(classes, counts, strict=True) if count < SMALL]
    if small and len(classes) > 1:
        warnings.warn(f"classes with fewer than {SMALL} clips, of which little can be learned: "
                      f"{', '.join(small)}; add recordings, or take their files away", stacklevel=3)
    return labels, classes


def _stft(clips: np.ndarray) -> np.ndarray:
    """The columns centred on samples 0, 64, 128 ..., complex64 (n, columns, 129); a full-scale tone has 1.

    In 32 bits and with the columns in memory one after another: three times as fast as scipy.signal.ShortTimeFFT.
    """
    padded = np.pad(clips, ((0, 0), (WINDOW // 2, WINDOW // 2 - HOP)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=1)[:, ::HOP]
    return fft.rfft(frames * (HANN * np.float32(4 / WINDOW)))


def _inverse(stft: np.ndarray) -> np.ndarray:
    """The clips whose columns are nearest to the given ones in the mean square (Griffin & Lim 1984, eq. 6)."""
    n, columns, _ = stft.shape
    frames = fft.irfft(stft) * (HANN * np.float32(WINDOW / 4))
    parts = WINDOW // HOP
    total = np.zeros((n, columns + parts - 1, HOP), np.float32)
    weight = np.zeros(total.shape[1:], np.float32)
    for i in range(parts):
        cut = slice(i * HOP, (i + 1) * HOP)
        total[:, i : i + columns] += frames[..., cut]
        weight[i : i + columns] += HANN[cut] ** 2
    whole = (total / np.maximum(weight, 1e-3)).reshape(n, -1)
    return whole[:, WINDOW // 2 : WINDOW // 2 + columns * HOP]


def _autocorrelation(x: np.ndarray) -> np.ndarray:
    """sum of x[t] x[t + lag] along the last axis, for each lag below its length."""
    size = fft.next_fast_len(2 * x.shape[-1], real=True)
    return fft.irfft(np.abs(fft.rfft(x, size)) ** 2, size)[..., : x.shape[-1]]
