"""Loops that add up, multiply, compare or count, and keep one value of many.

Types follow the loop: 0.0 plus a 0-d tensor is a 0-d tensor, `.item()` keeps a Python number, and
integers stay of the dtype that the loop adds them in.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import math

import torch

from .case import Family
from .inputs import matrices, matrix_with_row, random_tensor, tensors, vectors
from .spellings import with_dims

FAMILY = Family()


def total_from_float(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    return total


FAMILY.add(total_from_float, "return x.sum()", inputs=vectors(), exactness="rounding")


def total_from_integer(x):
    s = 0
    for i in range(x.shape[0]):
        s = s + x[i]
    return s


FAMILY.add(total_from_integer, "return x.sum()", inputs=vectors(), exactness="rounding")


def total_of_elements(values):
    acc = 0.0
    for v in values:
        acc = acc + v
    return acc


FAMILY.add(total_of_elements, "return values.sum()", inputs=vectors(), exactness="rounding")


def total_into_a_tensor(x):
    total = torch.zeros(())
    for i in range(x.size(0)):
        total += x[i]
    return total


FAMILY.add(total_into_a_tensor, "return x.sum()", inputs=vectors(), exactness="rounding")


def total_into_one_element(x):
    result = torch.zeros(1)
    for i in range(len(x)):
        result[0] += x[i]
    return result


FAMILY.add(
    total_into_one_element,
    *with_dims(
        "return x.sum(dim=0, keepdim=True)",
        "return x.sum().reshape(1)",
        "return x.sum()[None]",
        "return x.sum().unsqueeze(0)",
    ),
    inputs=vectors(),
    exactness="rounding",
)


def total_from_the_first(x):
    s = x[0]
    for i in range(1, len(x)):
        s = s + x[i]
    return s


# One element: the loop returns a view of x.
FAMILY.add(total_from_the_first, "return x.sum()", inputs=vectors(), exactness="rounding")


def total_into_the_first_element(x):
    s = x[0]
    for i in range(1, len(x)):
        s += x[i]
    return s


# `s` is x[0] itself: the argument changes.
FAMILY.add(
    total_into_the_first_element,
    "x[0] += x[1:].sum()\nreturn x[0]",
    "s = x[0]\ns += x[1:].sum()\nreturn s",
    inputs=vectors(grad=False),
    exactness="rounding",
)


def total_downwards(x):
    total = 0.0
    for i in range(len(x) - 1, -1, -1):
        total += x[i]
    return total


FAMILY.add(total_downwards, "return x.sum()", inputs=vectors(), exactness="rounding")


def total_of_every_second(x):
    total = torch.tensor(0.0)
    for i in range(0, len(x), 2):
        total = total + x[i]
    return total


FAMILY.add(total_of_every_second, "return x[::2].sum()", inputs=vectors(), exactness="rounding")


def total_of_a_matrix(tensor):
    total = 0.0
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            total += tensor[i, j]
    return total


FAMILY.add(total_of_a_matrix, "return tensor.sum()", inputs=matrices(), exactness="rounding")


def total_of_positives(x):
    total = torch.zeros(())
    for i in range(len(x)):
        if x[i] > 0:
            total += x[i]
    return total


FAMILY.add(
    total_of_positives,
    "return torch.where(x > 0, x, 0).sum()",
    "return torch.where(x > 0, x, 0.0).sum()",
    "return x[x > 0].sum()",
    "return x.masked_fill(x <= 0, 0).sum()",
    inputs=vectors(),
    exactness="rounding",
)


def total_of_selected(x, mask):
    acc = torch.tensor(0.0)
    for i in range(len(x)):
        if not mask[i]:
            continue
        acc = acc + x[i]
    return acc


FAMILY.add(
    total_of_selected,
    "return x[mask].sum()",
    "return torch.where(mask, x, 0).sum()",
    "return torch.where(mask, x, 0.0).sum()",
    inputs=lambda: [(x, x.detach() > -0.2) for (x,) in vectors()()],
    exactness="rounding",
)


def total_of_numbers(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i].item()
    return total


FAMILY.add(
    total_of_numbers,
    "return x.sum(dtype=torch.float64).item()",
    "return x.double().sum().item()",
    inputs=vectors(),
    exactness="rounding",
)


def total_of_floats_squared(x):
    energy = 0.0
    for value in x:
        energy += float(value) ** 2
    return energy


FAMILY.add(
    total_of_floats_squared,
    "return (x.double() ** 2).sum().item()",
    "return x.double().square().sum().item()",
    "return (x.to(torch.float64) ** 2).sum().item()",
    inputs=vectors(grad=False),
    exactness="rounding",
)


def total_of_int32(x):
    total = 0
    for i in range(len(x)):
        total += x[i]
    return total


FAMILY.add(
    total_of_int32,
    "return x.sum(dtype=torch.int32)",
    inputs=vectors(dtypes=(torch.int32,), grad=False),
)


def total_of_bytes(x):
    total = 0
    for i in range(len(x)):
        total = total + x[i]
    return total


# 256 wraps to 0 in the loop.
FAMILY.add(
    total_of_bytes,
    "return x.sum(dtype=torch.uint8)",
    inputs=vectors(dtypes=(torch.uint8,), grad=False),
)


def total_of_integers_from_float(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    return total


FAMILY.add(
    total_of_integers_from_float,
    "return x.sum(dtype=torch.float32)",
    inputs=vectors(dtypes=(torch.int64,), grad=False),
    exactness="rounding",
)


def number_of_true(mask):
    count = 0
    for i in range(len(mask)):
        count += mask[i]
    return count


FAMILY.add(
    number_of_true,
    "return mask.sum()",
    inputs=lambda: [(x > 0,) for (x,) in vectors(grad=False)()],
)


def number_of_positives(x):
    count = 0
    for i in range(len(x)):
        if x[i] > 0:
            count += 1
    return count


FAMILY.add(
    number_of_positives,
    "return (x > 0).sum().item()",
    "return int((x > 0).sum())",
    "return torch.count_nonzero(x > 0).item()",
    inputs=vectors(),
)


def number_of_equals(predictions, labels):
    correct = 0
    for i in range(len(labels)):
        correct += int(predictions[i] == labels[i])
    return correct / len(labels)


FAMILY.add(
    number_of_equals,
    "return (predictions == labels).sum().item() / len(labels)",
    "return int((predictions == labels).sum()) / len(labels)",
    inputs=vectors(2, dtypes=(torch.int64,), grad=False),
)


def positives_of_each_row(x):
    counts = torch.zeros(x.shape[0], dtype=torch.int64)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > 0:
                counts[i] += 1
    return counts


FAMILY.add(positives_of_each_row, *with_dims("return (x > 0).sum(dim=1)"), inputs=matrices())


def product_from_float(x):
    p = 1.0
    for i in range(len(x)):
        p *= x[i]
    return p


FAMILY.add(product_from_float, "return x.prod()", inputs=vectors(), exactness="rounding")


def product_of_integers(sizes):
    numel = torch.ones((), dtype=torch.int64)
    for size in sizes:
        numel = numel * size
    return numel


FAMILY.add(
    product_of_integers,
    "return sizes.prod()",
    inputs=vectors(dtypes=(torch.int64,), grad=False),
)


def product_of_each_column(x):
    out = torch.ones(x.shape[1])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[j] *= x[i, j]
    return out


FAMILY.add(
    product_of_each_column,
    *with_dims("return x.prod(dim=0)"),
    inputs=matrices(grad=False),
    exactness="rounding",
)


def mean_of_elements(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    return total / len(x)


FAMILY.add(
    mean_of_elements,
    "return x.mean()",
    "return x.sum() / len(x)",
    inputs=vectors(),
    exactness="rounding",
)


def mean_of_each_column(x):
    n, m = x.shape
    out = torch.zeros(m)
    for i in range(n):
        for j in range(m):
            out[j] += x[i, j]
    return out / n


FAMILY.add(
    mean_of_each_column,
    *with_dims("return x.mean(dim=0)"),
    *with_dims("n, m = x.shape\nreturn x.sum(dim=0) / n"),
    *with_dims("return x.sum(dim=0) / x.shape[0]"),
    inputs=matrices(),
    exactness="rounding",
)


def mean_of_selected_numbers(x, limit):
    total, count = 0.0, 0
    for value in x:
        if value < limit:
            total += value.item()
            count += 1
    return total / count if count else 0.0


FAMILY.add(
    mean_of_selected_numbers,
    "mask = x < limit\n"
    "total = x[mask].sum(dtype=torch.float64).item()\n"
    "count = mask.sum().item()\n"
    "return total / count if count else 0.0",
    "total = x[x < limit].sum(dtype=torch.float64).item()\n"
    "count = (x < limit).sum().item()\n"
    "return total / count if count else 0.0",
    "count = (x < limit).sum().item()\n"
    "total = x[x < limit].sum(dtype=torch.float64).item()\n"
    "return total / count if count else 0.0",
    inputs=vectors(1, 0.5),
    exactness="rounding",
)


def mean_squared_error(prediction, target):
    loss = 0.0
    for i in range(len(prediction)):
        loss += (prediction[i] - target[i]) ** 2
    return loss / len(prediction)


FAMILY.add(
    mean_squared_error,
    "return ((prediction - target) ** 2).mean()",
    "return (prediction - target).square().mean()",
    "return torch.nn.functional.mse_loss(prediction, target)",
    "return ((prediction - target) ** 2).sum() / len(prediction)",
    inputs=vectors(2),
    exactness="rounding",
)


def sum_of_each_row(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i] += x[i, j]
    return out


FAMILY.add(
    sum_of_each_row, *with_dims("return x.sum(dim=1)"), inputs=matrices(), exactness="rounding"
)


def sum_of_each_row_by_scalar(x):
    rows, cols = x.shape
    out = torch.empty(rows)
    for i in range(rows):
        s = 0.0
        for j in range(cols):
            s += x[i][j]
        out[i] = s
    return out


FAMILY.add(
    sum_of_each_row_by_scalar,
    *with_dims("return x.sum(dim=1)"),
    inputs=matrices(),
    exactness="rounding",
)


def sum_of_rows(x):
    out = torch.zeros(x.shape[1])
    for i in range(x.shape[0]):
        out += x[i]
    return out


FAMILY.add(sum_of_rows, *with_dims("return x.sum(dim=0)"), inputs=matrices(), exactness="rounding")


def sum_of_rows_by_name(embeddings):
    pooled = 0
    for row in embeddings:
        pooled = pooled + row
    return pooled / len(embeddings)


FAMILY.add(
    sum_of_rows_by_name,
    *with_dims("return embeddings.mean(dim=0)"),
    *with_dims("return embeddings.sum(dim=0) / len(embeddings)"),
    inputs=matrices(),
    exactness="rounding",
)


def weighted_rows(x, column):
    out = torch.zeros_like(x[0])
    for i in range(x.shape[0]):
        out = out + column[i] * x[i]
    return out


FAMILY.add(
    weighted_rows,
    "return column @ x",
    "return x.T @ column",
    *with_dims("return (column[:, None] * x).sum(dim=0)"),
    inputs=lambda: [(x, x[:, 0] * 1) for (x,) in matrices()() if x.numel()],
    exactness="rounding",
)


def sum_onto_argument(out, x):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[j] += x[i, j]
    return out


FAMILY.add(
    sum_onto_argument,
    *with_dims("out += x.sum(dim=0)\nreturn out"),
    *with_dims("out[:] += x.sum(dim=0)\nreturn out"),
    *with_dims("out.add_(x.sum(dim=0))\nreturn out"),
    inputs=lambda: [(row, x) for x, row in matrix_with_row()[:-1]],
    exactness="rounding",
)


def greatest_element(x):
    m = x[0]
    for i in range(1, len(x)):
        m = torch.max(m, x[i])
    return m


FAMILY.add(
    greatest_element,
    "return x.max()",
    "return x.amax()",
    inputs=vectors(),
    exactness=("rounding",),  # the sign of a zero where 0.0 and -0.0 tie
)


def greatest_number(x):
    best = float("-inf")
    for i in range(len(x)):
        if x[i].item() > best:
            best = x[i].item()
    return best


# A NaN is never greater: right only where there is none.
FAMILY.add(
    greatest_number,
    "return x.max().item()",
    "return x.amax().item()",
    inputs=vectors(),
    exactness=("rounding",),  # the sign of a zero where 0.0 and -0.0 tie
)


def greatest_by_builtin(values):
    biggest = -math.inf
    for v in values:
        biggest = max(biggest, v.item())
    return biggest


FAMILY.add(
    greatest_by_builtin,
    "return values.max().item()",
    "return values.amax().item()",
    inputs=vectors(),
    exactness=("rounding",),  # the sign of a zero where 0.0 and -0.0 tie
)


def greatest_element_returned(x):
    m = x[0]
    for i in range(1, len(x)):
        if x[i] > m:
            m = x[i]
    return m


# What is returned is a view of x, and the gradient goes to the first of equals.
FAMILY.add(greatest_element_returned, "return x[x.argmax()]", inputs=vectors())


def scaled_by_the_greatest(x):
    peak = x[0].abs()
    for i in range(1, x.shape[0]):
        if x[i].abs() > peak:
            peak = x[i].abs()
    return x / peak


FAMILY.add(
    scaled_by_the_greatest,
    "return x / x.abs().max()",
    "peak = x.abs().max()\nreturn x / peak",
    "return x / x.abs().amax()",
    inputs=vectors(),
    exactness=("rounding",),  # the sign of a zero where 0.0 and -0.0 tie
)


def least_removed(x):
    low = x[0]
    for v in x:
        low = v if v < low else low
    return x - low


FAMILY.add(
    least_removed,
    "return x - x.min()",
    "low = x.min()\nreturn x - low",
    "return x - x.amin()",
    inputs=vectors(),
    exactness=("rounding",),  # the sign of a zero where 0.0 and -0.0 tie
)


def greatest_of_each_row(x):
    out = torch.full((x.shape[0],), float("-inf"))
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > out[i]:
                out[i] = x[i, j]
    return out


# `max` gives its gradient to the first of equals, as the loop does; `amax` shares it out.
FAMILY.add(
    greatest_of_each_row,
    *with_dims("return x.max(dim=1).values", "return x.amax(dim=1)"),
    inputs=matrices(),
)


def least_of_each_column(x):
    out = x[0].clone()
    for i in range(1, len(x)):
        out = torch.minimum(out, x[i])
    return out


FAMILY.add(
    least_of_each_column,
    *with_dims("return x.min(dim=0).values", "return x.amin(dim=0)"),
    inputs=matrices(),
    exactness=("rounding",),  # the sign of a zero where 0.0 and -0.0 tie
)


def range_normalised(x):
    lo = x[0]
    hi = x[0]
    for i in range(len(x)):
        if x[i] < lo:
            lo = x[i]
        if x[i] > hi:
            hi = x[i]
    return (x - lo) / (hi - lo)


FAMILY.add(
    range_normalised,
    "return (x - x.min()) / (x.max() - x.min())",
    "lo = x.min()\nhi = x.max()\nreturn (x - lo) / (hi - lo)",
    "hi = x.max()\nlo = x.min()\nreturn (x - lo) / (hi - lo)",
    "lo, hi = x.aminmax()\nreturn (x - lo) / (hi - lo)",
    inputs=vectors(),
    exactness=("rounding",),  # the sign of a zero where 0.0 and -0.0 tie
)


def sum_and_sum_of_squares(x):
    s = 0.0
    ss = 0.0
    for i in range(len(x)):
        s += x[i]
        ss += x[i] * x[i]
    return s, ss


FAMILY.add(
    sum_and_sum_of_squares,
    "return x.sum(), (x * x).sum()",
    "s = x.sum()\nss = (x * x).sum()\nreturn s, ss",
    "return x.sum(), x @ x",
    "s = x.sum()\nss = x @ x\nreturn s, ss",
    inputs=vectors(),
    exactness="rounding",
)


def variance_of_elements(x):
    n = len(x)
    mean = 0.0
    for i in range(n):
        mean += x[i]
    mean = mean / n
    var = 0.0
    for i in range(n):
        var += (x[i] - mean) ** 2
    return var / (n - 1)


FAMILY.add(
    variance_of_elements,
    "return x.var()",
    "n = len(x)\nmean = x.mean()\nreturn ((x - mean) ** 2).sum() / (n - 1)",
    "return ((x - x.mean()) ** 2).sum() / (len(x) - 1)",
    inputs=lambda: [arguments for arguments in vectors()() if len(arguments[0]) != 1],
    exactness="rounding",
)


def any_above(x, limit):
    found = False
    for i in range(len(x)):
        if x[i] > limit:
            found = True
    return found


FAMILY.add(
    any_above,
    "return (x > limit).any().item()",
    "return bool((x > limit).any())",
    inputs=vectors(1, 0.8),
)


def any_by_or(x):
    flag = torch.tensor(False)
    for i in range(len(x)):
        flag = flag | (x[i] < 0)
    return flag


FAMILY.add(any_by_or, "return (x < 0).any()", inputs=vectors())


def all_by_and(x):
    ok = True
    for value in x:
        ok = ok and value.item() > -10
    return ok


FAMILY.add(
    all_by_and,
    "return (x > -10).all().item()",
    "return bool((x > -10).all())",
    inputs=vectors(),
)


def all_positive(x):
    good = True
    for i in range(len(x)):
        if x[i] <= 0:
            good = False
    return good


# A NaN is not <= 0.
FAMILY.add(
    all_positive,
    "return not (x <= 0).any().item()",
    "return not (x <= 0).any()",
    "return (~(x <= 0)).all().item()",
    inputs=vectors(),
)


def any_of_each_row(x):
    out = torch.zeros(x.shape[0], dtype=torch.bool)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > 1:
                out[i] = True
    return out


FAMILY.add(any_of_each_row, *with_dims("return (x > 1).any(dim=1)"), inputs=matrices())


def euclidean_norm(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] ** 2
    return torch.sqrt(s)


FAMILY.add(
    euclidean_norm,
    "return torch.linalg.vector_norm(x)",
    "return x.norm()",
    "return torch.sqrt((x ** 2).sum())",
    "return torch.sqrt(x.square().sum())",
    inputs=vectors(),
    exactness="rounding",
)


def absolute_norm_of_rows(x):
    norms = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            norms[i] = norms[i] + abs(x[i, j])
    return norms


FAMILY.add(
    absolute_norm_of_rows,
    *with_dims("return x.abs().sum(dim=1)"),
    *with_dims("return abs(x).sum(dim=1)"),
    "return torch.linalg.vector_norm(x, 1, dim=1)",
    inputs=matrices(),
    exactness="rounding",
)


def log_of_sum_of_exponentials(x):
    m = x[0]
    for i in range(1, len(x)):
        if x[i] > m:
            m = x[i]
    s = 0.0
    for i in range(len(x)):
        s += torch.exp(x[i] - m)
    return m + torch.log(s)


FAMILY.add(
    log_of_sum_of_exponentials,
    *with_dims("return torch.logsumexp(x, dim=0)", "return x.logsumexp(dim=0)"),
    "return torch.logsumexp(x, 0)",
    "m = x.max()\nreturn m + torch.log(torch.exp(x - m).sum())",
    inputs=vectors(),
    exactness="rounding",
)


def log_of_plain_sum_of_exponentials(x):
    total = torch.zeros(())
    for i in range(len(x)):
        total = total + torch.exp(x[i])
    return torch.log(total)


# Not `logsumexp`: where the loop overflows to infinity, it must as well.
FAMILY.add(
    log_of_plain_sum_of_exponentials,
    "return torch.log(torch.exp(x).sum())",
    "return x.exp().sum().log()",
    inputs=vectors(),
    exactness="rounding",
)


def softmax_of_each_row(x):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        denominator = 0.0
        for j in range(x.shape[1]):
            denominator += torch.exp(x[i, j])
        for j in range(x.shape[1]):
            out[i, j] = torch.exp(x[i, j]) / denominator
    return out


FAMILY.add(
    softmax_of_each_row,
    *with_dims("return torch.exp(x) / torch.exp(x).sum(dim=1, keepdim=True)"),
    *with_dims("e = torch.exp(x)\nreturn e / e.sum(dim=1, keepdim=True)"),
    *with_dims("return torch.exp(x) / torch.exp(x).sum(dim=1)[:, None]"),
    inputs=matrices(),
    exactness="rounding",
)


def squared_row_sums(x):
    total = 0.0
    for i in range(x.shape[0]):
        row = 0.0
        for j in range(x.shape[1]):
            row += x[i, j]
        total += row * row
    return total


FAMILY.add(
    squared_row_sums,
    *with_dims("return (x.sum(dim=1) ** 2).sum()", "return x.sum(dim=1).square().sum()"),
    *with_dims("row = x.sum(dim=1)\nreturn (row * row).sum()"),
    *with_dims("row = x.sum(dim=1)\nreturn row @ row"),
    inputs=matrices(),
    exactness="rounding",
)


def greatest_row_sum(x):
    best = float("-inf")
    for i in range(x.shape[0]):
        s = 0.0
        for j in range(x.shape[1]):
            s += abs(x[i, j].item())
        best = max(best, s)
    return best


FAMILY.add(
    greatest_row_sum,
    *with_dims("return x.abs().sum(dim=1, dtype=torch.float64).max().item()"),
    *with_dims("return x.double().abs().sum(dim=1).max().item()"),
    inputs=matrices(),
    exactness="rounding",
)


def total_above_the_diagonal(x):
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(i + 1, x.shape[1]):
            total += x[i, j]
    return total


FAMILY.add(
    total_above_the_diagonal,
    "return x.triu(1).sum()",
    "return torch.triu(x, 1).sum()",
    inputs=matrices(),
    exactness="rounding",
)


def total_beside_the_diagonal(x):
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if i == j:
                continue
            total += x[i, j]
    return total


FAMILY.add(
    total_beside_the_diagonal,
    "return torch.where("
    "torch.arange(x.shape[0])[:, None] == torch.arange(x.shape[1]), 0, x).sum()",
    inputs=tensors(((5, 7), (3, 3), (2, 1), (4, 2))),
    exactness="rounding",
)


def two_totals_into_each(x, y):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        for j in range(x.shape[1]):
            out[i] += x[i, j]
        for j in range(y.shape[1]):
            out[i] += y[i, j]
    return out


FAMILY.add(
    two_totals_into_each,
    "return x.sum(1) + y.sum(1)",
    inputs=lambda: [
        (random_tensor((n, m), 1), random_tensor((n, k), 2))
        for n, m, k in ((3, 4, 5), (1, 1, 1), (2, 0, 3), (0, 2, 2))
    ],
    exactness="rounding",
)
