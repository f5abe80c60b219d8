"""A loop and its rewrite differed once (seed 838).

call: the loop raises RuntimeError (A view was created in no_grad mode and its base or ano
"""
# ruff: noqa


import itertools
import math
from math import inf, nan
import torch
import torch as th
import torch.nn.functional as F

def program(data, scale, mask, threshold):
    res = data
    aux = th.ones((1, scale.shape[1]), dtype=th.float64)
    for i in range(data.shape[0]):
        for j, (data_el1, aux_el1) in enumerate(zip(data[i], aux[i])):
            aux[i] = th.fmod(mask[i], aux_el1 + threshold)
    return res


def arguments_0():
    data = torch.tensor([0.0, 0.0, 65504.0, -1.96, 3.46, 0.0, -0.0, -1e-30, -0.0, -0.0], dtype=torch.float32).reshape((1, 10,))[..., ::2]
    data.requires_grad_()
    scale = torch.tensor([1.07, -0.49, -3.78, 1.32, -2.57], dtype=torch.bfloat16).reshape((1, 5,))
    scale.requires_grad_()
    mask = torch.tensor([1.56], dtype=torch.float32)
    mask.requires_grad_()
    return (data, scale, mask, torch.tensor(1.5),)


ARGUMENTS = (arguments_0,)
