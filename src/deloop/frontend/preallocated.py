"""Lists that are made whole in front of a loop and set by position in it.

    outs = [None] * len(x)                     outs = []
    for i in range(len(x)):           ->       for i in range(len(x)):
        outs[i] = x[i] * 2                         outs.append(x[i] * 2)

    counts = [0] * k                           counts = torch.zeros(k, dtype=torch.int64)
    for v in x.tolist():                       for v in x.tolist():
        counts[v] += 1                ->           counts[v] += 1
    return torch.tensor(counts)                return counts

The second form is taken where nothing but numbers of one type can go into the list, by their form
or by the dtype of the tensor that they come from.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from deloop.diagnostic import Assumption
from deloop.frontend.given_elements import Elements, spelled_by_parameters
from deloop.frontend.stand_ins import Standing
from deloop.frontend.text_edits import Block, TextEdits, parsed
from deloop.ir.source import SourceFunction
from deloop.ir.types import Tensor, Value
from deloop.text.names import is_name, names_captured, names_in, names_stored

_WHY = "the list is made a tensor"
_JUMPS = (ast.Break, ast.Continue, ast.Return, ast.Raise)
_CLASSES = {"FloatTensor": "float32", "Tensor": "float32", "DoubleTensor": "float64",
            "LongTensor": "int64"}  # fmt: skip
_FLOATS = ("float32", "float64", "float16", "bfloat16", "float", "double", "half")


def fill_preallocated(
    function: SourceFunction, arguments: Mapping[str, Value], torch: str
) -> Standing | None:
    """The function with appends or tensors for such lists; None where it has none."""
    if not isinstance(function.node, ast.FunctionDef):
        return None
    node = parsed(function.text)
    edits = TextEdits(node, names_in(node) | set(function.parameters))
    assumptions: list[Assumption] = []
    for position, statement in enumerate(node.body):
        made = _made(statement)
        if made is None or made.name in names_captured(node):
            continue
        loop = next((k for k in range(position + 1, len(node.body))
                     if made.name in names_in(node.body[k])), None)  # fmt: skip
        if loop is None or not isinstance(node.body[loop], ast.For):
            continue
        if _append(made, node.body, loop, edits):
            continue
        numbers = _Numbers(made, node, loop, arguments, torch)
        if numbers.are_alike and numbers.rewrite(edits):
            assumptions += numbers.assumptions()
    changed = edits.applied_to(function)
    return None if changed is None else Standing(changed, (), tuple(assumptions))


@dataclass(frozen=True)
class _Made:
    """``name = [start] * size``; of several dimensions, the sizes from the outside."""

    statement: ast.Assign
    name: str
    start: object
    sizes: tuple[ast.expr, ...]


def _made(statement: ast.stmt) -> _Made | None:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            found = _repeated(value)
            if found is not None:
                start, sizes = found
                return _Made(statement, name, start, sizes)
    return None


def _repeated(value: ast.expr) -> tuple[object, tuple[ast.expr, ...]] | None:
    """What a list has at each place, and how long it is: ``[0] * k``, ``[0 for _ in range(k)]``."""
    match value:
        case ast.BinOp(left=ast.List(elts=[ast.Constant(value=start)]), op=ast.Mult(), right=size):
            return start, (size,)
        case ast.BinOp(left=size, op=ast.Mult(), right=ast.List(elts=[ast.Constant(value=start)])):
            return start, (size,)
        case ast.ListComp(
            elt=elt,
            generators=[
                ast.comprehension(
                    target=ast.Name(id=own),
                    iter=ast.Call(func=ast.Name(id="range"), args=[size], keywords=[]),
                    ifs=[],
                )
            ],
        ) if own not in names_in(elt):
            if isinstance(elt, ast.Constant):
                return elt.value, (size,)
            inner = _repeated(elt)
            return None if inner is None else (inner[0], (size, *inner[1]))
    return None


# ---------------------------------------------------------------------- every element anew
def _append(made: _Made, block: Block, position: int, edits: TextEdits) -> bool:
    """Appends, where each iteration sets the element of its own number."""
    loop = block[position]
    assert isinstance(loop, ast.For)
    counter = _counter_of(loop, made)
    mentions = [n for n in ast.walk(loop) if is_name(n, made.name)]
    if not counter or len(mentions) != 1 or loop.orelse or len(made.sizes) != 1:
        return False
    if any(isinstance(n, _JUMPS) for n in ast.walk(loop)):
        return False
    between = {n for s in block[block.index(made.statement) + 1 : position]
               for n in names_stored(s)}  # fmt: skip
    if names_in(made.sizes[0]) & (between | names_stored(loop)):
        return False
    for store in loop.body:
        match store:
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Name(id=name), slice=ast.Name(id=at))],
                value=value,
            ) if name == made.name and at == counter:
                edits.statements[made.statement] = [f"{name} = []"]
                edits.statements[store] = [f"{name}.append({ast.unparse(value)})"]
                return True
    return False


def _counter_of(loop: ast.For, made: _Made) -> str:
    """The variable that runs over all positions of a list; empty where none does."""
    size = ast.unparse(made.sizes[0])
    match loop.target, loop.iter:
        case ast.Name(id=name), ast.Call(func=ast.Name(id="range"), args=[end], keywords=[]):
            return name if ast.unparse(end) == size else ""
        case (
            ast.Tuple(elts=[ast.Name(id=name), _]),
            ast.Call(func=ast.Name(id="enumerate"), args=[given], keywords=[]),
        ):
            text = ast.unparse(given)
            return name if size in (f"len({text})", f"{text}.shape[0]") else ""
    return ""


# ---------------------------------------------------------------------- numbers by position
class _Numbers:
    """A list of numbers of one type, set at places that data selects."""

    def __init__(
        self, made: _Made, node: ast.FunctionDef, position: int,
        arguments: Mapping[str, Value], torch: str,
    ) -> None:  # fmt: skip
        self.made = made
        self.node = node
        self.loop = node.body[position]
        self.behind = node.body[position + 1 :]
        self.arguments = arguments
        self.torch = torch
        self.elements = Elements(node, self.loop, arguments)
        self.is_int = type(made.start) is int
        self.places: list[ast.Subscript] = []

    @property
    def are_alike(self) -> bool:
        """Whether every store is of a number of the list's type, at an int."""
        if type(self.made.start) not in (int, float):
            return False
        for node in ast.walk(self.loop):
            match node:
                case ast.AugAssign(target=ast.Subscript() as target, op=ast.Add(), value=value):
                    if not self._is_own(target):
                        continue
                    if not self._is_addend(value):
                        return False
                case ast.Assign(targets=[ast.Subscript() as target], value=value):
                    if not self._is_own(target):
                        continue
                    if not self._is_number(value):
                        return False
                case _:
                    continue
            self.places.append(target)
        own = {id(n) for p in self.places for n in ast.walk(p)}
        mentions = [n for n in ast.walk(self.loop) if is_name(n, self.made.name)]
        return bool(self.places) and all(id(n) in own for n in mentions)

    def _is_own(self, target: ast.Subscript) -> bool:
        """Whether a place is one element of the list, at ints."""
        places: list[ast.expr] = []
        base: ast.expr = target
        while isinstance(base, ast.Subscript):
            places.append(base.slice)
            base = base.value
        is_element = len(places) == len(self.made.sizes)
        return is_name(base, self.made.name) and is_element and all(map(self._is_index, places))

    def _is_index(self, node: ast.expr) -> bool:
        match node:
            case ast.Call(func=ast.Name(id="int"), args=[_], keywords=[]):
                return True
            case ast.Constant(value=int(number)):
                return type(number) is int
        return self.elements.kind_of(node) == "int"

    def _is_addend(self, node: ast.expr) -> bool:
        """What may be added: to floats any real number, to ints what cannot leave int64."""
        match node:
            case ast.Constant(value=value):
                return type(value) is int or (type(value) is float and not self.is_int)
        if self.is_int:
            return self.elements.kind_of(node) == "int" and self._is_narrow(node)
        return self.elements.is_python(node) and self.elements.kind_of(node) in ("int", "float")

    def _is_number(self, node: ast.expr) -> bool:
        match node:
            case ast.Constant(value=value):
                return type(value) is type(self.made.start)
            case ast.Call(func=ast.Name(id="float"), args=[_], keywords=[]):
                return not self.is_int
        kind = "int" if self.is_int else "float"
        return self.elements.is_python(node) and self.elements.kind_of(node) == kind

    def _is_narrow(self, node: ast.expr) -> bool:
        base = self.elements.base_of(node)
        given = self.arguments.get(base)
        return isinstance(given, Tensor) and given.type.dtype in ("int32", "int16", "uint8", "int8")

    # ------------------------------------------------------------------ rewriting
    def rewrite(self, edits: TextEdits) -> bool:
        """A tensor for the list; False where the code behind the loop does more with it."""
        name, torch = self.made.name, self.torch
        parts: list[tuple[ast.expr, str]] = []
        taken: set[int] = set()
        for statement in self.behind:
            for node in ast.walk(statement):
                text = self._taken(node)
                if text is not None and isinstance(node, ast.expr):
                    parts.append((node, text))
                    taken.update(map(id, ast.walk(node)))
            match statement:
                case ast.Return(value=ast.Name(id=same) as value) if same == name:
                    parts.append((value, f"{name}.tolist()"))
                    taken.add(id(value))
        mentions = [n for s in self.behind for n in ast.walk(s) if is_name(n, name)]
        if not parts or any(id(n) not in taken for n in mentions):
            return False
        spelled = [spelled_by_parameters(s, self.node) for s in self.made.sizes]
        if None in spelled or any(isinstance(s, ast.Constant) and not s.value
                                  for s in self.made.sizes):  # fmt: skip
            return False
        sizes = ", ".join(map(ast.unparse, self.made.sizes))
        dtype = "int64" if self.is_int else "float64"
        made = f"{name} = {torch}.zeros({sizes}, dtype={torch}.{dtype})"
        if self.made.start != 0:
            sizes = f"({sizes},)"
            made = f"{name} = {torch}.full({sizes}, {self.made.start!r}, dtype={torch}.{dtype})"
        edits.statements[self.made.statement] = [made]
        edits.parts += parts
        return True

    def _taken(self, node: ast.AST) -> str | None:
        """``torch.tensor(counts, dtype=torch.float32)`` as ``counts.to(torch.float32)``."""
        name, torch = self.made.name, self.torch
        own = "int64" if self.is_int else "float32"
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=module), attr=word),
                args=[ast.Name(id=same)],
                keywords=keywords,
            ) if module == torch and same == name:
                pass
            case _:
                return None
        if word in _CLASSES and not keywords:
            dtype = _CLASSES[word]
        elif word == "tensor" and not keywords:
            dtype = own
        elif word == "tensor" and [k.arg for k in keywords] == ["dtype"]:
            dtype = ast.unparse(keywords[0].value).removeprefix(f"{torch}.")
        else:
            return None
        if not self.is_int and dtype not in _FLOATS:
            return None
        held = "int64" if self.is_int else "float64"
        plain = dtype in (held, {"int64": "long", "float64": "double"}[held])
        return name if plain else f"{name}.to({torch}.{dtype})"

    def assumptions(self) -> list[Assumption]:
        """That there are elements: an empty list of ints becomes a tensor of floats."""
        sizes = [s for s in self.made.sizes if not isinstance(s, ast.Constant)]
        spelled = [spelled_by_parameters(s, self.node) for s in sizes]
        return [Assumption(f"{text} is at least 1", f"{text} >= 1", _WHY) for text in spelled]
