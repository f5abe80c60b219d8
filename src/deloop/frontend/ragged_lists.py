"""Lists of tensors of different lengths as one tensor, padded, and the list of their lengths.

    for i, s in enumerate(seqs):                 for i, (s, length) in enumerate(zip(P, lengths)):
        out[i, :len(s)] = s              ->          out[i, :length] = s[:length]

`P` stands for ``torch.nn.utils.rnn.pad_sequence(seqs, batch_first=True)``. It is a copy: only where
nothing may write into a tensor of the list is it the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from deloop.diagnostic import Assumption
from deloop.dtype import category
from deloop.frontend.stand_ins import Parts, StandIn, Standing
from deloop.frontend.text_edits import TextEdits, parsed
from deloop.frontend.writes import writes_only_own
from deloop.ir.affine import Affine
from deloop.ir.source import SourceFunction
from deloop.ir.types import Scalar, Sequence, Tensor, TensorType, Value
from deloop.text.names import is_name, names_captured, names_in, names_stored

_LOOPS = (ast.For, ast.ListComp, ast.GeneratorExp)
_MADE_LIKE = frozenset({"dtype", "device", "new_zeros", "new_full", "new_ones", "new_empty"})


def pad_ragged(
    function: SourceFunction, arguments: Mapping[str, Value], hints: Mapping[str, int], torch: str
) -> Standing | None:
    """The function over one padded tensor; None where it takes no such list, or does more to it."""
    if not isinstance(function.node, ast.FunctionDef):
        return None
    for name, value in arguments.items():
        if isinstance(value, Sequence) and (found := _ragged(name, value, hints)):
            made = _Padding(function, found, torch).standing()
            if made is not None:
                return made
    return None


@dataclass(frozen=True)
class _Ragged:
    """A list of tensors that differ in their first size."""

    name: str
    lengths: tuple[int, ...]
    trailing: tuple[int, ...]
    type: TensorType


def _ragged(name: str, value: Sequence, hints: Mapping[str, int]) -> _Ragged | None:
    tensors = [item for item in value.items if isinstance(item, Tensor)]
    if not tensors or len(tensors) != len(value.items):
        return None
    first = tensors[0].type
    kinds = {(t.type.dtype, t.type.device, t.type.rank) for t in tensors}
    seen = [tuple(s.evaluate(hints) for s in t.type.shape) for t in tensors]
    known = [tuple(n for n in sizes if n is not None) for sizes in seen]
    if len(kinds) != 1 or not first.rank or len({s[1:] for s in seen}) != 1 or known != seen:
        return None
    grad = any(t.type.requires_grad for t in tensors)
    kind = replace(first, requires_grad=grad, leaf=False, contiguous=False, overlapping=False)
    return _Ragged(name, tuple(s[0] for s in known), known[0][1:], kind)


class _Padding:
    """Takes the place of one list in one function."""

    def __init__(self, function: SourceFunction, ragged: _Ragged, torch: str) -> None:
        self.function = function
        self.ragged = ragged
        self.torch = torch
        self.node = parsed(function.text)
        self.edits = TextEdits(self.node, names_in(self.node) | set(function.parameters))
        self.parents = {c: n for n in ast.walk(self.node) for c in ast.iter_child_nodes(n)}
        self.used: set[ast.AST] = set()
        """Parts of the function that are taken care of."""
        self.bound: list[tuple[ast.Name, set[ast.Name]]] = []
        """Names that hold an element, and where they do."""
        self._name_lengths()
        self.needs_some = False
        self.fill = "0"
        """The number behind the end of each tensor."""
        self.filled: str | None = None
        """The same, where the function asks for one."""
        self.longest = {
            s.targets[0].id
            for s in self.node.body
            if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name)
            and self._is_longest(s.value) and _is_set_once(s.targets[0].id, self.node)
        }
        """Names of the longest length."""

    @property
    def padded(self) -> str:
        return f"{self.ragged.name}_padded"

    def standing(self) -> Standing | None:
        name, node = self.ragged.name, self.node
        taken = names_in(node) | set(self.function.parameters)
        is_hidden = name in names_stored(node) or name in names_captured(node)
        if is_hidden or self.padded in taken or not writes_only_own(node):
            return None
        try:
            self._read()
        except _Refused:
            return None
        self.edits.parts = list(_outermost(self.edits.parts))
        changed = self.edits.applied_to(self.function)
        if changed is None:
            return None
        if self.needs_some and 0 in self.ragged.lengths:
            return None
        names = self._stand_ins()
        changed = replace(changed, given=tuple(s.name for s in names))
        return Standing(changed, names, self._assumptions(), self._is_certain, plain=self._plain)

    def _stand_ins(self) -> tuple[StandIn, ...]:
        name, lengths = self.ragged.name, self.ragged.lengths
        size = f"{self.padded}.shape[1]"
        rest = [f"{self.padded}.shape[{k}]" for k in range(2, self.ragged.type.rank + 1)]
        shape = (Affine.number(len(lengths)), *map(Affine.symbol, (size, *rest)))
        kind = replace(self.ragged.type, shape=shape)
        text = self._padded_text(self.fill)
        sizes = {size: f"max(map(len, {name}))"}
        hints = {size: max(lengths)}
        for k, spelled in enumerate(rest, 1):
            sizes[spelled] = f"{name}[0].shape[{k}]"
            hints[spelled] = self.ragged.trailing[k - 1]
        items = tuple(Scalar("int64", f"{self.lengths}[{k}]") for k in range(len(lengths)))
        return (
            StandIn(self.padded, Tensor(self.padded, kind, self.padded), text, hints, sizes),
            StandIn(self.lengths, Sequence(items, is_list=True), self.length_text),
        )

    def _assumptions(self) -> tuple[Assumption, ...]:
        name = self.ragged.name
        found: list[Assumption] = []
        if self.ragged.type.rank > 1:
            sentence = f"the tensors in {name} differ in their first size alone"
            guard, reason = f"len({{s.shape[1:] for s in {name}}}) == 1", "they are padded to one"
            found.append(Assumption(sentence, guard, reason))
        if self.needs_some:
            sentence, reason = f"no tensor in {name} is empty", "each has an extreme"
            found.append(Assumption(sentence, f"all(map(len, {name}))", reason))
        return tuple(found)

    def _is_certain(self, guard: str) -> bool:
        """Whether a guard only asks that lengths are at least 0, or fit into the padded tensor."""
        names = names_in(ast.parse(guard, mode="eval"))
        is_own = names <= {self.padded, self.lengths, self.torch, "bool"}
        size = f"{self.padded}.shape[1]"
        tests = (f"{self.torch}.tensor({self.lengths}) >= 0",
                 f"{self.torch}.tensor({self.lengths}) <= {size}")  # fmt: skip
        return is_own and guard in {f"bool(({test}).all())" for test in tests}

    def _plain(self, node: ast.FunctionDef) -> Parts:
        """``torch.where(arange(P.shape[1]) < lengths[:, None], P, 0)   ->   P``"""
        tensor, size = f"{self.torch}.tensor({self.lengths})", f"{self.padded}.shape[1]"
        tensors = {tensor, *_named(node, tensor)}
        places = {f"{self.torch}.arange({n})" for n in (size, *_named(node, size))}
        plain = {f"{p} < {t}[:, None]" for t in tensors for p in places}
        rest = ", ".join([":", ":", *["None"] * (self.ragged.type.rank - 1)])
        masks = plain | {f"({m})[{rest}]" for m in plain}
        for inner in ast.walk(node):
            match inner:
                case ast.Call(args=[mask, ast.Name(id=same), other], keywords=[]) if (
                    same == self.padded
                    and ast.unparse(inner.func) == f"{self.torch}.where"
                    and ast.unparse(mask) in masks
                ):
                    if (text := self._padded_with(other)) is not None:
                        return [(inner, text)]
                case ast.Subscript(value=ast.Name(id=same), slice=mask) if same == self.padded:
                    if ast.unparse(mask) in plain:
                        return [(inner, f"{self.torch}.cat({self.ragged.name})")]
                case ast.Call(func=ast.Attribute(value=made, attr="clone"), args=[]):
                    if ast.unparse(made) == tensor:
                        return [(inner, tensor)]
        return []

    def _padded_with(self, number: ast.expr) -> str | None:
        """The tensor padded with another number; None where that would change its dtype."""
        try:
            value = ast.literal_eval(number)
        except ValueError:
            value = {"float('-inf')": -1.5, "float('inf')": 1.5}.get(ast.unparse(number))
        kind = category(self.ragged.type.dtype)
        is_plain = kind == "float" and type(value) in (int, float)
        if not is_plain and not (kind == "int" and type(value) is int):
            return None
        is_same = value == ast.literal_eval(self.fill)
        return self.padded if is_same else self._padded_text(ast.unparse(number))

    def _padded_text(self, fill: str) -> str:
        call = f"{self.torch}.nn.utils.rnn.pad_sequence({self.ragged.name}, batch_first=True"
        return f"{call})" if fill in ("0", "0.0") else f"{call}, padding_value={fill})"

    # ------------------------------------------------------------------ reading
    def _name_lengths(self) -> None:
        """The user's own list of lengths, or one of a name that is free."""
        self.length_text = f"[len(s) for s in {self.ragged.name}]"
        self.lengths = ""
        for statement in self.node.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=own)], value=ast.ListComp() as value) if (
                    self._is_lengths(value) and _is_set_once(own, self.node)
                ):
                    self.lengths, self.length_text = own, ast.unparse(value)
                    self.edits.statements[statement] = []
                    self.used.update(ast.walk(statement))
                    return
        self.lengths = self.edits.fresh("lengths")

    def _read(self) -> None:
        for node in ast.walk(self.node):
            if isinstance(node, ast.expr) and node not in self.used:
                self._sizes(node)
        for node in ast.walk(self.node):
            if isinstance(node, _LOOPS) and node not in self.used:
                self._loop(node)
        for node in ast.walk(self.node):
            if is_name(node, self.ragged.name) and node not in self.used:
                self._mention(node)
        self._check_names()

    def _sizes(self, node: ast.expr) -> None:
        """The longest length, and lists of lengths in an expression."""
        if self._is_longest(node):
            self._replace(node, f"{self.padded}.shape[1]")
        elif isinstance(node, ast.ListComp) and self._is_lengths(node):
            self._replace(node, self.lengths)

    def _is_longest(self, node: ast.expr) -> bool:
        match node:
            case ast.Call(func=ast.Name(id="max"), args=[given], keywords=[]):
                is_own = bool(self.lengths) and is_name(given, self.lengths)
                return self._is_lengths(given) or self._is_mapped(given) or is_own
            case ast.Call(func=ast.Name(id="len"), args=[ast.Call(
                func=ast.Name(id="max"), args=[given],
                keywords=[ast.keyword(arg="key", value=ast.Name(id="len"))],
            )]):  # fmt: skip
                return is_name(given, self.ragged.name)
        return False

    def _is_mapped(self, node: ast.expr) -> bool:
        match node:
            case ast.Call(func=ast.Name(id="map"), args=[ast.Name(id="len"), given]):
                return is_name(given, self.ragged.name)
        return False

    def _is_lengths(self, node: ast.expr) -> bool:
        """``[len(s) for s in seqs]``"""
        match node:
            case ast.ListComp(elt=elt, generators=[made]) | ast.GeneratorExp(
                elt=elt, generators=[made]
            ) if not made.ifs and is_name(made.iter, self.ragged.name):
                return isinstance(made.target, ast.Name) and self._is_length(elt, made.target.id)
        return False

    def _is_length(self, node: ast.expr, item: str) -> bool:
        match node:
            case ast.Call(func=ast.Name(id="len"), args=[given], keywords=[]):
                return ast.unparse(given) == item
            case ast.Subscript(
                value=ast.Attribute(value=given, attr="shape"), slice=ast.Constant(value=0)
            ):
                return ast.unparse(given) == item
            case ast.Call(func=ast.Attribute(value=given, attr="size"), args=[
                ast.Constant(value=0)
            ], keywords=[]):  # fmt: skip
                return ast.unparse(given) == item
            case ast.Call(func=ast.Attribute(value=given, attr="numel"), args=[]):
                return ast.unparse(given) == item and self.ragged.type.rank == 1
        return False

    def _loop(self, node: ast.AST) -> None:
        """A loop over the list as one over the padded rows and their lengths."""
        parts: list[tuple[ast.expr, ast.expr, list[ast.AST]]] = []
        if isinstance(node, ast.For):
            parts = [(node.target, node.iter, list(node.body))]
        elif isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            made = node.generators[0]
            parts = [(made.target, made.iter, [node.elt, *made.ifs])]
        for target, given, inside in parts:
            if self.ragged.name in names_in(given):
                self._header(target, given, inside)

    def _header(self, target: ast.expr, given: ast.expr, inside: list[ast.AST]) -> None:
        name = self.ragged.name
        match given:
            case ast.Name(id=same) if same == name:
                self._replace(given, f"zip({self.padded}, {self.lengths})")
                self._bind(target, inside, is_alone=True)
            case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]) if isinstance(
                target, ast.Tuple
            ) and len(target.elts) == 2:
                if is_name(inner, name):
                    self._replace(inner, f"zip({self.padded}, {self.lengths})")
                    self._bind(target.elts[1], inside, is_alone=False)
                else:
                    self._header(target.elts[1], inner, inside)
            case ast.Call(func=ast.Name(id="zip"), args=args, keywords=[]) if isinstance(
                target, ast.Tuple
            ) and len(target.elts) == len(args):
                for one, item in zip(target.elts, args, strict=True):
                    if is_name(item, name):
                        self._replace(item, f"{self.padded}, {self.lengths}")
                        self._bind(one, inside, is_alone=True)

    def _bind(self, target: ast.expr, inside: list[ast.AST], is_alone: bool) -> None:
        """An element of the list that a loop binds, in that loop's body."""
        if not isinstance(target, ast.Name):
            raise _Refused
        length = self.edits.fresh("length")
        names = [n for part in inside for n in ast.walk(part) if isinstance(n, ast.Name)]
        own = {n for n in names if n.id == target.id}
        stores = [n for n in own if not isinstance(n.ctx, ast.Load)]
        if stores:
            raise _Refused
        text = f"{target.id}, {length}"
        self.edits.parts.append((target, text if is_alone else f"({text})"))
        self.bound.append((target, own))
        for node in own:
            self._element(node, target.id, length)

    def _check_names(self) -> None:
        """Raise where an element's name is used outside of the loop that binds it."""
        known = {id(n) for target, own in self.bound for n in (target, *own)}
        names = {target.id for target, _ in self.bound}
        for node in ast.walk(self.node):
            is_element = isinstance(node, ast.Name) and node.id in names and id(node) not in known
            if is_element and node not in self.used:
                raise _Refused
            if is_name(node, self.lengths) and self._may_change(node):
                raise _Refused

    def _may_change(self, lengths: ast.AST) -> bool:
        """Whether the list of lengths may become another one at a place."""
        parent = self.parents[lengths]
        if lengths in self.used:
            return False
        return isinstance(parent, ast.Attribute) or (
            isinstance(parent, ast.Subscript) and not isinstance(parent.ctx, ast.Load)
        )

    def _mention(self, node: ast.AST) -> None:
        parent = self.parents[node]
        match parent:
            case ast.Call(func=ast.Name(id="len"), args=[_]):
                return
            case ast.Subscript(value=value, slice=index, ctx=ast.Load()) if value is node and (
                not isinstance(index, (ast.Slice, ast.Tuple))
            ):
                at = ast.unparse(index)
                if self.ragged.name in names_in(index):
                    raise _Refused
                self._element(parent, f"{self.padded}[{at}]", f"{self.lengths}[{at}]")
            case _:
                raise _Refused

    # ------------------------------------------------------------------ elements
    def _element(self, node: ast.expr, row: str, length: str) -> None:
        """One mention of a tensor of the list: its row, cut to its length, or the length."""
        parent = self.parents[node]
        around = self.parents.get(parent)
        rank = self.ragged.type.rank
        match parent, around:
            case ast.Call(func=ast.Name(id="len"), args=[_], keywords=[]), _:
                self._replace(parent, length)
            case ast.Call(), _ if self._is_filled_up(parent, node):
                self._replace(parent, row)
            case ast.List(), ast.Call() if self._is_joined_up(around, parent, node):
                self._replace(around, row)
            case ast.Attribute(attr="shape"), ast.Subscript(slice=ast.Constant(value=int(k))):
                self._replace(around, self._size(k, length))
            case ast.Attribute(attr="size"), ast.Call(args=[ast.Constant(value=int(k))]):
                self._replace(around, self._size(k, length))
            case (ast.Attribute(attr="shape"), _) | (ast.Attribute(attr="size"), ast.Call(args=[])):
                whole = parent if isinstance(parent, ast.Attribute) and (
                    parent.attr == "shape") else around  # fmt: skip
                sizes = [self._size(k, length) for k in range(rank)]
                self._replace(whole, f"({', '.join(sizes)},)")
            case ast.Attribute(attr="numel" | "nelement"), ast.Call() if rank == 1:
                self._replace(around, length)
            case ast.Attribute(attr=word), _ if word in _MADE_LIKE:
                self._replace(node, self.padded)
            case ast.Attribute(attr=word), _ if word.endswith("_") or word in ("data", "grad"):
                raise _Refused
            case ast.Subscript(value=value, slice=index), _ if value is node:
                self._place(node, index, row, length)
            case (ast.Return() | ast.NamedExpr() | ast.Starred() | ast.Dict()), _:
                raise _Refused
            case ast.Assign(), _ if any(isinstance(t, ast.Name) for t in parent.targets):
                raise _Refused
            case (ast.Tuple() | ast.List()), _ if not isinstance(around, ast.Call):
                raise _Refused
            case ast.Compare(ops=[ast.Is() | ast.IsNot() | ast.In() | ast.NotIn(), *_]), _:
                raise _Refused
            case _:
                self._replace(node, _cut(row, length))

    def _is_filled_up(self, call: ast.Call, node: ast.expr) -> bool:
        """``F.pad(s, (0, longest - len(s)))``"""
        word = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        amounts = call.args[1] if len(call.args) > 1 and call.args[0] is node else None
        if word != "pad" or not isinstance(amounts, (ast.Tuple, ast.List)):
            return False
        given = [*call.args[2:], *(k.value for k in call.keywords if k.arg in ("mode", "value"))]
        values = [v.value for v in given if isinstance(v, ast.Constant)]
        if len(values) != len(given) or len(values) != len(call.args[2:]) + len(call.keywords):
            return False
        numbers = [v for v in values if v not in ("constant", None)]
        fronts = [e for e in amounts.elts[:-1] if not _is_zero(e)]
        if len(amounts.elts) != 2 * self.ragged.type.rank or fronts:
            return False
        fits = self._is_missing(amounts.elts[-1], node)
        return fits and self._fills_with(str(numbers[0]) if numbers else "0")

    def _is_joined_up(self, call: ast.Call, parts: ast.List, node: ast.expr) -> bool:
        """``torch.cat([s, torch.zeros(longest - len(s))])``"""
        if not isinstance(call.func, ast.Attribute) or len(parts.elts) != 2:
            return False
        is_cat = call.func.attr in ("cat", "concat") and call.args == [parts]
        match parts.elts[1]:
            case ast.Call(func=ast.Attribute(attr="zeros" | "new_zeros"), args=[size, *rest]) as of:
                fits = self._is_missing(size, node) and len(rest) == self.ragged.type.rank - 1
            case _:
                return False
        trailing = [self._is_trailing(r, node, k) for k, r in enumerate(rest, 1)]
        plain = self.ragged.type.dtype in ("float32", "float64") and not of.keywords
        is_own = parts.elts[0] is node and not call.keywords and is_cat
        return is_own and fits and plain and all(trailing) and self._fills_with("0")

    def _is_trailing(self, size: ast.expr, node: ast.expr, k: int) -> bool:
        text = ast.unparse(node)
        return ast.unparse(size) in (f"{text}.shape[{k}]", f"{text}.size({k})")

    def _is_missing(self, size: ast.expr, node: ast.expr) -> bool:
        """``longest - len(s)``"""
        match size:
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                is_longest = self._is_longest(left) or (
                    isinstance(left, ast.Name) and left.id in self.longest
                )
                return is_longest and self._is_length(right, ast.unparse(node))
        return False

    def _fills_with(self, fill: str) -> bool:
        """Whether the padded tensor may hold this number behind each end."""
        if self.ragged.type.dtype == "bool" or (
            category(self.ragged.type.dtype) == "int" and not fill.lstrip("-").isdigit()
        ):
            return False
        if self.filled is not None and self.filled != fill:
            return False
        self.filled = self.fill = fill
        return True

    def _place(self, node: ast.expr, index: ast.expr, row: str, length: str) -> None:
        """``s[j]`` of an element: inside of its length, or else the cut row's own business."""
        first = index.elts[0] if isinstance(index, ast.Tuple) and index.elts else index
        match first:
            case ast.Name(id=name) if self._is_inside(node, name):
                self._replace(node, row)
            case ast.Constant(value=0):
                self.needs_some = True
                self._replace(node, row)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1)):
                self.needs_some = True
                self._replace(first, f"{length} - 1")
                self._replace(node, row)
            case ast.Slice(lower=None, upper=None, step=None):
                self._replace(node, row)
                self._replace(first, f":{length}")
            case _:
                raise _Refused

    def _is_inside(self, node: ast.expr, name: str) -> bool:
        """Whether a loop around makes `name` run over the element's own positions."""
        text = ast.unparse(node)
        inner: ast.AST | None = self.parents.get(node)
        while inner is not None:
            if isinstance(inner, ast.For) and is_name(inner.target, name):
                match inner.iter:
                    case ast.Call(func=ast.Name(id="range"), args=[end], keywords=[]):
                        spelled = ast.unparse(end)
                        return spelled in (f"len({text})", f"{text}.shape[0]", f"{text}.size(0)")
                return False
            inner = self.parents.get(inner)
        return False

    def _size(self, k: int, length: str) -> str:
        rank = self.ragged.type.rank
        if not -rank <= k < rank:
            raise _Refused
        return length if k % rank == 0 else f"{self.padded}.shape[{k % rank + 1}]"

    def _replace(self, node: ast.AST | None, text: str) -> None:
        assert isinstance(node, ast.expr)
        if self._is_gone(node):
            return
        self.edits.parts.append((node, text))
        self.used.update(ast.walk(node))

    def _is_gone(self, node: ast.expr) -> bool:
        return node in self.used


def _outermost(parts: Parts) -> Iterator[tuple[ast.expr, str]]:
    """The parts that are in no other one."""
    inner = {id(n) for part, _ in parts for n in ast.walk(part) if n is not part}
    return (p for p in parts if id(p[0]) not in inner)


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0


def _cut(row: str, length: str) -> str:
    return f"{row[:-1]}, :{length}]" if row.endswith("]") else f"{row}[:{length}]"


def _is_set_once(name: str, node: ast.AST) -> bool:
    stores = [n for n in ast.walk(node) if is_name(n, name) and not isinstance(n.ctx, ast.Load)]  # type: ignore[attr-defined]
    return len(stores) == 1


def _named(node: ast.FunctionDef, text: str) -> list[str]:
    """Names that are given the value of an expression, and no other."""
    return [
        s.targets[0].id
        for s in node.body
        if isinstance(s, ast.Assign)
        and isinstance(s.targets[0], ast.Name)
        and ast.unparse(s.value) == text
        and _is_set_once(s.targets[0].id, node)
    ]


class _Refused(Exception):
    """The list is used in a way that a padded tensor does not answer."""
