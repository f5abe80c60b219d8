"""A branch that protects a square root, and the gradient that a plain `torch.where` would spoil.

    python examples/guarded_root.py

`torch.where(x > 0, torch.sqrt(x), 0)` has the right values and a NaN gradient at 0, because the
branch that is not taken is differentiated too. deloop gives the inner function safe operands.
"""

from __future__ import annotations

import torch

import deloop


@deloop.vectorize
def root_or_zero(x):
    y = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 0:
            y[i] = torch.sqrt(x[i])
        else:
            y[i] = 0
    return y


def gradient(function, x):
    """The gradient of the function's sum."""
    x = x.clone().requires_grad_()
    function(x).sum().backward()
    return x.grad


if __name__ == "__main__":
    x = torch.tensor([4.0, 0.0, -1.0, 0.25])
    print(root_or_zero.explain(x.clone().requires_grad_()).source)
    print("loop: ", gradient(root_or_zero.__wrapped__, x))
    print("now:  ", gradient(root_or_zero, x))
    print("naive:", gradient(lambda x: torch.where(x > 0, torch.sqrt(x), 0), x))
    assert torch.equal(gradient(root_or_zero, x), gradient(root_or_zero.__wrapped__, x))
