"""Scalar IR: what one iteration computes for one element.

Every node knows the type that the *loop* gives it, `ElementType`: lifting must not change it,
although PyTorch's promotion treats Python numbers, 0-d tensors and tensors with dimensions
differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from deloop.dtype import Rank, category
from deloop.ir.affine import Affine
from deloop.ir.axis import Axis


@dataclass(frozen=True)
class ElementType:
    """The dtype and the promotion rank that the loop's own value has."""

    dtype: str
    rank: Rank


@dataclass(frozen=True)
class Number:
    """A Python number written in the source: ``2.0``."""

    value: int | float | bool | complex
    type: ElementType


@dataclass(frozen=True)
class Index:
    """A Python int that is affine in iterators and sizes: ``2*i + 1``."""

    affine: Affine
    type: ElementType = ElementType("int64", Rank.NUMBER)


@dataclass(frozen=True)
class Invariant:
    """A variable that no iteration changes: a Python number or a 0-d tensor."""

    name: str
    type: ElementType
    requires_grad: bool = False


@dataclass(frozen=True)
class Load:
    """The element ``array[subscripts]``.

    `implicit` pairs each iterator over a dimension that the user's statement treats whole (``x[i]``
    of a matrix) with its extent: the loop's own value there has dimensions.
    """

    array: str
    subscripts: tuple[Subscript, ...]
    type: ElementType
    implicit: tuple[tuple[str, Affine], ...] = ()
    requires_grad: bool = False


@dataclass(frozen=True)
class Call:
    """An operator applied to elements.

    `operator` is its canonical name in `deloop.ops`; `spelling` how to write it back
    (``torch.sin``, ``.sin``, or empty for Python's own operators); `keywords` its constant
    arguments.
    """

    operator: str
    arguments: tuple[Expression, ...]
    type: ElementType
    spelling: str = ""
    keywords: tuple[tuple[str, Expression], ...] = ()


@dataclass(frozen=True)
class Inlined:
    """A call of the user's own function, with what its body computes.

    `result` is the function's returned expression as an `ast` text over its parameters, where the
    body is that alone; the back end writes the call again where it means the same on tensors.
    """

    spelling: str
    arguments: tuple[Expression, ...]
    body: Expression
    parameters: tuple[str, ...] = ()
    result: str = ""

    @property
    def type(self) -> ElementType:
        """The type of what the body computes."""
        return self.body.type


@dataclass(frozen=True)
class Select:
    """`then` where `condition` holds, else `otherwise`; the loop evaluated only one of them."""

    condition: Expression
    then: Expression
    otherwise: Expression

    @property
    def type(self) -> ElementType:
        """The common type; both branches agree wherever a `Select` is an operand."""
        return self.then.type

    @property
    def is_mixed(self) -> bool:
        """Whether the branches differ in type (such a select may only be stored)."""
        return any(
            branch.type != self.then.type or (isinstance(branch, Select) and branch.is_mixed)
            for branch in (self.then, self.otherwise)
        )


@dataclass(frozen=True)
class Cast:
    """The value converted to a type: what a store, ``.item()``, ``float()`` or ``.to()`` does."""

    value: Expression
    type: ElementType


@dataclass(frozen=True)
class Reduce:
    """`value` combined over all values of `axes`, which are bound here: ``sum over j of x[i, j]``.

    `kind` is a name in `deloop.ops.reductions`.
    """

    kind: str
    value: Expression
    axes: tuple[Axis, ...]
    type: ElementType


UNSET = "is_unset"
"""The operator of ``best is None`` for a variable that holds None before the loop."""

Expression = Number | Index | Invariant | Load | Call | Inlined | Select | Cast | Reduce
Subscript = Affine | Expression


def children(expression: Expression) -> tuple[Expression, ...]:
    """The operands of a node, subscripts that are expressions included."""
    match expression:
        case Call(_, arguments, _, _, keywords):
            return arguments + tuple(value for _, value in keywords)
        case Select(condition, then, otherwise):
            return (condition, then, otherwise)
        case Inlined(_, _, body):
            return (body,)
        case Cast(value, _) | Reduce(_, value):
            return (value,)
        case Load(_, subscripts):
            return tuple(s for s in subscripts if not isinstance(s, Affine))
        case _:
            return ()


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything below it, outermost first."""
    yield expression
    for child in children(expression):
        yield from walk(child)


def rebuild(expression: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """The same node over changed operands."""
    match expression:
        case Call():
            return replace(
                expression,
                arguments=tuple(change(a) for a in expression.arguments),
                keywords=tuple((k, change(v)) for k, v in expression.keywords),
            )
        case Inlined():
            return replace(
                expression,
                body=change(expression.body),
                arguments=tuple(change(a) for a in expression.arguments),
            )
        case Select(condition, then, otherwise):
            return Select(change(condition), change(then), change(otherwise))
        case Cast(value, kind):
            return Cast(change(value), kind)
        case Reduce(value=value):
            return replace(expression, value=change(value))
        case Load():
            return replace(
                expression,
                subscripts=tuple(
                    s if isinstance(s, Affine) else change(s) for s in expression.subscripts
                ),
            )
        case _:
            return expression


def substitute_symbols(expression: Expression, values: dict[str, Affine]) -> Expression:
    """Iterators replaced by affine expressions, in subscripts and values: ``i -> n - 1 - k``."""
    match expression:
        case Index(affine):
            return Index(affine.substitute(values))
        case Reduce(axes=axes, value=value):
            return replace(
                expression,
                value=substitute_symbols(value, values),
                axes=tuple(axis.substituted(values) for axis in axes),
            )
        case Load():
            return replace(
                expression,
                subscripts=tuple(
                    s.substitute(values) if isinstance(s, Affine) else substitute_symbols(s, values)
                    for s in expression.subscripts
                ),
            )
        case _:
            return rebuild(expression, lambda child: substitute_symbols(child, values))


def loads(expression: Expression) -> tuple[Load, ...]:
    """Every element read, outermost first."""
    return tuple(node for node in walk(expression) if isinstance(node, Load))


def iterators_of(expression: Expression, iterators: frozenset[str]) -> frozenset[str]:
    """Which of `iterators` the value depends on."""
    found: set[str] = set()
    for node in walk(expression):
        if isinstance(node, Index):
            found.update(node.affine.symbols)
        elif isinstance(node, Reduce):
            found.update(s for a in node.axes for c in a.constraints for s in c.expression.symbols)
        elif isinstance(node, Load):
            for subscript in node.subscripts:
                if isinstance(subscript, Affine):
                    found.update(subscript.symbols)
    return frozenset(found) & iterators


def types_wanted(select: Select) -> str:
    """The dtype of a select whose branches agree."""
    branch: Expression = select
    while isinstance(branch, Select):
        branch = branch.then
    return branch.type.dtype


def requires_grad(expression: Expression, also: frozenset[str] = frozenset()) -> bool:
    """Whether a gradient can flow through the value; `also` names arrays that carry one by now.

    It ends where the loop takes a Python number (``.item()``) or an integer.
    """
    if isinstance(expression, (Cast, Reduce)) and expression.type.rank is Rank.NUMBER:
        return False
    if isinstance(expression, (Load, Invariant)):
        return expression.requires_grad or (
            isinstance(expression, Load) and expression.array in also
        )
    computed = isinstance(expression, (Call, Cast, Reduce))
    if computed and category(expression.type.dtype) in ("bool", "int"):
        return False
    if isinstance(expression, Select):
        return requires_grad(expression.then, also) or requires_grad(expression.otherwise, also)
    return any(requires_grad(child, also) for child in children(expression))
