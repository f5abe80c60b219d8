"""Iterations that need what an earlier iteration wrote."""

from __future__ import annotations

import torch

from .program import Programs

PROGRAMS = Programs()


def vector(n=6, seed=0):
    return torch.randn(n, generator=torch.Generator().manual_seed(seed))


def matrix(n=4, m=5, seed=0):
    return torch.randn(n, m, generator=torch.Generator().manual_seed(seed))


def nonlinear_recurrence(x):
    h = torch.zeros_like(x)
    for t in range(1, len(x)):
        h[t] = torch.tanh(h[t - 1] + x[t])  # refusal: flow dependence, distance 1
    return h


PROGRAMS.add(nonlinear_recurrence, lambda: (vector(),), "h[t - 1]")


def recurrence_over_two_steps(x):
    h = torch.ones_like(x)
    for t in range(2, len(x)):
        h[t] = torch.sin(h[t - 2] * x[t])  # refusal: flow dependence, distance 2
    return h


PROGRAMS.add(recurrence_over_two_steps, lambda: (vector(),), "h[t - 2]")


def recurrence_in_place(x):
    for i in range(1, x.shape[0]):
        x[i] = torch.cos(x[i - 1]) + x[i]  # refusal: flow dependence, distance 1
    return x


PROGRAMS.add(recurrence_in_place, lambda: (vector(),), "x[i - 1]")


def recurrence_downwards(x):
    n = len(x)
    for i in range(n - 2, -1, -1):
        x[i] = torch.tanh(x[i + 1]) * x[i]  # refusal: flow dependence, distance 1
    return x


PROGRAMS.add(recurrence_downwards, lambda: (vector(),), "x[i + 1]")


def recurrence_in_two_statements(x):
    a = torch.zeros_like(x)
    b = torch.zeros_like(x)
    for i in range(1, len(x)):
        a[i] = torch.tanh(b[i - 1] + x[i])  # refusal: flow dependence, distance 1
        b[i] = torch.sin(a[i])
    return a, b


PROGRAMS.add(recurrence_in_two_statements, lambda: (vector(),), "b[i - 1]")


def wavefront_of_many_sweeps(grid, steps):
    n, m = grid.shape
    for _ in range(steps):
        for i in range(1, n):
            for j in range(1, m):
                grid[i, j] = torch.tanh(grid[i - 1, j] + grid[i, j - 1])  # refusal: flow dependence
    return grid


PROGRAMS.add(wavefront_of_many_sweeps, lambda: (matrix(), 3), "grid")


def every_iteration_reads_the_last_write(x):
    out = torch.ones_like(x)
    for i in range(len(x) - 1):
        out[i + 1] = torch.cos(out[i] * out[i] + x[i])  # refusal: flow dependence, distance 1
    return out


PROGRAMS.add(every_iteration_reads_the_last_write, lambda: (vector(),), "out[i]")


def carried_scalar(x):
    state = torch.zeros(())
    out = torch.zeros_like(x)
    for i in range(len(x)):
        state = torch.tanh(state + x[i])  # refusal: state
        out[i] = state
    return out


PROGRAMS.add(carried_scalar, lambda: (vector(),), "flow dependence")


def logistic_map(r, n):
    x = torch.zeros(n)
    x[0] = 0.5
    for t in range(n - 1):
        x[t + 1] = r * x[t] * (1 - x[t])  # refusal: flow dependence, distance 1
    return x


PROGRAMS.add(logistic_map, lambda: (3.7, 8), "x[t]")


def carried_through_a_branch(x):
    out = x.clone()
    for i in range(1, len(x)):
        if out[i - 1] > 0:  # refusal: flow dependence, distance 1
            out[i] = torch.sin(x[i])
    return out


PROGRAMS.add(carried_through_a_branch, lambda: (vector(),), "out[i - 1]")
