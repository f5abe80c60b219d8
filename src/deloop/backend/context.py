"""What emission needs to know of its surroundings, and the pieces of source that it makes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from deloop.backend import syntax
from deloop.diagnostic import Exactness
from deloop.dtype import Rank
from deloop.ir.affine import Affine, Constraint
from deloop.ir.axis import Axis
from deloop.ir.scalar import Expression
from deloop.ir.types import Tensor

NOTE = "deloop_piece"
"""The attribute of a node of source that says of which piece it is: its axes and its dtype."""


@dataclass(frozen=True)
class Emitted:
    """A piece of source: its axes in the order of its dimensions, and the type PyTorch gives it.

    `reduced` is a call that reduces dimensions, and which those are: as long as it is the whole
    piece, ``keepdim=True`` may be added to it.
    """

    node: ast.expr
    axes: tuple[str, ...]
    dtype: str
    rank: Rank
    is_view: bool = False
    reduced: tuple[ast.Call, tuple[int, ...]] | None = None
    squeezed: tuple[ast.expr, ast.expr, tuple[int, ...]] | None = None
    """The piece, what it was with dimensions of size 1, and which those are."""

    def __post_init__(self) -> None:
        vars(self.node)[NOTE] = self.axes, self.dtype


@dataclass(frozen=True)
class Padding:
    """A value with elements of one number around it: how many before and behind each dimension."""

    node: ast.expr
    inner: ast.expr
    amounts: tuple[tuple[Affine, Affine], ...]
    value: ast.expr


@dataclass
class Context:
    """What emission needs to know of its surroundings.

    Parameters
    ----------
    arrays:
        Tensors by name, shapes in canonical sizes.
    torch:
        How the user's code names torch.
    canonical:
        Writes equal sizes as one.
    spell:
        An affine expression with a spelling that is valid where the code will stand.
    device:
        The device of the data, ``"cpu"``, and the expression for it; new tensors are made there.
    assume:
        Takes a constraint on sizes as given, with a guard; False where it does not hold.
    inline:
        Whether calls of the user's functions are replaced by their bodies.
    """

    arrays: Mapping[str, Tensor]
    torch: str
    canonical: Callable[[Affine], Affine]
    spell: Callable[[Affine], Affine]
    device: tuple[str, str] = ("cpu", "")
    inline: bool = False
    assume: Callable[[Constraint, str], bool] = lambda constraint, reason: False
    exactness: Exactness = Exactness.BITWISE
    lossy: list[str] = field(default_factory=list)
    locals: dict[str, tuple[tuple[Affine, Affine] | None, ...] | None] = field(default_factory=dict)
    names: dict[Expression, tuple[Emitted, tuple[Axis, ...]]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    with_grad: frozenset[str] = frozenset()
    is_builtin: Callable[[str], bool] = lambda word: False
    """Whether ``max`` or ``min`` means Python's own here; each call compares what was asked."""
    vanishes: Callable[[Affine], bool] = lambda affine: affine == Affine()
    """Whether a difference of sizes is certain to be none."""
    steps: Mapping[int, Affine] = field(default_factory=dict)
    """How strides that are parameters are written."""
    sums: dict[int, tuple[ast.expr, tuple[Affine, ...]]] = field(default_factory=dict)
    """Sums written, by the identity of their trees, with the extents that they go over."""

    written: list[ast.stmt] = field(default_factory=list)
    """Statements that a value under way needs in front of its own."""
    scan_name: str = ""
    """What the next running values are to be called: the tensor made anew that they are."""
    variables: frozenset[str] = frozenset()
    """Names of variables that the rewritten loop still sets or reads."""

    def unique(self, name: str) -> str:
        """A name like this one that nothing has yet."""
        unique, count = name, 1
        while unique in self.taken:
            count += 1
            unique = f"{name}_{count}"
        self.taken.add(unique)
        return unique
    places: Mapping[str, tuple[tuple[str, Affine], ...]] = field(default_factory=dict)
    """Axes of which the values are kept in vectors of indices: their names, what they hold."""
    holding: dict[Expression, bool] = field(default_factory=dict)
    """Conditions on numbers around what is being written, and whether they hold there."""
    joined: dict[int, tuple[int, list[ast.expr], ast.expr]] = field(default_factory=dict)
    """Tensors written as parts along a dimension, by the identity of their trees."""
    padded: dict[int, Padding] = field(default_factory=dict)
    """Tensors written with numbers around them, by the identity of their trees."""

    def settled(self, size: Affine) -> Affine:
        """A size as it is written: a number that stands for a parameter, by its name."""
        size = self.canonical(size)
        return self.canonical(self.steps.get(size.constant, size)) if size.is_constant else size

    def base(self, tensor: Tensor) -> ast.expr:
        """A tensor as it is read: ``x``, or ``x.unflatten(0, (h, w))``."""
        node = syntax.name(tensor.name)
        for dim, sizes in reversed(tensor.splits):
            written = [syntax.affine(self.spell(self.settled(s))) for s in sizes]
            node = syntax.method(
                node, "unflatten", ast.Constant(dim), ast.Tuple(written, ast.Load())
            )
        if tensor.padding:
            moved = next(k for k, pair in enumerate(tensor.padding) if pair != (Affine(), Affine()))
            amounts = [size for pair in reversed(tensor.padding[moved:]) for size in pair]
            written = [syntax.affine(self.spell(self.canonical(size))) for size in amounts]
            keywords = {"value": syntax.constant(tensor.around)} if tensor.around else {}
            pad = f"{self.torch}.nn.functional.pad"
            return syntax.call(pad, [node, ast.Tuple(written, ast.Load())], **keywords)
        return node

    def foreign_device(self, tensor: Tensor, has_data: bool) -> bool:
        """Whether a value made without data would lie elsewhere than the tensor it replaces."""
        return not has_data and tensor.type.device != self.device[0]

    def spelled(self, name: str) -> str:
        """A library function's name; one of torch's through the name that the user's code has."""
        is_full = name.startswith("torch.") and self.torch != "torch"
        return f"{self.torch}{name.removeprefix('torch')}" if is_full else name

    def step(self, axis: Axis, step: int) -> Affine:
        """A step as it is written: the user's own expression, where it is that of the range."""
        number = Affine.number(step)
        is_own = axis.span is not None and axis.stride == step
        return self.canonical(self.steps.get(step, number)) if is_own else number

    def round_off(self, step: str) -> None:
        """Note the step at which bitwise equality is lost."""
        self.exactness = Exactness.ROUNDING
        if step not in self.lossy:
            self.lossy.append(step)
