"""What the compiler knows of a value before a loop runs: its type, and where it came from.

These are data, computed elsewhere (`analysis.types` from source, `decorator` from real arguments).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from deloop.ir.affine import Affine


@dataclass(frozen=True)
class TensorType:
    """A dense tensor.

    Parameters
    ----------
    dtype:
        The dtype's name, ``"float32"``.
    shape:
        One affine expression a dimension, in sizes spelled as the user would:
        ``(tensor.shape[0], tensor.shape[1])``.
    device:
        The device's type, ``"cpu"``.
    requires_grad, leaf:
        As of the tensor; a leaf that requires grad cannot be changed in place.
    contiguous:
        Whether the elements are known to lie in row-major order without gaps.
    overlapping:
        Whether several elements may be one place in memory (``expand``).
    unsure:
        Whether `requires_grad` only says that it may: on one path, or after what was not followed.
    """

    dtype: str
    shape: tuple[Affine, ...]
    device: str = "cpu"
    requires_grad: bool = False
    leaf: bool = True
    contiguous: bool = False
    overlapping: bool = False
    unsure: bool = False

    @property
    def rank(self) -> int:
        """How many dimensions."""
        return len(self.shape)


@dataclass(frozen=True)
class Tensor:
    """A tensor held by a variable or an attribute.

    ``name`` is its spelling in the user's source (``x``, ``self.weight``); arrays with the same
    ``name`` are the same tensor. ``storage`` tells which memory it lives in, with a ``?`` behind it
    where that may be other memory as well: two tensors of one `memory` may overlap. ``fresh`` says
    that the function made it and nobody else holds it; ``fill`` is the number that every element
    still has, where that is known. ``flat_of`` names the tensor of which this is the
    one-dimensional row-major form (``x.view(-1)``).
    """

    name: str
    type: TensorType
    storage: str
    fresh: bool = False
    fill: int | float | bool | None = None
    flat_of: Tensor | None = None
    made_of: frozenset[str] = frozenset()
    """The memory that it is computed from, where `name` is an expression that makes it anew."""
    splits: tuple[tuple[int, tuple[Affine, ...]], ...] = ()
    """Dimensions of which the type has several, with their sizes: those of ``name.unflatten``."""
    whole: tuple[Affine, ...] = ()
    """The shape without `splits`, where there are any."""
    padding: tuple[tuple[Affine, Affine], ...] = ()
    """How many elements the type has in front of and behind each dimension of `name`'s own."""
    around: int | float | bool = 0
    """What the elements of `padding` are."""

    @property
    def memory(self) -> str:
        """The memory that it certainly or perhaps shares with others of the same."""
        return self.storage.rstrip("?")


@dataclass(frozen=True)
class Integer:
    """A Python int that is an affine expression of sizes, parameters and iterators."""

    affine: Affine


@dataclass(frozen=True)
class Scalar:
    """A Python number of which only the type is known.

    Its dtype is ``bool``, ``int64``, ``float64`` or ``complex128``. `value` is the number itself
    where the function computes it from constants.
    """

    dtype: str
    spelling: str
    value: int | float | None = None


@dataclass(frozen=True)
class Literal:
    """A constant of the source that is not an int: ``2.0``, ``True``, ``None``, ``"trunc"``."""

    value: object


@dataclass(frozen=True)
class Sequence:
    """A tuple or a list of known length."""

    items: tuple[Value, ...]
    is_list: bool = False


@dataclass(frozen=True)
class Shape:
    """``x.shape``: the sizes of a tensor (unpacks like a tuple)."""

    of: Tensor


@dataclass(frozen=True)
class Module:
    """A module or a class seen as a namespace: ``torch``, ``torch.nn.functional``, ``math``."""

    qualified: str


@dataclass(frozen=True)
class Function:
    """A callable.

    ``qualified`` is its canonical name where it belongs to a known library (``torch.sin``),
    ``source`` the parsed definition where that is at hand. ``spelling`` is how the user's code
    names it.
    """

    spelling: str
    qualified: str | None = None
    source: object | None = None


@dataclass(frozen=True)
class Called:
    """What calling a module does: the layer's class, or why it is not known.

    Of a layer that is not PyTorch's own, its ``forward`` says what it does.
    """

    kind: str
    is_library: bool
    training: bool = False
    children: tuple[Value, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    """Numbers and words that a layer was made with, asked to be the same at each call."""
    reason: str = ""


@dataclass(frozen=True)
class Object:
    """Any other object with attributes that can be asked for: ``self``.

    `called` tells, where it is a module, what calling it does.
    """

    name: str
    attribute: Callable[[str], Value] = field(compare=False)
    called: Callable[[], Called] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Table(Object):
    """A dictionary from small ints that are not negative to numbers, ``int64`` or ``float64``.

    `greatest` is its greatest key at this call.
    """

    dtype: str = "int64"
    greatest: int = 0


@dataclass(frozen=True)
class Opaque:
    """Something that the compiler does not look into; `reason` says what it is."""

    reason: str


Value = Tensor | Integer | Scalar | Literal | Sequence | Shape | Module | Function | Object | Opaque
