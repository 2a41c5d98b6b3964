"""Adam as the steps of `train` use it: gradients for one network's weights only, also on a GPU."""

import torch
from torch import Tensor, nn


def make_adam(net: nn.Module, learning_rate: float, betas: tuple[float, float]) -> torch.optim.Adam:
    """Return Adam for a network's weights, in one kernel.

    On a GPU the learning rate is a tensor there, so that a captured graph can read it.
    """
    device = next(net.parameters()).device
    on_gpu = device.type == "cuda"
    lr = torch.tensor(float(learning_rate), device=device) if on_gpu else learning_rate
    return torch.optim.Adam(net.parameters(), lr=lr, betas=tuple(map(float, betas)),
                            fused=True, capturable=on_gpu)


def gradients_of(opt: torch.optim.Optimizer, loss: Tensor, **options) -> tuple[Tensor, ...]:
    """Return the loss's gradients for this optimiser's weights alone.

    G's step then costs a third less than with `backward`, which computes those for D's weights too.
    `options` are those of `torch.autograd.grad`.
    """
    return torch.autograd.grad(loss, opt.param_groups[0]["params"], **options)


def apply_gradients(opt: torch.optim.Optimizer, gradients: tuple[Tensor, ...]) -> None:
    """Update an optimiser's weights with their gradients."""
    for weight, gradient in zip(opt.param_groups[0]["params"], gradients, strict=True):
        if gradient.stride() != weight.stride():  # fused Adam reads both in one order of memory
            gradient = torch.empty_like(weight).copy_(gradient)
        weight.grad = gradient
    opt.step()
