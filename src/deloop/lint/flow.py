"""A walk over a scope's statements that keeps what is known of its names."""

from __future__ import annotations

import ast
from dataclasses import replace

from deloop.lint.header import Header, bind, bind_pairwise, enter_for, merge, part_of
from deloop.lint.kinds import MODULE, OTHER, UNKNOWN, Kind, Word, join, list_of, tensor
from deloop.lint.module import Scope
from deloop.lint.reader import Reader, read_annotation, shorten
from deloop.text.names import names_in


class Flow:
    """Statements in order; subclasses look at each of them.

    Parameters
    ----------
    scope:
        Where the statements stand.
    reader:
        What reads expressions; its names are those known now.
    """

    def __init__(self, scope: Scope, reader: Reader) -> None:
        self.scope = scope
        self.reader = reader

    @property
    def names(self) -> dict[str, Kind]:
        """What is known now."""
        return self.reader.names

    def run(self, body: list[ast.stmt]) -> None:
        """Walk a list of statements."""
        for statement in body:
            self.see(statement)
            self.step(statement)

    def see(self, node: ast.stmt) -> None:
        """Look at a statement before it changes what is known."""

    def enter(self, node: ast.For | ast.AsyncFor | ast.While, header: Header) -> None:
        """Look at a loop whose variables are bound, before its body is walked."""

    def step(self, node: ast.stmt) -> None:
        """Change what is known as a statement does."""
        match node:
            case ast.Assign(targets=targets, value=value):
                self._assign(targets, value)
            case ast.AnnAssign(target=target, annotation=annotation, value=value):
                kind = read_annotation(annotation, self.reader.module)
                if kind.word in (Word.UNKNOWN, Word.OTHER) or kind.item is UNKNOWN:
                    kind = self.reader.kind(value)
                bind(target, kind, self.reader)
            case ast.AugAssign(target=ast.Name() | ast.Attribute() as target, op=op, value=value):
                combined = ast.BinOp(left=_load(target), op=op, right=value)
                kind = self.reader.kind(ast.copy_location(combined, node))
                old = self.reader.kind(_load(target))
                bind(target, kind if kind.word is not Word.UNKNOWN else old, self.reader)
            case ast.For() | ast.AsyncFor():
                header = enter_for(node.target, node.iter, self.reader)
                self.enter(node, header)
                self._loop(node)
            case ast.While():
                self._bind_counters(node)
                self.enter(node, Header("while"))
                self._loop(node)
            case ast.If():
                self._if(node)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    if item.optional_vars is not None:
                        bind(item.optional_vars, OTHER, self.reader)
                self.run(node.body)
            case ast.Try():
                self.run(node.body)
                for handler in node.handlers:
                    self.run(handler.body)
                self.run(node.orelse)
                self.run(node.finalbody)
            case ast.Match():
                for case in node.cases:
                    self.run(case.body)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"),
                                         args=[item])):  # fmt: skip
                held = self.names.get(name)
                if held is not None and held.word is Word.LIST:
                    new = self.reader.kind(item)
                    joined = new if held.rank == 0 else join(held.item or UNKNOWN, new)
                    self.reader.tell(name, replace(list_of(joined), each=held.each))

    def _assign(self, targets: list[ast.expr], value: ast.expr) -> None:
        if len(targets) == 1 and bind_pairwise(targets[0], value, self.reader):
            return
        kind = self.reader.kind(value)
        if kind.is_tensor and isinstance(value, ast.Call) and not kind.each:
            kind = replace(kind, how=shorten(value))
        for target in targets:
            if isinstance(target, (ast.Tuple, ast.List)) and kind.word is Word.SHAPE:
                self.tell_rank(kind.of, target)
            bind(target, kind, self.reader)

    def tell_rank(self, name: str, target: ast.Tuple | ast.List) -> None:
        """``n, m = x.shape``: x has two dimensions."""
        held = self.names.get(name)
        starred = any(isinstance(e, ast.Starred) for e in target.elts)
        if held is not None and held.is_tensor and held.rank is None and not starred:
            self.reader.tell(name, replace(held, rank=len(target.elts), weak=False))

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        before = dict(self.names)
        self.run(node.body)
        self.reader.start(merge(before, self.names))
        self.run(node.orelse)

    def _bind_counters(self, node: ast.While) -> None:
        """Names that a ``while`` compares and steps by a constant are its position."""
        compared = names_in(node.test)
        for inner in node.body:
            match inner:
                case ast.AugAssign(target=ast.Name(id=name), value=ast.Constant(value=int())):
                    if name in compared and self.names.get(name, UNKNOWN).word is Word.INT:
                        self.reader.tell(name, Kind(Word.INT, each=True))

    def _if(self, node: ast.If) -> None:
        before = dict(self.names)
        self._refine(node.test, positive=True)
        self.run(node.body)
        first, left = self.names, _leaves(node.body)
        self.reader.start(before)
        self._refine(node.test, positive=False)
        self.run(node.orelse)
        second, right = self.names, bool(node.orelse) and _leaves(node.orelse)
        if left and not right:
            self.reader.start(second)
        elif right and not left:
            self.reader.start(first)
        else:
            self.reader.start(merge(first, second))

    def _refine(self, test: ast.expr, *, positive: bool) -> None:
        """``if isinstance(x, torch.Tensor)``: inside, x is a tensor; else it is something else."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self._refine(test.operand, positive=not positive)
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) and positive:
            for value in test.values:
                self._refine(value, positive=True)
            return None
        match test:
            case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=name), kind]):
                found = self._class_kind(kind)
                if found is None:
                    return None
                if positive:
                    self.reader.tell(name, found)
                elif self.names.get(name, UNKNOWN).word is found.word and found.is_tensor:
                    self.reader.tell(name, UNKNOWN)
            case ast.Call(func=ast.Attribute(attr="is_tensor"), args=[ast.Name(id=name)]):
                if positive:
                    self.reader.tell(name, tensor("torch.is_tensor"))
        return None

    def _class_kind(self, node: ast.expr) -> Kind | None:
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        words = {self.reader.module.dotted(p).rpartition(".")[2] for p in parts}
        if words == {"Tensor"}:
            return tensor("isinstance(..., Tensor)")
        if words <= {"list", "tuple", "Sequence", "List", "Tuple", "Iterable"}:
            return list_of(UNKNOWN)
        if words <= {"dict", "Mapping", "str", "ndarray", "int", "float", "bool"}:
            return OTHER
        return MODULE if words <= {"Module", "ModuleList", "Sequential"} else None


def _load(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Name):
        return ast.copy_location(ast.Name(node.id, ast.Load()), node)
    return node


def _leaves(body: list[ast.stmt]) -> bool:
    """Whether nobody comes out at the end of a block."""
    return bool(body) and isinstance(body[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break))


__all__ = ["Flow", "part_of"]
