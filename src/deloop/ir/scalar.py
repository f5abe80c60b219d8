"""Scalar IR: what one iteration computes for one element.

Every node knows the type that the *loop* gives it, `ElementType`: lifting must not change it,
although PyTorch's promotion treats Python numbers, 0-d tensors and tensors with dimensions
differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

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

    `kind` is a name in `deloop.ops.reductions`; `spelling` and `options` are as in a `Call`. A kind
    that keeps its axis gives a row again, of which this is the element `at` (``softmax``).
    `implicit` are the dimensions that the loop's own value has here and `value` has not: the kept
    axis, and dimensions of size 1 (``keepdim=True``). `skips_nan` says that the loop's extreme
    passes over NaN. `further` are the places along the other dimensions of what a call makes that
    has several (`deloop.ops.items`).
    """

    kind: str
    value: Expression
    axes: tuple[Axis, ...]
    type: ElementType
    implicit: tuple[tuple[str, Affine], ...] = ()
    at: Subscript | None = None
    spelling: str = ""
    options: tuple[tuple[str, Expression], ...] = ()
    skips_nan: bool = False
    further: tuple[Affine, ...] = ()


@dataclass(frozen=True)
class Scan:
    """`value` combined over the iterations of `axis` up to `at`: ``sum over k <= i of x[k]``.

    The axis' iterator is bound here; `at` is an expression of other iterators. An `exclusive` scan
    leaves iteration `at` itself out, and its axis ends before the last one. The kind ``last`` is
    the value of the iteration before, `first` that of the first one. The kind ``linear`` is `first`
    scaled by `factor`, which moves along the axis like `value`, and `value` added, at each
    iteration; a `factor` that is a condition says where the running value is kept, not scaled. The
    kind ``held`` is kept where `factor` says so, and `value` where not.
    `name` is the user's variable, should the value need one. With an `outer` axis the value goes on
    from one of its iterations to the next, and `around` says which of them is meant.
    """

    kind: str
    value: Expression
    axis: Axis
    at: Affine
    type: ElementType
    exclusive: bool = False
    skips_nan: bool = False
    name: str = ""
    first: Expression | None = None
    factor: Expression | None = None
    outer: Axis | None = None
    around: Affine = field(default_factory=Affine)


UNSET = "is_unset"
"""The operator of ``best is None`` for a variable that holds None before the loop."""

Expression = Number | Index | Invariant | Load | Call | Inlined | Select | Cast | Reduce | Scan
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
        case Scan(_, value, first=first, factor=factor):
            return tuple(e for e in (value, first, factor) if e is not None)
        case Cast(value, _):
            return (value,)
        case Reduce(_, value, _, _, _, at):
            return (value,) if at is None or isinstance(at, Affine) else (value, at)
        case Load(_, subscripts):
            return tuple(s for s in subscripts if not isinstance(s, Affine))
        case _:
            return ()


def bound_axes(expression: Expression) -> tuple[Axis, ...]:
    """The axes that a node binds: its operand varies along them, the node itself does not."""
    match expression:
        case Reduce(axes=axes):
            return axes
        case Scan(axis=axis, outer=outer):
            return (axis,) if outer is None else (outer, axis)
        case _:
            return ()


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything below it, outermost first."""
    yield expression
    for child in children(expression):
        yield from walk(child)


def rebuild(expression: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """The same node over changed operands; itself where none of them changes."""
    changes: dict[str, object] = {}
    match expression:
        case Call(_, arguments, _, _, keywords):
            changes["arguments"] = tuple([change(a) for a in arguments])
            if keywords:
                changes["keywords"] = tuple([(k, change(v)) for k, v in keywords])
        case Inlined(_, arguments, body):
            changes = {"body": change(body), "arguments": tuple([change(a) for a in arguments])}
        case Select(condition, then, otherwise):
            changes = {
                "condition": change(condition), "then": change(then),
                "otherwise": change(otherwise),
            }  # fmt: skip
        case Cast(value, _):
            changes["value"] = change(value)
        case Reduce(value=value, at=at):
            changes["at"] = at if at is None or isinstance(at, Affine) else change(at)
            changes["value"] = change(value)
        case Scan(value=value, first=first, factor=factor):
            changes["first"] = None if first is None else change(first)
            changes["factor"] = None if factor is None else change(factor)
            changes["value"] = change(value)
        case Load(_, subscripts):
            moved = [s if isinstance(s, Affine) else change(s) for s in subscripts]
            changes["subscripts"] = tuple(moved)
    if all(_is_same(getattr(expression, name), new) for name, new in changes.items()):
        return expression
    return replace(expression, **changes)  # type: ignore[arg-type]


def _is_same(old: object, new: object) -> bool:
    """Whether operands are the very same objects, in tuples of them and of pairs too."""
    if isinstance(old, tuple) and isinstance(new, tuple):
        return len(old) == len(new) and all(map(_is_same, old, new))
    return old is new


def substitute_symbols(expression: Expression, values: dict[str, Affine]) -> Expression:
    """Iterators replaced by affine expressions, in subscripts and values: ``i -> n - 1 - k``.

    What a node binds is its own: of ``sum over i of x[i, j]`` no `i` is replaced.
    """
    match expression:
        case Index(affine):
            return Index(affine.substitute(values))
        case Reduce(axes=axes, value=value, at=at, further=further):
            return replace(
                expression,
                value=substitute_symbols(value, _free(values, expression)),
                axes=tuple(axis.substituted(values) for axis in axes),
                at=_substituted_place(at, values),
                further=tuple(place.substitute(values) for place in further),
            )
        case Scan(value=value, axis=axis, at=at, first=first, factor=factor, outer=outer):
            inner = _free(values, expression)
            return replace(
                expression,
                outer=None if outer is None else outer.substituted(values),
                around=expression.around.substitute(values),
                value=substitute_symbols(value, inner),
                first=None if first is None else substitute_symbols(first, values),
                factor=None if factor is None else substitute_symbols(factor, inner),
                axis=axis.substituted(values),
                at=at.substitute(values),
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


def _free(values: dict[str, Affine], binder: Reduce | Scan) -> dict[str, Affine]:
    """The values of names that a node does not bind itself."""
    bound = {axis.iterator for axis in bound_axes(binder)}
    return {k: v for k, v in values.items() if k not in bound} if bound & values.keys() else values


def substituted(subscript: Subscript, values: dict[str, Affine]) -> Subscript:
    """As `substitute_symbols`, of a subscript."""
    if isinstance(subscript, Affine):
        return subscript.substitute(values)
    return substitute_symbols(subscript, values)


def _substituted_place(at: Subscript | None, values: dict[str, Affine]) -> Subscript | None:
    if at is None or isinstance(at, Affine):
        return None if at is None else at.substitute(values)
    return substitute_symbols(at, values)


def loads(expression: Expression) -> tuple[Load, ...]:
    """Every element read, outermost first."""
    return tuple(node for node in walk(expression) if isinstance(node, Load))


def reads(expression: Expression, array: str) -> bool:
    """Whether an element of the array is read anywhere in the value."""
    return any(load.array == array for load in loads(expression))


def replaced(expression: Expression, parts: Mapping[Expression, Expression]) -> Expression:
    """The value with others in place of the parts named, the outermost first."""
    if expression in parts:
        return parts[expression]
    return rebuild(expression, lambda child: replaced(child, parts))


def literal_of(value: Expression) -> Number | None:
    """The number written in the source that a value is, whatever it is converted to."""
    while isinstance(value, Cast):
        value = value.value
    return value if isinstance(value, Number) else None


def bare_literal(value: Expression) -> Expression:
    """A number written in the source, whatever it is converted to; any other value as it is."""
    return literal_of(value) or value


def literal_value(value: Expression) -> object:
    """As `literal_of`, the bare Python value; None where it is not written in the source."""
    found = literal_of(value)
    return None if found is None else found.value


def iterators_of(expression: Expression, iterators: frozenset[str]) -> frozenset[str]:
    """Which of `iterators` the value depends on."""
    found: set[str] = set()
    for node in walk(expression):
        if isinstance(node, Index):
            found.update(node.affine.symbols)
        elif isinstance(node, (Reduce, Scan)):
            bounds = [c for a in bound_axes(node) for c in a.constraints]
            found.update(s for c in bounds for s in c.expression.symbols)
            found.update(node.at.symbols if isinstance(node.at, Affine) else ())
            found.update(node.around.symbols if isinstance(node, Scan) else ())
            further = node.further if isinstance(node, Reduce) else ()
            found.update(s for place in further for s in place.symbols)
        elif isinstance(node, Load):
            for subscript in node.subscripts:
                if isinstance(subscript, Affine):
                    found.update(subscript.symbols)
    return frozenset(found) & iterators


def slack_of(condition: Expression) -> Affine | None:
    """What is not negative exactly where a comparison of indices holds: ``j > i -> j - i - 1``."""
    if not isinstance(condition, Call) or condition.operator not in ("gt", "ge", "lt", "le"):
        return None
    sides: list[Affine] = []
    for argument in condition.arguments:
        match argument:
            case Index(affine):
                sides.append(affine)
            case Number(int() as value):
                sides.append(Affine.number(value))
            case _:
                return None
    left, right = sides if condition.operator in ("gt", "ge") else sides[::-1]
    return left - right - (condition.operator in ("gt", "lt"))


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
    ends = isinstance(expression, (Call, Cast, Reduce))
    if ends and category(expression.type.dtype) in ("bool", "int"):
        return False
    if isinstance(expression, Select):
        return requires_grad(expression.then, also) or requires_grad(expression.otherwise, also)
    return any(requires_grad(child, also) for child in children(expression))
