"""The study of lesson 12: which kind of GAN is understood first, and what helps the slower one.

    python -m gancourse.course.studies.speech.speech_race race changes long means

makes the lesson's tables again, in ten to fifteen minutes of one core, and puts them where `--to`
says.

    race     spectrograms against waveforms, seeds 0 to 2; also the controls
    changes  the waveform GAN with one change at a time, the same seeds
    long     the waveform GAN of `race`, seed 0, eight times as long, with five words as a wav file
    means    the controls that are averages, smoothed as drawings are, the same seeds
    recordings   the GAN of spectrograms on a folder or zip of recordings, `--sounds PATH`, the
             same seeds; the course's table is of the Free Spoken Digit Dataset, which has a licence
             of its own and does not come with the course

Batch, loss and the learning rate at each step are the same in every arm but `long`, whose rate
falls later.  A row is one look at one GAN, or a control at step 0.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gancourse import data, metrics
from gancourse.course.studies import stored_table
from gancourse.course.studies.speech import melodies, speech_gan, voices
from gancourse.data import audio
from gancourse.data.spectrograms import pitch, spectrogram, to_picture
from gancourse.files import write_atomically
from gancourse.metrics import speech_recogniser
from gancourse.metrics.feature_net import FeatureNet
from gancourse.pt import set_threads
from gancourse.pt.models import seeded
from gancourse.pt.train_feature_net import train_lenet, weights
from gancourse.training_loop import train_fast

SEEDS = (0, 1, 2)
LOOKS = (0, 20, 80, 200, 600)  # steps at which a GAN is looked at
LONG_LOOKS = (0, 20, 80, 200, 400, 800, 1600)
RECORDED_LOOKS = (0, 200, 600, 2000)  # people's voices need more steps
SAMPLES = 200  # sounds that a look listens to, and of these
ASKED = 75  # that the recogniser from outside hears
BASE = {"upsampling": "transposed"}
CHANGES = {
    "waveform, phase shuffle": BASE | {"shuffle": 2},
    "waveform, nearest": {"upsampling": "nearest"},
    "waveform, D at two scales": BASE | {"two_scales": True},
}
FILES = {"race": "12_race.csv", "changes": "12_changes.csv", "long": "12_long.csv",
         "means": "12_means.csv", "recordings": "12_recordings.csv"}
HERE = Path(__file__).parent
LONG_WORDS = HERE / "12_long.wav"  # oh, you, why, wow, saw, after `long`

Row = dict[str, str | float]


class Task(NamedTuple):
    """One seed's sounds, what a GAN is told, and the ruler."""

    sounds: data.Sounds
    c: np.ndarray  # of the training clips
    y_asked: np.ndarray
    f0_asked: np.ndarray
    c_asked: np.ndarray
    ruler: FeatureNet
    real_features: np.ndarray
    seed: int


def make_task(dataset: str, seed: int) -> Task:
    """Return the task of a seed: 3,000 clips, a ruler of 150 steps, 200 questions."""
    sounds = data.load_sounds(dataset, num=3000, seed=seed)
    f0 = voices_or_middle(sounds.x_train, sounds.rate)
    ends = tuple(np.log2(np.quantile(f0, [0.01, 0.99])))
    rows = np.random.default_rng(seed).permutation(len(sounds.x_test))[:SAMPLES]
    y, f0_asked = sounds.y_test[rows], voices_or_middle(sounds.x_test[rows], sounds.rate)
    told = [melodies.condition(labels, hertz, len(sounds.class_names), ends)
            for labels, hertz in ((sounds.y_train, f0), (y, f0_asked))]
    seen = voices.coarse(sounds.x_train)
    net, facts = train_lenet(seen, sounds.y_train, voices.coarse(sounds.x_test), sounds.y_test,
                             seed, 150)
    ruler = FeatureNet(weights(net, facts["shape"]), facts)
    return Task(sounds, told[0], y, f0_asked, told[1], ruler, ruler.features(seen), seed)


def voices_or_middle(clips: np.ndarray, rate: int) -> np.ndarray:
    """Return the pitch of each clip in Hz, the median of all where it has none."""
    f0 = pitch(clips, rate)
    return np.where(np.isfinite(f0), f0, np.nanmedian(f0))


def judge(task: Task, arm: str, step: int, seconds: float, clips: np.ndarray, *,
          outside: bool) -> Row:
    """Return the row of one look; the recogniser from outside hears the clips with `outside`."""
    seen = voices.coarse(clips)
    f0 = pitch(clips, task.sounds.rate)
    voiced = float(np.isfinite(f0).mean())
    off = float(np.nanmedian(np.abs(f0 / task.f0_asked - 1))) if voiced > 0.1 else np.nan
    row = {"arm": arm, "seed": task.seed, "step": step, "seconds": round(seconds, 1),
           "distance": metrics.frechet_distance(task.real_features, task.ruler.features(seen)),
           "understood": float(np.mean(task.ruler.predict(seen) == task.y_asked)),
           "pitch_error": off, "voiced": voiced, "tone": voices.tone_height(clips), "outsider": ""}
    if outside:
        heard = speech_recogniser.recognise(clips[:ASKED], task.sounds.class_names,
                                            task.sounds.rate)
        row["outsider"] = float(np.mean(heard == task.y_asked[:ASKED]))
    return row


def controls(task: Task) -> Iterator[Row]:
    """Yield the rows of what a GAN must beat: real clips, Griffin-Lim of them, class means."""
    rows = np.random.default_rng(task.seed).permutation(len(task.sounds.x_test))[:SAMPLES]
    real = task.sounds.x_test[rows]
    of_real = to_picture(spectrogram(real))[..., None]
    means = _class_means(task, to_picture(spectrogram(task.sounds.x_train)))
    arms = {"real": real, "Griffin-Lim of real": voices.heard(of_real, task.seed),
            "class mean": voices.heard(means, task.seed)}
    for arm, clips in arms.items():
        yield judge(task, arm, 0, 0.0, clips, outside=True)


def averages(task: Task) -> Iterator[Row]:
    """Yield the rows of class means and near-pitch means, smoothed as what a GAN draws."""
    f0 = voices_or_middle(task.sounds.x_train, task.sounds.rate)
    pictures, labels = to_picture(spectrogram(task.sounds.x_train)), task.sounds.y_train
    arms = {"class mean, smoothed": _class_means(task, pictures),
            "near-pitch mean": voices.near_pitch_means(pictures, labels, f0, task.y_asked,
                                                       task.f0_asked)}
    for arm, drawn in arms.items():
        clips = voices.heard(voices.smooth(drawn), task.seed)
        yield judge(task, arm, 0, 0.0, clips, outside=True)


def _class_means(task: Task, pictures: np.ndarray) -> np.ndarray:
    """The mean picture of each word that is asked for, (asked, rows, columns, 1)."""
    means = [pictures[task.sounds.y_train == label].mean(0)
             for label in range(len(task.sounds.class_names))]
    return np.stack(means)[task.y_asked][..., None]


def race(task: Task, arm: str, build: Callable, x: np.ndarray, looks: Sequence[int], num_steps: int,
         r1_gamma: float, keep: list | None = None) -> Iterator[Row]:
    """Train a GAN and yield a row at each look; the last sounds are appended to `keep`."""
    pair = seeded(build, seed=task.seed)
    gan, run_steps = speech_gan.make_game(pair, x, task.c, num_steps=num_steps, learning_rate=2e-3,
                                          r1_gamma=r1_gamma, precision="auto", seed=task.seed)
    drawn = x.ndim == 4
    done, seconds = 0, 0.0
    for step in looks:
        began = time.perf_counter()
        for _ in train_fast(run_steps, num_steps=step, start=done, log_every=step or 1,
                            progress=False):
            pass
        done = step
        seconds += time.perf_counter() - began
        made = speech_gan.speak(gan, task.c_asked)
        clips = voices.heard(voices.smooth(made), task.seed) if drawn else made
        yield judge(task, arm, step, seconds, clips, outside=step == looks[-1])
    if keep is not None:
        keep.append(clips)


def spectrogram_race(task: Task, looks: Sequence[int]) -> Iterator[Row]:
    """Yield the looks at the GAN that draws spectrograms."""
    pictures = data.to_uint8(to_picture(spectrogram(task.sounds.x_train)))[..., None]
    c_dim = task.c.shape[1]

    def build() -> tuple:
        """Return the lesson's pair."""
        return speech_gan.spectrogram_pair(32, c_dim, pictures.shape[1:3], 32)

    yield from race(task, "spectrogram", build, pictures, looks, looks[-1], 10.0)


def wave_race(task: Task, arm: str, options: dict, looks: Sequence[int], num_steps: int,
              keep: list | None = None) -> Iterator[Row]:
    """Yield the looks at a GAN that writes waveforms."""
    samples, c_dim = task.sounds.x_train.shape[1], task.c.shape[1]

    def build() -> tuple:
        """Return the pair of this arm."""
        return speech_gan.wave_pair(32, c_dim, samples, 16, **options)

    yield from race(task, arm, build, task.sounds.x_train, looks, num_steps, 1.0, keep)


def run(part: str, folder: Path, dataset: str = "speech") -> list[Row]:
    """Run a part and return its rows; `long` also writes five words to `folder`."""
    set_threads()
    rows: list[Row] = []
    short = LOOKS[:-1]
    for seed in SEEDS[:1] if part == "long" else SEEDS:
        task = make_task(dataset, seed)
        if part in ("race", "recordings"):
            looks = LOOKS if part == "race" else RECORDED_LOOKS
            rows += [*controls(task), *spectrogram_race(task, looks)]
        if part == "race":
            rows += wave_race(task, "waveform", BASE, short, LOOKS[-1])
        if part == "means":
            rows += averages(task)
        if part == "changes":
            for arm, options in CHANGES.items():
                rows += wave_race(task, arm, options, short, LOOKS[-1])
        if part == "long":
            kept: list[np.ndarray] = []
            rows += wave_race(task, "waveform, long", BASE, LONG_LOOKS, LONG_LOOKS[-1], kept)
            first = [np.flatnonzero(task.y_asked == label)[0] for label in (1, 3, 5, 6, 9)]
            wav = audio.wav_bytes(np.concatenate(kept[0][first]), task.sounds.rate)
            write_atomically(folder / LONG_WORDS.name, wav)
        print(f"{part}: seed {seed} done", flush=True)
    return rows


def read(part: str, folder: Path = HERE) -> list[Row]:
    """Return a part's rows, numbers as floats, "" as nan; CourseError where there is no table."""
    return [{key: value if key == "arm" else float(value or "nan") for key, value in row.items()}
            for row in stored_table.read(folder / FILES[part])]


def curves(rows: Iterable[Row], arm: str, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Return an arm's steps (looks,) and its values (seeds, looks) of a column."""
    chosen = [row for row in rows if row["arm"] == arm]
    steps = sorted({row["step"] for row in chosen})
    seeds = sorted({row["seed"] for row in chosen})
    values = {(row["seed"], row["step"]): row[column] for row in chosen}
    return np.array(steps), np.array([[values[seed, step] for step in steps] for seed in seeds])


def main(words: Sequence[str] | None = None) -> None:
    """Make parts of the study."""
    parser = argparse.ArgumentParser(description="Make the tables that lesson 12 reads.")
    parser.add_argument("parts", nargs="+", choices=FILES)
    parser.add_argument("--to", type=Path, default=Path("runs/studies"), help="where to")
    parser.add_argument("--sounds", default="", help="for recordings: a folder or zip of wav files")
    chosen = parser.parse_args(words)
    if "recordings" in chosen.parts and not chosen.sounds:
        parser.error("recordings needs --sounds PATH")
    for part in chosen.parts:
        began = time.perf_counter()
        dataset = f"folder:{chosen.sounds}" if part == "recordings" else "speech"
        rows = run(part, chosen.to, dataset)
        command = f"python -m gancourse.course.studies.speech.speech_race {part}"
        if part == "recordings":
            command += f" --sounds {Path(chosen.sounds).name}"
        head = stored_table.made_with(command, time.perf_counter() - began)
        stored_table.write(chosen.to / FILES[part], rows, head, digits=5)


if __name__ == "__main__":
    main()
