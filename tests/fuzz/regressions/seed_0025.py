"""Seed 25: loop and rewrite differ.

result: 2 of 2 elements differ; the first at [0, 0]: 0.0 in the loop, 1.0 in the rewrite
"""

import torch
import torch as th


def program(x):
    n, m = x.size()
    res = th.zeros(1, m, dtype=x.dtype, device=x.device)
    for ii, jj in range(n):
        res[ii] = abs
    return res


def arguments_0():
    x = torch.tensor([], dtype=torch.float32).reshape((0, 2,))
    return (x,)


ARGUMENTS = (arguments_0,)
