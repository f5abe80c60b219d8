"""How a line of the operator table is written: a signature in a few signs, spellings in words.

A signature lists parameters in PyTorch's order. A bare name takes a tensor; the sign after it says
otherwise: ``other|`` a tensor or a number, ``alpha#`` a number, ``approximate$`` text or a flag,
``inplace!`` a flag that must be false. ``?`` makes it optional, ``~`` in front keeps it out of type
promotion, and ``*`` alone begins the keyword-only ones: ``"input other| * alpha#?"``.

Spellings are words: ``torch`` is ``torch.<name>``, ``F`` is ``torch.nn.functional.<name>``,
``special`` is ``torch.special.<name>``, ``Tensor`` the method; a trailing underscore is the
in-place twin (``Tensor_`` is ``Tensor.<name>_``), and a dotted word names another spelling
(``special.expit``). A word without a dot holds for the operator's name and for its aliases alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from deloop.ops.kinds import Accepts, DTypeRule, Gradient, Kind, Operator, Parameter

_ACCEPTS = {
    "|": Accepts.EITHER,
    "#": Accepts.NUMBER,
    "$": Accepts.CONSTANT,
    "!": Accepts.FALSE,
}
_NAMESPACES = {
    "torch": "torch",
    "F": "torch.nn.functional",
    "special": "torch.special",
    "Tensor": "torch.Tensor",
}


@dataclass(frozen=True)
class Line:
    """One operator and every qualified name that calls it, in place or not."""

    operator: Operator
    spellings: tuple[str, ...]
    in_place: tuple[str, ...]


def read_signature(signature: str) -> tuple[Parameter, ...]:
    """The parameters that a signature in the table's signs stands for."""
    parameters: list[Parameter] = []
    keyword_only = False
    for word in signature.split():
        if word == "*":
            keyword_only = True
            continue
        promotes = not word.startswith("~")
        required = not word.endswith("?")
        text = word.strip("~?")
        accepts = _ACCEPTS.get(text[-1], Accepts.TENSOR)
        name = text if accepts is Accepts.TENSOR else text[:-1]
        parameters.append(
            Parameter(name, accepts, required, keyword_only, promotes and accepts.is_operand)
        )
    return tuple(parameters)


def read_spellings(names: str, words: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Qualified names from spelling words, for each of `names`: out of place, and in place.

    ``("relu", "torch F Tensor_") -> (torch.relu, torch.nn.functional.relu), (torch.Tensor.relu_,)``
    """
    functions: list[str] = []
    in_place: list[str] = []
    for word in words.split():
        space, dot, other = word.partition(".")
        prefix = _NAMESPACES[space.rstrip("_")]
        for name in [other] if dot else names.split():
            if space.endswith("_"):
                in_place.append(f"{prefix}.{name}_")
            else:
                functions.append(f"{prefix}.{name}")
    return tuple(functions), tuple(in_place)


def line(
    names: str,
    signature: str,
    dtype_rule: DTypeRule,
    gradient: Gradient,
    spelled: str,
    *,
    kind: Kind = Kind.ELEMENTWISE,
    refuses: str = "",
    refuses_operand: str = "",
    may_raise: str = "",
    **facts: Any,
) -> Line:
    """One line of the table: the canonical name and its aliases, what it takes, what is known.

    Sets are given as words; `facts` are `Operator`'s other fields.
    """
    name = names.split()[0]
    operator = Operator(
        name,
        kind,
        read_signature(signature),
        dtype_rule,
        gradient,
        refuses=frozenset(refuses.split()),
        refuses_operand=frozenset(refuses_operand.split()),
        may_raise=frozenset(may_raise.split()),
        **facts,
    )
    functions, in_place = read_spellings(names, spelled)
    return Line(operator, functions, in_place)
