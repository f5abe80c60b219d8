"""Loops that keep every value a running total, product or extreme takes on its way."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch

from .case import Family
from .in_place import accepted
from .inputs import cubes, matrices, vectors
from .spellings import with_dims

FAMILY = Family()


def running_total(x):
    out = torch.zeros_like(x)
    total = 0.0
    for i in range(len(x)):
        total += x[i]
        out[i] = total
    return out


FAMILY.add(
    running_total,
    *with_dims("return x.cumsum(dim=0)"),
    "return torch.cumsum(x, 0)",
    "return torch.cumsum(x, dim=0)",
    inputs=vectors(),
    exactness="rounding",
)


def running_total_of_neighbours(x):
    out = torch.zeros_like(x)
    out[0] = x[0]
    for i in range(1, x.shape[0]):
        out[i] = out[i - 1] + x[i]
    return out


FAMILY.add(
    running_total_of_neighbours,
    *with_dims("return x.cumsum(dim=0)"),
    "return torch.cumsum(x, 0)",
    inputs=vectors(),
    exactness="rounding",
)


def running_total_of_a_copy(x):
    y = x.clone()
    for i in range(1, len(y)):
        y[i] += y[i - 1]
    return y


FAMILY.add(
    running_total_of_a_copy,
    *with_dims("return x.cumsum(dim=0)"),
    "return torch.cumsum(x, 0)",
    inputs=vectors(),
    exactness="rounding",
)


def running_total_in_place(x):
    for i in range(1, len(x)):
        x[i] += x[i - 1]
    return x


FAMILY.add(
    running_total_in_place,
    *with_dims("x.cumsum_(dim=0)\nreturn x", "return x.cumsum_(dim=0)"),
    *with_dims(*(form for form in accepted("x", "x.cumsum(dim=0)") if "[:, :]" not in form)),
    inputs=vectors(grad=False),
    exactness="rounding",
)


def running_total_appended(x):
    history = []
    s = torch.zeros(())
    for i in range(len(x)):
        s = s + x[i]
        history.append(s)
    return torch.stack(history)


FAMILY.add(
    running_total_appended,
    *with_dims("return x.cumsum(dim=0)"),
    "return torch.cumsum(x, 0)",
    inputs=vectors(),
    exactness="rounding",
)


def running_total_of_numbers(x):
    totals = []
    total = 0.0
    for v in x:
        total += v.item()
        totals.append(total)
    return totals


FAMILY.add(
    running_total_of_numbers,
    *with_dims("return x.cumsum(dim=0, dtype=torch.float64).tolist()"),
    *with_dims("return x.double().cumsum(dim=0).tolist()"),
    inputs=vectors(),
    exactness="rounding",
)


def running_total_of_int32(x):
    out = torch.zeros_like(x)
    s = 0
    for i in range(len(x)):
        s += x[i]
        out[i] = s
    return out


FAMILY.add(
    running_total_of_int32,
    *with_dims("return x.cumsum(dim=0, dtype=torch.int32)"),
    "return torch.cumsum(x, 0, dtype=torch.int32)",
    inputs=vectors(dtypes=(torch.int32,), grad=False),
)


def running_total_of_rows(x):
    state = torch.zeros(x.shape[1])
    out = torch.zeros_like(x)
    for t in range(x.shape[0]):
        state = state + x[t]
        out[t] = state
    return out


FAMILY.add(
    running_total_of_rows,
    *with_dims("return x.cumsum(dim=0)"),
    "return torch.cumsum(x, 0)",
    inputs=matrices(),
    exactness="rounding",
)


def running_total_in_each_row(x):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        acc = 0.0
        for j in range(x.shape[1]):
            acc = acc + x[i, j]
            out[i, j] = acc
    return out


FAMILY.add(
    running_total_in_each_row,
    *with_dims("return x.cumsum(dim=1)"),
    "return torch.cumsum(x, 1)",
    inputs=matrices(),
    exactness="rounding",
)


def running_total_along_time(x):
    B, T, D = x.shape
    out = torch.zeros(B, T, D)
    for b in range(B):
        for d in range(D):
            s = 0.0
            for t in range(T):
                s = s + x[b, t, d]
                out[b, t, d] = s
    return out


FAMILY.add(
    running_total_along_time,
    *with_dims("return x.cumsum(dim=1)"),
    "return torch.cumsum(x, 1)",
    inputs=cubes(),
    exactness="rounding",
)


def total_before_each(x):
    out = torch.zeros_like(x)
    s = 0.0
    for i in range(len(x)):
        out[i] = s
        s = s + x[i]
    return out


FAMILY.add(
    total_before_each,
    *with_dims(
        "out = torch.zeros_like(x)\nout[1:] = x[:-1].cumsum(dim=0)\nreturn out",
        "out = torch.zeros_like(x)\nout[1:] = x.cumsum(dim=0)[:-1]\nreturn out",
        "return torch.nn.functional.pad(x[:-1].cumsum(dim=0), (1, 0))",
    ),
    inputs=vectors(),
    exactness="rounding",
)


def offsets_of_lengths(lengths):
    offsets = torch.zeros(len(lengths) + 1, dtype=torch.int64)
    for i in range(len(lengths)):
        offsets[i + 1] = offsets[i] + lengths[i]
    return offsets


FAMILY.add(
    offsets_of_lengths,
    *with_dims(
        "offsets = torch.zeros(len(lengths) + 1, dtype=torch.int64)\n"
        "offsets[1:] = lengths.cumsum(dim=0)\nreturn offsets",
        "return torch.nn.functional.pad(lengths.cumsum(dim=0), (1, 0))",
    ),
    inputs=vectors(dtypes=(torch.int64,), grad=False),
)


def total_from_each_on(x):
    n = len(x)
    out = torch.zeros(n)
    s = 0.0
    for i in range(n - 1, -1, -1):
        s = s + x[i]
        out[i] = s
    return out


FAMILY.add(
    total_from_each_on,
    *with_dims("return x.flip(0).cumsum(dim=0).flip(0)"),
    "return torch.flip(torch.cumsum(torch.flip(x, [0]), 0), [0])",
    inputs=vectors(),
    exactness="rounding",
)


def total_from_each_on_in_reversed(rewards):
    total = 0.0
    out = torch.empty_like(rewards)
    for t in reversed(range(len(rewards))):
        total = rewards[t] + total
        out[t] = total
    return out


FAMILY.add(
    total_from_each_on_in_reversed,
    *with_dims("return rewards.flip(0).cumsum(dim=0).flip(0)"),
    inputs=vectors(),
    exactness="rounding",
)


def running_product(x):
    out = torch.ones_like(x)
    p = 1.0
    for i in range(len(x)):
        p = p * x[i]
        out[i] = p
    return out


FAMILY.add(
    running_product,
    *with_dims("return x.cumprod(dim=0)"),
    "return torch.cumprod(x, 0)",
    inputs=vectors(),
    exactness="rounding",
)


def transmittance(alpha):
    T = torch.ones(len(alpha))
    for i in range(1, len(alpha)):
        T[i] = T[i - 1] * (1 - alpha[i - 1])
    return T


FAMILY.add(
    transmittance,
    *with_dims(
        "T = torch.ones(len(alpha))\nT[1:] = (1 - alpha[:-1]).cumprod(dim=0)\nreturn T",
        "T = torch.ones(len(alpha))\nT[1:] = (1 - alpha).cumprod(dim=0)[:-1]\nreturn T",
    ),
    inputs=vectors(grad=False),
    exactness="rounding",
)


def running_greatest(x):
    out = torch.zeros_like(x)
    m = x[0]
    for i in range(len(x)):
        if x[i] > m:
            m = x[i]
        out[i] = m
    return out


# A NaN is never greater in the loop; `cummax` keeps it. Of equals `cummax` takes the last.
FAMILY.add(
    running_greatest,
    *with_dims("return x.cummax(dim=0).values"),
    "return torch.cummax(x, 0).values",
    "return torch.cummax(x, 0)[0]",
    inputs=vectors(),
    exactness=("bitwise", "rounding"),  # the sign of a zero
)


def running_greatest_of_neighbours(x):
    out = x.clone()
    for i in range(1, len(x)):
        out[i] = torch.maximum(out[i - 1], x[i])
    return out


FAMILY.add(
    running_greatest_of_neighbours,
    *with_dims("return x.cummax(dim=0).values"),
    "return torch.cummax(x, 0).values",
    inputs=vectors(grad=False),
    exactness=("bitwise", "rounding"),  # the sign of a zero
)


def running_least_appended(prices):
    lowest = prices[0]
    lows = []
    for p in prices:
        lowest = torch.min(lowest, p)
        lows.append(lowest)
    return torch.stack(lows)


FAMILY.add(
    running_least_appended,
    *with_dims("return prices.cummin(dim=0).values"),
    "return torch.cummin(prices, 0).values",
    inputs=vectors(grad=False),
    exactness=("bitwise", "rounding"),  # the sign of a zero
)


def largest_drawdown(prices):
    peak = prices[0]
    worst = 0.0
    for i in range(len(prices)):
        if prices[i] > peak:
            peak = prices[i]
        drop = (peak - prices[i]).item()
        if drop > worst:
            worst = drop
    return worst


FAMILY.add(
    largest_drawdown,
    *with_dims("return (prices.cummax(dim=0).values - prices).max().item()"),
    inputs=vectors(),
    exactness=("bitwise", "rounding"),
)


def running_log_sum_of_exponentials(x):
    out = torch.zeros_like(x)
    out[0] = x[0]
    for i in range(1, len(x)):
        out[i] = torch.logaddexp(out[i - 1], x[i])
    return out


FAMILY.add(
    running_log_sum_of_exponentials,
    *with_dims("return x.logcumsumexp(dim=0)"),
    "return torch.logcumsumexp(x, 0)",
    inputs=vectors(grad=False),
    exactness="rounding",
)


def running_mean(x):
    out = torch.zeros_like(x)
    s = 0.0
    for i in range(len(x)):
        s += x[i]
        out[i] = s / (i + 1)
    return out


FAMILY.add(
    running_mean,
    *with_dims("return x.cumsum(dim=0) / torch.arange(1, len(x) + 1)"),
    inputs=vectors(),
    exactness="rounding",
)


def running_total_of_positives(x):
    out = torch.zeros_like(x)
    s = torch.zeros(())
    for i in range(len(x)):
        if x[i] > 0:
            s = s + x[i]
        out[i] = s
    return out


FAMILY.add(
    running_total_of_positives,
    *with_dims(
        "return torch.where(x > 0, x, 0).cumsum(dim=0)",
        "return torch.where(x > 0, x, 0.0).cumsum(dim=0)",
    ),
    inputs=vectors(),
    exactness="rounding",
)


def stored_only_where_positive(x):
    out = torch.zeros_like(x)
    s = 0.0
    for i in range(len(x)):
        s = s + x[i]
        if x[i] > 0:
            out[i] = s
    return out


FAMILY.add(
    stored_only_where_positive,
    *with_dims(
        "return torch.where(x > 0, x.cumsum(dim=0), 0)",
        "return torch.where(x > 0, x.cumsum(dim=0), 0.0)",
    ),
    inputs=vectors(),
    exactness="rounding",
)


def count_so_far(mask):
    rank = torch.zeros(len(mask), dtype=torch.long)
    count = 0
    for i in range(len(mask)):
        if mask[i]:
            count += 1
        rank[i] = count
    return rank


FAMILY.add(
    count_so_far,
    *with_dims("return mask.cumsum(dim=0)"),
    inputs=lambda: [(x > 0,) for (x,) in vectors(grad=False)()],
)


def total_since_reset(x, reset):
    out = torch.zeros_like(x)
    s = 0.0
    for i in range(len(x)):
        if reset[i]:
            s = 0.0
        s = s + x[i]
        out[i] = s
    return out


# Differences of one `cumsum` would cancel, and carry a NaN across the reset.
FAMILY.add(
    total_since_reset,
    "out = x.clone()\nkeep = ~reset[1:]\nstep = 1\n"
    "while step < len(x):\n"
    "    out[step:] += torch.where(keep, out[:-step], 0)\n"
    "    keep = keep[step:] & keep[:-step]\n    step *= 2\n"
    "return out",
    inputs=lambda: [(x, x.detach() < -0.5) for (x,) in vectors()()],
    exactness="rounding",
)


def last_valid_repeated(x):
    out = x.clone()
    for i in range(1, len(x)):
        if torch.isnan(out[i]):
            out[i] = out[i - 1]
    return out


FAMILY.add(
    last_valid_repeated,
    *with_dims(
        "position = torch.arange(len(x))\n"
        "return x[torch.where(x.isnan(), 0, position).cummax(dim=0).values]",
        "return x[torch.where(torch.isnan(x), 0, torch.arange(len(x))).cummax(dim=0).values]",
    ),
    inputs=lambda: [(torch.where(x.abs() > 0.6, x, torch.nan),) for (x,) in vectors(grad=False)()],
)


def steps_since_event(events):
    out = torch.zeros(len(events), dtype=torch.int64)
    steps = 0
    for i in range(len(events)):
        if events[i]:
            steps = 0
        else:
            steps += 1
        out[i] = steps
    return out


FAMILY.add(
    steps_since_event,
    *with_dims(
        "position = torch.arange(1, len(events) + 1)\n"
        "return position - torch.where(events, position, 0).cummax(dim=0).values",
    ),
    inputs=lambda: [(x > 0.3,) for (x,) in vectors(grad=False)()],
)


def integral_image(x):
    h, w = x.shape
    out = torch.zeros(h + 1, w + 1)
    for i in range(h):
        for j in range(w):
            out[i + 1, j + 1] = x[i, j] + out[i, j + 1] + out[i + 1, j] - out[i, j]
    return out


FAMILY.add(
    integral_image,
    *with_dims(
        "return torch.nn.functional.pad(x.cumsum(dim=0).cumsum(dim=1), (1, 0, 1, 0))",
        "h, w = x.shape\nout = torch.zeros(h + 1, w + 1)\n"
        "out[1:, 1:] = x.cumsum(dim=0).cumsum(dim=1)\nreturn out",
    ),
    inputs=matrices(),
    exactness="rounding",
)


def total_and_its_history(x):
    history = torch.zeros_like(x)
    s = torch.zeros(())
    for i in range(len(x)):
        s = s + x[i]
        history[i] = s
    return s, history


FAMILY.add(
    total_and_its_history,
    *with_dims("return x.sum(), x.cumsum(dim=0)"),
    *with_dims("history = x.cumsum(dim=0)\nreturn x.sum(), history"),
    *with_dims("history = x.cumsum(dim=0)\ns = x.sum()\nreturn s, history"),
    inputs=vectors(),
    exactness="rounding",
)


def two_totals_at_once(x, y):
    sx = torch.zeros(())
    sy = torch.zeros(())
    out = torch.zeros_like(x)
    for t in range(len(x)):
        sx = sx + x[t]
        sy = sy + y[t] ** 2
        out[t] = sx * sy
    return out


FAMILY.add(
    two_totals_at_once,
    *with_dims("return x.cumsum(dim=0) * (y ** 2).cumsum(dim=0)"),
    inputs=vectors(2),
    exactness="rounding",
)


# ---------------------------------------------------------------------- sums over triangles
def sums_up_to_here(x):
    out = torch.zeros(len(x))
    for t in range(len(x)):
        for s in range(t + 1):
            out[t] += x[s]
    return out


FAMILY.add(sums_up_to_here, "return x.cumsum(0)", inputs=vectors(), exactness="rounding")


def sums_of_first_parts(x):
    out = []
    for t in range(x.size(1)):
        out.append(x[:, : t + 1].sum(dim=1))
    return torch.stack(out, 1)


FAMILY.add(sums_of_first_parts, "return x.cumsum(1)", inputs=matrices(), exactness="rounding")


def sums_from_here_on(x):
    out = torch.zeros(len(x))
    for t in range(len(x)):
        out[t] = x[t:].sum()
    return out


FAMILY.add(
    sums_from_here_on,
    "return x.flip(0).cumsum(0).flip(0)",
    inputs=vectors(),
    exactness="rounding",
)


# ---------------------------------------------------------------------- values held until set anew
def last_position_of_an_event(events):
    out = torch.zeros(len(events), dtype=torch.int64)
    last = -1
    for i in range(len(events)):
        if events[i]:
            last = i
        out[i] = last
    return out


FAMILY.add(
    last_position_of_an_event,
    "return torch.where(events, torch.arange(len(events)), -1).cummax(0).values",
    inputs=lambda: [(x > 0.3,) for (x,) in vectors(grad=False)()],
)


def sample_and_hold(x, new):
    out = torch.zeros_like(x)
    current = 0.0
    for t in range(len(x)):
        if new[t]:
            current = x[t]
        out[t] = current
    return out


FAMILY.add(
    sample_and_hold,
    "last = torch.where(new, torch.arange(len(x)), -1).cummax(0).values\n"
    "return torch.where(last >= 0, x[last], 0.0)",
    inputs=lambda: [(x, x.detach() > 0) for (x,) in vectors()()],
)


def gaps_filled_in_place(x, gap):
    for t in range(1, len(x)):
        if gap[t]:
            x[t] = x[t - 1]
    return x


FAMILY.add(
    gaps_filled_in_place,
    "last = torch.where(~gap[1:], torch.arange(len(x) - 1), -1).cummax(0).values\n"
    "x[1:] = torch.where(last >= 0, x[1:][last], x[0])\n"
    "return x",
    inputs=lambda: [(x, x.abs() < 0.6) for (x,) in vectors(grad=False)()],
)


# ---------------------------------------------------------------------- values of two loops
def greatest_so_far_in_reading_order(x):
    out = torch.zeros_like(x)
    best = float("-inf")
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            best = max(best, x[i, j])
            out[i, j] = best
    return out


FAMILY.add(
    greatest_so_far_in_reading_order,
    "return x.flatten().cummax(0).values.unflatten(0, (x.shape[0], x.shape[1]))",
    inputs=matrices(grad=False),
    exactness=("bitwise", "rounding"),
)


def sums_of_all_parts(x):
    n = len(x)
    out = torch.zeros(n, n)
    for i in range(n):
        total = 0.0
        for j in range(i, n):
            total += x[j]
            out[i, j] = total
    return out


FAMILY.add(
    sums_of_all_parts,
    "n = len(x)\n"
    "return torch.where(torch.arange(n) >= torch.arange(n)[:, None], x, 0).cumsum(1).triu()",
    inputs=vectors(),
    exactness="rounding",
)
