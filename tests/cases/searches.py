"""Loops that stop at the first element that fits, or remember whether there was one."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch

from .case import Family
from .inputs import matrices, random_tensor
from .spellings import with_dims

FAMILY = Family()


def with_and_without_hit(*others):
    """Vectors with a hit in the middle, at the ends, several, none, and no element at all."""
    texts = ((-1, -2, 3, -1, 4), (5, -1), (-1, -1, 6), (-1, -2, -3), (2,), (-2,), ())
    return lambda: [(torch.tensor(values, dtype=torch.float32), *others) for values in texts]


FIRST_OR_MINUS_ONE = (
    "hits = (x > 0).nonzero()\nreturn hits[0].item() if len(hits) else -1",
    "mask = x > 0\nreturn mask.int().argmax().item() if mask.any() else -1",
    "hits = (x > 0).nonzero()[:, 0]\nreturn hits[0].item() if len(hits) else -1",
    "hits = torch.nonzero(x > 0)\nreturn hits[0].item() if len(hits) else -1",
)


def first_by_return(x):
    for i in range(len(x)):
        if x[i] > 0:
            return i
    return -1


FAMILY.add(first_by_return, *FIRST_OR_MINUS_ONE, inputs=with_and_without_hit())


def first_by_break(x):
    index = -1
    for i in range(x.shape[0]):
        if x[i] > 0:
            index = i
            break
    return index


FAMILY.add(first_by_break, *FIRST_OR_MINUS_ONE, inputs=with_and_without_hit())


def first_by_for_else(x):
    for i, v in enumerate(x):
        if v > 0:
            found = i
            break
    else:
        found = -1
    return found


FAMILY.add(first_by_for_else, *FIRST_OR_MINUS_ONE, inputs=with_and_without_hit())


def first_by_flag(x):
    found = False
    index = -1
    for i in range(len(x)):
        if not found and x[i] > 0:
            found = True
            index = i
    return index


FAMILY.add(first_by_flag, *FIRST_OR_MINUS_ONE, inputs=with_and_without_hit())


def first_by_counting_up(x):
    i = 0
    while i < len(x) and x[i] <= 0:
        i += 1
    return i


# Without a hit the counter is the length.
FAMILY.add(
    first_by_counting_up,
    "hits = (~(x <= 0)).nonzero()\nreturn hits[0].item() if len(hits) else len(x)",
    "mask = ~(x <= 0)\nreturn mask.int().argmax().item() if mask.any() else len(x)",
    inputs=with_and_without_hit(),
)


def first_or_length(x):
    n = len(x)
    stop = n
    for i in range(n):
        if x[i] > 0:
            stop = i
            break
    return stop


FAMILY.add(
    first_or_length,
    "hits = (x > 0).nonzero()\nreturn hits[0].item() if len(hits) else len(x)",
    "n = len(x)\nhits = (x > 0).nonzero()\nreturn hits[0].item() if len(hits) else n",
    "mask = x > 0\nreturn mask.int().argmax().item() if mask.any() else len(x)",
    inputs=with_and_without_hit(),
)


def last_by_overwriting(x):
    last = -1
    for i in range(len(x)):
        if x[i] > 0:
            last = i
    return last


FAMILY.add(
    last_by_overwriting,
    "hits = (x > 0).nonzero()\nreturn hits[-1].item() if len(hits) else -1",
    "hits = (x > 0).nonzero()[:, 0]\nreturn hits[-1].item() if len(hits) else -1",
    inputs=with_and_without_hit(),
)


def last_from_behind(x):
    for i in range(len(x) - 1, -1, -1):
        if x[i] > 0:
            return i
    return None


FAMILY.add(
    last_from_behind,
    "hits = (x > 0).nonzero()\nreturn hits[-1].item() if len(hits) else None",
    "hits = (x > 0).nonzero()[:, 0]\nreturn hits[-1].item() if len(hits) else None",
    inputs=with_and_without_hit(),
)


def value_of_the_first(x, default):
    for i in range(len(x)):
        if x[i].item() > 0:
            return x[i].item()
    return default


FAMILY.add(
    value_of_the_first,
    "hits = x[x > 0]\nreturn hits[0].item() if len(hits) else default",
    "hits = (x > 0).nonzero()\nreturn x[hits[0]].item() if len(hits) else default",
    inputs=with_and_without_hit(-7.5),
)


def contains(x, value):
    for v in x:
        if v == value:
            return True
    return False


FAMILY.add(
    contains,
    "return (x == value).any().item()",
    "return bool((x == value).any())",
    inputs=with_and_without_hit(3),
)


def none_is_negative(x):
    for i in range(len(x)):
        if x[i] < 0:
            return False
    return True


FAMILY.add(
    none_is_negative,
    "return not (x < 0).any().item()",
    "return not (x < 0).any()",
    "return (~(x < 0)).all().item()",
    inputs=with_and_without_hit(),
)


def is_sorted(x):
    ok = True
    for i in range(len(x) - 1):
        if x[i] > x[i + 1]:
            ok = False
            break
    return ok


FAMILY.add(
    is_sorted,
    "return not (x[:-1] > x[1:]).any().item()",
    "return not (x[:-1] > x[1:]).any()",
    "return (~(x[:-1] > x[1:])).all().item()",
    inputs=lambda: [
        *with_and_without_hit()(),
        *[(torch.arange(n, dtype=torch.float32),) for n in (5, 2, 1)],
    ],
)


def has_duplicates(x):
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            if x[i] == x[j]:
                return True
    return False


FAMILY.add(
    has_duplicates,
    "return (x[:, None] == x).triu(1).any().item()",
    "return bool((x[:, None] == x).triu(1).any())",
    "return len(x.unique()) < len(x)",
    inputs=with_and_without_hit(),
)


def equal_in_every_element(a, b):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            if a[i, j] != b[i, j]:
                return False
    return True


FAMILY.add(
    equal_in_every_element,
    "return not (a != b).any().item()",
    "return not (a != b).any()",
    "return (a == b).all().item()",
    "return torch.equal(a, b)",
    inputs=lambda: [*matrices(2, grad=False)(), *[(a, a.clone()) for (a,) in matrices()()]],
)


def position_of_the_first_in_a_matrix(x, limit):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > limit:
                return i, j
    return None


FAMILY.add(
    position_of_the_first_in_a_matrix,
    "hits = (x > limit).nonzero()\nreturn tuple(hits[0].tolist()) if len(hits) else None",
    inputs=lambda: [*matrices(1, 0.9)(), (random_tensor((3, 4), 1), 9.0)],
)


def first_of_each_row(x, limit):
    out = torch.full((x.shape[0],), -1)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > limit:
                out[i] = j
                break
    return out


FAMILY.add(
    first_of_each_row,
    *with_dims(
        "mask = x > limit\nreturn torch.where(mask.any(dim=1), mask.int().argmax(dim=1), -1)",
    ),
    "stop = torch.where(x > limit, torch.arange(x.shape[1]), x.shape[1]).amin(1)\n"
    "return torch.where(stop < x.shape[1], stop, -1)",
    inputs=matrices(1, 0.9),
)


def length_of_each_sequence(tokens, eos):
    lengths = torch.full((tokens.shape[0],), tokens.shape[1], dtype=torch.long)
    for b in range(tokens.shape[0]):
        for t in range(tokens.shape[1]):
            if tokens[b, t] == eos:
                lengths[b] = t
                break
    return lengths


FAMILY.add(
    length_of_each_sequence,
    *with_dims(
        "mask = tokens == eos\n"
        "return torch.where(mask.any(dim=1), mask.int().argmax(dim=1), tokens.shape[1])",
    ),
    "return torch.where(tokens == eos, torch.arange(tokens.shape[1]), tokens.shape[1]).amin(1)",
    inputs=matrices(1, 2, dtypes=(torch.int64,), grad=False),
)


def first_above_running_total(x, limit):
    total = 0.0
    for i in range(len(x)):
        total += x[i].item()
        if total > limit:
            return i
    return -1


FAMILY.add(
    first_above_running_total,
    *with_dims(
        "hits = (x.cumsum(dim=0, dtype=torch.float64) > limit).nonzero()\n"
        "return hits[0].item() if len(hits) else -1",
        "hits = (x.double().cumsum(dim=0) > limit).nonzero()\n"
        "return hits[0].item() if len(hits) else -1",
    ),
    inputs=with_and_without_hit(0.5),
    exactness="rounding",
)


def written_up_to_the_first_negative(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] < 0:
            break
        out[i] = x[i] * 2
    return out


FAMILY.add(
    written_up_to_the_first_negative,
    *with_dims(
        "return torch.where((x < 0).cumsum(dim=0) == 0, x * 2, 0)",
        "return torch.where((x < 0).cumsum(dim=0) == 0, x * 2, 0.0)",
        "out = torch.zeros_like(x)\n"
        "hits = (x < 0).nonzero()\n"
        "stop = hits[0].item() if len(hits) else len(x)\n"
        "out[:stop] = x[:stop] * 2\n"
        "return out",
    ),
    inputs=lambda: [
        (torch.tensor(values, dtype=torch.float32),)
        for values in ((1, 2, -3, 4, -5), (1, 2, 3), (-1, 2), (-1,), (3,), ())
    ],
)


def written_including_the_stop(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] + 1
        if x[i] < 0:
            break
    return out


FAMILY.add(
    written_including_the_stop,
    inputs=lambda: [
        (torch.tensor(values, dtype=torch.float32),)
        for values in ((1, 2, -3, 4, -5), (1, 2, 3), (-1, 2), (-1,), (3,), ())
    ],
)


def total_up_to_the_first_zero(x):
    total = torch.zeros(())
    for v in x:
        if v == 0:
            break
        total = total + v
    return total


FAMILY.add(
    total_up_to_the_first_zero,
    *with_dims("return torch.where((x == 0).cumsum(dim=0) == 0, x, 0).sum()"),
    "hits = (x == 0).nonzero()\n"
    "stop = hits[0].item() if len(hits) else len(x)\n"
    "return x[:stop].sum()",
    inputs=lambda: [
        (torch.tensor(values, dtype=torch.float32),)
        for values in ((1, 2, 0, 4, 0), (1, 2, 3), (0, 2), (0,), (3,), ())
    ],
    exactness="rounding",
)


def found_flag_and_value(x, target):
    found = False
    where = None
    for i in range(len(x)):
        if abs(x[i] - target) < 1e-6:
            found = True
            where = i
            break
    return found, where


FAMILY.add(
    found_flag_and_value,
    "hits = (abs(x - target) < 1e-6).nonzero()\n"
    "found = len(hits) > 0\n"
    "where = hits[0].item() if found else None\n"
    "return found, where",
    "found = False\n"
    "where = None\n"
    "hits = (abs(x - target) < 1e-6).nonzero()\n"
    "if len(hits):\n"
    "    found = True\n"
    "    where = hits[0].item()\n"
    "return found, where",
    "hits = ((x - target).abs() < 1e-6).nonzero()\n"
    "return len(hits) > 0, hits[0].item() if len(hits) else None",
    inputs=with_and_without_hit(3.0),
)
