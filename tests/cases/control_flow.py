"""`while`, `break`, `continue`, `return`, `else`, names used after the loop, loops in sequence."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch

from .case import Family
from .inputs import matrices, random_tensor, vectors
from .spellings import with_dims

FAMILY = Family()


# ------------------------------------------------------------------ while


def while_counting_up(x):
    out = torch.zeros_like(x)
    i = 0
    while i < len(x):
        out[i] = x[i] * 2
        i += 1
    return out


FAMILY.add(while_counting_up, "return x * 2", inputs=vectors())


def while_counting_down(x):
    total = 0.0
    i = len(x) - 1
    while i >= 0:
        total = total + x[i] * x[i]
        i -= 1
    return total


FAMILY.add(
    while_counting_down,
    "return (x * x).sum()",
    "return x @ x",
    inputs=vectors(),
    exactness="rounding",
)


def while_by_twos(x):
    out = x.clone()
    k = 0
    while k + 1 < x.shape[0]:
        out[k] = x[k + 1]
        out[k + 1] = x[k]
        k = k + 2
    return out


FAMILY.add(while_by_twos, inputs=vectors())


def while_within_while(x):
    n, m = x.shape
    out = torch.empty(n, m)
    i = 0
    while i < n:
        j = 0
        while j < m:
            out[i, j] = x[i, j] + 1
            j += 1
        i += 1
    return out


FAMILY.add(while_within_while, "return x + 1", inputs=matrices())


def while_from_both_ends(x):
    out = torch.zeros_like(x)
    left, right = 0, len(x) - 1
    while left <= right:
        out[left] = x[right]
        out[right] = x[left]
        left += 1
        right -= 1
    return out


FAMILY.add(while_from_both_ends, "return x.flip(0)", "return torch.flip(x, [0])", inputs=vectors())


def while_true_with_break(x):
    out = torch.zeros_like(x)
    i = 0
    while True:
        if i >= len(x):
            break
        out[i] = abs(x[i])
        i += 1
    return out


FAMILY.add(
    while_true_with_break, "return abs(x)", "return x.abs()", "return torch.abs(x)",
    inputs=vectors(),
)  # fmt: skip


# ------------------------------------------------------------------ continue, break, return, else


def continue_over_diagonal(x):
    n = x.shape[0]
    out = torch.zeros(n, n)
    for i in range(n):
        for j in range(n):
            if i == j:
                continue
            out[i, j] = x[i, j] * 2
    return out


FAMILY.add(
    continue_over_diagonal,
    "return (x * 2).fill_diagonal_(0)",
    "out = x * 2\nout.fill_diagonal_(0)\nreturn out",
    inputs=lambda: [(random_tensor((n, n), n),) for n in (4, 2, 1, 0)],
)


def continue_on_a_value(x):
    out = torch.full_like(x, -1.0)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] <= 0:
                continue
            if x[i, j] > 1:
                out[i, j] = 1
                continue
            out[i, j] = x[i, j]
    return out


FAMILY.add(
    continue_on_a_value,
    "return torch.where(x > 1, 1, torch.where(x > 0, x, -1))",
    "return torch.where(x <= 0, -1.0, torch.where(x > 1, 1.0, x))",
    "return torch.where(x <= 0, -1, torch.where(x > 1, 1, x))",
    "return torch.where(x <= 0, -1.0, torch.where(x > 1, 1, x))",
    "return torch.where(x <= 0, -1.0, x.clamp(max=1))",
    inputs=matrices(),
)


def break_at_the_diagonal(x):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if j > i:
                break
            out[i, j] = x[i, j]
    return out


FAMILY.add(
    break_at_the_diagonal,
    "return x.tril()",
    "return torch.tril(x)",
    inputs=matrices(),
)


def break_after_k(x, k):
    out = torch.zeros_like(x)
    for i, v in enumerate(x):
        if i == k:
            break
        out[i] = v * 2
    return out


FAMILY.add(
    break_after_k,
    "out = torch.zeros_like(x)\nout[:k] = x[:k] * 2\nreturn out",
    inputs=lambda: [
        (random_tensor((n,), n), k) for n, k in ((6, 4), (3, 3), (3, 5), (2, 0), (1, 1))
    ],
)


def break_of_the_inner_loop_only(x, limit):
    sums = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > limit:
                break
            sums[i] += x[i, j]
    return sums


FAMILY.add(
    break_of_the_inner_loop_only,
    *with_dims(
        "return torch.where((x > limit).cumsum(dim=1) == 0, x, 0).sum(dim=1)",
        "return torch.where((x > limit).cumsum(dim=1) == 0, x, 0.0).sum(dim=1)",
    ),
    "stop = torch.where(x > limit, torch.arange(x.shape[1]), x.shape[1]).amin(1)\n"
    "return torch.where(torch.arange(x.shape[1]) < stop[:, None], x, 0).sum(1)",
    inputs=matrices(1, 0.8),
    exactness="rounding",
)


def return_before_the_loop(x, weights=None):
    if weights is None:
        return x
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * weights[i]
    return out


FAMILY.add(
    return_before_the_loop,
    "if weights is None:\n    return x\nreturn x * weights",
    inputs=lambda: [*vectors(2)(), (torch.ones(3), None)],
)


def return_from_the_inner_loop(x):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if torch.isnan(x[i, j]):
                return True
    return False


FAMILY.add(
    return_from_the_inner_loop,
    "return torch.isnan(x).any().item()",
    "return x.isnan().any().item()",
    "return bool(torch.isnan(x).any())",
    inputs=lambda: [
        *matrices()(),
        (torch.tensor([[1.0, 2.0], [3.0, float("nan")]]),),
    ],
)


def else_that_always_runs(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] + 1
    else:
        out = out * 2
    return out


FAMILY.add(
    else_that_always_runs,
    "return (x + 1) * 2",
    "out = x + 1\nreturn out * 2",
    "out = x + 1\nout = out * 2\nreturn out",
    inputs=vectors(),
)


def else_of_a_search(x):
    for i in range(len(x)):
        if x[i] < 0:
            message = "negative"
            break
    else:
        message = "fine"
    return message


FAMILY.add(
    else_of_a_search,
    'return "negative" if (x < 0).any() else "fine"',
    'message = "negative" if (x < 0).any() else "fine"\nreturn message',
    'if (x < 0).any():\n    message = "negative"\nelse:\n    message = "fine"\nreturn message',
    inputs=lambda: [*vectors()(), (torch.ones(3),)],
)


def primes_sieved(n):
    prime = torch.ones(n, dtype=torch.bool)
    prime[:2] = False
    for i in range(2, n):
        if i * i >= n:
            break
        for j in range(i * i, n, i):
            prime[j] = False
    return prime


# One strided store a step; the loop over i is as short as the square root of n.
FAMILY.add(
    primes_sieved,
    "prime = torch.ones(n, dtype=torch.bool)\nprime[:2] = False\n"
    "for i in range(2, n):\n"
    "    if i * i >= n:\n        break\n"
    "    prime[i * i::i] = False\n"
    "return prime",
    "prime = torch.ones(n, dtype=torch.bool)\nprime[:2] = False\n"
    "for i in range(2, n):\n"
    "    if i * i >= n:\n        break\n"
    "    prime[i * i:n:i] = False\n"
    "return prime",
    inputs=lambda: [(30,), (2,), (5,), (0,)],
    status="partial",
)


# ------------------------------------------------------------------ names after the loop


def loop_variable_afterwards(x):
    out = torch.zeros_like(x)
    i = -1
    for i in range(len(x)):
        out[i] = x[i] * 2
    return out, i


FAMILY.add(
    loop_variable_afterwards,
    "return x * 2, len(x) - 1",
    "out = x * 2\ni = len(x) - 1\nreturn out, i",
    inputs=vectors(),
)


def counter_afterwards(x):
    out = torch.zeros_like(x)
    i = 0
    while i < len(x):
        out[i] = x[i] * 3
        i += 1
    return out, i


FAMILY.add(
    counter_afterwards,
    "return x * 3, len(x)",
    "out = x * 3\ni = len(x)\nreturn out, i",
    inputs=vectors(),
)


def temporary_afterwards(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        square = x[i] * x[i]
        out[i] = square + 1
    return out, square


# Without an iteration `square` is not bound.
FAMILY.add(
    temporary_afterwards,
    "square = x * x\nreturn square + 1, square[-1]",
    "out = x * x + 1\nsquare = x[-1] * x[-1]\nreturn out, square",
    "return x * x + 1, x[-1] * x[-1]",
    inputs=vectors(),
)


def last_element_afterwards(x):
    total = torch.zeros(())
    for v in x:
        total = total + v
    return total - v


FAMILY.add(
    last_element_afterwards,
    "return x.sum() - x[-1]",
    "v = x[-1]\nreturn x.sum() - v",
    "total = x.sum()\nv = x[-1]\nreturn total - v",
    "v = x[-1]\ntotal = x.sum()\nreturn total - v",
    inputs=vectors(),
    exactness="rounding",
)


def last_change_afterwards(x):
    previous = x[0]
    change = torch.zeros(())
    for i in range(1, len(x)):
        change = x[i] - previous
        previous = x[i]
    return change


# The scalar carried is the element before; only the last change is asked for.
FAMILY.add(
    last_change_afterwards,
    "return x[-1] - x[-2]",
    "return x[len(x) - 1] - x[len(x) - 2]",
    inputs=lambda: [args for args in vectors()() if len(args[0])],
)


def changes_by_carried_element(x):
    out = torch.zeros(len(x) - 1)
    previous = x[0]
    for i in range(1, len(x)):
        current = x[i]
        out[i - 1] = current - previous
        previous = current
    return out


FAMILY.add(
    changes_by_carried_element,
    "return x[1:] - x[:-1]",
    "return x[1:] - x[:len(x) - 1]",
    "return torch.diff(x)",
    "return x.diff()",
    inputs=lambda: [args for args in vectors()() if len(args[0])],
)


def second_counter(x):
    out = torch.zeros(2 * len(x))
    k = 0
    for i in range(len(x)):
        out[k] = x[i]
        k += 2
    return out


FAMILY.add(
    second_counter,
    "out = torch.zeros(2 * len(x))\nout[::2] = x\nreturn out",
    "out = torch.zeros(2 * len(x))\nout[:2 * len(x):2] = x\nreturn out",
    inputs=vectors(),
)


def packed_by_counter(x):
    out = torch.zeros_like(x)
    k = 0
    for i in range(len(x)):
        if x[i] > 0:
            out[k] = x[i]
            k += 1
    return out[:k]


FAMILY.add(
    packed_by_counter,
    "return x[x > 0]",
    inputs=vectors(),
)


def selected_by_append(x, limit):
    kept = []
    for v in x:
        if v.item() > limit:
            kept.append(v.item())
    return kept


FAMILY.add(
    selected_by_append,
    "return x[x > limit].tolist()",
    "return x[x.double() > limit].tolist()",  # a Python float is compared as a double
    inputs=vectors(1, 0.0, grad=False),
)


# ------------------------------------------------------------------ loops in sequence


def normalised_by_two_loops(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] / total
    return out


FAMILY.add(
    normalised_by_two_loops,
    "return x / x.sum()",
    "total = x.sum()\nreturn x / total",
    inputs=vectors(),
    exactness="rounding",
)


def standardised_columns(x):
    n, d = x.shape
    mean = torch.zeros(d)
    for i in range(n):
        for j in range(d):
            mean[j] += x[i, j] / n
    std = torch.zeros(d)
    for i in range(n):
        for j in range(d):
            std[j] += (x[i, j] - mean[j]) ** 2 / n
    out = torch.zeros(n, d)
    for i in range(n):
        for j in range(d):
            out[i, j] = (x[i, j] - mean[j]) / torch.sqrt(std[j] + 1e-5)
    return out


FAMILY.add(
    standardised_columns,
    "mean = x.mean(0)\nstd = ((x - mean) ** 2).mean(0)\nreturn (x - mean) / torch.sqrt(std + 1e-5)",
    "n, d = x.shape\nmean = (x / n).sum(0)\nstd = ((x - mean) ** 2 / n).sum(0)\n"
    "return (x - mean) / torch.sqrt(std + 1e-5)",
    "return (x - x.mean(0)) / torch.sqrt(x.var(0, correction=0) + 1e-5)",
    inputs=lambda: [args for args in matrices()() if args[0].numel()],
    exactness="rounding",
)


def array_shared_by_three_loops(x):
    n = len(x)
    a = torch.zeros(n)
    for i in range(n):
        a[i] = x[i] * 2
    for i in range(n):
        a[i] = a[i] + 1
    b = torch.zeros(n)
    for i in range(n):
        b[i] = a[n - 1 - i]
    return a, b


FAMILY.add(
    array_shared_by_three_loops,
    "a = x * 2 + 1\nreturn a, a.flip(0)",
    "a = x * 2 + 1\nb = a.flip(0)\nreturn a, b",
    "n = len(x)\na = x * 2 + 1\nb = a.flip(0)\nreturn a, b",
    inputs=vectors(),
)


def scan_then_reduction(x):
    c = torch.zeros_like(x)
    s = 0.0
    for i in range(len(x)):
        s = s + x[i]
        c[i] = s
    best = float("-inf")
    for i in range(len(c)):
        if c[i].item() > best:
            best = c[i].item()
    return best


FAMILY.add(
    scan_then_reduction,
    *with_dims("return x.cumsum(dim=0).max().item()"),
    *with_dims("c = x.cumsum(dim=0)\nreturn c.max().item()"),
    inputs=vectors(),
    exactness="rounding",
)


# ------------------------------------------------------------------ loops over Python lists


def loop_over_a_list_of_shifts(x):
    out = torch.zeros(len(x) - 3)
    for i in range(len(x) - 3):
        for shift in [0, 1, 3]:
            out[i] += x[i + shift]
    return out


FAMILY.add(
    loop_over_a_list_of_shifts,
    "return x[:-3] + x[1:-2] + x[3:]",
    "return x[:len(x) - 3] + x[1:len(x) - 2] + x[3:]",
    inputs=lambda: [args for args in vectors()() if len(args[0]) >= 3],
    exactness=("bitwise", "rounding"),
)


def loop_over_pairs(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        for power, factor in ((1, 0.5), (2, 0.25), (3, 2.0)):
            out[i] += factor * x[i] ** power
    return out


FAMILY.add(
    loop_over_pairs,
    "return 0.5 * x + 0.25 * x ** 2 + 2.0 * x ** 3",
    "return 0.5 * x ** 1 + 0.25 * x ** 2 + 2.0 * x ** 3",
    inputs=vectors(),
    exactness=("bitwise", "rounding"),
)


def loop_over_zipped_tensors(a, b):
    out = []
    for u, v in zip(a, b):
        out.append(u * v + 1)
    return torch.stack(out)


FAMILY.add(loop_over_zipped_tensors, "return a * b + 1", inputs=vectors(2))


def loop_over_selected_columns(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        for j in [0, 2]:
            out[i] = out[i] + x[i, j] ** 2
    return out


FAMILY.add(
    loop_over_selected_columns,
    "return x[:, 0] ** 2 + x[:, 2] ** 2",
    "return (x[:, [0, 2]] ** 2).sum(1)",
    "return (x[:, ::2] ** 2).sum(1)",
    inputs=lambda: [args for args in matrices(grad=False)() if args[0].shape[1] == 3],
    exactness=("bitwise", "rounding"),
)


def loop_over_a_list_of_tensors(parts, scale):
    total = torch.zeros_like(parts[0])
    for part in parts:
        for i in range(len(part)):
            total[i] += part[i] * scale
    return total


# The list is short and its tensors lie apart: its loop stays, or the sum is written out.
FAMILY.add(
    loop_over_a_list_of_tensors,
    "total = torch.zeros_like(parts[0])\n"
    "for part in parts:\n    total += part * scale\n"
    "return total",
    "return torch.stack(parts).sum(0) * scale",
    inputs=lambda: [([random_tensor((n,), k) for k in range(3)], 2.0) for n in (5, 1, 0)],
    exactness=("bitwise", "rounding"),
    status="partial",
)
