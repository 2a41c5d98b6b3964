"""The drawing of who feeds whom says what it is given."""

import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from gancourse.notebook import diagram, plots


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are finished, with their alt texts."""
    seen = []
    monkeypatch.setattr(plots, "finish", lambda fig, alt: seen.append((fig, alt)))
    yield seen
    plt.close("all")


def boxes(fig):
    """The texts of the boxes, and the colour of each one's edge."""
    return {text.get_text(): to_hex(text.get_bbox_patch().get_edgecolor()).upper()
            for text in fig.axes[0].texts if text.get_bbox_patch()}


def arrows(fig):
    """How many arrows are solid, and how many are dashed."""
    dashed = [text.arrow_patch.get_linestyle() not in ("-", "solid")
              for text in fig.axes[0].texts if getattr(text, "arrow_patch", None)]
    return dashed.count(False), dashed.count(True)


def test_real_is_blue_and_fake_is_orange(drawn):
    diagram.show_game(alt="a GAN", real="photo", fake="fake photo")
    (fig, alt), = drawn
    assert alt == "a GAN"
    found = boxes(fig)
    assert len(found) == 7
    assert found["photo"] == plots.REAL and found["fake photo"] == plots.FAKE


def test_the_networks_have_the_colours_of_their_losses(drawn):
    """G's curve is green and D's is gray in plots.show_curves."""
    diagram.show_game(alt="a GAN", generator="G", discriminator="D")
    found = boxes(drawn[0][0])
    assert found["G"] == plots.THIRD and found["D"] == plots.NEUTRAL


def test_six_arrows_feed_and_three_teach(drawn):
    """One teaches D; two lead to G, by way of D and the fake."""
    diagram.show_game(alt="a GAN")
    assert arrows(drawn[0][0]) == (6, 3)


def test_without_noise_nothing_feeds_g(drawn):
    diagram.show_game(alt="a GAN of two numbers", noise="")
    assert len(boxes(drawn[0][0])) == 6 and arrows(drawn[0][0]) == (5, 3)


def test_a_condition_feeds_both_networks(drawn):
    diagram.show_game(alt="a GAN with labels", condition="label y")
    assert "label y" in boxes(drawn[0][0]) and arrows(drawn[0][0]) == (8, 3)


def test_a_second_loss_sees_the_fake_and_teaches_g(drawn):
    diagram.show_game(alt="style", extra="keeps the photograph?")
    assert "keeps the photograph?" in boxes(drawn[0][0]) and arrows(drawn[0][0]) == (7, 4)


def test_what_d_is_told_stands_at_its_arrows(drawn):
    diagram.show_game(alt="a GAN", told=("told: real", "told: fake"))
    words = {text.get_text() for text in drawn[0][0].axes[0].texts if not text.get_bbox_patch()}
    assert {"told: real", "told: fake"} <= words and arrows(drawn[0][0]) == (6, 3)
