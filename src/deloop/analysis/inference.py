"""The types of tensors that the code before a loop makes, where only their types are known.

    q = x.view(n, t, h, -1).transpose(1, 2)        q: float32, 4 dimensions, of x's memory,
                                                   the last size is q.shape[3]

An expression that the reader of loops does not know as a whole is taken apart: what it does know
gives operands, and `ops.typing` says of one operation what it makes of them.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Sequence

from deloop.analysis.layers import layer_of, made_by_layer, made_by_recurrent
from deloop.analysis.operands import Evaluate, Made, Operands, of_item, with_name
from deloop.analysis.shaping import FUNCTIONS, METHODS
from deloop.analysis.views import subscript
from deloop.frontend import expression as build
from deloop.frontend.items import Item, Tuple, View
from deloop.ir.affine import Affine
from deloop.ir.scalar import Expression
from deloop.ir.types import Function, Integer, Module, Object, Opaque, Tensor

OWN = "_own"
"""In a size's spelling, the name that the tensor is about to get."""

Settle = Callable[[str, Expression], Item]
"""The tensor that a name holds to which a computed value is bound."""

_LIBRARIES = ("torch.nn.functional.", "torch.linalg.", "torch.Tensor.", "torch.")


class Inference:
    """Reads one expression by its parts.

    Parameters
    ----------
    evaluate:
        Reads an expression that needs no inference.
    settle:
        Makes a tensor of a computed value.
    environment:
        Where tensors without a name get one, for `evaluate` to find.
    """

    def __init__(
        self, evaluate: Evaluate, settle: Settle, environment: dict[str, Item]
    ) -> None:
        self.evaluate = evaluate
        self.settle = settle
        self.environment = environment
        self.made: dict[str, Item] = {}

    def infer(self, node: ast.expr) -> Item:
        """The item of an expression, its unknown sizes spelled through `OWN`; perhaps `Opaque`."""
        try:
            return self._infer(node)
        finally:
            for name in self.made:
                del self.environment[name]

    def _infer(self, node: ast.expr) -> Item:
        item = self.evaluate(node)
        if not isinstance(item, Opaque):
            return item
        plain = self._with_operands(node)
        if plain is None:
            return item
        if plain is not node:
            read = self.evaluate(plain)
            if not isinstance(read, Opaque):
                return self._anonymous(read)
        found = self._operation(plain)
        return item if found is None else self._anonymous(found)

    def _with_operands(self, node: ast.expr) -> ast.expr | None:
        """The expression over names, where its operands are tensors that had to be inferred."""
        changed = copy.copy(node)
        match changed:
            case ast.Call(func=ast.Attribute() as func):
                owner = self._operand(func.value)
                if owner is None:
                    return None
                if owner is not func.value:
                    changed.func = copy.copy(func)
                    changed.func.value = owner
            case ast.Call(func=ast.Name()):
                pass
            case ast.BinOp() | ast.Compare(comparators=[_]) | ast.UnaryOp():
                pass
            case ast.Subscript(value=value) | ast.Attribute(value=value):
                owner = self._operand(value)
                if owner is None:
                    return None
                changed.value = owner
            case _:
                return None
        for field in ("args", "comparators"):
            parts = getattr(changed, field, None)
            if parts is not None:
                operands = [self._operand(p) for p in parts]
                if any(p is None for p in operands):
                    return None
                setattr(changed, field, operands)
        for field in ("left", "right", "operand"):
            part = getattr(changed, field, None)
            if isinstance(part, ast.expr):
                operand = self._operand(part)
                if operand is None:
                    return None
                setattr(changed, field, operand)
        return changed

    def _operand(self, node: ast.expr) -> ast.expr | None:
        """The operand itself where it is read, a name where its tensor was inferred."""
        if isinstance(node, ast.Starred):
            return node
        if isinstance(node, (ast.Tuple, ast.List)):
            parts = [self._operand(e) for e in node.elts]
            if any(p is None for p in parts):
                return None
            if all(p is e for p, e in zip(parts, node.elts, strict=True)):
                return node
            changed = copy.copy(node)
            changed.elts = [p for p in parts if p is not None]
            return changed
        item = self.evaluate(node)
        is_made = isinstance(item, Tensor) and isinstance(node, ast.Call)
        if not is_made and not isinstance(item, (Opaque, *build.NODES)):
            return node
        if isinstance(item, build.NODES):
            if build.is_number(item):
                return self._number(item, node)
            item = self.settle(f"_inferred{len(self.made)}", item)
        elif not is_made:
            item = self._infer(node)
        if isinstance(item, Opaque):
            return None
        return self._named(item, node)

    def _number(self, item: Expression, node: ast.expr) -> ast.expr:
        """An int that data gives as a name: what is added to it is an int again."""
        if build.types_of(item)[0].dtype != "int64":
            return node
        name = f"_inferred{len(self.made)}"
        self.made[name] = self.environment[name] = Integer(Affine.symbol(name))
        return ast.copy_location(ast.Name(name, ast.Load()), node)

    def _named(self, item: Item, node: ast.expr) -> ast.expr | None:
        name = f"_inferred{len(self.made)}"
        if isinstance(item, Tensor):
            item = with_name(item, name, OWN)
            self.made[name] = item
        elif isinstance(item, Tuple):
            parts = [p for p in item.items if isinstance(p, Tensor)]
            if len(parts) != len(item.items):
                return None
            self.made[name] = parts[0]
            renamed = [with_name(p, f"{name}_{k}", OWN) for k, p in enumerate(parts)]
            item = Tuple(tuple(renamed), item.is_list)
        elif isinstance(item, Integer):
            item = self.made[name] = Integer(Affine.symbol(name))
        else:
            return None
        self.environment[name] = item
        return ast.copy_location(ast.Name(name, ast.Load()), node)

    def _anonymous(self, item: Item) -> Item:
        """A tensor without a name, that says of its sizes only what is known from the outside."""
        if isinstance(item, Tuple):
            return Tuple(tuple(self._anonymous(p) for p in item.items), item.is_list)
        if isinstance(item, build.NODES) and not build.is_number(item):
            item = self.settle("", item)
        if isinstance(item, Integer) and any("_inferred" in s for s in item.affine.symbols):
            return Integer(Affine.symbol(OWN))
        made = of_item(item)
        return item if made is None else _item(made.forget("_inferred")) or item

    # ------------------------------------------------------------------ one operation
    def _operation(self, node: ast.expr) -> Item | None:
        match node:
            case ast.Subscript(value=value, slice=index):
                base = of_item(self.evaluate(value))
                if base is None:
                    return None
                return _item(subscript(base, index, self.evaluate))
            case ast.Call(func=func):
                return self._call(node, func)
        return None

    def _call(self, node: ast.Call, func: ast.expr) -> Item | None:
        if any(isinstance(a, ast.Starred) for a in node.args):
            return None
        if any(k.arg in (None, "out", "inplace") for k in node.keywords):
            return None
        keywords = {str(k.arg): self.evaluate(k.value) for k in node.keywords}
        positional = [self.evaluate(a) for a in node.args]
        if isinstance(func, ast.Attribute):
            owner = self.evaluate(func.value)
            if isinstance(owner, (Tensor, View)) or of_item(owner) is not None:
                rule = METHODS.get(func.attr)
                given = Operands((owner, *positional), keywords)
                return None if rule is None else _item(rule(given))
            if not isinstance(owner, (Module, Object)):
                return None
        callee = self.evaluate(func)
        layer = layer_of(callee)
        if len(positional) == 1 and not keywords and layer is not None:
            base = of_item(positional[0])
            steps = made_by_recurrent(callee, base)
            if steps is None:
                return _item(made_by_layer(callee, base))
            outputs, state = (part.tensor(OWN) for part in steps)
            return Tuple((outputs, Tuple((state, state)) if layer.kind == "LSTM" else state))
        if not isinstance(callee, Function) or not callee.qualified:
            return None
        if callee.qualified in ("builtins.max", "builtins.min") and len(positional) == 1:
            base = of_item(positional[0])  # one of its elements, in its memory
            return _item(base.view(())) if base is not None and base.rank == 1 else None
        name = _short(callee.qualified)
        rule = FUNCTIONS.get(name) or METHODS.get(name)
        if rule is None or name == callee.qualified:
            return None
        return _item(rule(Operands(tuple(positional), keywords)))


def _short(qualified: str) -> str:
    for library in _LIBRARIES:
        if qualified.startswith(library):
            return qualified.removeprefix(library)
    return qualified


def _item(found: Made | Sequence[Made] | None) -> Item | None:
    if found is None:
        return None
    parts = [found] if isinstance(found, Made) else found
    if any(len(part.memory) > 1 for part in parts):
        return Opaque("it may lie in the memory of several tensors")
    tensors = tuple(part.tensor(OWN) for part in parts)
    return tensors[0] if isinstance(found, Made) else Tuple(tensors)
