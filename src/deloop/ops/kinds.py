"""What can be said of a PyTorch operator, as data: its kind, dtype rule, gradient, parameters.

`pointwise`, `combining` and `making` hold one line per operator in these words; `table` looks up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """What an operator does to its operands' elements and dimensions.

    The first four work element by element: the value at an index depends on the operands' values
    at that index alone, and is the same whether the operand is 0-d or has dimensions.
    """

    ELEMENTWISE = "elementwise"
    COMPARISON = "comparison"
    LOGICAL = "logical"
    PREDICATE = "predicate"
    CAST = "cast"
    REDUCTION = "reduction"
    RANDOM = "random"
    CREATION = "creation"
    VIEW = "view"

    @property
    def is_elementwise(self) -> bool:
        """Whether lifting a call of this kind is the same call on whole tensors."""
        return self in _BY_ELEMENT


_BY_ELEMENT = frozenset(
    {Kind.ELEMENTWISE, Kind.COMPARISON, Kind.LOGICAL, Kind.PREDICATE, Kind.CAST}
)


class DTypeRule(Enum):
    """How an operator's result dtype follows from its operands'.

    ``PROMOTE``: type promotion. ``PROMOTE_INT``: the same with a Python integer besides, so that
    bool becomes int64. ``PROMOTE_FLOAT``: type promotion, then integers and bool become the default
    dtype. ``BOOL``: always bool. ``ABSOLUTE``: type promotion, then complex becomes real.
    ``ABSOLUTE_FLOAT``: both. ``COMPLEX``: type promotion, then real becomes complex. ``WHERE``:
    promotion of all but the condition. ``FLOAT_POWER``: float64 or complex128. ``FIRST``, ``LAST``:
    that operand's dtype. ``FIXED``: the one that the operator's `fixed` names. ``WRITTEN``: the one
    that the call names.
    """

    PROMOTE = "promote"
    PROMOTE_INT = "promote int"
    PROMOTE_FLOAT = "promote float"
    BOOL = "bool"
    ABSOLUTE = "absolute"
    ABSOLUTE_FLOAT = "absolute float"
    COMPLEX = "complex"
    WHERE = "where"
    FLOAT_POWER = "float power"
    FIRST = "first"
    LAST = "last"
    FIXED = "fixed"
    WRITTEN = "written"


class Gradient(Enum):
    """What becomes of a zero upstream gradient: hazard 8, the untaken branch of ``where``.

    It holds for the first and the second gradient. ``NONE``: no gradient flows (bool or integer
    results) or it is zero everywhere (``floor``). ``LINEAR``: zero stays zero at every operand,
    infinities and NaN too, for the derivative is constant or selected by a mask. ``SMOOTH``: zero
    stays zero at every finite operand. ``SINGULAR``: at some finite operand, the largest included,
    a derivative is infinite or NaN, so that zero becomes NaN.
    """

    NONE = "none"
    LINEAR = "linear"
    SMOOTH = "smooth"
    SINGULAR = "singular"


class Accepts(Enum):
    """What PyTorch takes for a parameter.

    ``TENSOR``: a tensor only (a Python number raises). ``EITHER``: a tensor or a Python number.
    ``NUMBER``: a Python number only; a tensor with dimensions raises, so nothing that varies with
    an iterator may stand here. ``CONSTANT``: text or a flag, as written.
    ``FALSE``: a flag that must be absent or False (``inplace``).
    """

    TENSOR = "tensor"
    EITHER = "either"
    NUMBER = "number"
    CONSTANT = "constant"
    FALSE = "false"

    @property
    def is_operand(self) -> bool:
        """Whether the parameter takes elements and so takes part in lifting."""
        return self in (Accepts.TENSOR, Accepts.EITHER)


@dataclass(frozen=True)
class Parameter:
    """One parameter of an operator, under the name that PyTorch gives it."""

    name: str
    accepts: Accepts
    required: bool = True
    keyword_only: bool = False
    promotes: bool = True
    """Whether an operand here takes part in type promotion."""


@dataclass(frozen=True)
class Operator:
    """One PyTorch operator, whatever its spellings; identity is `name`.

    Parameters
    ----------
    name:
        The canonical name: ``add``, ``sin``, ``relu``.
    parameters:
        In PyTorch's order, self first. Only those that keep the operator elementwise are listed:
        ``out=`` and ``dtype=`` are not, so that a call with them does not bind.
    refuses:
        Dtypes and categories of the computation's dtype for which PyTorch raises.
    refuses_operand:
        The same for each single operand, before promotion.
    one_dtype:
        Whether tensor operands of different dtypes raise.
    masks:
        Positions that take bool only.
    exact:
        Whether CPU kernels give bitwise the same for a 0-d and for an n-d or strided operand, for
        real dtypes, the sign of zero included (``maximum(0.0, -0.0)`` depends on the layout).
        `table.is_exact` asks for a dtype too.
    same_if:
        What must hold of the values for the lifted call to give the same, rounding aside; empty
        where nothing must (``gelu`` of infinity is infinity for one element, NaN for eight).
    may_raise:
        Categories of the computation's dtype for which an element's *value* can raise.
    raises_when:
        When it does, in words.
    may_alias:
        Whether the result can be the operand itself (``x.float()`` of a float32 tensor).
    fill:
        For creation: ``"zero"``, ``"one"``, ``"empty"``, ``"value"``, or None.
    like:
        For creation: whether dtype, device and shape default to a tensor operand's.
    always_view:
        For views: whether the result shares memory always, rather than where strides allow.
    """

    name: str
    kind: Kind
    parameters: tuple[Parameter, ...]
    dtype_rule: DTypeRule = DTypeRule.PROMOTE
    gradient: Gradient = Gradient.SINGULAR
    exact: bool = False
    refuses: frozenset[str] = frozenset()
    refuses_operand: frozenset[str] = frozenset()
    one_dtype: bool = False
    masks: tuple[int, ...] = ()
    same_if: str = ""
    may_raise: frozenset[str] = frozenset()
    raises_when: str = ""
    fixed: str = ""
    is_pure: bool = True
    may_alias: bool = False
    fill: str | None = None
    like: bool = False
    always_view: bool = False
    _by_name: Mapping[str, int] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        index = {parameter.name: i for i, parameter in enumerate(self.parameters)}
        object.__setattr__(self, "_by_name", index)

    @property
    def min_args(self) -> int:
        """How many positional arguments are required, self included."""
        return sum(p.required and not p.keyword_only for p in self.parameters)

    @property
    def max_args(self) -> int:
        """How many positional arguments are accepted, self included."""
        return sum(not p.keyword_only for p in self.parameters)

    @property
    def keywords(self) -> tuple[str, ...]:
        """The names that may be given as keywords without changing the kind."""
        return tuple(p.name for p in self.parameters)

    @property
    def tensor_only(self) -> tuple[int, ...]:
        """Positions where the function spelling raises for a Python number."""
        return self._positions(Accepts.TENSOR)

    @property
    def number_only(self) -> tuple[int, ...]:
        """Positions where only a number that no iterator changes may stand."""
        return self._positions(Accepts.NUMBER)

    def _positions(self, accepts: Accepts) -> tuple[int, ...]:
        return tuple(i for i, p in enumerate(self.parameters) if p.accepts is accepts)

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name, None where there is none."""
        index = self._by_name.get(name)
        return None if index is None else self.parameters[index]

    def bind(self, positional: int, keywords: Sequence[str]) -> tuple[Parameter, ...] | None:
        """The parameters that a call's arguments go to, positional ones first, then `keywords`.

        ``clamp.bind(1, ["max"]) -> (input, max)``. None where the call does not fit: too many or
        too few arguments, an unknown or repeated keyword (`out` and `dtype` are unknown).
        """
        if positional > self.max_args:
            return None
        bound = [p for p in self.parameters if not p.keyword_only][:positional]
        for keyword in keywords:
            parameter = self.parameter(keyword)
            if parameter is None or parameter in bound:
                return None
            bound.append(parameter)
        if any(p.required and p not in bound for p in self.parameters):
            return None
        return tuple(bound)

    def __str__(self) -> str:
        return self.name


class MathResult(Enum):
    """The Python type of what a function of `math` returns."""

    FLOAT = "float"
    INT = "int"
    BOOL = "bool"


@dataclass(frozen=True)
class MathFunction:
    """A function of Python's `math` (or a builtin on floats) and its twin on float64 tensors.

    Parameters
    ----------
    name:
        As in ``math``: ``sin``.
    torch_name:
        The operator that equals it on float64: ``torch.sin``. None where there is none.
    exact:
        Whether the two agree bitwise wherever Python's does not raise.
    total:
        Whether Python's raises for no double at all, infinities and NaN included.
    result:
        What Python's returns; an ``int`` has no bound where int64 does.
    """

    name: str
    arity: int
    torch_name: str | None
    exact: bool
    total: bool
    result: MathResult = MathResult.FLOAT
