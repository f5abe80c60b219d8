"""Seed parallel 8118: PyTorch adds complex numbers with a product that is NaN beside an infinity."""
# ruff: noqa

import torch


def program(x):
    out = torch.zeros_like(x)
    for ii in range(x.size(0)):
        out[ii] += -x[ii]
    return out


def arguments_0():
    return (torch.tensor([complex(float("-inf"), -1e-30), 1 + 2j, 0j]),)


ARGUMENTS = (arguments_0,)
