"""Random programs whose nests stand in a loop or block that stays: the fourth family.

``generate_kept(seed)`` takes a program of another family and puts what it does, its first lines
and its ``return`` aside, into something that the compiler leaves alone: an iteration that prints, a
``while``, a ``try``, a condition on data. What an iteration leaves is what the next one meets:
names bound late, tensors changed in place, another tensor under an old name.
"""

from __future__ import annotations

import ast
import random
from dataclasses import replace

from .carried import generate_carried
from .generator import Program, generate_program
from .indexed import generate_indexed

Block = list[ast.stmt]


def generate_kept(seed: int) -> Program:
    """The program of this seed in the family of loops that stay."""
    rng = random.Random(f"kept {seed}")
    families = (generate_carried, generate_program, generate_indexed)
    inner = rng.choices(families, (60, 30, 10))[0](seed)
    tree = ast.parse(inner.source)
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    function = next((n for n in functions if n.name == "program"), None)
    if function is None:
        return inner
    last = function.body[-1:] if isinstance(function.body[-1], ast.Return) else []
    body = function.body[: len(function.body) - len(last)]
    first = rng.randint(0, min(2, max(len(body) - 1, 0)))
    if body[first:]:
        function.body = [*body[:first], *_around(rng, body[first:], function), *last]
    source = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
    return replace(inner, source=source, carried=(*inner.carried, "kept"), namespace={})


def _around(rng: random.Random, body: Block, function: ast.FunctionDef) -> Block:
    """The statements in something that stays, which runs them once or twice."""
    name = function.args.args[0].arg if function.args.args else "torch"
    forms = {
        "for sweep in range(2):\n    print(sweep)": 6,
        "for sweep, word in enumerate(('a', 'b')):\n    print(word)": 2,
        "sweep = 0\nwhile sweep < 2:\n    sweep += 1\n    print(sweep)": 3,
        "for sweep in range(3):\n    if sweep == 2:\n        break": 2,
        "for sweep in range(2):\n    if sweep == 1:\n        print('again')": 2,
        "try:\n    print('trying')\nexcept ZeroDivisionError:\n    raise": 1,
        f"with torch.no_grad():\n    print(len({name}))": 1,
    }
    around = ast.parse(rng.choices(list(forms), list(forms.values()))[0]).body
    holder = around[-1]
    assert isinstance(holder, (ast.For, ast.While, ast.Try, ast.With))
    holder.body.extend(body)
    if isinstance(holder, ast.For) and rng.random() < 0.3:
        holder.body.extend(_exchange(rng, function))
    return around


def _exchange(rng: random.Random, function: ast.FunctionDef) -> Block:
    """At the end of an iteration: an argument under another name, or a changed copy of it."""
    names = [a.arg for a in function.args.args]
    if not names:
        return []
    name, other = rng.choice(names), rng.choice(names)
    forms = (f"{name} = {name} * 1", f"{name} = {name} + {name}", f"held = {name}",
             f"{name}, {other} = ({other}, {name})", f"{name} = {other}")  # fmt: skip
    return ast.parse(rng.choice(forms)).body
