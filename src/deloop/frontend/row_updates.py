"""Rows that an iteration makes and changes at a place of its own: a choice between old and new.

    for i in range(n):                           for i in range(n):
        d = (x - x[i]).abs()          is             out[i] = min over _d1 of
        d[i] = inf                                       select(_d1 == i, inf, |x[_d1] - x[i]|)
        out[i] = d.min()

That needs no array in which the row is kept, as long as nobody sees it before its last change.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from deloop.dtype import Rank, category
from deloop.frontend import expression as build
from deloop.frontend.cells import Carrying
from deloop.frontend.evaluate import Environment
from deloop.frontend.items import Item, Tuple, View, Whole
from deloop.frontend.made import MadeReader
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine
from deloop.ir.scalar import ElementType, Expression
from deloop.ir.source import SourceFunction
from deloop.ir.types import Sequence, Tensor
from deloop.text.names import is_name, names_in, names_read, names_stored

_ONE = Affine.number(1)


class RowUpdateReader(MadeReader):
    """A reader of rows of which the iteration that made them changes elements."""

    def __init__(
        self, function: SourceFunction, environment: Environment, carrying: Carrying | None = None
    ) -> None:
        super().__init__(function, environment, carrying)
        self.updated: dict[str, Expression] = {}
        """What each name of such a row holds."""

    def changes_at_once(self, name: str, node: ast.AST) -> bool:
        """Whether the statements behind a binding change the row before anybody sees it.

        Each is ``name[…] = value``, at least one of them at a place that moves with the loops.
        """
        block = next((b for b in _blocks_in_loops(self.function.node) if node in b), None)
        if block is None:
            return False
        first = block.index(node)  # type: ignore[arg-type]
        writes = {k for k, statement in enumerate(block) if _is_write(statement, name)}
        inside = [n for s in block for n in ast.walk(s) if is_name(n, name)]
        bound = sum(isinstance(n.ctx, ast.Store) for n in inside if isinstance(n, ast.Name))
        if not writes or min(writes) < first or bound != 1 or self._is_changed_else(name, block):
            return False
        between = [s for k, s in enumerate(block[: max(writes)]) if k not in writes and k != first]
        values = [s.value for k in writes if isinstance(s := block[k], ast.Assign)]
        seen = names_read(between) | {n for v in values for n in names_in(v)}
        moving = {n for loop in _loops(self.function.node) for n in names_stored(loop)}
        return name not in seen and any(
            names_in(entry) & moving for k in writes for entry in _entries(block[k])
        )

    def _is_changed_else(self, name: str, block: list[ast.stmt]) -> bool:
        """Whether anything but such a statement may write into what the name holds."""
        for statement in block:
            for n in ast.walk(statement):
                match n:
                    case ast.Subscript(value=value, ctx=ast.Store()) if is_name(value, name):
                        if not _is_write(statement, name):
                            return True
                    case ast.AugAssign(target=target) if name in names_in(target):
                        return True
                    case ast.Call(func=ast.Attribute(value=value, attr=word)):
                        in_place = word.endswith("_") and not word.endswith("__")
                        if in_place and is_name(value, name):
                            return True
        return False

    def note_updated(self, name: str, value: Expression) -> None:
        """Remember that a name holds a row whose changes are choices."""
        self.updated[name] = value

    def is_own_row(self, item: Item | None) -> bool:
        """Whether a value is such a row."""
        return any(item is row for row in self.updated.values())

    def update(self, target: ast.Subscript, item: Item, node: ast.AST) -> bool:
        """``row[i] = v`` as the row that is meant from here on; False for any other target."""
        name = target.value.id if isinstance(target.value, ast.Name) else ""
        row = self.environment.get(name)
        if not isinstance(row, build.NODES) or row is not self.updated.get(name):
            return False
        kind = ElementType(build.types_of(row)[0].dtype, Rank.TENSOR)
        value = build.uncopied(self.to_expression(item, node))
        self.check_stored(value, kind.dtype, node)
        condition = self._where(row, target, rows.extents(value).keys() != set(), node)
        self._check_fits(value, row, target, node)
        changed = self._changed(condition, build.cast(value, kind), row)
        self.environment[name] = changed
        self.note_updated(name, changed)
        self.temporaries.pop(row, None)
        self.temporaries[changed] = name
        return True

    def _changed(self, condition: Expression, value: Expression, row: Expression) -> Expression:
        """The value where the condition holds; of flags that are set or cleared, plain logic."""
        literal = scalar.literal_of(value)
        if row.type.dtype != "bool" or literal is None:
            return scalar.Select(condition, value, row)
        if not literal.value:
            condition = build.negate(condition)
        return build.both(row, condition, "logical_or" if literal.value else "logical_and")

    def check_stored(self, value: Expression, dtype: str, node: ast.AST) -> None:
        """Ask that a store of the value into such a row raises nothing."""
        if len(build.types_of(value)) != 1 or category(value.type.dtype) == "complex":
            self.unsupported(node, f"{ast.unparse(node)} stores one of two types", "VEC918")
        self._check_number(value, dtype, node)

    def _check_fits(
        self, value: Expression, row: Expression, target: ast.Subscript, node: ast.AST
    ) -> None:
        """Ask that a stored row is as long as the part that it goes to."""
        mine, sizes = self.row_shape(value, node), self.row_shape(row, node)
        if len(mine) >= len(sizes):
            self.unsupported(target, f"{ast.unparse(target)} as a target is not read yet")
        for size, other in zip(reversed(mine), reversed(sizes), strict=False):
            if size != _ONE:
                self.require_same_size(size, other, node)

    def _where(
        self, row: Expression, target: ast.Subscript, is_row: bool, node: ast.AST
    ) -> Expression:
        """The condition on a row's own dimensions under which an element is one of the target's.

        A row goes to whole dimensions behind an index alone: then both have the same ones.
        """
        sizes = self.row_shape(row, node)
        place = self.place(node)
        tests: list[Expression] = []
        entries = self._entries_of(target, node)
        if len(entries) == 1 and (mask := self._mask(entries[0], sizes, target)) is not None:
            if is_row:
                self.unsupported(target, f"{ast.unparse(target)} as a target is not read yet")
            return mask
        for position, entry in enumerate(entries):
            if position >= len(sizes):
                self.unsupported(target, f"{ast.unparse(target)} has too many subscripts", "VEC915")
            size = sizes[position]
            symbol = Affine.symbol(rows.dimension(len(sizes) - position))
            at = build.integer(Affine() if size == _ONE else symbol)
            if isinstance(entry, ast.Slice):
                taken = self.take_slice(Whole(Affine(), size), entry)
                if is_row and (position == 0 or taken != Whole(Affine(), size)):
                    self.unsupported(target, f"{ast.unparse(target)} as a target is not read yet")
                if taken.start != Affine():
                    tests.append(build.compare("GtE", at, build.integer(taken.start), place))
                if taken.start + taken.extent != size:
                    stop = build.integer(taken.start + taken.extent)
                    tests.append(build.compare("Lt", at, stop, place))
                continue
            index = self._place_in(entry, size, target)
            if isinstance(index, Affine):
                tests.append(build.compare("Eq", at, build.integer(index), place))
                continue
            self._require_within(index, size, target)
            tests.append(build.compare("Eq", at, index, place))
        if not tests:
            self.unsupported(target, f"{ast.unparse(target)} as a target is not read yet")
        condition = tests[0]
        for test in tests[1:]:
            condition = build.both(condition, test)
        return condition

    def _entries_of(self, target: ast.Subscript, node: ast.AST) -> list[ast.expr | Item]:
        """What stands between the brackets; nothing that takes several places by data."""
        entries = self.index_entries(target.slice)
        for entry in entries:
            item = self._index_item(entry)
            if isinstance(item, (Sequence, Tuple)) or (
                isinstance(entry, ast.Constant) and not isinstance(entry.value, int)
            ):
                self.unsupported(target, f"{ast.unparse(target)} as a target is not read yet")
        return entries

    def _mask(
        self, entry: ast.expr | Item, sizes: tuple[Affine, ...], target: ast.Subscript
    ) -> Expression | None:
        """The mask that chooses among all elements of a row; None for any other entry."""
        item = self._index_item(entry)
        if not isinstance(item, (Tensor, View, *build.NODES)):
            return None
        mask = self.to_expression(item, target)
        if mask.type != ElementType("bool", Rank.TENSOR) or len(build.types_of(mask)) > 1:
            return None
        own = self.row_shape(mask, target)
        if len(own) != len(sizes):
            self.unsupported(target, f"{ast.unparse(target)} as a target is not read yet")
        for mine, theirs in zip(own, sizes, strict=True):
            self.require_same_size(mine, theirs, target)
        return mask

    def _index_item(self, entry: ast.expr | Item) -> Item | None:
        """What an entry means that is no slice and no literal."""
        if not isinstance(entry, ast.expr):
            return entry
        return None if isinstance(entry, (ast.Slice, ast.Constant)) else self.evaluate(entry)

    def _require_within(self, index: Expression, size: Affine, target: ast.Subscript) -> None:
        """Ask that an index that is data lies inside of the row, and counts from its start."""
        place, text = self.place(target), ast.unparse(target)
        low = build.compare("GtE", index, build.number(0), place)
        self.require_data(low, place, f"{text} does not count from behind")
        high = build.compare("Lt", index, build.integer(size), place)
        self.require_data(high, place, f"{text} is within its row")


def _loops(function: ast.AST) -> Iterator[ast.For | ast.While]:
    for n in ast.walk(function):
        if isinstance(n, (ast.For, ast.While)):
            yield n


def _blocks_in_loops(function: ast.AST) -> Iterator[list[ast.stmt]]:
    """The bodies of loops, and of the branches in them."""
    for loop in _loops(function):
        for n in ast.walk(loop):
            if isinstance(n, (ast.For, ast.While, ast.If)):
                yield n.body
                yield n.orelse


def _is_write(statement: ast.stmt, name: str) -> bool:
    """Whether a statement is ``name[…] = value`` and nothing else."""
    match statement:
        case ast.Assign(targets=[ast.Subscript(value=value)]):
            return is_name(value, name)
    return False


def _entries(statement: ast.stmt) -> list[ast.expr]:
    """What stands between the brackets of such a statement."""
    match statement:
        case ast.Assign(targets=[ast.Subscript(slice=ast.Tuple(elts=entries))]):
            return entries
        case ast.Assign(targets=[ast.Subscript(slice=entry)]):
            return [entry]
    return []
