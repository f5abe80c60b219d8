"""Conditions on data as guards: where the loop would have raised, it must be the loop that runs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from deloop.analysis.definitions import written_out
from deloop.analysis.scatter import unmasked
from deloop.backend import syntax
from deloop.backend.context import Context
from deloop.backend.emit import Emitter
from deloop.backend.sequences import spell_sequences
from deloop.diagnostic import Assumption, Place, Refusal
from deloop.dtype import Rank
from deloop.errors import Unsupported
from deloop.frontend.apply import DataRequirement
from deloop.ir import rows, scalar
from deloop.ir.loop import NUMBERS, STACK, Loop
from deloop.text.names import names_in

_BUILTINS = frozenset({"float", "abs", "bool", "int", "len"})


def guard_data(
    requirements: Sequence[DataRequirement],
    loops: list[Loop],
    changed: set[str],
    parameters: set[str],
    context: Context,
    is_length: Callable[[str, int], bool],
    given: AbstractSet[str] = frozenset(),
    definitions: Mapping[str, ast.expr] | None = None,
    settled: Sequence[Assumption] = (),
) -> tuple[Assumption, ...]:
    """One guard a requirement, or those that are `settled` for its place and reason.

    ``math.sqrt(x[i])`` needs ``torch.isfinite(torch.sqrt(x.double())).all()``. `given` are the
    names that hold at the loop's start what they held at the function's, `definitions` those that
    are known as expressions of them.

    Raises `Unsupported` where the data is not an argument, or the loop changes it.
    """
    found: list[Assumption] = []
    known = definitions or {}
    # A guard is evaluated elsewhere: no name of the loop's own, and no rounding that counts.
    context = replace(context, inline=True, lossy=[])
    for requirement in requirements:
        place = requirement.place
        assert isinstance(place, Place)
        told = (requirement.reason, f"line {place.line}")
        before = [a for a in settled if (a.sentence, a.reason) == told]
        if before:
            found.extend(before)
            continue
        names = frozenset(loop.iterator for loop in loops)
        used = scalar.iterators_of(requirement.condition, names)
        around = [loop for loop in loops if loop.iterator in used]
        if rows.is_within_a_scan(requirement.condition):
            sentence = f"loop kept: it is not known before it runs that {requirement.reason}"
            raise Unsupported(Refusal("VEC917", place, sentence))
        for load in scalar.loads(requirement.condition):
            root = _of_sequence(load.array).split(".")[0].split("[")[0]
            is_gone = load.array in changed and not requirement.before
            if is_gone or root not in {*(given if requirement.before else parameters), *known}:
                raise Unsupported(
                    Refusal(
                        "VEC917",
                        place,
                        f"loop kept: it is not known before it runs that {requirement.reason}",
                    )
                )
        axes = [loop.axis for loop in around]
        emitter = Emitter(context, axes, [axis.iterator for axis in axes], place)
        if requirement.distinct:
            node = _distinct(requirement.condition, emitter)
        else:
            piece = emitter.emit(requirement.condition)
            word = "all" if requirement.every else "any"
            is_one = piece.rank is Rank.NUMBER or not piece.axes
            node = piece.node if is_one else syntax.method(piece.node, word)
        asked = ast.Expr(syntax.call("bool", [node]))
        (asked,) = spell_sequences([asked], context, is_length)[-1:]  # type: ignore[assignment]
        node = written_out(asked.value, known)
        guard = syntax.text(node)
        free = names_in(node)
        if free - (given if requirement.before else parameters) - {context.torch} - _BUILTINS:
            raise Unsupported(
                Refusal(
                    "VEC917",
                    place,
                    f"loop kept: it is not known before it runs that {requirement.reason}",
                )
            )
        found.append(Assumption(told[0], guard, told[1], requirement.avoidable))
    return tuple(dict.fromkeys(found))


def _of_sequence(array: str) -> str:
    """The list that an array is made of: ``_deloop_numbers(lengths) -> lengths``."""
    for word in (NUMBERS, STACK):
        if array.startswith(f"{word}("):
            return array.removeprefix(f"{word}(").removesuffix(")")
    return array


def _distinct(key: scalar.Expression, emitter: Emitter) -> ast.expr:
    """``(torch.bincount(idx) <= 1).all()``: counting is cheaper than sorting."""
    mask, key = unmasked(key)
    piece = emitter.emit(key)
    node = piece.node
    if mask is not None:
        chosen = emitter.emit(mask)
        if chosen.axes != piece.axes:
            raise emitter.refuse("a condition beside indices that it does not choose from")
        node = syntax.index(node, [chosen.node])
    elif len(piece.axes) > 1:
        node = syntax.method(node, "flatten")
    counts = syntax.call(f"{emitter.context.torch}.bincount", [node])
    at_most_one = ast.Compare(counts, [ast.LtE()], [ast.Constant(1)])
    return syntax.method(at_most_one, "all")
