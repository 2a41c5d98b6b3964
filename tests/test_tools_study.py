"""The study of tools: three listings of one game, and the table that lesson 14 reads."""

import ast
import math

import numpy as np
import pytest

from gancourse.course.studies import stored_table
from gancourse.course.studies.tools import tools, tools_figures

ROUNDS, BATCH = 5, 16


def play(module, optimiser=None):
    """Losses and weights after five rounds on equal weights, batches and noise; `optimiser` replaces Adam."""
    rng = np.random.default_rng(0)
    real = rng.uniform(-1, 1, (ROUNDS, BATCH, 784)).astype(np.float32)
    z = rng.standard_normal((ROUNDS, BATCH, 100), dtype=np.float32)
    gan = tools.module_of(module).GAN(*tools.LISTING_ADAM)
    gan.load(tools.first_weights(0))
    if optimiser:
        gan.opt_G, gan.opt_D = optimiser(gan.G), optimiser(gan.D)
    losses = gan.play(real, z)
    return np.array(losses), np.concatenate([np.ravel(array) for array in gan.arrays()])


def keras_descent(net):
    """Plain gradient descent at learning rate 1/2."""
    import keras

    optimiser = keras.optimizers.SGD(0.5)
    optimiser.build(net.trainable_variables)
    return optimiser


def torch_descent(net):
    """The same in PyTorch."""
    import torch

    return torch.optim.SGD(net.parameters(), 0.5)


@pytest.fixture(scope="module")
def three():
    """The three games as they stand, with Adam."""
    return {tool: play(module) for tool, module in tools.MODULES.items()}


def test_the_three_listings_play_the_same_game():
    """With plain gradient descent only rounding differs."""
    before = np.concatenate([np.ravel(array) for array in tools.first_weights(0)])
    losses, weights = play("gan_in_pytorch", torch_descent)
    assert np.abs(weights - before).max() > 0.05
    for module in ("gan_in_tensorflow", "gan_in_keras"):
        other_losses, other_weights = play(module, keras_descent)
        assert np.abs(other_losses - losses).max() < 1e-4
        assert np.abs(other_weights - weights).max() < 1e-4


def test_with_adam_the_losses_agree_and_the_weights_do_on_average(three):
    """Where a gradient is nearly 0, the two Adams disagree about its step; see the test of epsilon below."""
    before = np.concatenate([np.ravel(array) for array in tools.first_weights(0)])
    losses, weights = three["PyTorch"]
    for tool in ("TensorFlow", "Keras"):
        assert np.abs(three[tool][0] - losses).max() < 1e-4
        assert np.abs(three[tool][1] - weights).mean() < 0.005 * np.abs(weights - before).mean()


def test_keras_and_tensorflow_agree_to_the_last_bit(three):
    for ours, theirs in zip(three["TensorFlow"], three["Keras"], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_listing_as_it_is_written_is_another_game(three):
    """Its losses take a number from 0 to 1 for a logit: G's then lies between .3133 and .6931."""
    (d_loss, g_loss), weights = play("gan_as_listed")
    assert math.log1p(math.exp(-1)) <= g_loss <= math.log(2)
    assert d_loss >= math.log1p(math.exp(-1)) + math.log(2)
    assert np.abs(weights - three["PyTorch"][1]).max() > 5e-4


def test_lines_of_code_are_those_that_say_something():
    lines = ['"""A title."""', "", "import os  # for f", "", "def f(", "    a):", '    """One', '    two."""', "",
             "    # why", "    return a"]
    text = "\n".join(lines) + "\n"
    assert tools.code_lines(text) == 4  # import, def over two lines, return
    for tool in tools.MODULES:
        assert 25 <= tools.code_lines(tools.source(tool)) <= 40


def test_first_weights_have_the_spread_of_glorot():
    weights = tools.first_weights(3)
    assert [array.shape for array in weights[::2]] == [(100, 128), (128, 784), (784, 128), (128, 1)]
    assert not any(array.any() for array in weights[1::2])
    variance = 2 / (128 + 784)  # of a uniform distribution in +-sqrt(6 / n): (6 / n) / 3
    assert weights[2].var() == pytest.approx(variance, rel=0.02)


def test_batches_do_not_depend_on_how_many_are_asked_for_at_once():
    images = np.arange(256 * 784, dtype=np.uint32).reshape(256, 28, 28, 1).astype(np.uint8)
    whole = tools.rounds(images, 1, 0, 4)
    parts = [tools.rounds(images, 1, first, first + 2) for first in (0, 2)]
    for k in range(2):
        np.testing.assert_array_equal(whole[k], np.concatenate([part[k] for part in parts]))
    assert whole[0].shape == (4, 64, 784) and whole[1].shape == (4, 64, 100)


def test_the_two_adams_put_epsilon_in_different_places():
    """A first step at gradient g = 1e-8 = epsilon and beta2 = .999 moves a weight by, in learning rates,
    g / (g + epsilon) = 1/2 in PyTorch, and g / (g + epsilon / sqrt(1 - beta2)) in Keras."""
    import keras
    import torch

    weight = torch.zeros(1, requires_grad=True)
    weight.grad = torch.tensor([1e-8])
    torch.optim.Adam([weight], 1.0, (0.9, 0.999), eps=1e-8).step()
    assert -weight.item() == pytest.approx(0.5, rel=1e-3)
    variable = keras.Variable([0.0])
    optimizer = keras.optimizers.Adam(1.0, 0.9, 0.999, epsilon=1e-8)
    optimizer.build([variable])
    optimizer.apply([np.array([1e-8], np.float32)], [variable])
    assert -float(variable[0]) == pytest.approx(1 / (1 + 0.001**-0.5), rel=1e-3)


def test_old_lines_end_in_today_s_keras():
    assert tools.outcome("keras.layers.Dense(1)") == "runs"
    assert tools.outcome("keras.optimizers.Adam(lr=0.001)") == "ValueError"
    rows = stored_table.read(tools.HERE)
    assert [row["arm"] for row in rows if row["part"] == "old_ways"] == list(tools.OLD_WAYS)


def test_a_row_that_is_there_is_not_made_again(tmp_path):
    assert tools.make(["lines"], tmp_path, math.inf)
    first = stored_table.read(tmp_path / tools.HERE.name)
    assert tools.make(["lines"], tmp_path, math.inf)
    assert stored_table.read(tmp_path / tools.HERE.name) == first and len(first) == 3


def test_the_shipped_table_is_whole_and_about_these_listings():
    rows = stored_table.read(tools.HERE)
    assert tools.HERE.stat().st_size < 40_000
    for tool in tools.MODULES:
        assert stored_table.pick(rows, "lines", part="lines", tool=tool) == tools.code_lines(tools.source(tool))
        assert len(stored_table.pick(rows, "processor_ms", part="speed", tool=tool)) == tools.SERIES
    samples = np.load(tools.HERE.with_name(tools.SAMPLES), allow_pickle=False)
    for name, arm in tools.ARMS.items():
        for look in tools.LOOKS:
            far = stored_table.pick(rows, "distance", part="budget", arm=name, rounds=look)
            assert len(far) == arm.seeds and np.all(far > 0)
        assert samples[name].shape == (8, 28, 28, 1)


def test_each_listing_shows_who_records_moves_and_loops():
    shown = {tool: tools_figures.the_game(tools.source(tool)) for tool in tools.MODULES}
    assert not any('"""' in text or "def load" in text for text in shown.values())
    text = tools_figures.side_by_side(shown)
    for column in text.split("<strong>")[1:]:
        for colour, _ in tools_figures.MARKS.values():
            assert f'<mark style="background:{colour}' in column
    assert "<script" not in text and text.count("<pre") == 3
    assert tools_figures.side_by_side({"x": "a < b"}).count("a &lt; b") == 1


def test_the_listings_stand_alone():
    """A reader can copy each file: it imports its framework and nothing of the course."""
    for tool in tools.MODULES:
        imported = {alias.name.split(".")[0] for node in ast.walk(ast.parse(tools.source(tool)))
                    if isinstance(node, ast.Import) for alias in node.names}
        assert imported and imported <= {"torch", "keras", "tensorflow"}
        assert "gancourse" not in tools.source(tool)
