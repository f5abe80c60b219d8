"""Seed parallel 77127: a guard on what is a comparison itself stands in parentheses."""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch as th
import torch.nn.functional as F


def program(data, scale, s, k, threshold):
    out = th.zeros(len(data), data.size(1), dtype=data.dtype, device=data.device)
    data_flat = data.reshape(-1)
    for flat in range(data.numel()):
        row = flat // scale.shape[1]
        col = flat % scale.shape[1]
        out[row, col] += k / (data_flat[flat] == row)
        out[row, col] = min(data_flat[flat], scale[row, col] % data_flat[flat])
    for i in range(scale.size(0)):
        for j in range(data.size(1)):
            if threshold > 0:
                if out[i, j] != 0.5 - k:
                    out[i, j] = data[i, j] + j - math.cos(s) / 2
                    out[i, j] = scale[i][j].add(out[i, j], alpha=2) * threshold * 2.0
    return out


def arguments_0():
    data = torch.tensor([0.67, 2.66, -2.89, -3.27, -3.06, -2.41, -1.18, -1.65, -3.62, 2.02, -2.4, 2.18, 3.93, -0.11, 0.16, -1.06], dtype=torch.float32).reshape((4, 4,)).permute(1, 0)
    scale = torch.tensor([0.13, 0.36, 1.8, 1.58, 1.05, 1.32, 1.92, 0.63, 1.59, 0.32, 1.82, 0.64, 0.89, 1.01, 1.17, 0.45], dtype=torch.float32).reshape((4, 4,))
    return (data, scale, -3.0, 0, 0.25,)


def arguments_1():
    data = torch.tensor([1.3, -0.0, 0.0, 2.72, -0.0], dtype=torch.bfloat16).reshape((5, 1,))
    scale = torch.tensor([0.13, 0.61, 1.72, 0.85, 1.23], dtype=torch.float32).reshape((5, 1,))
    return (data, scale, 0.25, 1, -0.0,)


ARGUMENTS = (arguments_0, arguments_1,)
