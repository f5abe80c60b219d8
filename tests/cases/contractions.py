"""Sums of products: matrix and vector products in every order of loops, `einsum` beyond them."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch

from .case import Arguments, Family, InputMaker
from .inputs import random_tensor
from .spellings import with_dims

FAMILY = Family()

MATRIX_PAIR_SIZES = ((4, 5, 3), (2, 2, 2), (1, 1, 1), (1, 4, 2), (3, 1, 2), (2, 3, 1), (0, 2, 3))


def shaped(letters: str, *sizes: tuple[int, ...], grad: bool = True) -> InputMaker:
    """One tensor a word of `letters`, its axes named by them: ``shaped("ik kj", (4, 5, 3))``.

    The sizes are those of the letters in alphabetical order, one argument tuple each.
    """
    names = sorted(set(letters) - {" "})

    def build(size: tuple[int, ...], seed: int, grad: bool = False) -> Arguments:
        of = dict(zip(names, size, strict=True))
        shapes = [tuple(of[letter] for letter in word) for word in letters.split()]
        return tuple(random_tensor(s, seed + k, grad=grad) for k, s in enumerate(shapes))

    def make() -> list[Arguments]:
        made = [build(size, 10 * number) for number, size in enumerate(sizes)]
        return [*made, build(sizes[0], 95, grad=True)] if grad else made

    return make


def only_gradients(maker: InputMaker) -> InputMaker:
    """The last arguments of `maker`, which require gradients."""
    return lambda: maker()[-1:]


# Letters in alphabetical order: i, j, k have sizes n, p, m.
PAIR_SIZES = tuple((n, p, m) for n, m, p in MATRIX_PAIR_SIZES)
MATRIX_AND_VECTOR = ((4, 5), (3, 3), (1, 1), (1, 4), (4, 1), (3, 0))
DISTANCE_SIZES = ((4, 3, 5), (2, 2, 2), (1, 1, 1), (1, 3, 2))
SQUARE_SIZES = ((4,), (2,), (1,), (0,))


def matmul(a, b):
    n, m = a.shape
    p = b.shape[1]
    c = torch.zeros(n, p)
    for i in range(n):
        for j in range(p):
            for k in range(m):
                c[i, j] += a[i, k] * b[k, j]
    return c


FAMILY.add(matmul, "return a @ b", inputs=shaped("ik kj", *PAIR_SIZES), exactness="rounding")


def matmul_by_rows(A, B):
    C = torch.zeros(A.shape[0], B.shape[1])
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            for j in range(B.shape[1]):
                C[i, j] += A[i, k] * B[k, j]
    return C


FAMILY.add(
    matmul_by_rows, "return A @ B", inputs=shaped("ik kj", *PAIR_SIZES), exactness="rounding"
)


def matmul_by_outer_products(A, B):
    C = torch.zeros((A.size(0), B.size(1)))
    for k in range(A.size(1)):
        for i in range(A.size(0)):
            for j in range(B.size(1)):
                C[i][j] = C[i][j] + A[i][k] * B[k][j]
    return C


FAMILY.add(
    matmul_by_outer_products,
    "return A @ B",
    inputs=shaped("ik kj", *PAIR_SIZES, grad=False),
    exactness="rounding",
)


def matmul_by_columns(A, B):
    n, m, p = A.shape[0], A.shape[1], B.shape[1]
    C = torch.zeros(n, p, dtype=A.dtype)
    for j in range(p):
        for k in range(m):
            for i in range(n):
                C[i, j] += B[k, j] * A[i, k]
    return C


FAMILY.add(
    matmul_by_columns, "return A @ B", inputs=shaped("ik kj", *PAIR_SIZES), exactness="rounding"
)


def matmul_columns_of_rows(A, B):
    C = torch.zeros(A.shape[0], B.shape[1])
    for j in range(B.shape[1]):
        for i in range(A.shape[0]):
            for k in range(A.shape[1]):
                C[i, j] += A[i, k] * B[k, j]
    return C


FAMILY.add(
    matmul_columns_of_rows,
    "return A @ B",
    inputs=shaped("ik kj", *PAIR_SIZES),
    exactness="rounding",
)


def matmul_outer_by_columns(A, B):
    C = torch.zeros(A.shape[0], B.shape[1])
    for k in range(A.shape[1]):
        for j in range(B.shape[1]):
            for i in range(A.shape[0]):
                C[i, j] += A[i, k] * B[k, j]
    return C


FAMILY.add(
    matmul_outer_by_columns,
    "return A @ B",
    inputs=shaped("ik kj", *PAIR_SIZES),
    exactness="rounding",
)


def matmul_by_scalar(x, w):
    out = torch.empty(x.shape[0], w.shape[1])
    for i in range(x.shape[0]):
        for j in range(w.shape[1]):
            acc = 0.0
            for k in range(x.shape[1]):
                acc += x[i, k] * w[k, j]
            out[i, j] = acc
    return out


FAMILY.add(
    matmul_by_scalar, "return x @ w", inputs=shaped("ik kj", *PAIR_SIZES), exactness="rounding"
)


def matmul_row_by_row(A, B):
    C = torch.zeros(A.shape[0], B.shape[1])
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            C[i] += A[i, k] * B[k]
    return C


FAMILY.add(
    matmul_row_by_row, "return A @ B", inputs=shaped("ik kj", *PAIR_SIZES), exactness="rounding"
)


def matmul_by_dot(A, B):
    C = torch.zeros(A.shape[0], B.shape[1])
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            C[i, j] = torch.dot(A[i], B[:, j])
    return C


FAMILY.add(matmul_by_dot, "return A @ B", inputs=shaped("ik kj", *PAIR_SIZES), exactness="rounding")


def matmul_by_sum(A, B):
    C = torch.zeros(A.shape[0], B.shape[1])
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            C[i, j] = (A[i, :] * B[:, j]).sum()
    return C


FAMILY.add(matmul_by_sum, "return A @ B", inputs=shaped("ik kj", *PAIR_SIZES), exactness="rounding")


def matmul_left_transposed(A, B):
    C = torch.zeros(A.shape[1], B.shape[1])
    for i in range(A.shape[1]):
        for j in range(B.shape[1]):
            for k in range(A.shape[0]):
                C[i, j] += A[k, i] * B[k, j]
    return C


FAMILY.add(
    matmul_left_transposed,
    "return A.T @ B",
    "return A.mT @ B",
    inputs=shaped("ki kj", *PAIR_SIZES),
    exactness="rounding",
)


def matmul_right_transposed(q, k):
    scores = torch.zeros(q.shape[0], k.shape[0])
    for i in range(q.shape[0]):
        for j in range(k.shape[0]):
            for d in range(q.shape[1]):
                scores[i, j] += q[i, d] * k[j, d]
    return scores


FAMILY.add(
    matmul_right_transposed,
    "return q @ k.T",
    "return q @ k.mT",
    inputs=shaped("ik jk", *PAIR_SIZES),
    exactness="rounding",
)


def matmul_transposed_result(A, B):
    C = torch.zeros(B.shape[1], A.shape[0])
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for k in range(A.shape[1]):
                C[j, i] += A[i, k] * B[k, j]
    return C


FAMILY.add(
    matmul_transposed_result,
    "return B.T @ A.T",
    "return (A @ B).T.contiguous()",
    "return B.mT @ A.mT",
    inputs=shaped("ik kj", *PAIR_SIZES),
    exactness="rounding",
)


def matmul_onto_argument(C, A, B):
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for k in range(A.shape[1]):
                C[i, j] += A[i, k] * B[k, j]
    return C


FAMILY.add(
    matmul_onto_argument,
    "C += A @ B\nreturn C",
    "C[:] += A @ B\nreturn C",
    "C.add_(A @ B)\nreturn C",
    "C.addmm_(A, B)\nreturn C",
    "return C.addmm_(A, B)",
    inputs=shaped("ij ik kj", *PAIR_SIZES, grad=False),
    exactness="rounding",
)


def linear_layer(x, weight, bias):
    out = torch.zeros(x.shape[0], weight.shape[0])
    for b in range(x.shape[0]):
        for o in range(weight.shape[0]):
            s = bias[o]
            for i in range(x.shape[1]):
                s = s + x[b, i] * weight[o, i]
            out[b, o] = s
    return out


FAMILY.add(
    linear_layer,
    "return x @ weight.T + bias",
    "return bias + x @ weight.T",
    "return torch.nn.functional.linear(x, weight, bias)",
    "return torch.addmm(bias, x, weight.T)",
    inputs=shaped("ik jk j", *PAIR_SIZES),
    exactness="rounding",
)


def matrix_times_vector(A, x):
    y = torch.zeros(A.shape[0])
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            y[i] += A[i, j] * x[j]
    return y


FAMILY.add(
    matrix_times_vector,
    "return A @ x",
    inputs=shaped("ij j", *MATRIX_AND_VECTOR),
    exactness="rounding",
)


def vector_times_matrix(x, A):
    y = torch.zeros(A.shape[1])
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            y[j] += x[i] * A[i, j]
    return y


FAMILY.add(
    vector_times_matrix,
    "return x @ A",
    "return A.T @ x",
    inputs=shaped("i ij", *MATRIX_AND_VECTOR),
    exactness="rounding",
)


def dot_product(a, b):
    s = 0.0
    for i in range(len(a)):
        s += a[i] * b[i]
    return s


FAMILY.add(
    dot_product,
    "return a @ b",
    "return torch.dot(a, b)",
    "return a.dot(b)",
    inputs=shaped("i i", (6,), (2,), (1,), (0,)),
    exactness="rounding",
)


def dot_product_of_numbers(a, b):
    s = 0.0
    for u, v in zip(a, b):
        s += u.item() * v.item()
    return s


FAMILY.add(
    dot_product_of_numbers,
    "return (a.double() @ b.double()).item()",
    "return torch.dot(a.double(), b.double()).item()",
    "return (a.to(torch.float64) @ b.to(torch.float64)).item()",
    inputs=shaped("i i", (6,), (2,), (1,), (0,)),
    exactness="rounding",
)


def outer_product(a, b):
    out = torch.zeros(len(a), len(b))
    for i in range(len(a)):
        for j in range(len(b)):
            out[i, j] = a[i] * b[j]
    return out


FAMILY.add(
    outer_product,
    "return torch.outer(a, b)",
    "return a[:, None] * b",
    inputs=shaped("i j", *MATRIX_AND_VECTOR),
)


def sum_of_outer_products(x, y):
    out = torch.zeros(x.shape[1], y.shape[1])
    for t in range(x.shape[0]):
        out += torch.outer(x[t], y[t])
    return out


FAMILY.add(
    sum_of_outer_products,
    "return x.T @ y",
    "return x.mT @ y",
    inputs=shaped("ki kj", *PAIR_SIZES),
    exactness="rounding",
)


BATCHED = ((2, 4, 3, 5), (1, 1, 1, 1), (2, 1, 3, 2), (3, 2, 2, 0))


def batched_matmul(x, y):
    out = torch.zeros(x.shape[0], x.shape[1], y.shape[2])
    for b in range(x.shape[0]):
        for i in range(x.shape[1]):
            for j in range(y.shape[2]):
                for k in range(x.shape[2]):
                    out[b, i, j] += x[b, i, k] * y[b, k, j]
    return out


FAMILY.add(
    batched_matmul,
    "return x @ y",
    "return torch.bmm(x, y)",
    inputs=shaped("bik bkj", *BATCHED),
    exactness="rounding",
)


def matmul_of_each_pair(xs, ys):
    out = torch.zeros(xs.shape[0], xs.shape[1], ys.shape[2])
    for b in range(len(xs)):
        out[b] = xs[b] @ ys[b]
    return out


FAMILY.add(
    matmul_of_each_pair,
    "return xs @ ys",
    "return torch.bmm(xs, ys)",
    inputs=shaped("bik bkj", *BATCHED),
    exactness="rounding",
)


def batched_matmul_of_shared_matrix(x, w):
    out = torch.zeros(x.shape[0], x.shape[1], w.shape[1])
    for b in range(x.shape[0]):
        for i in range(x.shape[1]):
            for j in range(w.shape[1]):
                for k in range(w.shape[0]):
                    out[b, i, j] += x[b, i, k] * w[k, j]
    return out


FAMILY.add(
    batched_matmul_of_shared_matrix,
    "return x @ w",
    inputs=shaped("bik kj", *BATCHED),
    exactness="rounding",
)


def batched_matrix_times_vector(A, x):
    out = torch.zeros(A.shape[0], A.shape[1])
    for b in range(A.shape[0]):
        for i in range(A.shape[1]):
            for j in range(A.shape[2]):
                out[b, i] += A[b, i, j] * x[b, j]
    return out


FAMILY.add(
    batched_matrix_times_vector,
    'return torch.einsum("bij,bj->bi", A, x)',
    "return (A @ x[..., None])[..., 0]",
    "return (A @ x[:, :, None])[:, :, 0]",
    "return (A @ x.unsqueeze(-1)).squeeze(-1)",
    "return torch.bmm(A, x.unsqueeze(2)).squeeze(2)",
    inputs=shaped("bij bj", (2, 4, 3), (1, 1, 1), (2, 1, 3), (3, 2, 0)),
    exactness="rounding",
)


def dot_of_each_row(x, y):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        for d in range(x.shape[1]):
            out[i] += x[i, d] * y[i, d]
    return out


FAMILY.add(
    dot_of_each_row,
    *with_dims("return (x * y).sum(dim=1)"),
    'return torch.einsum("id,id->i", x, y)',
    "return torch.linalg.vecdot(x, y)",
    inputs=shaped("ij ij", *MATRIX_AND_VECTOR),
    exactness="rounding",
)


def attention_scores(q, k):
    B, H, T, D = q.shape
    scores = torch.zeros(B, H, T, T)
    for b in range(B):
        for h in range(H):
            for i in range(T):
                for j in range(T):
                    for d in range(D):
                        scores[b, h, i, j] += q[b, h, i, d] * k[b, h, j, d]
    return scores / D**0.5


FAMILY.add(
    attention_scores,
    "B, H, T, D = q.shape\nreturn q @ k.mT / D**0.5",
    "B, H, T, D = q.shape\nreturn q @ k.transpose(-2, -1) / D**0.5",
    "B, H, T, D = q.shape\nreturn q @ k.transpose(2, 3) / D**0.5",
    "return q @ k.mT / q.shape[3] ** 0.5",
    # Letters in alphabetical order: b, d, h, t.
    inputs=shaped("bhtd bhtd", (2, 4, 2, 3), (1, 1, 1, 1), (1, 3, 2, 1)),
    exactness="rounding",
)


def trace(A):
    t = 0.0
    for i in range(A.shape[0]):
        t += A[i, i]
    return t


FAMILY.add(
    trace,
    "return A.trace()",
    "return torch.trace(A)",
    "return A.diagonal().sum()",
    inputs=shaped("ii", *SQUARE_SIZES),
    exactness="rounding",
)


def trace_of_product(A, B):
    t = torch.tensor(0.0)
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            t += A[i, j] * B[j, i]
    return t


FAMILY.add(
    trace_of_product,
    "return (A * B.T).sum()",
    "return (A * B.mT).sum()",
    'return torch.einsum("ij,ji->", A, B)',
    inputs=shaped("ij ji", *MATRIX_AND_VECTOR),
    exactness="rounding",
)


def frobenius_inner_product(A, B):
    s = 0.0
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            s += A[i, j] * B[i, j]
    return s


FAMILY.add(
    frobenius_inner_product,
    "return (A * B).sum()",
    'return torch.einsum("ij,ij->", A, B)',
    inputs=shaped("ij ij", *MATRIX_AND_VECTOR),
    exactness="rounding",
)


def frobenius_norm(A):
    s = 0.0
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            s += A[i, j] ** 2
    return s**0.5


FAMILY.add(
    frobenius_norm,
    "return torch.linalg.matrix_norm(A)",
    "return torch.linalg.norm(A)",
    "return torch.linalg.vector_norm(A)",
    "return A.norm()",
    "return (A ** 2).sum() ** 0.5",
    "return A.square().sum().sqrt()",
    inputs=shaped("ij", *MATRIX_AND_VECTOR),
    exactness="rounding",
)


def gram_matrix(X):
    n, d = X.shape
    G = torch.zeros(n, n)
    for i in range(n):
        for j in range(n):
            for k in range(d):
                G[i, j] += X[i, k] * X[j, k]
    return G


FAMILY.add(
    gram_matrix,
    "return X @ X.T",
    "return X @ X.mT",
    inputs=shaped("ij", *MATRIX_AND_VECTOR),
    exactness="rounding",
)


def gram_matrix_by_symmetry(X):
    n = X.shape[0]
    G = torch.zeros(n, n)
    for i in range(n):
        for j in range(i, n):
            value = torch.dot(X[i], X[j])
            G[i, j] = value
            G[j, i] = value
    return G


FAMILY.add(
    gram_matrix_by_symmetry,
    "return X @ X.T",
    "return X @ X.mT",
    inputs=shaped("ij", *MATRIX_AND_VECTOR),
    exactness="rounding",
)


def gram_matrix_mirrored(X):
    n = X.shape[0]
    G = torch.zeros(n, n)
    for i in range(n):
        for j in range(i, n):
            G[i, j] = torch.dot(X[i], X[j])
            G[j, i] = G[i, j]
    return G


FAMILY.add(
    gram_matrix_mirrored,
    "return X @ X.T",
    "return X @ X.mT",
    inputs=shaped("ij", *MATRIX_AND_VECTOR),
    exactness="rounding",
)


def kernel_of_pairs(X, gamma):
    n = X.shape[0]
    K = torch.ones(n, n)
    for i in range(n):
        for j in range(i + 1, n):
            value = torch.exp(-gamma * ((X[i] - X[j]) ** 2).sum())
            K[i, j] = value
            K[j, i] = value
    return K


FAMILY.add(
    kernel_of_pairs,
    "return torch.exp(-gamma * ((X[:, None] - X) ** 2).sum(2)).fill_diagonal_(1)",
    "return torch.exp(-gamma * ((X - X[:, None]) ** 2).sum(2)).fill_diagonal_(1)",
    inputs=lambda: [(x, 0.5) for (x,) in shaped("ij", *MATRIX_AND_VECTOR, grad=False)()],
    exactness="rounding",
)


def differences_of_pairs(x):
    n = len(x)
    D = torch.zeros(n, n)
    for i in range(n):
        for j in range(i + 1, n):
            D[i, j] = x[i] - x[j]
            D[j, i] = x[j] - x[i]
    return D


# With infinities the diagonal is 0, not NaN, again.
FAMILY.add(
    differences_of_pairs,
    "return (x[:, None] - x).fill_diagonal_(0)",
    inputs=shaped("i", (4,), (1,), (0,), grad=False),
)


def covariance(X):
    n, d = X.shape
    mean = X.mean(0)
    cov = torch.zeros(d, d)
    for t in range(n):
        for i in range(d):
            for j in range(d):
                cov[i, j] += (X[t, i] - mean[i]) * (X[t, j] - mean[j])
    return cov / (n - 1)


FAMILY.add(
    covariance,
    "return X.T.cov()",
    "n, d = X.shape\ncentered = X - X.mean(0)\nreturn centered.T @ centered / (n - 1)",
    "n, d = X.shape\nmean = X.mean(0)\nreturn (X - mean).T @ (X - mean) / (n - 1)",
    inputs=shaped("ij", (6, 3), (2, 2), (3, 2)),
    exactness="rounding",
)


def quadratic_form(x, A):
    s = 0.0
    for i in range(len(x)):
        for j in range(len(x)):
            s += x[i] * A[i, j] * x[j]
    return s


FAMILY.add(
    quadratic_form,
    "return x @ A @ x",
    "return x @ (A @ x)",
    inputs=shaped("i ii", *SQUARE_SIZES),
    exactness="rounding",
)


def quadratic_form_of_each_row(X, A):
    out = torch.zeros(X.shape[0])
    for b in range(X.shape[0]):
        for i in range(A.shape[0]):
            for j in range(A.shape[1]):
                out[b] += X[b, i] * A[i, j] * X[b, j]
    return out


FAMILY.add(
    quadratic_form_of_each_row,
    *with_dims("return (X @ A * X).sum(dim=1)"),
    'return torch.einsum("bi,ij,bj->b", X, A, X)',
    inputs=shaped("ba aa", (3, 4), (2, 2), (1, 1), (0, 3)),
    exactness="rounding",
)


def bilinear_layer(x, W, y):
    out = torch.zeros(x.shape[0], W.shape[0])
    for b in range(x.shape[0]):
        for o in range(W.shape[0]):
            for i in range(W.shape[1]):
                for j in range(W.shape[2]):
                    out[b, o] += x[b, i] * W[o, i, j] * y[b, j]
    return out


FAMILY.add(
    bilinear_layer,
    'return torch.einsum("bi,oij,bj->bo", x, W, y)',
    "return torch.nn.functional.bilinear(x, y, W)",
    # Letters in alphabetical order: b, i, j, o.
    inputs=shaped("bi oij bj", (2, 3, 4, 5), (1, 1, 1, 1), (2, 2, 1, 3)),
    exactness="rounding",
)


def product_of_three_matrices(A, B, C):
    D = torch.zeros(A.shape[0], C.shape[1])
    for i in range(A.shape[0]):
        for l in range(C.shape[1]):
            for j in range(A.shape[1]):
                for k in range(B.shape[1]):
                    D[i, l] += A[i, j] * B[j, k] * C[k, l]
    return D


FAMILY.add(
    product_of_three_matrices,
    "return A @ B @ C",
    "return A @ (B @ C)",
    "return torch.linalg.multi_dot([A, B, C])",
    'return torch.einsum("ij,jk,kl->il", A, B, C)',
    inputs=shaped("ij jk kl", (2, 3, 4, 5), (1, 1, 1, 1), (3, 1, 2, 2)),
    exactness="rounding",
)


def tensor_times_two_factors(X, B, C):
    I, J, K = X.shape
    R = B.shape[1]
    out = torch.zeros(I, R)
    for i in range(I):
        for j in range(J):
            for k in range(K):
                for r in range(R):
                    out[i, r] += X[i, j, k] * B[j, r] * C[k, r]
    return out


FAMILY.add(
    tensor_times_two_factors,
    'return torch.einsum("ijk,jr,kr->ir", X, B, C)',
    inputs=shaped("ijk jr kr", (2, 3, 4, 5), (1, 1, 1, 1), (3, 1, 2, 2)),
    exactness="rounding",
)


def channels_mixed(x, w):
    out = torch.zeros(x.shape[0], w.shape[0], x.shape[2], x.shape[3])
    for b in range(x.shape[0]):
        for o in range(w.shape[0]):
            for c in range(w.shape[1]):
                out[b, o] += w[o, c] * x[b, c]
    return out


FAMILY.add(
    channels_mixed,
    'return torch.einsum("oc,bchw->bohw", w, x)',
    'return torch.einsum("bchw,oc->bohw", x, w)',
    'return torch.einsum("oc,bcad->boad", w, x)',
    "return torch.nn.functional.conv2d(x, w[:, :, None, None])",
    # Letters in alphabetical order: b, c, h, o, w.
    inputs=shaped("bchw oc", (2, 3, 2, 4, 3), (1, 1, 1, 1, 1), (1, 2, 3, 1, 2)),
    exactness="rounding",
)


def kronecker_product(A, B):
    n, m = A.shape
    p, q = B.shape
    out = torch.zeros(n * p, m * q)
    for i in range(n):
        for j in range(m):
            for k in range(p):
                for l in range(q):
                    out[i * p + k, j * q + l] = A[i, j] * B[k, l]
    return out


FAMILY.add(
    kronecker_product,
    "return torch.kron(A, B)",
    inputs=shaped("ij kl", (2, 3, 4, 2), (1, 1, 1, 1), (1, 2, 3, 1)),
)


# `cdist` has no second derivative, and from 26 rows on it would expand the square and cancel: with
# gradients, and for exact small distances, the differences themselves are kept.
WITHOUT_CANCELLING = 'compute_mode="donot_use_mm_for_euclid_dist"'


def distance_matrix(X, Y):
    D = torch.zeros(X.shape[0], Y.shape[0])
    for i in range(X.shape[0]):
        for j in range(Y.shape[0]):
            s = 0.0
            for k in range(X.shape[1]):
                s += (X[i, k] - Y[j, k]) ** 2
            D[i, j] = torch.sqrt(s)
    return D


FAMILY.add(
    distance_matrix,
    f"return torch.cdist(X, Y, {WITHOUT_CANCELLING})",
    inputs=shaped("ik jk", *DISTANCE_SIZES, grad=False),
    exactness="rounding",
)
FAMILY.add(
    distance_matrix,
    *with_dims("return ((X[:, None] - Y) ** 2).sum(dim=2).sqrt()"),
    *with_dims("return torch.sqrt(((X[:, None] - Y) ** 2).sum(dim=2))"),
    inputs=only_gradients(shaped("ik jk", *DISTANCE_SIZES)),
    exactness="rounding",
    suffix="-gradient",
)


def distance_matrix_by_norm(X, Y):
    D = torch.zeros(len(X), len(Y))
    for i in range(len(X)):
        for j in range(len(Y)):
            D[i, j] = torch.norm(X[i] - Y[j])
    return D


FAMILY.add(
    distance_matrix_by_norm,
    f"return torch.cdist(X, Y, {WITHOUT_CANCELLING})",
    inputs=shaped("ik jk", *DISTANCE_SIZES, grad=False),
    exactness="rounding",
)
FAMILY.add(
    distance_matrix_by_norm,
    "return torch.norm(X[:, None] - Y, dim=2)",
    "return torch.linalg.vector_norm(X[:, None] - Y, dim=2)",
    inputs=only_gradients(shaped("ik jk", *DISTANCE_SIZES)),
    exactness="rounding",
    suffix="-gradient",
)


def squared_distance_matrix(X, Y):
    D = torch.zeros(X.shape[0], Y.shape[0])
    for i in range(X.shape[0]):
        for j in range(Y.shape[0]):
            D[i, j] = ((X[i] - Y[j]) ** 2).sum()
    return D


FAMILY.add(
    squared_distance_matrix,
    f"return torch.cdist(X, Y, {WITHOUT_CANCELLING}) ** 2",
    f"return torch.cdist(X, Y, {WITHOUT_CANCELLING}).square()",
    *with_dims("return ((X[:, None] - Y) ** 2).sum(dim=2)"),
    inputs=shaped("ik jk", *DISTANCE_SIZES, grad=False),
    exactness="rounding",
)
FAMILY.add(
    squared_distance_matrix,
    *with_dims("return ((X[:, None] - Y) ** 2).sum(dim=2)"),
    *with_dims("return (X[:, None] - Y).square().sum(dim=2)"),
    inputs=only_gradients(shaped("ik jk", *DISTANCE_SIZES)),
    exactness="rounding",
    suffix="-gradient",
)


def manhattan_distance_matrix(X, Y):
    D = torch.zeros(X.shape[0], Y.shape[0])
    for i in range(X.shape[0]):
        for j in range(Y.shape[0]):
            for k in range(X.shape[1]):
                D[i, j] += torch.abs(X[i, k] - Y[j, k])
    return D


FAMILY.add(
    manhattan_distance_matrix,
    "return torch.cdist(X, Y, p=1)",
    "return torch.cdist(X, Y, 1)",
    "return torch.cdist(X, Y, p=1.0)",
    inputs=shaped("ik jk", *DISTANCE_SIZES, grad=False),
    exactness="rounding",
)


def distance_matrix_to_itself(X):
    n = X.shape[0]
    D = torch.zeros(n, n)
    for i in range(n):
        for j in range(i + 1, n):
            d = torch.sqrt(((X[i] - X[j]) ** 2).sum())
            D[i, j] = d
            D[j, i] = d
    return D


# The diagonal stays 0, where a row with an infinity is NaN away from itself.
FAMILY.add(
    distance_matrix_to_itself,
    f"return torch.cdist(X, X, {WITHOUT_CANCELLING}).fill_diagonal_(0)",
    inputs=shaped("ij", *MATRIX_AND_VECTOR, grad=False),
    exactness="rounding",
)


def matmul_of_integers(A, B):
    C = torch.zeros(A.shape[0], B.shape[1], dtype=torch.int64)
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for k in range(A.shape[1]):
                C[i, j] += A[i, k] * B[k, j]
    return C


FAMILY.add(
    matmul_of_integers,
    "return A @ B",
    inputs=lambda: [
        (random_tensor((n, m), 3, torch.int64), random_tensor((m, p), 4, torch.int64))
        for n, m, p in MATRIX_PAIR_SIZES
    ],
)
