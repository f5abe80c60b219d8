"""Chains of conditions that count, add up or store: one condition for what is taken."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch

from .case import Family
from .inputs import vectors
from .real_code import with_rows

FAMILY = Family()

TRUTH = torch.tensor([0, 1, 1, 0, 1, 0])


def confusion_of_two_classes(score, truth):
    tp = fp = fn = tn = 0
    for i in range(len(score)):
        predicted = 1 if score[i] > 0.5 else 0
        if predicted == 1 and truth[i] == 1:
            tp += 1
        elif predicted == 1 and truth[i] == 0:
            fp += 1
        elif predicted == 0 and truth[i] == 1:
            fn += 1
        else:
            tn += 1
    return tp, fp, fn, tn


FAMILY.add(
    confusion_of_two_classes,
    """
    tp = ((score > 0.5) & (truth == 1)).sum().item()
    fp = ((score > 0.5) & (truth == 0)).sum().item()
    fn = (~(score > 0.5) & (truth == 1)).sum().item()
    tn = (~((score > 0.5) & (truth == 1) | (score > 0.5) & (truth == 0) | ~(score > 0.5) & (truth == 1))).sum().item()
    return tp, fp, fn, tn
    """,  # noqa: E501
    inputs=with_rows((6,), TRUTH),
)


def hits_and_false_alarms(score, truth):
    hits, alarms = 0, 0
    for s, t in zip(score, truth):
        if s > 0.5 and t == 1:
            hits += 1
        elif s > 0.5 and t == 0:
            alarms += 1
    return hits / (hits + alarms + 1)


FAMILY.add(
    hits_and_false_alarms,
    """
    hits = ((score > 0.5) & (truth == 1)).sum().item()
    alarms = ((score > 0.5) & (truth == 0)).sum().item()
    return hits / (hits + alarms + 1)
    """,
    inputs=with_rows((6,), TRUTH),
)


def three_ranges(x):
    high = middle = low = 0
    for v in x:
        if v > 1:
            high += 1
        elif v > 0:
            middle += 1
        else:
            low += 1
    return high, middle, low


FAMILY.add(
    three_ranges,
    "return (x > 1).sum().item(), ((x > 0) & (x <= 1)).sum().item(), (~(x > 0)).sum().item()",
    inputs=vectors(),
)


def added_up_inside_of_two_conditions(x, keep):
    total = 0.0
    for i in range(len(x)):
        if x[i] > 0:
            if keep[i] == 1:
                total += x[i]
    return total


FAMILY.add(
    added_up_inside_of_two_conditions,
    "return x[(x > 0) & (keep == 1)].sum()",
    inputs=with_rows((6,), TRUTH),
    exactness="rounding",
)


def kept_inside_of_two_conditions(x, keep):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if keep[i] == 1:
            if x[i] < 1:
                out[i] = x[i] * 2
            else:
                out[i] = 0
        else:
            out[i] = 0
    return out


FAMILY.add(
    kept_inside_of_two_conditions,
    "return torch.where((keep == 1) & (x < 1), x * 2, 0)",
    inputs=with_rows((6,), TRUTH),
)
