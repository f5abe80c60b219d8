"""Random Python programs of the loop language, with arguments that are not kind.

``generate_program(seed)`` writes a module: imports, perhaps helper functions, and one function
``program`` that preallocates, runs a nest of loops over tensors, and returns. The same seed gives
the same text. Every program knows which constructs it used, whether a dependence is carried on
purpose (`carried`) and what else may excuse a refusal (`hard`).
"""

from __future__ import annotations

import linecache
import random
import zlib
from collections import Counter
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from .arguments import (
    FunctionParameter,
    NumberParameter,
    Parameter,
    TensorParameter,
    arguments_source,
)
from .headers import Plan
from .nest import write_program
from .scope import SORT, Array, Scope

ARGUMENT_SETS = 4
HEADER = """import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


"""


@dataclass
class Program:
    """A generated program: its text, its arguments, what is in it."""

    seed: int
    source: str
    arguments: tuple[str, ...]
    description: dict[str, int] = field(default_factory=dict)
    carried: tuple[str, ...] = ()
    hard: tuple[str, ...] = ()
    namespace: dict[str, Any] = field(default_factory=dict)

    @property
    def parallel(self) -> bool:
        """No carried dependence was put in, and nothing that may excuse a refusal."""
        return not self.carried and not self.hard

    def load(self) -> FunctionType:
        """The function ``program``, its source registered so that `inspect` finds it."""
        if not self.namespace:
            name = f"<fuzz program {self.seed} {zlib.crc32(self.source.encode()):08x}>"
            lines = self.source.splitlines(keepends=True)
            linecache.cache[name] = (len(self.source), None, lines, name)
            self.namespace["__name__"] = "fuzz_program"
            exec(compile(self.source, name, "exec"), self.namespace)
            for text in self.arguments:
                exec(compile(text, f"<fuzz arguments {self.seed}>", "exec"), self.namespace)
        function = self.namespace["program"]
        assert isinstance(function, FunctionType)
        return function

    def make_arguments(self, index: int) -> tuple[Any, ...]:
        """A fresh argument tuple; equal each time for the same index."""
        self.load()
        arguments: tuple[Any, ...] = self.namespace[f"arguments_{index}"]()
        return arguments

    def text(self, comment: str = "") -> str:
        """One file that stands alone: comment, program, argument functions, ``ARGUMENTS``."""
        names = "".join(f"arguments_{index}, " for index in range(len(self.arguments)))
        head = f'"""{comment}"""\n# ruff: noqa\n\n' if comment else "# ruff: noqa\n"
        parts = [head, self.source, "\n\n"]
        parts += [f"{text}\n\n" for text in self.arguments]
        return "".join(parts) + f"ARGUMENTS = ({names.rstrip()})\n"


def generate_program(seed: int) -> Program:
    """The program of this seed."""
    rng = random.Random(f"program {seed}")
    plan = _plan(rng)
    scope = _scope(rng, plan)
    lines = write_program(scope, plan)
    source = HEADER + "\n".join(lines) + "\n"
    if scope.chance(0.03):
        scope.use("torch_renamed")
        source = source.replace("torch.", "th.").replace("import torch\n", "import torch as th\n")
        source = source.replace("th.nn.functional as F", "torch.nn.functional as F")
        source = source.replace("import torch as th\n", "import torch\nimport torch as th\n")
    parameters = _parameters(rng, scope, plan)
    arguments = tuple(
        arguments_source(parameters, seed, index, plan.depth, plan.same_lengths)
        for index in range(ARGUMENT_SETS)
    )
    return Program(
        seed,
        source,
        arguments,
        dict(Counter(scope.constructs)),
        tuple(sorted(scope.carried)),
        tuple(sorted(scope.hard)),
    )


def _plan(rng: random.Random) -> Plan:
    """What the program is to be: depth, ranks, dtypes, kinds of parameter."""
    depth = rng.choices((1, 2, 3, 4), (36, 42, 16, 6))[0]
    trailing = 1 if depth < 3 and rng.random() < 0.14 else 0
    roll = rng.random()
    main = (
        "float32"
        if roll < 0.5
        else "float64"
        if roll < 0.62
        else "int64"
        if roll < 0.74
        else "int32"
        if roll < 0.82
        else "uint8"
        if roll < 0.87
        else "bool"
        if roll < 0.90
        else "float16"
        if roll < 0.94
        else "bfloat16"
        if roll < 0.98
        else "complex64"
    )
    count = rng.choices((1, 2, 3, 4), (25, 40, 25, 10))[0]
    return Plan(
        depth, trailing, main, count, rng.random() < 0.15, rng.random() < 0.25, rng.random() < 0.05
    )


def _scope(rng: random.Random, plan: Plan) -> Scope:
    """The scope at the start: parameters."""
    scope = Scope(rng, trailing=plan.trailing)
    names = rng.choice(
        (
            ("x", "y", "z", "w"),
            ("a", "b", "c", "d"),
            ("tensor", "other", "weight", "bias"),
            ("data", "scale", "mask", "extra"),
        )
    )
    axes = tuple(range(plan.depth))
    for index in range(plan.count):
        own, trailing = axes, plan.trailing
        if index:
            roll = rng.random()
            if roll < 0.3 and plan.depth > 1:
                own = tuple(a for a in axes if rng.random() < 0.5) or axes[:1]
            elif roll < 0.38:
                own = tuple(rng.sample(axes, len(axes)))
            elif roll < 0.44:
                own, trailing = (), 0
            trailing = trailing if rng.random() < 0.7 else 0
        dtype = (
            plan.main
            if index == 0 or rng.random() < 0.6
            else rng.choice(
                (
                    "float32",
                    "float64",
                    "int64",
                    "int32",
                    "uint8",
                    "bool",
                    "float32",
                    "float16",
                    "bfloat16",
                )
            )
        )
        if plan.main == "complex64" and index == 0:
            trailing = plan.trailing
        plan.dtypes[names[index]] = dtype
        scope.arrays[names[index]] = Array(names[index], own, trailing, SORT[dtype])
    for name, sort in (("s", "float"), ("k", "int"), ("threshold", "float"), ("flag", "bool")):
        if rng.random() < (0.28 if sort != "bool" else 0.1):
            scope.numbers[name] = sort
    if rng.random() < 0.1 and not plan.trailing:
        scope.functions.append("func")
    return scope


def _parameters(rng: random.Random, scope: Scope, plan: Plan) -> list[Parameter]:
    """The parameters in the order of the signature."""
    result: list[Parameter] = []
    if plan.method:
        result.append(FunctionParameter("self", ("Model(0.5, 2)", "Model(2.0, 3)", "Model(-1, 0)")))
    for name, dtype in plan.dtypes.items():
        array = scope.arrays[name]
        # Trailing dimensions take axes of their own, 10 and on.
        axes = (*array.axes, *range(10, 10 + array.trailing))
        result.append(TensorParameter(name, axes, dtype, array.written))
    result += [NumberParameter(n, s) for n, s in plan.numbers.items()]
    helpers = [name for name, count in scope.helpers if count == 1]
    if scope.functions:
        choices = (
            "torch.sin",
            "torch.abs",
            "torch.relu",
            "abs",
            "torch.exp",
            "F.relu",
            "(lambda v: v * 2 + 1)",
            *helpers,
            *helpers,
        )
        chosen = tuple(rng.sample(choices, 2))
        result.append(FunctionParameter("func", (chosen[0], chosen[0], chosen[1])))
    return result
