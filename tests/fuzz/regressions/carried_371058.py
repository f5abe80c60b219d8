"""Seed carried 371058: a value was moved in front of the loop on which its own range hangs."""
# ruff: noqa

import torch


def program(x, w):
    out = torch.zeros_like(x)
    for t in range(0, x.shape[0], 2):
        for i in range(t + 1):
            x[i] += w[i]
            out[t] = out[t] * (1 - 0.1 * w[i])
    return x, out


def arguments_0():
    return (torch.arange(5.0), torch.arange(5.0) + 0.5)


ARGUMENTS = (arguments_0,)
