"""A small GAN in PyTorch: we write the round and the loop, and nothing is compiled."""

import torch
from torch import nn
from torch.nn.functional import softplus


class GAN:
    """Two networks, an optimiser for each, and the round in which both move."""

    def __init__(self, learning_rate, beta1, beta2):
        """Draw first weights; all three numbers are settings of Adam."""
        self.G = nn.Sequential(
            nn.Linear(100, 128), nn.LeakyReLU(0.2), nn.Linear(128, 784), nn.Tanh())
        self.D = nn.Sequential(
            nn.Linear(784, 128), nn.LeakyReLU(0.2), nn.Linear(128, 1))
        betas = (beta1, beta2)
        self.opt_G = torch.optim.Adam(self.G.parameters(), learning_rate, betas)
        self.opt_D = torch.optim.Adam(self.D.parameters(), learning_rate, betas)

    def play_round(self, real, z):
        """Lower both losses once, each by its own network."""
        real_logits = self.D(real)
        fake_logits = self.D(self.G(z))
        d_loss = softplus(-real_logits).mean() + softplus(fake_logits).mean()
        g_loss = softplus(-fake_logits).mean()
        self.opt_D.zero_grad()
        self.opt_G.zero_grad()
        d_loss.backward(inputs=list(self.D.parameters()), retain_graph=True)
        g_loss.backward(inputs=list(self.G.parameters()))
        self.opt_D.step()
        self.opt_G.step()
        return d_loss.detach(), g_loss.detach()

    def play(self, real, z):
        """Play a round for each batch of (rounds, batch, size); return the last losses."""
        for real_batch, z_batch in zip(real, z, strict=True):
            losses = self.play_round(torch.tensor(real_batch), torch.tensor(z_batch))
        return [float(loss) for loss in losses]

    def draw(self, z):
        with torch.no_grad():
            return self.G(torch.tensor(z)).numpy()

    def load(self, arrays):
        """Set the weights of G, then of D: (inputs, outputs) and biases in turn."""
        parameters = [*self.G.parameters(), *self.D.parameters()]
        with torch.no_grad():
            for parameter, array in zip(parameters, arrays, strict=True):
                parameter.copy_(torch.tensor(array.T))

    def arrays(self):
        parameters = [*self.G.parameters(), *self.D.parameters()]
        return [parameter.detach().numpy().T for parameter in parameters]
