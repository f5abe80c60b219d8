"""What a static reading knows of a value: a tensor, a size, a list of something, or nothing.

A `Kind` is a guess with a reason. ``how`` says where the knowledge comes from, in words that a
message can show; ``each`` says that the value differs from one iteration of a loop to the next
because it was read at the loop's own position.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Word(Enum):
    """The sorts of values that are told apart."""

    TENSOR = "tensor"
    LIST = "list"
    SHAPE = "shape"
    INT = "int"
    NUMBER = "number"
    ARRAY = "array"
    MODULE = "module"
    OTHER = "other"
    """Known, and none of these: a string, a dictionary, None, a file."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Kind:
    """What is known of one value.

    Parameters
    ----------
    word:
        Its sort.
    rank:
        How many dimensions a tensor has, where that is known; of a list, how many items.
    dtype:
        A tensor's dtype, where that is known.
    item:
        What a list holds.
    of:
        The tensor (as spelled) that a size or a shape belongs to, or that an element comes from.
    how:
        Why: ``annotated Tensor``, ``torch.zeros(...)``.
    each:
        Whether it was read at the position of a loop around.
    size:
        Whether an int is the size of a tensor.
    value:
        An int's value, where it is a constant.
    weak:
        Whether a tensor is one by a convention alone, so that more has to speak for it.
    synced:
        Whether a number was taken out of a tensor, element by element.
    chosen:
        Whether data decide how long a tensor is: ``mask.nonzero()``, ``x[mask]``.
    """

    word: Word
    rank: int | None = None
    dtype: str = ""
    item: Kind | None = None
    of: str = ""
    how: str = ""
    each: bool = False
    size: bool = False
    value: int | None = None
    weak: bool = False
    synced: bool = False
    chosen: bool = False

    @property
    def is_tensor(self) -> bool:
        """Whether it is a tensor, by convention or by evidence."""
        return self.word is Word.TENSOR

    def varying(self, each: bool) -> Kind:
        """The same, read at a loop's position where `each`."""
        return replace(self, each=True) if each and not self.each else self


UNKNOWN = Kind(Word.UNKNOWN)
OTHER = Kind(Word.OTHER)
INT = Kind(Word.INT)
NUMBER = Kind(Word.NUMBER)
ARRAY = Kind(Word.ARRAY)
MODULE = Kind(Word.MODULE)


def tensor(how: str, rank: int | None = None, dtype: str = "", each: bool = False) -> Kind:
    """A tensor, and how that is known."""
    return Kind(Word.TENSOR, rank=rank, dtype=dtype, how=how, each=each)


def list_of(item: Kind, count: int | None = None) -> Kind:
    """A list or a tuple of such items."""
    return Kind(Word.LIST, rank=count, item=item)


def join(first: Kind, second: Kind) -> Kind:
    """What a name is known to be where two paths meet; nothing speaks against what one knows.

    ``tensor, unknown -> tensor`` and ``tensor, None -> tensor``, but ``tensor, list -> unknown``.
    """
    if first is second or first == second:
        return first
    if first.word is second.word:
        if first.word is Word.TENSOR:
            rank = first.rank if first.rank == second.rank else None
            dtype = first.dtype if first.dtype == second.dtype else ""
            weak = first.weak and second.weak
            each = first.each or second.each
            return replace(first, rank=rank, dtype=dtype, weak=weak, each=each)
        if first.word is Word.LIST:
            assert first.item is not None and second.item is not None
            return list_of(join(first.item, second.item))
        return Kind(first.word, each=first.each or second.each)
    for one, other in ((first, second), (second, first)):
        if one.word in (Word.UNKNOWN, Word.OTHER) and other.word is Word.TENSOR:
            return other
        if {one.word, other.word} == {Word.INT, Word.NUMBER}:
            return Kind(Word.NUMBER, each=one.each or other.each)
    return UNKNOWN
