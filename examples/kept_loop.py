"""A loop that deloop leaves alone, and the reason it gives.

    python examples/kept_loop.py
"""

from __future__ import annotations

import torch

import deloop


@deloop.vectorize
def recurrence(x):
    h = torch.zeros_like(x)
    for t in range(1, len(x)):
        h[t] = torch.tanh(h[t - 1] + x[t])
    return h


@deloop.vectorize(on_refusal="raise")
def strict_recurrence(x):
    h = torch.zeros_like(x)
    for t in range(1, len(x)):
        h[t] = torch.tanh(h[t - 1] + x[t])
    return h


if __name__ == "__main__":
    x = torch.linspace(-1, 1, 5)
    report = recurrence.explain(x)
    print(report.status)
    for loop in report.loops:
        print(loop.refusal)
    print(recurrence(x))  # the loop itself runs
    try:
        strict_recurrence(x)
    except deloop.DeloopError as error:
        print(f"strict: {error}")
