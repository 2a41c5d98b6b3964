"""Can generated speech teach a listener?  The table that lesson 12 shows in Deeper.

    python -m gancourse.course.studies.speech.taught_listeners --to gancourse/course/studies/speech

trains small recognisers of words, each on other clips, and tests them on real clips that nobody has
heard: the classification accuracy score of Ravuri & Vinyals 2019, and what stands beside it.  About
four minutes of one core; it writes `12_listeners.csv`, a row for each recogniser, and goes on
where it was stopped.

Every recogniser trains equally long, on 1,000 examples made of its clips.  In the room "noise" all
clips, also those of the test, are equally loud, and each gets white noise that is as loud.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from gancourse import data
from gancourse.course.studies import stored_table
from gancourse.course.studies.speech import melodies, speech_gan, voices
from gancourse.data.spectrograms import spectrogram, to_picture
from gancourse.data.synthetic import speech
from gancourse.metrics.feature_net import FeatureNet
from gancourse.pt import set_threads
from gancourse.pt.models import seeded
from gancourse.pt.train_feature_net import train_lenet, weights
from gancourse.training_loop import train_fast

FILE = "12_listeners.csv"
HERE = Path(__file__).parent
SEEDS = (0, 1, 2)
REAL, FEW, POOL, TEST = 1000, 2, 400, 500  # clips: G's; a word, of the few; of each source; to test
EXAMPLES, LISTENER_STEPS = 1000, 120
LOUDNESS = 0.1  # root mean square
STEPS = {"all": 300, "few": 150}  # of the GAN that learns from all real clips, and from the few
ENDS = (np.log2(110), np.log2(220))  # of the pitches
NUM_WORDS = len(speech.NAMES)
Clips = tuple[np.ndarray, np.ndarray]  # (n, samples) and their words (n,)


def first_of_each(y: np.ndarray, each: int) -> np.ndarray:
    """Return the row numbers of the first `each` clips of every word, (words x each,)."""
    return np.concatenate([np.flatnonzero(y == word)[:each] for word in range(NUM_WORDS)])


def in_noise(clips: np.ndarray, rng: np.random.Generator, gain: np.ndarray | float = 1.0
             ) -> np.ndarray:
    """Return gain x clips, brought to one loudness, and white noise of that loudness."""
    equal = clips * LOUDNESS / np.sqrt(np.mean(clips**2, axis=1, keepdims=True))
    return (gain * equal + LOUDNESS * rng.standard_normal(clips.shape)).astype(np.float32)


def examples(clips: Clips, room: str, rng: np.random.Generator, *,
             changed: bool = False) -> Clips:
    """Return EXAMPLES spectrograms of 32 x 32 and their words; each clip serves equally often.

    With `changed` a clip is moved by up to 50 ms and made louder or softer by up to 6 dB.
    """
    rows = rng.permutation(np.arange(EXAMPLES) % len(clips[0]))
    x, gain = clips[0][rows], np.ones((EXAMPLES, 1))
    if changed:
        gain = 2 ** rng.uniform(-1, 1, (EXAMPLES, 1))
        x = np.stack([np.roll(clip, by) for clip, by in
                      zip(x, rng.integers(-400, 401, EXAMPLES), strict=True)])
    x = in_noise(x, rng, gain) if room == "noise" else gain * x
    return voices.coarse(x), clips[1][rows]


def together(one: Clips, other: Clips) -> Clips:
    """Return as many examples as each has: half of the first, half of the second."""
    half = len(one[0]) // 2
    return tuple(np.concatenate([a[:half], b[half:]]) for a, b in zip(one, other, strict=True))


def speaker(clips: np.ndarray, y: np.ndarray, f0: np.ndarray, num_steps: int,
            seed: int) -> speech_gan.GAN:
    """Return the lesson's GAN of spectrograms, trained on clips (n, samples), words and pitches."""
    pictures = data.to_uint8(to_picture(spectrogram(clips)))[..., None]
    c = melodies.condition(y, f0, NUM_WORDS, ENDS)
    pair = seeded(speech_gan.spectrogram_pair, 32, c.shape[1], pictures.shape[1:3], seed=seed)
    gan, run_steps = speech_gan.make_game(pair, pictures, c, num_steps=num_steps,
                                          learning_rate=2e-3, r1_gamma=10.0, precision="auto",
                                          seed=seed)
    for _ in train_fast(run_steps, num_steps=num_steps, log_every=num_steps, progress=False):
        pass
    return gan


def spoken(gan: speech_gan.GAN, seed: int) -> Clips:
    """Return POOL clips by G: all words in turn, at pitches from the whole range."""
    y = np.arange(POOL) % NUM_WORDS
    f0 = 2 ** np.random.default_rng(seed).uniform(*ENDS, POOL)
    made = speech_gan.speak(gan, melodies.condition(y, f0, NUM_WORDS, ENDS))
    return voices.heard(voices.smooth(made), seed), y


def sources(known: speech.Speech, seed: int) -> dict[str, Clips]:
    """Return the clips that recognisers learn from: few real ones, many, G's, and controls."""
    x, y = known.clips[:REAL], known.labels[:REAL]
    few = first_of_each(y, FEW)
    pictures = to_picture(spectrogram(x))
    means = np.stack([pictures[y == word].mean(0) for word in range(NUM_WORDS)])[..., None]
    made = {name: spoken(speaker(x[rows], y[rows], known.f0[:REAL][rows], STEPS[name], seed), seed)
            for name, rows in {"all": np.arange(REAL), "few": few}.items()}
    return {"real": (x[:POOL], y[:POOL]), "few": (x[few], y[few]),
            "Griffin-Lim": (voices.heard(pictures[:POOL, ..., None], seed), y[:POOL]),
            "mean": (voices.heard(means, seed), np.arange(NUM_WORDS)),
            "G of all": made["all"], "G of few": made["few"]}


def lessons(clips: dict[str, Clips], room: str, seed: int) -> Iterator[tuple[str, Clips]]:
    """Yield what each recogniser learns from: its name and its examples."""
    rng = np.random.default_rng((seed, 12))
    make = lambda name, changed=False: examples(clips[name], room, rng, changed=changed)
    few = make("few")
    yield "real", make("real")
    yield "real, by Griffin-Lim", make("Griffin-Lim")
    yield "generated", make("G of all")
    yield "class mean", make("mean")
    yield "few real", few
    yield "few real, augmented", make("few", changed=True)
    yield "few real + generated", together(few, make("G of all"))
    yield "few real + generated by a G of these few", together(few, make("G of few"))


def rows_of(seed: int) -> Iterator[dict]:
    """Yield the rows of a seed: an accuracy on held-out real clips for each room and recogniser."""
    known = speech.words(REAL + TEST, seed=1000 + seed)
    test, words = known.clips[REAL:], known.labels[REAL:]
    clips = sources(known, seed)
    for room in ("quiet", "noise"):
        heard = in_noise(test, np.random.default_rng(seed)) if room == "noise" else test
        seen = voices.coarse(heard)
        for arm, (x, y) in lessons(clips, room, seed):
            net, facts = train_lenet(x, y, seen, words, seed, LISTENER_STEPS)
            yield {"room": room, "seed": seed, "listener": arm, "heard": "real clips",
                   "accuracy": facts["accuracy"]}
            if arm == "real" and room == "quiet":
                listener = FeatureNet(weights(net, facts["shape"]), facts)
                for name in ("G of all", "G of few"):
                    right = listener.predict(voices.coarse(clips[name][0])) == clips[name][1]
                    yield {"room": room, "seed": seed, "listener": arm, "heard": name,
                           "accuracy": float(right.mean())}


def main(words: Sequence[str] | None = None) -> None:
    """Make the table; seeds that it has are not made again."""
    parser = argparse.ArgumentParser(description="Make the table of listeners of lesson 12.")
    parser.add_argument("--to", type=Path, default=Path("runs/studies"), help="folder to write to")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="seeds, at most")
    chosen = parser.parse_args(words)
    set_threads()
    path = chosen.to / FILE
    rows = stored_table.read(path) if path.exists() else []
    for seed in SEEDS[:chosen.seeds]:
        if len(stored_table.pick(rows, "accuracy", seed=seed)):
            continue
        began = time.process_time()
        made = list(rows_of(seed))
        seconds = f"{time.process_time() - began:.0f}"  # of the seed, on each of its rows
        rows += [row | {"accuracy": f"{row['accuracy']:.4f}", "seconds": seconds} for row in made]
        spent = sum({row["seed"]: float(row["seconds"]) for row in rows}.values())
        head = stored_table.made_with(
            "python -m gancourse.course.studies.speech.taught_listeners", spent)
        stored_table.write(path, rows, head)
        print(f"seed {seed} done in {seconds} s", flush=True)


if __name__ == "__main__":
    main()
