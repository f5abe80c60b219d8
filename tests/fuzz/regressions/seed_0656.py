"""A loop and its rewrite differed once (seed 656).

result: 2 of 18 elements differ; the first at [0, 0, 0]: -0.05444444715976715 in the loop,
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


class Model:

    def program(data, mask):
        for r in range(0, 1):
            for c in range(1):
                for h in range(mask.size(2) - 1, -1, -1):
                    if mask[r, c, h] < data[r, c, h]:
                        data[r][c][h] = data[r, c, h]
                    elif mask[r, c, h - 1] <= mask[r, c, h]:
                        data[r][c][h] = data[r][c][h] / mask[r, c // 2, h]
                    else:
                        data[r, c, h] = data[r, c, h] + mask[r, c, 0] + mask[r][c][h] / mask[r, c, h]
        return data
program = Model.program


def arguments_0():
    data = torch.tensor([-0.49, 65504.0, 3.39, nan, 65504.0, -3.81, 0.0, -inf, 0.58, -0.9, -1.76, 65504.0, 0.54, 1.54, -inf, -1e-30, 65504.0, 0.17, inf, 3.96, -0.0, -3.37, 2.8, -0.0, 65504.0, -3.78, 0.22, 0.0, -inf, 0.0, 2.92, 65504.0, 65504.0, 2.61, 0.24, -1e-30], dtype=torch.float32).reshape((3, 2, 6))[..., ::2]
    data.requires_grad_()
    data = data * 1
    scale = torch.tensor([-1.0, 0.5], dtype=torch.float32)
    scale.requires_grad_()
    scale = scale * 1
    mask = torch.tensor([9, 4, 9, -7, 1, -3, 0, -5, -7, -5, -8, 7, 7, 7, 1, -2, -9, -8], dtype=torch.int32).reshape((3, 2, 3))
    return (data, mask)


ARGUMENTS = (arguments_0,)
