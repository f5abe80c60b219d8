"""Loops that fill Python lists, comprehensions, and Python lists that loops read."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import math

import numpy as np
import torch

from .case import Family
from .inputs import matrices, random_tensor, vectors
from .spellings import with_dims

FAMILY = Family()


def stacked_rows(x):
    outs = []
    for i in range(x.shape[0]):
        outs.append(x[i] * 2)
    return torch.stack(outs)


FAMILY.add(stacked_rows, "return x * 2", inputs=matrices())


def stacked_along_the_last(x):
    columns = []
    for j in range(x.shape[1]):
        columns += [x[:, j] + 1]
    result = torch.stack(columns, dim=1)
    return result


FAMILY.add(
    stacked_along_the_last, "result = x + 1\nreturn result", "return x + 1", inputs=matrices()
)


def two_lists(x, y):
    sums, products = [], []
    for a, b in zip(x, y):
        sums.append(a + b)
        products.append(a * b)
    return torch.stack(sums), torch.stack(products)


FAMILY.add(two_lists, "return x + y, x * y", inputs=vectors(2))


def numbers_to_tensor(x):
    values = []
    for i in range(len(x)):
        values.append(x[i].item() * 2)
    return torch.tensor(values)


FAMILY.add(numbers_to_tensor, "return (x.double() * 2).float()", inputs=vectors(grad=False))


def numbers_returned(x):
    return [x[i].item() + x[i + 1].item() for i in range(len(x) - 1)]


FAMILY.add(
    numbers_returned,
    "return (x[:-1].double() + x[1:].double()).tolist()",
    inputs=lambda: [args for args in vectors(grad=False)() if len(args[0]) > 1],
)


def joined_rows(x):
    parts = []
    for i in range(x.shape[0]):
        parts.append(x[i] * 3)
    return torch.cat(parts)


FAMILY.add(
    joined_rows,
    "return (x * 3).flatten()",
    "return (x * 3).reshape(-1)",
    inputs=matrices(),
)


def joined_slices(x):
    parts = []
    for i in range(len(x)):
        parts.append(x[i : i + 1] * 3)
    return torch.cat(parts, dim=0)


FAMILY.add(joined_slices, "return x * 3", inputs=vectors())


def elements_of_a_matrix_in_one_list(x):
    outs = []
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            outs.append(x[i, j] ** 2)
    return torch.stack(outs)


FAMILY.add(elements_of_a_matrix_in_one_list, "return (x ** 2).flatten()", inputs=matrices())


def list_of_lists(x):
    rows = []
    for i in range(x.shape[0]):
        row = []
        for j in range(x.shape[1]):
            row.append(x[i, j] * 2 + i)
        rows.append(torch.stack(row))
    return torch.stack(rows)


FAMILY.add(
    list_of_lists,
    "return x * 2 + torch.arange(x.shape[0])[:, None]",
    inputs=matrices(),
)


def scaled_by_size(freqs):
    scaled = []
    for freq in freqs:
        if freq > 0.5:
            scaled.append(freq)
        elif freq > -0.5:
            scaled.append(freq / 2)
        else:
            smooth = freq * 3
            scaled.append(1 - smooth)
    return torch.stack(scaled)


FAMILY.add(
    scaled_by_size,
    "return torch.where(freqs > 0.5, freqs, "
    "torch.where(freqs > -0.5, freqs / 2, 1 - freqs * 3))",
    inputs=vectors(),
)


def list_behind_a_list(x):
    doubled = []
    for i in range(len(x)):
        doubled.append(x[i] * 2)
    doubled = torch.stack(doubled)
    steps = []
    for i in range(1, len(doubled)):
        steps.append(doubled[i] - doubled[i - 1])
    return torch.stack(steps)


FAMILY.add(
    list_behind_a_list,
    "doubled = x * 2\nreturn doubled[1:] - doubled[:-1]",
    "doubled = x * 2\nreturn doubled.diff()",
    inputs=lambda: [args for args in vectors()() if len(args[0]) > 1],
    exactness=("bitwise", "rounding"),
)


# ------------------------------------------------------------------ added up


def mean_of_a_list(x):
    squares = []
    for v in x:
        squares.append(v**2)
    return sum(squares) / len(squares)


FAMILY.add(
    mean_of_a_list,
    "return (x ** 2).mean()",
    "return (x ** 2).sum() / x.shape[0]",
    "return (x ** 2).sum() / len(x)",
    inputs=vectors(),
    exactness="rounding",
)


def sum_of_a_generator(x, y):
    return sum(a * b for a, b in zip(x, y))


FAMILY.add(
    sum_of_a_generator,
    "return x @ y",
    "return torch.dot(x, y)",
    inputs=vectors(2),
    exactness="rounding",
)


def any_of_a_generator(x, limit):
    return any(v > limit for v in x)


FAMILY.add(
    any_of_a_generator,
    "return (x > limit).any().item()",
    "return bool((x > limit).any())",
    inputs=vectors(1, 0.0, grad=False),
)


def all_of_a_list(x):
    return all([x[i] > -5 for i in range(len(x))])


FAMILY.add(
    all_of_a_list,
    "return (x > -5).all().item()",
    "return bool((x > -5).all())",
    inputs=vectors(grad=False),
)


def number_of_positives(x):
    return sum(1 for v in x if v > 0)


FAMILY.add(
    number_of_positives,
    "return (x > 0).sum().item()",
    "return int((x > 0).sum())",
    inputs=vectors(grad=False),
)


def sum_in_an_iteration(x, y):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = sum(x[i] * b for b in y) / len(y)
    return out


FAMILY.add(sum_in_an_iteration, inputs=vectors(2, grad=False), exactness="rounding")


# ------------------------------------------------------------------ comprehensions


def comprehension(x):
    return torch.stack([x[i] - x[0] for i in range(len(x))])


FAMILY.add(comprehension, "return x - x[0]", inputs=matrices())


def named_comprehension(x):
    roots = [math.sqrt(v) for v in x.tolist()]
    return torch.tensor(roots)


FAMILY.add(
    named_comprehension,
    "return torch.sqrt(x.double()).float()",
    "return x.double().sqrt().float()",
    inputs=lambda: [(args[0].abs(),) for args in vectors(grad=False)()],
    exactness="rounding",
)


def nested_comprehension(x, y):
    return torch.tensor([[a.item() * b.item() for b in y] for a in x])


FAMILY.add(
    nested_comprehension,
    "return (x.double()[:, None] * y.double()).float()",
    inputs=lambda: [
        (random_tensor((n,), n), random_tensor((m,), m + 7)) for n, m in ((4, 3), (1, 5), (2, 1))
    ],
)


# ------------------------------------------------------------------ selections


def selected(x, y):
    kept = []
    for i in range(len(x)):
        if x[i] > y[i]:
            kept.append(x[i])
    return torch.stack(kept)


FAMILY.add(
    selected,
    "return x[x > y]",
    inputs=lambda: [
        (torch.tensor([3.0, -1.0, 2.0]), torch.zeros(3)),
        (torch.tensor([[3.0], [1.0]])[:, 0].requires_grad_(), torch.zeros(2)),
    ],
)


def positions(x):
    found = []
    for i in range(len(x)):
        if x[i] <= 0:
            continue
        found.append(i)
    return found


FAMILY.add(positions, "return (~(x <= 0)).nonzero().flatten().tolist()", inputs=vectors(grad=False))


def edges(adjacency):
    found = []
    for i in range(adjacency.shape[0]):
        for j in range(adjacency.shape[1]):
            if adjacency[i, j] > 0:
                found.append((i, j))
    return torch.tensor(found)


FAMILY.add(
    edges,
    "return (adjacency > 0).nonzero()",
    "return torch.nonzero(adjacency > 0)",
    inputs=lambda: [(torch.tensor([[1.0, -1.0, 2.0], [0.0, 3.0, -0.0]]),), (torch.ones(1, 1),)],
)


def both_sides(x):
    low, high = [], []
    for v in x:
        if v > 0:
            high.append(v)
        else:
            low.append(v)
    return torch.stack(low), torch.stack(high)


FAMILY.add(
    both_sides,
    "mask = x > 0\nreturn x[~mask], x[mask]",
    inputs=lambda: [(torch.tensor([1.0, -2.0, math.inf, 0.0]),), (torch.tensor([-1, 1]),)],
)


# ------------------------------------------------------------------ lists that are read


def normalised_channels(image, mean, std):
    for channel, m, s in zip(image, mean, std):
        channel.sub_(m).div_(s)
    return image


FAMILY.add(
    normalised_channels,
    "image -= torch.tensor(mean)[:, None, None]\n"
    "image /= torch.tensor(std)[:, None, None]\n"
    "return image",
    inputs=lambda: [
        (random_tensor((3, 4, 5), 1), [0.5, 0.4, 0.3], [0.2, 0.3, 0.1]),
        (random_tensor((2, 1, 3), 2), (0.5, -0.4), (2.0, 0.3)),
    ],
)


def centred_columns(x, mean):
    out = torch.zeros_like(x)
    for j in range(x.shape[1]):
        out[:, j] = x[:, j] - mean[j]
    return out


FAMILY.add(
    centred_columns,
    "return x - torch.tensor(mean)",
    inputs=lambda: [
        (random_tensor((4, 3), 1), [0.5, 0.4, 0.3]),
        (random_tensor((2, 1), 2, grad=True), [0.5]),
    ],
)


def sum_of_tensors(parts):
    total = 0
    for part in parts:
        total = total + part
    return total


FAMILY.add(
    sum_of_tensors,
    *with_dims("return torch.stack(parts).sum(dim=0)"),
    "return torch.stack(parts).sum(0)",
    inputs=lambda: [
        ([random_tensor((4,), 1), random_tensor((4,), 2), random_tensor((4,), 3)],),
        ((random_tensor((2, 3), 1, grad=True), random_tensor((2, 3), 2)),),
    ],
    exactness="rounding",
)


def mean_of_each_chunk(x, parts):
    means = []
    for chunk in torch.chunk(x, parts, dim=0):
        means.append(torch.mean(chunk, dim=0))
    return torch.stack(means)


# A tensor without rows gives chunks of none, whose means are NaN: there the loop stays.
FAMILY.add(
    mean_of_each_chunk,
    "return x.unflatten(0, (parts, -1)).mean(1)",
    inputs=lambda: [
        (random_tensor(shape, 1, grad=grad), parts)
        for shape, parts, grad in (
            ((6, 4), 3, False),
            ((6, 4), 1, False),
            ((4, 1), 4, False),
            ((2, 0), 2, False),
            ((6, 4), 2, True),
        )
    ],
    exactness="rounding",
)


def products_of_rows(x, W):
    rows = []
    for i in range(x.shape[0]):
        rows.append(torch.relu(W @ x[i]))
    return torch.stack(rows)


FAMILY.add(
    products_of_rows,
    "return torch.relu(x @ W.T)",
    inputs=lambda: [
        (random_tensor((n, k), 1, grad=grad), random_tensor((m, k), 2, grad=grad))
        for n, k, m, grad in ((5, 3, 4, False), (1, 2, 1, False), (2, 1, 3, False), (5, 3, 4, True))
    ],
    exactness="rounding",
)


def outer_products_of_rows(x, y):
    return torch.stack([torch.outer(a, b) for a, b in zip(x, y)])


FAMILY.add(
    outer_products_of_rows,
    "return x[:, :, None] * y[:, None]",
    inputs=matrices(2),
)


def rows_or_none(x):
    rows = []
    for row in x:
        if row.sum() > 0:
            rows.append(row)
    if len(rows) == 0:
        return torch.zeros(0, x.shape[1])
    return torch.stack(rows)


FAMILY.add(
    rows_or_none,
    """
    rows = x[x.sum(1) > 0]
    if len(rows) == 0:
        return torch.zeros(0, x.shape[1])
    return rows
    """,
    inputs=matrices(grad=False),
    exactness="rounding",
)


def rows_by_index(x):
    keep = []
    for i in range(x.shape[0]):
        if x[i].sum() > 0:
            keep.append(i)
    return x[keep]


FAMILY.add(
    rows_by_index, "return x[x.sum(1) > 0]", inputs=matrices(grad=False), exactness="rounding"
)


def grown_by_cat(x):
    res = torch.zeros(0, x.shape[1])
    for i in range(x.shape[0]):
        res = torch.cat([res, (x[i] * 2).unsqueeze(0)])
    return res


FAMILY.add(grown_by_cat, "return x * 2", inputs=matrices())


def grown_behind_the_first(x):
    res = x[0].unsqueeze(0)
    for i in range(1, x.shape[0]):
        res = torch.cat((res, (x[i] - x[i - 1]).unsqueeze(0)), dim=0)
    return res


FAMILY.add(
    grown_behind_the_first,
    "res = x[0].unsqueeze(0)\nreturn torch.cat([res, x[1:] - x[:-1]], dim=0)",
    inputs=matrices(),
)


def grown_from_none(x):
    res = None
    for row in x:
        if res is None:
            res = (row + 1).unsqueeze(0)
        else:
            res = torch.cat([res, (row + 1).unsqueeze(0)], 0)
    return res


FAMILY.add(grown_from_none, "return x + 1", inputs=matrices())


def pairs_of_numbers(x):
    out = []
    for i in range(len(x)):
        out.append([x[i].item(), i])
    return torch.tensor(out)


FAMILY.add(pairs_of_numbers, inputs=vectors(grad=False))


def pairs_above_the_diagonal(x):
    out = []
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            out.append((i, j))
    return torch.tensor(out)


FAMILY.add(pairs_above_the_diagonal, inputs=vectors(grad=False))


def turned_afterwards(x):
    outs = []
    for v in x:
        outs.append(v * 2)
    outs.reverse()
    return torch.stack(outs)


FAMILY.add(turned_afterwards, "return x.flip(0) * 2", inputs=vectors())


def mapped(x):
    return torch.stack(list(map(lambda v: v.exp() + 1, x)))


FAMILY.add(mapped, "return x.exp() + 1", inputs=vectors(), exactness="rounding")


def greatest_of_a_generator(x):
    return max(v * v for v in x)


FAMILY.add(
    greatest_of_a_generator, "return (x * x).max()", "return (x ** 2).max()",
    inputs=vectors(grad=False),
    exactness="rounding",
)  # fmt: skip


def array_of_numbers(x):
    values = []
    for v in x:
        values.append(v.item() * 2)
    return np.array(values)


FAMILY.add(array_of_numbers, "return (x.double() * 2).numpy()", inputs=vectors(grad=False))


def along_edges(edges, x):
    out = torch.zeros(len(edges), x.shape[1])
    for k, (s, d) in enumerate(edges):
        out[k] = x[s] - x[d]
    return out


def with_edges():
    """Pairs of rows, and the rows."""
    return [
        ([(k % n, (k * 2) % n) for k in range(count)], random_tensor((n, 3), n, grad=n == 5))
        for n, count in ((4, 3), (1, 2), (5, 60))
    ]


FAMILY.add(
    along_edges,
    """
    edges_tensor = torch.tensor(edges)
    return x[edges_tensor[:, 0]] - x[edges_tensor[:, 1]]
    """,
    inputs=with_edges,
)
