"""Loops whose every step needs the step before in a way that no scan can reassociate."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch

from .dependence import matrix, vector
from .program import Programs

PROGRAMS = Programs()


def permutation(n=6, seed=0):
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))


def trade_simulation(prices, low, high):
    cash, shares = 100.0, 0.0
    wealth = torch.zeros_like(prices)
    for t in range(len(prices)):
        price = prices[t].item()
        if shares == 0 and price < low:  # refusal: shares
            shares = cash / price
            cash = 0.0
        elif shares > 0 and price > high:
            cash = shares * price
            shares = 0.0
        wealth[t] = cash + shares * price
    return wealth


PROGRAMS.add(trade_simulation, lambda: (vector().abs() + 0.5, 1.0, 1.2), "flow dependence")


def trailing_stop(prices, fraction):
    stop = prices[0] * fraction
    exits = torch.zeros(len(prices), dtype=torch.bool)
    for t in range(1, len(prices)):
        if prices[t] < stop:
            exits[t] = True
            stop = prices[t] * fraction
        else:
            stop = torch.maximum(stop, prices[t] * fraction)  # refusal: stop
    return exits


PROGRAMS.add(trailing_stop, lambda: (vector().abs() + 0.5, 0.9), "flow dependence")


def firing_neuron(current, leak, threshold):
    v = torch.zeros(())
    spikes = torch.zeros_like(current)
    for t in range(len(current)):
        v = leak * v + current[t]  # refusal: v
        if v > threshold:
            spikes[t] = 1
            v = torch.zeros(())
    return spikes


PROGRAMS.add(firing_neuron, lambda: (vector().abs(), 0.9, 1.0), "flow dependence")


def tank_with_floor_and_ceiling(inflow, capacity):
    level = torch.zeros(len(inflow) + 1)
    for t in range(len(inflow)):
        level[t + 1] = torch.clamp(level[t] ** 2 + inflow[t], 0, capacity)  # refusal: distance 1
    return level


PROGRAMS.add(tank_with_floor_and_ceiling, lambda: (vector(), 2.0), "level[t]", "flow dependence")


def newton_iterations(x, steps):
    for _ in range(steps):
        x = x - (x**3 - 2) / (3 * x**2)  # refusal: x
    return x


PROGRAMS.add(newton_iterations, lambda: (torch.tensor(1.5), 5), "flow dependence")


def fixed_point_until_close(x, steps):
    for _ in range(steps):
        new = torch.cos(x)
        if (new - x).abs() < 1e-4:
            break  # refusal: break
        x = new
    return x


PROGRAMS.add(fixed_point_until_close, lambda: (torch.tensor(0.3), 50))


def break_on_carried_state(x, limit):
    state = torch.zeros(())
    out = torch.zeros_like(x)
    for i in range(len(x)):
        state = torch.tanh(state) + x[i]
        if state > limit:
            break  # refusal: break
        out[i] = state
    return out


PROGRAMS.add(break_on_carried_state, lambda: (vector(), 1.0))


def collatz(n):
    steps = 0
    while n != 1:  # refusal: while
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


PROGRAMS.add(collatz, lambda: (torch.tensor(6),))


def congruential_generator(seed, count):
    out = torch.zeros(count, dtype=torch.int64)
    for i in range(count):
        seed = (1103515245 * seed + 12345) % 2147483648  # refusal: seed
        out[i] = seed
    return out


PROGRAMS.add(congruential_generator, lambda: (42, 6), "flow dependence")


def pointers_followed(following, start, steps):
    order = torch.zeros(steps, dtype=torch.int64)
    node = torch.tensor(start)
    for k in range(steps):
        node = following[node]  # refusal: node
        order[k] = node
    return order


PROGRAMS.add(pointers_followed, lambda: (permutation(), 2, 6), "flow dependence")


def nonlinear_gauss_seidel(u):
    for i in range(1, len(u) - 1):
        u[i] = 0.5 * (torch.sin(u[i - 1]) + u[i + 1])  # refusal: flow dependence, distance 1
    return u


PROGRAMS.add(nonlinear_gauss_seidel, lambda: (vector(),), "u[i - 1]")


def gauss_seidel_of_a_system(A, b, x):
    for i in range(len(b)):
        x[i] = (b[i] - A[i] @ x + A[i, i] * x[i]) / A[i, i]  # refusal: flow dependence
    return x


PROGRAMS.add(
    gauss_seidel_of_a_system, lambda: (matrix(5, 5) + 5 * torch.eye(5), vector(5), vector(5)), "x"
)


def element_that_an_index_names(state, index, x):
    for i in range(len(x)):
        state[index[i]] = torch.tanh(state[index[i]] + x[i])  # refusal: state
    return state


# The same element may be named twice: then the second step needs the first.
PROGRAMS.add(
    element_that_an_index_names, lambda: (vector(), permutation() // 2, vector(seed=1)), "flow"
)


def one_pass_of_bubble_sort(x):
    for i in range(len(x) - 1):
        if x[i] > x[i + 1]:  # refusal: flow dependence, distance 1
            t = x[i].clone()
            x[i] = x[i + 1] * 0.5
            x[i + 1] = t
    return x


PROGRAMS.add(one_pass_of_bubble_sort, lambda: (vector(),), "x[i]")


def coins_used_many_times(ways, coin):
    for amount in range(coin, len(ways)):
        ways[amount] = torch.sin(ways[amount] + ways[amount - coin])  # refusal: flow dependence
    return ways


PROGRAMS.add(coins_used_many_times, lambda: (vector(), 2), "ways[amount - coin]")


def power_iteration(A, v, steps):
    for _ in range(steps):
        v = A @ v  # refusal: v
        v = v / v.norm()
    return v


PROGRAMS.add(power_iteration, lambda: (matrix(4, 4), vector(4), 5), "flow dependence")


def momentum_by_hand(target, rate, steps):
    w = torch.zeros(())
    m = torch.zeros(())
    path = torch.zeros(steps)
    for t in range(steps):
        gradient = torch.sin(w) - target  # refusal: w
        m = 0.9 * m + gradient
        w = w - rate * m
        path[t] = w
    return path


PROGRAMS.add(momentum_by_hand, lambda: (torch.tensor(0.7), 0.1, 6), "flow dependence")


def state_kept_in_a_list(x):
    states = [torch.zeros(())]
    for i in range(len(x)):
        states.append(torch.tanh(states[-1] + x[i]))  # refusal: states
    return torch.stack(states)


PROGRAMS.add(state_kept_in_a_list, lambda: (vector(),))


def two_states_that_feed_each_other(prey, predators, steps):
    history = torch.zeros(steps, 2)
    for t in range(steps):
        grown = prey + 0.1 * prey * (1 - predators)
        predators = predators + 0.1 * predators * (prey - 1)
        prey = grown  # refusal: prey
        history[t, 0] = prey
        history[t, 1] = predators
    return history


PROGRAMS.add(
    two_states_that_feed_each_other,
    lambda: (torch.tensor(1.2), torch.tensor(0.8), 5),
    "flow dependence",
)

# Kept today for another reason, or at another line, than the one that will count.
NOT_YET = frozenset(
    {
        "recurrence.congruential_generator",
        "recurrence.firing_neuron",
        "recurrence.gauss_seidel_of_a_system",
        "recurrence.momentum_by_hand",
        "recurrence.power_iteration",
        "recurrence.trade_simulation",
    }
)
