"""What one loop's body does: reads at its position, stores, sums, lists, calls, exits."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from deloop.lint import library
from deloop.lint.flow import Flow
from deloop.lint.header import Header, enter_for
from deloop.lint.kinds import Kind, Word
from deloop.lint.module import Scope
from deloop.lint.purity import is_pure_call
from deloop.lint.reader import Reader, spell
from deloop.text.names import is_name
from deloop.text.trees import walk

Loop = ast.For | ast.AsyncFor | ast.While


@dataclass(frozen=True)
class Access:
    """A read of a tensor at a position that moves with a loop."""

    node: ast.expr
    tensor: str
    names: frozenset[str]
    weak: bool
    sliced: bool = False
    """Whether only slices move with the loop: windows and blocks."""
    masked: bool = False
    """Whether a mask selects the elements."""


@dataclass(frozen=True)
class Store:
    """A write into a tensor at a position that moves with a loop."""

    node: ast.Subscript
    tensor: str
    value: ast.expr
    kind: Kind
    adds: bool
    by_index: bool
    """Whether a tensor's element says where."""
    ragged: bool = False
    """Whether data say how much of a row is written."""
    rank: int | None = None
    """How many dimensions the tensor has, where that is known."""
    chosen: frozenset[str] = frozenset()
    """The names of indices of which data say how many there are."""


@dataclass(frozen=True)
class Append:
    """One more item of a list."""

    node: ast.Call
    name: str
    value: ast.expr
    kind: Kind


@dataclass
class Seen:
    """Everything that was seen in a body."""

    accesses: list[Access] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    appends: list[Append] = field(default_factory=list)
    sums: dict[str, ast.stmt] = field(default_factory=dict)
    grown: dict[str, ast.stmt] = field(default_factory=dict)
    syncs: list[ast.expr] = field(default_factory=list)
    opaque: list[ast.Call] = field(default_factory=list)
    effects: list[tuple[ast.AST, str]] = field(default_factory=list)
    exits: list[ast.stmt] = field(default_factory=list)
    python_stores: list[ast.expr] = field(default_factory=list)
    python_reads: list[ast.Subscript] = field(default_factory=list)
    """Items of lists at the loop's position."""
    unknown_reads: list[ast.Subscript] = field(default_factory=list)
    """Items, at the loop's position, of what nobody knows, and of NumPy arrays."""
    as_lists: list[ast.expr] = field(default_factory=list)
    """Tensors' items that are joined as the items of lists are: ``torch.stack(x[i])``."""
    uses: dict[str, int] = field(default_factory=dict)
    """How often each name is read."""
    inner: list[tuple[Loop, Header]] = field(default_factory=list)
    needs: dict[str, set[str]] = field(default_factory=dict)
    """The names that each name is computed from."""
    written: dict[str, tuple[int, int]] = field(default_factory=dict)
    read: dict[str, tuple[int, int]] = field(default_factory=dict)
    values: dict[str, list[ast.expr]] = field(default_factory=dict)
    """What each name is set to."""


_EFFECTS = library.words(
    "print open input write log info debug warning warn error exception savefig imshow plot show"
    " imwrite imread save load dump dumps loads step zero_grad backward add_scalar add_image"
    " update set_postfix set_description write_text sleep send recv join acquire release submit"
    " render draw rectangle putText line circle polylines figure subplot scatter_plot close"
    " system run check_call append_text add_text isend irecv all_reduce all_gather broadcast_"
    " reset sample choice shuffle synchronize manual_seed barrier load_state_dict remove_hook"
    " register_forward_hook train eval requires_grad_ exit call emit perf_counter time record"
)
"""Names of functions and methods that do something besides computing."""

_ROW_UPDATES = library.words(
    "add_ sub_ mul_ div_ copy_ zero_ fill_ clamp_ clamp_min_ clamp_max_ neg_ abs_ sqrt_ exp_ pow_"
    " masked_fill_ index_add_ scatter_add_ scatter_ index_fill_ addcmul_ addcdiv_ relu_"
)
"""Methods that change a row in place, element by element."""

_STATEFUL_LAYERS = frozenset({"Dropout", "Dropout2d"})
_JOINING_OPS = (ast.Add, ast.Sub, ast.Mult, ast.BitAnd, ast.BitOr, ast.Div)
_EXTREMES = library.words("max min maximum minimum logical_or logical_and logaddexp")


class Body(Flow):
    """Walks a loop's body once and notes what it does."""

    def __init__(self, scope: Scope, reader: Reader) -> None:
        copied = Reader(reader.module, reader.owner, dict(reader.names))
        super().__init__(scope, copied)
        self.seen = Seen()
        self.conditions: list[Kind] = []
        self.compared: list[set[str]] = []
        self.tested: list[str] = []

    # ------------------------------------------------------------------ statements
    def see(self, node: ast.stmt) -> None:
        """Note what one statement does, those inside of it aside."""
        if isinstance(node, ast.Raise):
            return
        for expression in expressions_of(node):
            self.look(expression)
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._target(target, value, node, adds=False)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._target(target, value, node, adds=False)
            case ast.AugAssign(target=target, value=value):
                self._target(target, value, node, adds=True)
            case ast.Expr(value=ast.Call() as call):
                self._call_statement(call)
            case ast.Break() | ast.Return():
                self.seen.exits.append(node)
            case ast.Try() | ast.With() | ast.AsyncWith():
                if not self._is_plain_with(node):
                    self.seen.effects.append((node, "enters a context or catches exceptions"))
            case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef() | ast.AsyncFor():
                self.seen.effects.append((node, "defines a function"))
            case ast.Global() | ast.Nonlocal() | ast.Delete() | ast.Import() | ast.ImportFrom():
                self.seen.effects.append((node, "changes the names around"))

    def _is_plain_with(self, node: ast.stmt) -> bool:
        if not isinstance(node, ast.With):
            return False
        names = {
            self.reader.module.dotted(i.context_expr.func)
            for i in node.items
            if isinstance(i.context_expr, ast.Call)
        }
        return bool(names) and names <= {"torch.no_grad", "torch.inference_mode"}

    def enter(self, node: ast.For | ast.AsyncFor | ast.While, header: Header) -> None:
        """Note a loop inside the body; its variables come from what it goes over."""
        self.seen.inner.append((node, header))
        if isinstance(node, (ast.For, ast.AsyncFor)):
            for name in names_below(node.target):
                self._needs(name, node.iter, node)

    def _if(self, node: ast.If) -> None:
        test = self.reader.kind(node.test)
        if test.is_tensor and test.each:
            self.seen.syncs.append(node.test)
        self.conditions.append(test)
        used = [n.id for n in walk(node.test) if isinstance(n, ast.Name)]
        self.compared.append(set(used))
        self.tested.extend(used)
        super()._if(node)
        self.conditions.pop()
        self.compared.pop()

    @property
    def _is_selected(self) -> bool:
        """Whether a condition on elements decides if this statement runs."""
        return any(c.each and (c.is_tensor or c.synced) for c in self.conditions)

    def _needs(self, name: str, value: ast.expr, node: ast.stmt) -> None:
        found = {n.id for n in walk(value) if isinstance(n, ast.Name)}
        self.seen.needs.setdefault(name, set()).update(found)
        self._write(name, node)

    def _write(self, name: str, node: ast.stmt) -> None:
        """A name is set; what the same statement reads is read before."""
        place = (node.lineno, node.col_offset)
        if not isinstance(node, (ast.For, ast.AsyncFor)):
            place = (node.end_lineno or place[0], node.end_col_offset or place[1])
        self.seen.written.setdefault(name, place)

    def _target(self, target: ast.expr, value: ast.expr, node: ast.stmt, *, adds: bool) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                self._target(element, value, node, adds=adds)
        elif isinstance(target, ast.Subscript):
            self._store(target, value, adds=adds)
        elif isinstance(target, ast.Name):
            self._name(target.id, value, node, adds=adds)
        elif isinstance(target, ast.Attribute):
            self.seen.effects.append((target, f"sets {spell(target)}"))

    def _store(self, target: ast.Subscript, value: ast.expr, *, adds: bool) -> None:
        base = self.reader.kind(target.value)
        kind = self.reader.kind(value)
        varies = base.each or self.reader.varies(target.slice)
        if not base.is_tensor:
            self.seen.python_stores.append(target)
        elif varies:
            by_index = any(
                self.reader.kind(p).is_tensor or self.reader.kind(p).synced
                for p in index_parts(target.slice)
                if not isinstance(p, ast.Slice)
            )
            held = root_of(target)
            ragged = any(
                isinstance(p, ast.Slice) and self._is_ragged(p) for p in index_parts(target.slice)
            )
            root: ast.expr = target
            while isinstance(root, ast.Subscript):
                root = root.value
            rank = self.reader.kind(root).rank
            chosen = frozenset(
                p.id
                for p in index_parts(target.slice)
                if isinstance(p, ast.Name) and self.reader.kind(p).chosen
            )
            self.seen.stores.append(
                Store(target, held, value, kind, adds, by_index, ragged, rank, chosen)
            )
        elif root_of(target) in self.seen.written:
            return  # it is made in this iteration
        elif kind.each or self._is_selected:
            self.seen.sums.setdefault(spell(target), target)  # type: ignore[arg-type]

    def _is_ragged(self, part: ast.Slice) -> bool:
        """Whether a slice ends where an element of a tensor, or of a list, says."""
        kinds = [self.reader.kind(b) for b in (part.lower, part.upper) if b is not None]
        moving = [k for k in kinds if k.each]
        return any(k.is_tensor or k.synced or k.word is Word.UNKNOWN or k.of for k in moving)

    def _name(self, name: str, value: ast.expr, node: ast.stmt, *, adds: bool) -> None:
        kind = self.reader.kind(value)
        tells = kind.each or self._is_selected
        held = self.reader.names.get(name)
        self.seen.values.setdefault(name, []).append(value)
        fresh = name in self.seen.written and held is not None and held.word is not Word.LIST
        if adds:
            is_list = held is not None and held.word is Word.LIST
            if is_list:
                self.seen.effects.append((node, f"extends {name}"))
            elif tells and not fresh and isinstance(getattr(node, "op", None), _JOINING_OPS):
                self.seen.sums.setdefault(name, node)
            elif tells:
                self._needs(name, value, node)
                self.seen.needs[name].add(name)
            self._write(name, node)
            return
        if is_growth(name, value, self.reader) and name not in self.seen.written:
            self.seen.grown.setdefault(name, node)
            self._write(name, node)
        elif tells and not fresh and (joins_itself(name, value) or self._is_compared(name)):
            self.seen.sums.setdefault(name, node)
            self._write(name, node)
        else:
            if self._is_selected and held is not None and not fresh:
                self.seen.sums.setdefault(name, node)
            self._needs(name, value, node)

    def _is_compared(self, name: str) -> bool:
        """Whether a condition around compares an element with the name: ``if x[i] > best``."""
        return self._is_selected and any(name in names for names in self.compared)

    def _call_statement(self, node: ast.Call) -> None:
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[item]):
                held = self.reader.names.get(name)
                if held is None or held.word in (Word.LIST, Word.UNKNOWN):
                    kind = self.reader.kind(item)
                    if kind.word is Word.INT and kind.each and self._is_selected:
                        kind = replace(kind, synced=True)  # where the elements are that fit
                    self.seen.appends.append(Append(node, name, item, kind))
                    return
            case ast.Call(func=ast.Attribute(value=owner, attr=word)):
                base = self.reader.kind(owner)
                if base.is_tensor and word in _ROW_UPDATES:
                    varies = base.each
                    if isinstance(owner, ast.Subscript) and varies:
                        value = node.args[-1] if node.args else owner
                        kind = self.reader.kind(value)
                        store = Store(owner, root_of(owner), value, kind, word == "add_", False)
                        self.seen.stores.append(store)
                    elif isinstance(owner, ast.Name) and word in ("add_", "mul_", "sub_"):
                        self.seen.sums.setdefault(owner.id, node)  # type: ignore[arg-type]
                    return
        if not any(call is node for call in self.seen.opaque):
            self.seen.effects.append((node, f"calls {spell(node.func)} for its effect"))

    # ------------------------------------------------------------------ expressions
    def look(self, node: ast.expr) -> None:
        """Note reads and calls inside an expression."""
        for inner in walk(node):
            if isinstance(inner, ast.Subscript):
                if isinstance(inner.ctx, ast.Load):
                    self._access(inner)
            elif isinstance(inner, ast.Name):
                if isinstance(inner.ctx, ast.Load):
                    self.seen.uses[inner.id] = self.seen.uses.get(inner.id, 0) + 1
                    self.seen.read.setdefault(inner.id, (inner.lineno, inner.col_offset))
                    kind = self.reader.names.get(inner.id)
                    if kind is not None and kind.is_tensor and kind.each:
                        access = Access(inner, kind.of, frozenset({inner.id}), kind.weak)
                        self.seen.accesses.append(access)
            elif isinstance(inner, ast.Call):
                self._call(inner)
            elif isinstance(inner, (ast.Yield, ast.YieldFrom, ast.Await)):
                self.seen.effects.append((inner, "hands a value out"))

    def _access(self, node: ast.Subscript) -> None:
        base = self.reader.kind(node.value)
        if base.is_tensor and self.reader.varies(node.slice):
            names = {n.id for n in walk(node) if isinstance(n, ast.Name)}
            sliced = all(
                isinstance(p, ast.Slice) or not self.reader.kind(p).each
                for p in index_parts(node.slice)
            )
            masked = any(self.reader.kind(p).dtype == "bool" for p in index_parts(node.slice))
            access = Access(node, root_of(node), frozenset(names), base.weak, sliced, masked)
            self.seen.accesses.append(access)
        elif base.word is Word.LIST and self.reader.varies(node.slice):
            if base.item is None or base.item.word not in (Word.INT, Word.NUMBER):
                self.seen.python_reads.append(node)
        elif base.word in (Word.UNKNOWN, Word.ARRAY) and self.reader.varies(node.slice):
            self.seen.unknown_reads.append(node)

    def _call(self, node: ast.Call) -> None:
        module = self.reader.module
        name = module.dotted(node.func)
        word = node.func.attr if isinstance(node.func, ast.Attribute) else name.rpartition(".")[2]
        if name.startswith("torch."):
            space, _, last = name.rpartition(".")
            if last in library.RANDOM_FUNCTIONS:
                self.seen.effects.append((node, f"draws random numbers ({spell(node.func)})"))
            elif space not in library.NAMESPACES or last in ("save", "load", "manual_seed"):
                self._unknown(node)
            elif last in library.JOINERS and node.args:
                joined = self.reader.kind(node.args[0])
                if joined.is_tensor and joined.each:
                    self.seen.as_lists.append(node.args[0])
            return
        if isinstance(node.func, ast.Name):
            if node.func.id in library.ELEMENTWISE_BUILTINS:
                first = self.reader.kind(node.args[0]) if node.args else None
                sync = node.func.id in ("float", "int", "bool", "round")
                if sync and first is not None and first.is_tensor and first.each:
                    self.seen.syncs.append(node)
                return
            if word in _EFFECTS:
                self.seen.effects.append((node, f"calls {word}"))
            else:
                self._unknown(node)
            return
        assert isinstance(node.func, (ast.expr))
        if not isinstance(node.func, ast.Attribute):
            self._unknown(node)
            return
        base = self.reader.kind(node.func.value)
        if base.is_tensor:
            if word in library.RANDOM_FUNCTIONS or word in ("backward", "register_hook"):
                self.seen.effects.append((node, f"calls {word}"))
            elif word in library.SYNCS and base.each and word != "cpu":
                self.seen.syncs.append(node)
            return
        if name.startswith("math.") or base.word in (Word.INT, Word.NUMBER, Word.SHAPE):
            return
        if base.word is Word.LIST and word in ("append", "index", "count"):
            return
        held = self.reader.kind(node.func)
        if held.word is Word.MODULE and held.how in library.MODULES_TO_TENSORS:
            if held.how in _STATEFUL_LAYERS:
                self.seen.effects.append((node, f"{spell(node.func)} draws random numbers"))
            return
        if word == "append":
            return
        if word in _EFFECTS:
            self.seen.effects.append((node, f"calls {spell(node.func)}"))
        elif base.word is not Word.UNKNOWN or word not in library.PURE_METHODS:
            self._unknown(node)

    def _unknown(self, node: ast.Call) -> None:
        if not is_pure_call(node, self.reader.module, self.reader.owner):
            self.seen.opaque.append(node)

    # ------------------------------------------------------------------ questions
    def names_behind(self, value: ast.expr) -> set[str]:
        """The names that an expression is computed from in the body, directly or not."""
        return self._names_behind(names_below(value))

    def _names_behind(self, names: set[str]) -> set[str]:
        found: set[str] = set()
        queue = set(names)
        while queue:
            name = queue.pop()
            if name not in found:
                found.add(name)
                queue |= self.seen.needs.get(name, set())
        return found

    def own_names(self, start: set[str]) -> set[str]:
        """The names that are computed from `start` in the body, one from another."""
        found = set(start)
        while True:
            more = {n for n, needs in self.seen.needs.items() if needs & found} - found
            if not more:
                return found
            found |= more

    def find_recurrent(self) -> list[str]:
        """Names whose value at one iteration is computed from that of the iteration before."""
        carried = []
        for name, needs in self.seen.needs.items():
            if name in self.seen.grown:
                continue
            first_read = self.seen.read.get(name)
            if first_read is None or first_read > self.seen.written[name]:
                continue
            if name in self._names_behind(needs):
                carried.append(name)
        return carried

    def find_array_recurrent(self, own: set[str]) -> list[str]:
        """Tensors that are written at one position of the loop and read at another.

        `own` are the names that tell the loop's iterations apart.
        """
        written = {s.tensor: self._places(s.node, own) for s in self.seen.stores}
        found = []
        for access in self.seen.accesses:
            store = written.get(access.tensor)
            if store is None or not isinstance(access.node, ast.Subscript):
                continue
            if not store & self._places(access.node, own):
                found.append(access.tensor)
        return found

    def _places(self, node: ast.Subscript, own: set[str]) -> set[tuple[int, str]]:
        """The dimensions in which a subscript stands at one place of the loop: ``x[:, i] -> 1, i``.

        Two subscripts that have one in common meet in no two iterations. A subscript that slices
        alone is one place as a whole.
        """
        while isinstance(node.value, ast.Subscript):
            node = node.value
        parts = index_parts(node.slice)
        found = {(-1, ast.unparse(node.slice))}
        for position, part in enumerate(parts):
            if isinstance(part, ast.Constant) and part.value is Ellipsis:
                behind = parts[position + 1 :]
                places = [(k - len(behind) - 1, p) for k, p in enumerate(behind)]
                found |= {(k, ast.unparse(p)) for k, p in places if self._is_place(p, own)}
                break
            if self._is_place(part, own):
                found.add((position, ast.unparse(part)))
        return found

    def _is_place(self, part: ast.expr, own: set[str]) -> bool:
        if isinstance(part, ast.Slice) or not names_below(part) & own:
            return False
        kind = self.reader.kind(part)
        return kind.word is Word.INT and kind.each


def expressions_of(node: ast.stmt) -> Iterator[ast.expr]:
    """The expressions that stand in a statement itself, not in the statements inside of it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, ast.withitem):
            yield child.context_expr


def index_parts(index: ast.expr) -> list[ast.expr]:
    """The parts of a subscript: ``i, :, j + 1``."""
    return list(index.elts) if isinstance(index, ast.Tuple) else [index]


def root_of(node: ast.expr) -> str:
    """What a chain of subscripts hangs on, as spelled: ``out[i][j] -> out``."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return spell(node)


def names_below(node: ast.AST) -> set[str]:
    """All names below a node, whatever is done with them."""
    return {n.id for n in walk(node) if isinstance(n, ast.Name)}


def joins_itself(name: str, value: ast.expr) -> bool:
    """``s = s + v``, ``s = torch.maximum(s, v)``: the old value is one side of one operation."""
    if isinstance(value, ast.BinOp):
        return _is_term(name, value, value.op)
    if isinstance(value, ast.Call):
        func = value.func
        word = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
        if word in _EXTREMES:
            return any(is_name(a, name) for a in value.args)
    if isinstance(value, ast.BoolOp):
        return any(is_name(v, name) for v in value.values)
    return False


def _is_term(name: str, value: ast.expr, op: ast.operator) -> bool:
    """Whether a name is a term of a chain of one operation: ``a + s - b``, not ``a + s * b``."""
    if is_name(value, name):
        return True
    if not isinstance(value, ast.BinOp):
        return False
    both = (ast.Add, ast.Sub)
    same = isinstance(value.op, type(op)) or (isinstance(value.op, both) and isinstance(op, both))
    if not same or not isinstance(op, _JOINING_OPS):
        return False
    if _is_term(name, value.left, op):
        return True
    return not isinstance(value.op, (ast.Sub, ast.Div)) and _is_term(name, value.right, op)


_GROWING = frozenset({"cat", "concat", "hstack", "vstack"})


def is_growth(name: str, value: ast.expr, reader: Reader) -> bool:
    """``x = torch.cat([x, row])``: the whole tensor is copied at each iteration."""
    match value:
        case ast.Call(func=func, args=[ast.List(elts=parts) | ast.Tuple(elts=parts), *_]):
            dotted = reader.module.dotted(func)
            joins = dotted.startswith("torch.") and dotted[6:] in _GROWING
            return joins and any(is_name(p, name) for p in parts)
    return False


def loop_names(node: ast.For | ast.AsyncFor | ast.While, body: Body) -> set[str]:
    """The names that count a loop's iterations."""
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return names_below(node.target)
    kinds = body.reader.names
    compared = {n.id for n in walk(node.test) if isinstance(n, ast.Name)}
    return {n for n in compared if n in kinds and kinds[n].each}


__all__ = ["Access", "Append", "Body", "Seen", "Store", "enter_for", "loop_names"]
