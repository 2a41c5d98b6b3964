"""The networks of lesson 12: shapes, the verdict, phase shuffle, two scales."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gancourse.course.studies.speech import speech_gan  # noqa: E402
from gancourse.pt.models import seeded  # noqa: E402


@pytest.mark.parametrize("options", [{}, {"upsampling": "nearest"}, {"shuffle": 2}, {"two_scales": True}])
def test_a_waveform_pair_fits(options):
    G, D = seeded(speech_gan.wave_pair, 4, 6, 4096, 2, seed=0, **options)
    c = torch.zeros(3, 6)
    made = G(torch.randn(3, 4), c)
    assert made.shape == (3, 4096) and made.abs().max() <= 1
    assert D(made, c).shape == (3, 2 if options.get("two_scales") else 1)


def test_a_spectrogram_pair_fits():
    G, D = seeded(speech_gan.spectrogram_pair, 4, 6, (128, 64), 2, seed=0)
    made = G(torch.randn(3, 4), torch.zeros(3, 6))
    assert made.shape == (3, 1, 128, 64) and D(made, torch.zeros(3, 6)).shape == (3, 1)


def test_an_unknown_upsampling_is_refused():
    with pytest.raises(ValueError, match="upsampling"):
        speech_gan.wave_pair(4, 6, 4096, 2, upsampling="linear")


def test_the_projection_by_hand():
    psi, V = torch.nn.Linear(2, 1), torch.nn.Linear(1, 2)
    with torch.no_grad():
        psi.weight[:], psi.bias[:] = torch.tensor([[1.0, -1.0]]), 0.5
        V.weight[:], V.bias[:] = torch.tensor([[2.0], [3.0]]), 0.0
    logits = speech_gan.projection(torch.tensor([[4.0, 1.0]]), torch.tensor([[1.0]]), psi, V)
    assert logits.tolist() == [[3.5 + 2 * 4 + 3 * 1]]


def test_a_listener_judges_by_the_verdict_that_it_is_given():
    listener = speech_gan.Listener(torch.nn.Flatten(), 2, lambda features, c, psi, V: features[:, :1] + c[:, :1])
    assert listener(torch.ones(1, 128), torch.full((1, 2), 5.0)).tolist() == [[6.0]]


def test_phase_shuffle_mirrors_at_the_ends_and_rests_in_inference():
    """Of 0 1 2 3 4 5 shifted by up to 2: 2 1 0 1 2 3 to 2 3 4 5 4 3, each sound by itself, its maps together."""
    shuffle = speech_gan.PhaseShuffle(2)
    maps = torch.arange(6.0).repeat(200, 2, 1)
    torch.manual_seed(0)
    rows = {tuple(map(int, sound[0])) for sound in shuffle(maps)}
    assert rows == {(2, 1, 0, 1, 2, 3), (1, 0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5), (1, 2, 3, 4, 5, 4), (2, 3, 4, 5, 4, 3)}
    shuffled = shuffle(maps)
    assert torch.equal(shuffled[:, 0], shuffled[:, 1])
    assert torch.equal(shuffle.eval()(maps), maps)


def test_a_loss_of_two_scales_is_the_mean_of_theirs():
    from gancourse.pt.losses import relativistic_d_loss

    real, fake = torch.randn(5, 2), torch.randn(5, 2)
    both = relativistic_d_loss(real, fake)
    each = [relativistic_d_loss(real[:, k : k + 1], fake[:, k : k + 1]) for k in (0, 1)]
    assert float(both) == pytest.approx(float(sum(each)) / 2, rel=1e-5)


def test_a_game_is_played_and_repeats():
    x = np.random.default_rng(0).normal(size=(16, 1024)).astype(np.float32)
    c = np.eye(6, dtype=np.float32)[np.arange(16) % 6]
    made = []
    for _ in range(2):
        pair = seeded(speech_gan.wave_pair, 4, 6, 1024, 2, shuffle=2, seed=0)
        gan, run_steps = speech_gan.make_game(pair, x, c, num_steps=4, learning_rate=1e-3, r1_gamma=1.0, z_dim=4,
                                              batch_size=4)
        run_steps(0, 4)
        made.append(speech_gan.speak(gan, c))
    assert made[0].shape == (16, 1024)
    np.testing.assert_array_equal(*made)
