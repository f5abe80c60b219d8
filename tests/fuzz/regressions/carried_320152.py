"""Seed carried 320152: a variable beside a list was left out where the list's use was rewritten."""
# ruff: noqa

import torch


def program(x, y):
    m2 = 1
    differences = []
    for i in range(1, x.shape[0]):
        m2 = max(m2, y[i])
        differences.append((x[i] - y[i]).item())
    return m2, torch.tensor(differences)


def arguments_0():
    return torch.tensor([1.0, -2.0, 3.5]), torch.tensor([0.5, 2.5, -1.0])


ARGUMENTS = (arguments_0,)
