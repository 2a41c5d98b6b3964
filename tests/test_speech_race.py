"""The study of lesson 12: its stored tables, and how they are written and read."""

import wave

import numpy as np
import pytest
from scipy.io import wavfile

pytest.importorskip("torch")

from gancourse.course.studies import stored_table  # noqa: E402
from gancourse.course.studies.speech import song, speech_race  # noqa: E402
from gancourse.data import audio  # noqa: E402
from gancourse.errors import CourseError  # noqa: E402


@pytest.mark.parametrize("part", ["race", "changes", "long"])
def test_stored_tables_have_every_arm_seed_and_look(part):
    rows = speech_race.read(part)
    arms = {"race": ["spectrogram", "waveform"], "changes": list(speech_race.CHANGES), "long": ["waveform, long"]}[part]
    for arm in arms:
        steps, distances = speech_race.curves(rows, arm, "distance")
        assert set(steps) >= {0, 20, 80, 200}
        assert distances.shape == (1 if part == "long" else 3, len(steps)) and np.all(distances > 0)
    path = speech_race.LONG_WORDS.with_name(speech_race.FILES[part])
    assert path.read_text().startswith("# 20")  # the date


def test_the_averages_are_heard_by_the_outsider_with_each_seed():
    for arm in ("class mean, smoothed", "near-pitch mean"):
        steps, shares = speech_race.curves(speech_race.read("means"), arm, "outsider")
        assert list(steps) == [0] and shares.shape == (3, 1) and np.all((shares > 0) & (shares < 1))


def test_the_stored_song_has_eight_bits_and_half_the_notes():
    with wave.open(str(song.SONG)) as stored:
        assert stored.getsampwidth() == 1 and stored.getnchannels() == 1
        assert stored.getnframes() / stored.getframerate() == pytest.approx(8 * 60 / 100)


def test_the_command_takes_the_song_from_the_stored_outputs(tmp_path):
    song.main(["--to", str(tmp_path / "song.wav")])
    rate, made = wavfile.read(tmp_path / "song.wav")
    assert (rate, len(made)) == (8000, 8000 * 8 * 60 // 100) and made.dtype == np.uint8


def test_half_of_four_samples_in_eight_bits():
    assert song.first_half(audio.wav_bytes(np.array([256, -32767, 0, 0]) / 32767))[-2:] == bytes([129, 0])


def test_a_lesson_without_outputs_has_no_song():
    with pytest.raises(CourseError, match="gancourse render 12"):
        song.sung({"cells": [{"cell_type": "code", "outputs": []}]})


def test_the_races_arms_begin_alike():
    """Phase shuffle and a second D change nothing in an untrained G of the same seed."""
    rows = speech_race.read("race") + speech_race.read("changes")
    base = speech_race.curves(rows, "waveform", "distance")[1][:, 0]
    for arm in ("waveform, phase shuffle", "waveform, D at two scales"):
        np.testing.assert_allclose(speech_race.curves(rows, arm, "distance")[1][:, 0], base, rtol=1e-3)


def test_a_table_that_is_written_can_be_read(tmp_path):
    row = {"arm": "a, b", "seed": 1, "step": 20, "distance": 0.5, "outsider": ""}
    stored_table.write(tmp_path / speech_race.FILES["race"], [row])
    (got,) = speech_race.read("race", tmp_path)
    assert got["arm"] == "a, b" and got["step"] == 20 and got["distance"] == 0.5 and np.isnan(got["outsider"])
    with pytest.raises(ValueError, match="its study makes it"):
        speech_race.read("long", tmp_path)


def test_recordings_need_a_path(capsys):
    with pytest.raises(SystemExit):
        speech_race.main(["recordings"])
    assert "--sounds" in capsys.readouterr().err


def test_an_outsider_understands_more_of_an_average_than_of_a_gan_that_learnt_peoples_voices():
    """With each of three seeds; at least .48 of the class means' words, at most .31 of the GAN's."""
    rows = speech_race.read("recordings")
    mean, gan = (speech_race.curves(rows, arm, "outsider")[1][:, -1] for arm in ("class mean", "spectrogram"))
    assert len(mean) == 3 and mean.min() > 0.47 and gan.max() < 0.31
    steps, distance = speech_race.curves(rows, "spectrogram", "distance")
    assert steps[-1] == 2000 and distance[:, -1].max() < 20  # and yet nearer than the mean, 76 or more
