"""Sound as arrays: every kind of wav file, and every file that is no good."""

import io
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from gancourse import data
from gancourse.data import audio

RATE = 8000
FSDD = Path(__file__).parents[2] / "shared" / "datasets" / "fsdd.zip"


def tone(hz, seconds=0.5, rate=RATE, size=0.5):
    return size * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)


def wav(samples, rate=RATE):
    buffer = io.BytesIO()
    wavfile.write(buffer, rate, samples)
    return io.BytesIO(buffer.getvalue())


def folder_of(path, names, rate=RATE):
    for i, name in enumerate(names):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        wavfile.write(path / name, rate, np.int16(32767 * tone(200 + 10 * i, 0.3)))
    return path


# reading

@pytest.mark.parametrize("samples, coarse", [
    (np.int16(32768 * tone(440)), 2**-15), (np.int32(2.0**31 * tone(440)), 2**-23),
    (np.uint8(128 + 128 * tone(440)), 2**-6), (np.float32(tone(440)), 1e-6), (tone(440), 1e-6),
], ids=["16 bit", "32 bit", "8 bit", "float32", "float64"])
def test_every_kind_of_number_gives_the_same_tone(samples, coarse):
    x = audio.read_wav(wav(samples))
    assert x.dtype == np.float32
    np.testing.assert_allclose(x, tone(440), atol=coarse)


def test_24_bits_are_read():
    """Written by hand: three bytes a sample, little end first."""
    values = (2.0**23 * tone(440, 0.1)).astype(np.int32)
    body = b"".join(int(v).to_bytes(3, "little", signed=True) for v in values)
    head = (b"RIFF" + (36 + len(body)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
            + (1).to_bytes(2, "little") + (1).to_bytes(2, "little") + RATE.to_bytes(4, "little")
            + (3 * RATE).to_bytes(4, "little") + (3).to_bytes(2, "little") + (24).to_bytes(2, "little") + b"data"
            + len(body).to_bytes(4, "little"))
    np.testing.assert_allclose(audio.read_wav(io.BytesIO(head + body)), tone(440, 0.1), atol=1e-6)


def test_stereo_is_mixed_down_to_its_mean():
    left, right = tone(440), tone(600)
    both = audio.read_wav(wav(np.stack([left, right], 1).astype(np.float32)))
    np.testing.assert_allclose(both, (left + right) / 2, atol=1e-6)
    opposite = audio.read_wav(wav(np.stack([left, -left], 1).astype(np.float32)))
    assert np.abs(opposite).max() < 1e-6


@pytest.mark.parametrize("rate", [44_100, 48_000, 16_000, 11_025, 4_000])
def test_another_rate_is_resampled_the_tone_keeps_its_pitch_and_loudness(rate):
    x = audio.read_wav(wav(np.float32(tone(440, rate=rate)), rate), RATE)
    assert len(x) == pytest.approx(RATE / 2, abs=2)
    inner = slice(200, 3800)  # the filter rings at the ends
    np.testing.assert_allclose(x[inner], tone(440)[inner], atol=0.01)


def test_what_is_too_high_for_the_new_rate_is_filtered_out_not_folded_down():
    """At 8,000 samples a second 6,000 Hz would come back as a tone of 2,000 Hz."""
    x = audio.read_wav(wav(np.float32(tone(6000, rate=44_100)), 44_100), RATE)
    assert np.abs(x[200:3800]).max() < 0.01


def test_44_khz_stereo_in_8_bits_is_all_of_it_at_once():
    both = np.stack([tone(440, rate=44_100), tone(440, rate=44_100)], 1)
    x = audio.read_wav(wav(np.uint8(128 + 127 * both), 44_100), RATE)
    np.testing.assert_allclose(x[200:3800], tone(440)[200:3800], atol=0.03)


def test_files_that_are_no_good_say_why(tmp_path):
    whole = wav(np.int16(32767 * tone(440))).getvalue()
    with pytest.raises(ValueError, match="cut short.*save it again as PCM wav"):
        audio.read_wav(io.BytesIO(whole[:2000]))
    with pytest.raises(ValueError, match="cut short"):
        audio.read_wav(io.BytesIO(whole[:30]))
    with pytest.raises(ValueError, match="no wav file"):
        audio.read_wav(io.BytesIO(b"ID3 this is an mp3"))
    with pytest.raises(ValueError, match="empty"):
        audio.read_wav(wav(np.zeros(0, np.int16)))
    with pytest.raises(ValueError, match="not finite"):
        audio.read_wav(wav(np.array([0.0, np.nan, 1.0], np.float32)))
    with pytest.raises(FileNotFoundError):
        audio.read_wav(tmp_path / "none.wav")
    with pytest.raises(ValueError, match="rate=5 is out of range"):
        audio.read_wav(io.BytesIO(whole), 5)


# folders

def test_sub_folders_are_the_classes(tmp_path):
    names = [f"{word}/{i}.wav" for word in ("no", "yes") for i in range(10)]
    clips, labels, classes = audio.read_folder(folder_of(tmp_path, names), 4096)
    assert clips.shape == (20, 4096) and classes == ["no", "yes"] and labels.tolist() == [0] * 10 + [1] * 10


def test_the_class_is_the_top_folder_however_deep_a_file_lies(tmp_path):
    speakers = [f"{word}/{who}" for word in ("no", "yes") for who in ("anna", "ben")]
    names = [f"{speaker}/{i}.wav" for speaker in speakers for i in range(5)]
    _, labels, classes = audio.read_folder(folder_of(tmp_path, names), 4096)
    assert classes == ["no", "yes"] and labels.tolist() == [0] * 10 + [1] * 10


def test_a_small_class_is_kept_and_named_in_a_note(tmp_path):
    """Three recordings of "maybe" used to make one class of everything, in silence."""
    sizes = {"no": 10, "yes": 12, "maybe": 3}
    names = [f"{word}/{i}.wav" for word, size in sizes.items() for i in range(size)]
    with pytest.warns(UserWarning, match=r"fewer than 10 clips.*: maybe \(3\); add recordings"):
        _, labels, classes = audio.read_folder(folder_of(tmp_path, names), 4096)
    assert classes == ["maybe", "no", "yes"] and np.bincount(labels).tolist() == [3, 10, 12]


def test_a_small_class_among_names_is_kept_too(tmp_path):
    names = [f"{digit}_anna_{i}.wav" for digit, n in (("3", 11), ("7", 4)) for i in range(n)]
    with pytest.warns(UserWarning, match=r": 7 \(4\)"):
        assert audio.read_folder(folder_of(tmp_path, names), 4096)[2] == ["3", "7"]


def test_hidden_files_are_nobodys_recordings(tmp_path):
    folder_of(tmp_path, [f"{word}/{i}.wav" for word in ("no", "yes") for i in range(10)])
    (tmp_path / "no" / "._1.wav").write_bytes(b"Mac OS X")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(audio.read_folder(tmp_path, 4096)[0]) == 20


def test_a_zip_may_hold_class_folders_in_one_folder_and_what_a_mac_adds(tmp_path):
    names = [f"{word}/{i}.wav" for word in ("no", "yes") for i in range(10)]
    folder = folder_of(tmp_path / "a", names)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for file in folder.rglob("*.wav"):
            name = file.relative_to(folder).as_posix()
            archive.write(file, f"words/{name}")
            archive.writestr(f"__MACOSX/words/{name.replace('/', '/._')}", b"Mac OS X")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, labels, classes = audio.read_folder(tmp_path / "a.zip", 4096)
    assert classes == ["no", "yes"] and np.bincount(labels).tolist() == [10, 10]


def test_an_encrypted_zip_says_what_to_do(tmp_path):
    """The flag of encryption is bit 0 of byte 8 of a file's entry in the zip's directory."""
    folder = folder_of(tmp_path / "a", ["1.wav"])
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(folder / "1.wav", "1.wav")
    raw = bytearray((tmp_path / "a.zip").read_bytes())
    raw[raw.find(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(raw)
    with pytest.raises(ValueError, match="a.zip' is encrypted: unpack it with its password"):
        audio.read_folder(tmp_path / "a.zip", 4096)


def test_in_one_folder_the_name_before_the_underscore_is_the_class(tmp_path):
    names = [f"fsdd/{digit}_anna_{i}.wav" for digit in (3, 7) for i in range(10)]
    assert audio.read_folder(folder_of(tmp_path, names), 4096)[2] == ["3", "7"]


def test_names_that_are_no_classes_make_one_class(tmp_path):
    _, labels, classes = audio.read_folder(folder_of(tmp_path, [f"take{i}.wav" for i in range(12)]), 4096)
    assert classes == [""] and labels.tolist() == [0] * 12


def test_a_zip_of_a_folder_is_read_as_the_folder(tmp_path):
    folder = folder_of(tmp_path / "a", [f"{d}_x_{i}.wav" for d in "01" for i in range(10)])
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"a/{file.name}")
    for part, same in zip(audio.read_folder(tmp_path / "a.zip", 4096), audio.read_folder(folder, 4096), strict=True):
        assert np.array_equal(part, same)


def test_a_file_cut_short_is_named_and_skipped(tmp_path):
    folder_of(tmp_path, [f"take{i}.wav" for i in range(12)])
    (tmp_path / "take5.wav").write_bytes((tmp_path / "take5.wav").read_bytes()[:999])
    with pytest.warns(UserWarning, match="skipped take5.wav: .*cut short"):
        clips, _, _ = audio.read_folder(tmp_path, 4096)
    assert len(clips) == 11


def test_a_silent_file_is_named_and_skipped(tmp_path):
    folder_of(tmp_path, ["a.wav", "b.wav"])
    wavfile.write(tmp_path / "b.wav", RATE, np.zeros(3000, np.int16))
    with pytest.warns(UserWarning, match="skipped b.wav: it is silent"):
        assert len(audio.read_folder(tmp_path, 4096)[0]) == 1


def test_a_folder_without_wav_files_or_without_any_good_one(tmp_path):
    (tmp_path / "song.mp3").write_bytes(b"ID3")
    with pytest.raises(ValueError, match="holds no wav file: put recordings there as .wav"):
        audio.read_folder(tmp_path, 4096)
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match="none of the 1 wav files"):
            audio.read_folder(tmp_path, 4096)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        audio.read_folder(tmp_path / "none", 4096)
    with pytest.raises(ValueError, match="neither a folder nor a zip"):
        audio.read_folder(tmp_path / "a.wav", 4096)


def test_a_clip_begins_with_its_sound_and_has_one_loudness():
    x = np.concatenate([np.zeros(5000), tone(300, 0.2, size=0.02)])
    c = audio.clip(x, 4096)
    assert c.shape == (4096,) and np.abs(c).max() == pytest.approx(0.9, abs=1e-6)
    first = np.flatnonzero(np.abs(c) > 0.03)[0]
    assert first == pytest.approx(160, abs=3) and np.abs(c[first + 1600 :]).max() == 0


# data.load_sounds

def test_a_folder_is_split_and_nothing_is_lost(tmp_path):
    folder_of(tmp_path, [f"{d}_x_{i}.wav" for d in "012" for i in range(12)])
    sounds = data.load_sounds(f"folder:{tmp_path}", seed=1)
    assert len(sounds.x_train) == 30 and len(sounds.x_test) == 6 and sounds.class_names == ("0", "1", "2")
    assert len(np.unique(np.concatenate([sounds.x_train, sounds.x_test]), axis=0)) == 36
    assert len(data.load_sounds(f"folder:{tmp_path}", num=10).x_train) == 10


def test_the_default_sounds_are_made_on_the_spot():
    sounds = data.load_sounds("speech", num=30)
    assert sounds.x_train.shape == (30, 4096) and len(sounds.x_test) == 500 and sounds.rate == 8000
    assert sounds.class_names[0] == "ah"


@pytest.mark.parametrize("name, word", [("speach", "did you mean 'speech'"), ("strokes", "Known: speech, folder:PATH"),
                                        ("folder:", "folder:PATH")])
def test_an_unknown_set_of_sounds_is_refused(name, word):
    with pytest.raises(ValueError, match=word):
        data.load_sounds(name)


def test_too_few_files_and_sounds_where_images_are_wanted(tmp_path):
    folder_of(tmp_path, ["a.wav", "b.wav"])
    with pytest.raises(ValueError, match="gives 2 clips: a lesson needs 12"):
        data.load_sounds(f"folder:{tmp_path}")
    with pytest.raises(ValueError, match="holds sounds, for lesson 12"):
        data.load("speech")


@pytest.mark.skipif(not FSDD.exists(), reason="the Free Spoken Digit Dataset is not beside this checkout")
def test_three_thousand_recordings_of_ten_digits():
    clips, labels, classes = audio.read_folder(FSDD, 4096)
    assert clips.shape == (3000, 4096) and classes == list("0123456789")
    assert np.bincount(labels).tolist() == [300] * 10


# out again

def test_wav_bytes_are_a_16_bit_file_of_the_clip():
    rate, x = wavfile.read(io.BytesIO(audio.wav_bytes(np.array([0, 0.5, -1, 2.0]), 8000)))
    assert rate == 8000 and x.dtype == np.int16 and x.tolist() == [0, 16384, -32767, 32767]


def test_players_name_their_sounds_and_hold_them(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda html: shown.append(html.data))
    audio.show_players({"a < b": tone(200, 0.1), "silence": np.zeros(100)})
    (page,) = shown
    assert page.count("<audio") == 2 and page.count("data:audio/wav;base64,") == 2 and "a &lt; b" in page


def test_a_wav_file_is_played_as_it_is(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda html: shown.append(html.data))
    audio.show_players({"quiet": b"RIFF"})
    assert "data:audio/wav;base64,UklGRg==" in shown[0]
