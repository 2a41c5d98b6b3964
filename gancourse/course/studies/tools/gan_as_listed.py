"""The listing on trial in lesson 02 with both of its faults, played by PyTorch: a control."""

import torch
from torch.nn.functional import softplus

from gancourse.course.studies.tools import gan_in_pytorch


class GAN(gan_in_pytorch.GAN):
    """The same networks and settings; D ends in a sigmoid, and one optimiser moves both."""

    def __init__(self, learning_rate, beta1, beta2):
        super().__init__(learning_rate, beta1, beta2)
        everything = [*self.G.parameters(), *self.D.parameters()]
        self.opt = torch.optim.Adam(everything, learning_rate, (beta1, beta2))

    def play_round(self, real, z):
        """Lower the sum of both losses once, in which a sigmoid stands where a logit should."""
        answers_real = torch.sigmoid(self.D(real))
        answers_fake = torch.sigmoid(self.D(self.G(z)))
        d_loss = softplus(-answers_real).mean() + softplus(answers_fake).mean()
        g_loss = softplus(-answers_fake).mean()
        self.opt.zero_grad()
        (d_loss + g_loss).backward()
        self.opt.step()
        return d_loss.detach(), g_loss.detach()
