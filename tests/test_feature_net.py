"""The ruler orders images as people would, and is the same in NumPy as in PyTorch."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gancourse import data
from gancourse.data.synthetic.faces import faces
from gancourse.metrics import feature_net
from gancourse.metrics.distances import frechet_distance

STROKES = data.load("strokes", num=2000)
RULER = feature_net.load(STROKES)
REFERENCE = RULER.features(STROKES.x_test[:2000])


def distance(images):
    return frechet_distance(RULER.features(images), REFERENCE)


def test_it_reads_digits():
    assert (RULER.predict(STROKES.x_test) == STROKES.y_test).mean() > 0.995
    assert RULER.probabilities(STROKES.x_test[:9]).sum(1) == pytest.approx(1)


def test_more_noise_is_farther():
    x, rng = data.to_float(STROKES.x_train), np.random.default_rng(0)
    noisy = [distance(np.clip(x + s * rng.normal(size=x.shape).astype("f4"), -1, 1)) for s in (0.0, 0.1, 0.3, 0.6)]
    assert noisy[0] < 4 and noisy == sorted(noisy) and noisy[3] > 10 * noisy[0]


def test_half_the_classes_and_pure_noise_are_far():
    assert distance(STROKES.x_train[STROKES.y_train < 5]) > 100
    assert distance(np.random.default_rng(0).uniform(-1, 1, (500, 28, 28, 1)).astype("f4")) > 500


def test_uint8_and_float_images_measure_the_same():
    x = STROKES.x_train[:50]
    assert np.array_equal(RULER.features(x), RULER.features(data.to_float(x)))


def test_images_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"measures images of \(28, 28, 1\), not \(32, 32, 1\)"):
        RULER.features(np.zeros((3, 32, 32, 1), np.uint8))


def test_a_damaged_ruler_is_refused(tmp_path):
    shipped = feature_net.SHIPPED / "strokes_28.safetensors"
    for spoilt in (shipped.read_bytes()[:5000], shipped.read_bytes()[:-4] + b"abcd"):
        (tmp_path / shipped.name).write_bytes(spoilt)
        with pytest.raises(ValueError, match="is damaged .*delete it"):
            feature_net.read(tmp_path / shipped.name, feature_net.SHIPPED / "sha256.json")


def test_numpy_and_pytorch_agree_also_on_colour_and_odd_sizes():
    pytest.importorskip("torch")
    from gancourse.pt import train_feature_net as training
    from gancourse.pt.train import from_numpy

    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (80, 30, 30, 3)).astype(np.uint8), np.zeros(80, int)
    net, facts = training.train_lenet(x, y, x[:8], y[:8], steps=3)
    assert facts["labels"] == "quarter turns"
    mine = feature_net.FeatureNet(training.weights(net, facts["shape"]), facts)
    theirs = net[:9](from_numpy(data.to_float(x))).detach().numpy()
    np.testing.assert_allclose(mine.features(x), theirs, atol=1e-4)


def test_images_that_are_not_square_have_a_ruler_too():
    pytest.importorskip("torch")
    from gancourse.pt import train_feature_net as training
    from gancourse.pt.train import from_numpy

    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (80, 16, 36, 1)).astype(np.uint8), np.arange(80) % 3
    net, facts = training.train_lenet(x, y, x[:8], y[:8], steps=3)
    mine = feature_net.FeatureNet(training.weights(net, facts["shape"]), facts)
    theirs = net[:9](from_numpy(data.to_float(x))).detach().numpy()
    np.testing.assert_allclose(mine.features(x), theirs, atol=1e-4)
    again = training.network(mine)
    for got, want in zip(again.parameters(), net.parameters(), strict=True):
        assert np.array_equal(got.detach().numpy(), want.detach().numpy())


def test_training_a_ruler_again_gives_the_same_one():
    """Ten steps of its training, twice: the same weights.  Lesson 07 trains it whole."""
    pytest.importorskip("torch")
    from gancourse.pt import train_feature_net as training

    some = STROKES.x_train, STROKES.y_train, STROKES.x_test[:9], STROKES.y_test[:9]
    runs = [training.train_lenet(*some, steps=10)[0] for _ in range(2)]
    for a, b in zip(*(net.parameters() for net in runs), strict=True):
        assert np.array_equal(a.detach().numpy(), b.detach().numpy())


def test_a_ruler_is_trained_once_for_other_data(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    digits = data.load("digits")
    first = feature_net.load(digits)
    assert first.facts["accuracy"] > 0.9 and first.facts["labels"] == "classes"
    monkeypatch.setattr(feature_net, "_train", None)  # would fail if called again
    assert np.array_equal(feature_net.load(digits).weights["dense"], first.weights["dense"])


# the faces

FACES = data.load("faces", num=1000)
READER = feature_net.load(FACES)


def test_it_reads_every_attribute_of_a_face():
    """At least 98 % of faces that it was not trained on: here 4,000 others than its facts are about."""
    others = faces(4000, seed=777)
    read = READER.read_attributes(others.images)
    truth = feature_net.readable(others.attributes)
    assert list(read) == list(truth) == list(READER.facts["attributes"])
    for name, values in truth.items():
        seen = values >= 0
        assert (read[name] == values)[seen].mean() > 0.98, name
        assert READER.facts["accuracies"][name] > 0.98, name


def test_what_a_hair_style_hides_is_not_read():
    some = faces(500, seed=5)
    truth = feature_net.readable(some.attributes)
    style = truth["hair_style"]
    assert ((truth["hair_colour"] < 0) == np.isin(style, (0, 5))).all()
    assert ((truth["hat"] < 0) == (style != 5)).all()
    read = READER.read_attributes(some.images)
    assert ((read["earrings"] < 0) == (read["hair_style"] == 2)).all()


def test_the_classes_of_faces_are_their_hair_styles():
    assert (READER.predict(FACES.x_test) == FACES.y_test).mean() > 0.98
    assert READER.probabilities(FACES.x_test[:9]).shape == (9, 6)
    assert READER.probabilities(FACES.x_test[:9]).sum(1) == pytest.approx(1)


def test_noise_moves_faces_away():
    reference = READER.features(FACES.x_test)
    x, rng = data.to_float(FACES.x_train), np.random.default_rng(0)
    noisy = [frechet_distance(READER.features(np.clip(x + s * rng.normal(size=x.shape).astype("f4"), -1, 1)),
                              reference) for s in (0.0, 0.1, 0.3)]
    assert noisy == sorted(noisy) and noisy[2] > 3 * noisy[0]


def test_a_ruler_of_classes_has_no_attributes_to_read():
    with pytest.raises(ValueError, match="one label only"):
        RULER.read_attributes(STROKES.x_test[:3])


def test_the_shipped_networks_are_small():
    for path in feature_net.SHIPPED.glob("*.safetensors"):
        assert path.stat().st_size < 500_000


def test_the_face_reader_is_the_same_in_numpy_and_pytorch_and_trains_the_same_twice():
    pytest.importorskip("torch")
    from gancourse.pt import train_feature_net as training
    from gancourse.pt.train import from_numpy

    some = faces(200, seed=1)
    labels = feature_net.readable(some.attributes)
    runs = [training.train_face_reader(some.images, labels, some.images, labels, steps=3) for _ in range(2)]
    (net, facts), (again, _) = runs
    for a, b in zip(net.parameters(), again.parameters(), strict=True):
        assert np.array_equal(a.detach().numpy(), b.detach().numpy())
    mine = feature_net.FeatureNet(training.weights(net, facts["shape"], 6), facts)
    theirs = net[:-1](from_numpy(data.to_float(some.images))).detach().numpy()
    np.testing.assert_allclose(mine.features(some.images), theirs, atol=1e-4)
    back = training.network(mine)
    for got, want in zip(back.parameters(), net.parameters(), strict=True):
        assert np.array_equal(got.detach().numpy(), want.detach().numpy())


# which ruler is whose

SMALL = data.load("strokes", num=40, resolution=16)


def other(array):
    changed = array.copy()
    changed.flat[0] ^= 1
    return changed


@pytest.mark.parametrize("change", [
    lambda s: replace(s, x_train=other(s.x_train)), lambda s: replace(s, y_train=other(s.y_train)),
    lambda s: replace(s, x_test=other(s.x_test)), lambda s: replace(s, y_test=other(s.y_test)),
    lambda s: replace(s, x_train=s.x_train.reshape(40, 8, 32, 1)),
    lambda s: replace(s, x_train=s.x_train[:39], y_train=s.y_train[:39]),
], ids=["a pixel", "a label", "a test pixel", "a test label", "the shape", "an image less"])
def test_a_ruler_belongs_to_its_images(change):
    """One bit is enough: the test set counts because the stored accuracy is that on it."""
    assert feature_net._key(change(SMALL)) != feature_net._key(SMALL)
    same = replace(SMALL, x_train=SMALL.x_train.copy(), name="mine")
    assert feature_net._key(same) == feature_net._key(SMALL)


@pytest.mark.parametrize("old, new, same", [
    ("STEPS = 600", "STEPS = 601", False),
    ("2e-3, total_steps", "3e-3, total_steps", False),
    ("nn.MaxPool2d(2),", "nn.AvgPool2d(2),", False),
    ('"""Train a ruler', '"""Learn a ruler', True),
    ("STEPS = 600", "STEPS = 600  # a comment", True),
    ('"""With one class', '"""Where there is one class', True),
])
def test_a_ruler_belongs_to_the_code_that_trains_it(tmp_path, monkeypatch, old, new, same):
    key, text = feature_net._key(SMALL), feature_net.TRAINER.read_text()
    (tmp_path / "ruler.py").write_text(text.replace(old, new))
    monkeypatch.setattr(feature_net, "TRAINER", tmp_path / "ruler.py")
    assert (feature_net._key(SMALL) == key) == same


def test_a_ruler_belongs_to_its_threads_and_its_pytorch(monkeypatch):
    """Two threads round their sums in another order, and so may another version."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    one = feature_net._key(SMALL)
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert feature_net._key(SMALL) == one
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert feature_net._key(SMALL) != one
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(feature_net, "installed", lambda name: "2.0.0")
    assert feature_net._key(SMALL) != one


WANT = """
import sys
from gancourse import data
from gancourse.data.synthetic.faces import faces
from gancourse.metrics import feature_net
strokes = data.load("strokes", num=40, resolution=16)

def train(dataset, path):
    print("trains", flush=True)
    sys.stdin.read()
    path.write_bytes((feature_net.SHIPPED / "strokes_28.safetensors").read_bytes())

feature_net._train = train
feature_net.load(strokes)
print("has it", flush=True)
"""


def another_process(folder):
    """One that wants the ruler of SMALL and, in its training, waits for the end of its input."""
    root = str(Path(__file__).parents[1])
    return subprocess.Popen([sys.executable, "-uc", WANT], text=True, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE,
                            env={**os.environ, "GANCOURSE_DATA": str(folder), "PYTHONPATH": root})


def test_of_two_processes_that_want_the_same_ruler_one_trains_and_the_other_waits(tmp_path):
    """The first is held in its training until the second has said that it waits."""
    first = another_process(tmp_path)
    assert first.stdout.readline() == "trains\n"
    second = another_process(tmp_path)
    said = second.stdout.readline()
    assert f"process {first.pid} on " in said and "is at work on the ruler of strokes" in said
    assert first.communicate()[0] == "has it\n"
    assert second.communicate()[0] == "has it\n"


def test_a_process_that_dies_in_its_training_leaves_no_lock(tmp_path, monkeypatch):
    first = another_process(tmp_path)
    assert first.stdout.readline() == "trains\n"
    first.kill()
    first.communicate()
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    shipped = (feature_net.SHIPPED / "strokes_28.safetensors").read_bytes()
    monkeypatch.setattr(feature_net, "_train", lambda dataset, path: path.write_bytes(shipped))
    assert feature_net.load(SMALL).facts["labels"] == "classes"
