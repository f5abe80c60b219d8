"""The loops of the recurrence benchmark, each with what an expert would write."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Form:
    """A loop, an expert's form of it, and arguments of so many innermost iterations."""

    title: str
    loop: Callable[..., Any]
    expert: Callable[..., Any]
    arguments: Callable[[int], tuple[Any, ...]]


def make_vector(size: int, *others: Any) -> tuple[Any, ...]:
    """A vector between 0 and 1, the same at each run, and what else is given."""
    return torch.rand(size, generator=torch.Generator().manual_seed(0)), *others


def make_matrix(rows: int, columns: int, seed: int = 0) -> torch.Tensor:
    """A matrix between 0 and 1, the same at each run."""
    return torch.rand(rows, columns, generator=torch.Generator().manual_seed(seed))


def total(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i]
    return s


def total_by_expert(x):
    return x.sum()


def running_total(x):
    out = torch.zeros_like(x)
    s = 0.0
    for i in range(len(x)):
        s += x[i]
        out[i] = s
    return out


def running_total_by_expert(x):
    return x.cumsum(0)


def greatest(x):
    best, place = x[0], 0
    for i in range(1, len(x)):
        if x[i] > best:
            best, place = x[i], i
    return best, place


def greatest_by_expert(x):
    place = x.argmax().item()
    return x[place], place


def first_above(x, threshold):
    for i in range(len(x)):
        if x[i] > threshold:
            return i
    return -1


def first_above_by_expert(x, threshold):
    hits = (x > threshold).nonzero()
    return hits[0].item() if len(hits) else -1


def differences(x):
    out = torch.zeros_like(x)
    previous = x[0]
    for i in range(len(x)):
        out[i] = x[i] - previous
        previous = x[i]
    return out


def differences_by_expert(x):
    return torch.diff(x, prepend=x[:1])


def states(x, gain):
    out = torch.zeros_like(x)
    for b in range(x.shape[0]):
        h = 0.0
        for t in range(x.shape[1]):
            h = torch.tanh(gain * h + x[b, t])
            out[b, t] = h
    return out


def states_by_expert(x, gain):
    h = torch.zeros(x.shape[0])
    found = []
    for column in x.unbind(1):
        h = torch.tanh(gain * h + column)
        found.append(h)
    return torch.stack(found, 1)


def product(a, b):
    out = torch.zeros(a.shape[0], b.shape[1])
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for k in range(a.shape[1]):
                out[i, j] += a[i, k] * b[k, j]
    return out


def product_by_expert(a, b):
    return a @ b


def discounted(x, gain):
    out = torch.zeros_like(x)
    h = 0.0
    for t in range(len(x)):
        h = gain * h + x[t]
        out[t] = h
    return out


def discounted_by_expert(x, gain):
    out = x.clone()
    step = 1
    while step < len(x):
        out[step:] += gain**step * out[:-step]
        step *= 2
    return out


def smoothed(x, alpha):
    out = torch.zeros_like(x)
    out[0] = x[0]
    for t in range(1, len(x)):
        out[t] = alpha * x[t] + (1 - alpha) * out[t - 1]
    return out


def smoothed_by_expert(x, alpha):
    out = torch.cat((x[:1], alpha * x[1:]))
    step = 1
    while step < len(x):
        out[step:] += (1 - alpha) ** step * out[:-step]
        step *= 2
    return out


def gated(x, gate):
    out = torch.zeros_like(x)
    h = 0.0
    for t in range(len(x)):
        h = gate[t] * h + x[t]
        out[t] = h
    return out


def gated_by_expert(x, gate):
    decay, step = gate, 1
    while step < len(x):
        x = torch.cat((x[:step], x[step:] + decay[step:] * x[:-step]))
        decay = torch.cat((decay[:step], decay[step:] * decay[:-step]))
        step *= 2
    return x


def states_of_channels(x, decay):
    h = torch.zeros(x.shape[1])
    out = torch.zeros_like(x)
    for t in range(len(x)):
        h = decay * h + x[t]
        out[t] = h
    return out


def states_of_channels_by_expert(x, decay):
    h = torch.zeros(x.shape[1])
    found = []
    for row in x.unbind():
        h = decay * h + row
        found.append(h)
    return torch.stack(found)


def total_since_reset(x, reset):
    out = torch.zeros_like(x)
    total = 0.0
    for t in range(len(x)):
        total = x[t] if reset[t] else total + x[t]
        out[t] = total
    return out


def total_since_reset_by_expert(x, reset):
    segment = reset.long().cumsum(0)
    totals = x.cumsum(0, dtype=torch.float64)
    before = torch.zeros(int(segment[-1]) + 1, dtype=torch.float64)
    starts = reset.nonzero().squeeze(1)
    before[segment[starts]] = totals[starts] - x[starts]
    return (totals - before[segment]).float()


def steps_since_event(events):
    out = torch.zeros(len(events), dtype=torch.int64)
    steps = 0
    for t in range(len(events)):
        if events[t]:
            steps = 0
        else:
            steps += 1
        out[t] = steps
    return out


def steps_since_event_by_expert(events):
    position = torch.arange(1, len(events) + 1)
    return position - torch.where(events, position, 0).cummax(0).values


def moving_average_of_numbers(x, beta):
    found = []
    average = 0.0
    for value in x.tolist():
        average = beta * average + (1 - beta) * value
        found.append(average)
    return found


def batch(size: int) -> tuple[Any, ...]:
    """Ten times as many steps as sequences: ``100_000 -> 100 x 1,000``."""
    rows = max(2, round((size / 10) ** 0.5))
    return make_matrix(rows, size // rows), 0.5


def channels(size: int) -> tuple[Any, ...]:
    """Eight channels over time, each with a decay of its own."""
    return make_matrix(max(1, size // 8), 8), make_matrix(1, 8, 1)[0]


def resets(size: int) -> torch.Tensor:
    """True in one of ten places, the same at each run."""
    return make_vector(size)[0] > 0.9


def square_matrices(size: int) -> tuple[Any, ...]:
    """Two square matrices whose product takes about so many multiplications."""
    side = round(size ** (1 / 3))
    return make_matrix(side, side), make_matrix(side, side, 1)


def found_at_once(size: int) -> tuple[Any, ...]:
    """A search that ends at the first element."""
    (x,) = make_vector(size)
    x[0] = 2.0
    return x, 1.5


FORMS = (
    Form("sum", total, total_by_expert, make_vector),
    Form("cumsum", running_total, running_total_by_expert, make_vector),
    Form("argmax", greatest, greatest_by_expert, make_vector),
    Form("search, not found", first_above, first_above_by_expert, lambda n: make_vector(n, 1.5)),
    Form("search, found at once", first_above, first_above_by_expert, found_at_once),
    Form("value one iteration late", differences, differences_by_expert, make_vector),
    Form("tanh state of a batch", states, states_by_expert, batch),
    Form("matrix product", product, product_by_expert, square_matrices),
    Form("linear recurrence", discounted, discounted_by_expert, lambda n: make_vector(n, 0.9)),
    Form("moving average", smoothed, smoothed_by_expert, lambda n: make_vector(n, 0.1)),
    Form(
        "changing coefficients", gated, gated_by_expert,
        lambda n: (*make_vector(n), make_matrix(1, n, 1)[0]),
    ),
    Form(
        "states of eight channels", states_of_channels, states_of_channels_by_expert, channels
    ),
    Form(
        "total since reset", total_since_reset, total_since_reset_by_expert,
        lambda n: make_vector(n, resets(n)),
    ),
    Form(
        "steps since event", steps_since_event, steps_since_event_by_expert,
        lambda n: (resets(n),),
    ),
    Form(
        "moving average of numbers", moving_average_of_numbers, moving_average_of_numbers,
        lambda n: make_vector(n, 0.9),
    ),
)  # fmt: skip
