"""Why "the loop and the one-liner do the same" is not true for integers, and what deloop does.

    python examples/integers_are_cut.py

The loop stores `tensor / 2` into an integer tensor, which cuts it; `torch.where` alone would
return floats. deloop's rewrite has the cast where the loop has it.
"""

from __future__ import annotations

import torch

import deloop


@deloop.vectorize
def condition(tensor, threshold):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if tensor[i, j] > threshold:
                result[i, j] = tensor[i, j] * 2
            else:
                result[i, j] = tensor[i, j] / 2
    return result


if __name__ == "__main__":
    for tensor in (torch.tensor([[1.0, 3.0], [5.0, 7.0]]), torch.tensor([[1, 3], [5, 7]])):
        print(f"# for {tensor.dtype}")
        print(condition.explain(tensor, 4).source)
        print(condition(tensor, 4))
        assert torch.equal(condition(tensor, 4), condition.__wrapped__(tensor, 4))
        print()
