"""What the compiler asks about a function's surroundings, answered from the file alone."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from deloop.errors import RefusalError
from deloop.frontend.parse import parse_function
from deloop.ir import types as ir
from deloop.ir.affine import Affine
from deloop.lint.kinds import Kind, Word
from deloop.lint.library import words
from deloop.lint.module import ModuleScope
from deloop.lint.reader import Reader
from deloop.text.names import names_in

_OPEN = 100
"""What an ellipsis counts for: any number of dimensions."""

_MODULES = frozenset(
    {"torch", "torch.nn", "torch.nn.functional", "torch.special", "torch.linalg", "math",
     "operator", "itertools", "numpy", "torch.Tensor"}
)  # fmt: skip


@dataclass
class Trial:
    """One guess at what the arguments are: the dtype and device of tensors, their ranks.

    `deeper` gives tensors of unknown rank one dimension more than they are indexed with, `rows`
    does so where a part is used as a row; `distinct` gives each size a length of its own where
    nothing says that two are equal, `square` one to all, so that anything fits anything.
    """

    dtype: str = "float32"
    device: str = "cpu"
    grad: bool = False
    deeper: int = 0
    rows: bool = True
    distinct: bool = False
    square: bool = False


@dataclass
class Surroundings:
    """Names to the compiler's values, for one function under one trial.

    Parameters
    ----------
    module:
        The file.
    reader:
        What reads the class's attributes.
    ranks, subscripts:
        How many dimensions each name has at the least, and how many subscripts it carries.
    rows, scalars, indices:
        Names whose parts are used as rows, as numbers, and as subscripts.
    classes:
        The length of each size, by spelling.
    trial:
        The guess.
    """

    module: ModuleScope
    reader: Reader
    ranks: dict[str, int]
    subscripts: dict[str, int]
    rows: dict[str, int]
    scalars: frozenset[str]
    indices: frozenset[str]
    classes: dict[str, int]
    trial: Trial
    hints: dict[str, int] = field(default_factory=dict)
    assumed: dict[str, str] = field(default_factory=dict)
    uncertain: set[str] = field(default_factory=set)
    """Tensors of which nothing tells how many dimensions they have."""

    def describe(self, name: str, kind: Kind) -> ir.Value:
        """The compiler's value of what a kind is known of: ``x, a tensor -> Tensor("x", ...)``."""
        if kind.word is Word.TENSOR:
            return self._tensor(name, kind)
        if kind.word is Word.INT:
            self.hints[name] = self._length(name)
            if not kind.how:
                self.assumed.setdefault(name, f"{name} is an int")
            return ir.Integer(Affine.symbol(name))
        if kind.word is Word.NUMBER:
            self.assumed.setdefault(name, f"{name} is a float")
            return ir.Scalar("float64", name)
        return ir.Opaque(f"what {name} is cannot be read from the file")

    def _tensor(self, name: str, kind: Kind) -> ir.Value:
        seen = self.ranks.get(name, 0)
        if kind.rank is None and seen >= _OPEN:
            return ir.Opaque(f"how many dimensions {name} has is not known")
        rank = kind.rank
        if rank is None:
            row = self.rows.get(name, 0) if self.trial.rows else 0
            rank = max(seen, row, 1)
            told = row > 0 or name in self.scalars or name in self.indices
            known = told or self.subscripts.get(name, 0) > 1
            if not known:
                rank += self.trial.deeper
                self.uncertain.add(name)
        whole = "bool" if "mask" in name else "int64"  # a mask selects, whatever made it
        dtype = kind.dtype or (whole if name in self.indices else self.trial.dtype)
        floating = dtype.startswith(("float", "bfloat", "complex"))
        grad = self.trial.grad and floating
        sizes = [f"{name}.shape[{axis}]" for axis in range(rank)]
        for axis, size in enumerate(sizes):
            self.hints[size] = self._length(size, axis - rank)
        shape = tuple(Affine.symbol(size) for size in sizes)
        parts = [f"of {rank} dimension{'s' if rank != 1 else ''}"] if kind.rank is None else []
        if not kind.dtype:
            parts.append(f"of dtype {dtype}")
        if parts:
            self.assumed.setdefault(name, f"{name} is a tensor {' and '.join(parts)}")
        described = ir.TensorType(dtype, shape, self.trial.device, grad, not grad)
        return ir.Tensor(name, described, name)

    def _length(self, symbol: str, from_end: int = 0) -> int:
        if self.trial.square:
            return 6
        if self.trial.distinct and symbol not in self.classes:
            self.classes[symbol] = 3 + 2 * len(self.classes)
        return self.classes.get(symbol, 4 if from_end == -1 else 5)

    def object(self, name: str) -> ir.Value:
        """``self``: what the class's own methods say of its attributes."""

        def attribute(word: str) -> ir.Value:
            path = f"{name}.{word}"
            node = ast.parse(path, mode="eval").body
            kind = self.reader.kind(node)
            return self.describe(path, kind)

        return ir.Object(name, attribute)

    def resolve(self, name: str) -> ir.Value:
        """What a global name stands for."""
        path = self.module.imports.get(name)
        if path is not None:
            return self._imported(name, path)
        if name in self.module.functions:
            return self._function(name)
        if name in self.module.classes:
            return ir.Opaque(f"{name} is a class")
        constant = self._constant(name)
        if constant is not None:
            return constant
        if hasattr(builtins, name):
            return ir.Function(name, f"builtins.{name}")
        return ir.Opaque(f"what {name} is cannot be read from the file")

    def _imported(self, name: str, path: str) -> ir.Value:
        if path in _MODULES:
            return ir.Module(path)
        space, _, word = path.rpartition(".")
        if word in ("tqdm", "trange") and path.startswith("tqdm"):
            return ir.Function(name, f"tqdm.{word}")
        if space in ("math", "torch") and word in ("pi", "e", "tau", "inf", "nan"):
            return ir.Scalar("float64", name)
        if space in _MODULES:
            return ir.Function(name, path)
        return ir.Opaque(f"{name} is imported from {space or path}")

    def _function(self, name: str) -> ir.Value:
        node = self.module.functions[name]
        opaque = ir.Opaque(f"{name} is a decorated or an async function")
        if node.decorator_list or not isinstance(node, ast.FunctionDef):
            return opaque
        text = ast.unparse(node)
        try:
            parsed = parse_function(text, "", node.lineno, self.resolve)
        except RefusalError:
            return opaque
        return ir.Function(name, None, parsed)

    def _constant(self, name: str) -> ir.Value | None:
        """A module's number that is bound once: ``EPS = 1e-6``."""
        if self.module.bound[name] != 1:
            return None
        for node in self.module.tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=found)], value=ast.Constant(value=value)):
                    if found == name and type(value) is float:
                        return ir.Scalar("float64", name)
                    if found == name and type(value) is int:
                        self.hints[name] = value
                        return ir.Integer(Affine.symbol(name))
        return None


def find_ranks(nodes: list[ast.stmt], *, subscripts: bool = False) -> dict[str, int]:
    """How many dimensions each name has at the least: ``x[i][j, k] -> {"x": 3}``.

    With `subscripts`, only those that are counted in subscripts; names of one tensor share theirs.
    """
    found: dict[str, int] = {}
    for node in _in_order(nodes):
        rank, base = _depth(node)
        counts = isinstance(node, ast.Subscript) and not _is_shape(node)
        if rank and base and (counts or not subscripts):
            found[base] = max(found.get(base, 0), rank)
    for name, other in _alike(nodes):
        rank = max(found.get(name, 0), found.get(other, 0))
        found.update({name: rank, other: rank} if rank else {})
    return found


_KEEPING = words(
    "flip clone contiguous detach to float double half long int bool cpu cuda abs exp log sqrt roll"
)
"""Methods whose result has the dimensions of the tensor."""


def _alike(nodes: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Names of tensors with the same dimensions, one made from the other: ``y = x.flip(0)``."""
    for node in _in_order(nodes):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=other)):
                yield name, other
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Attribute(value=ast.Name(id=other), attr=word)),
            ) if word in _KEEPING:
                yield name, other


def _is_shape(node: ast.AST) -> bool:
    return isinstance(node, ast.Subscript) and getattr(node.value, "attr", "") == "shape"


_ROW_WORDS = words(
    "sum mean prod max min amax amin norm std var softmax log_softmax argmax argmin dot matmul mv"
    " mm inner cumsum sort topk any all size dim view reshape unsqueeze expand flatten logsumexp"
    " median cosine_similarity pairwise_distance normalize tolist numel shape vector_norm outer"
    " transpose permute t cross_entropy mse_loss nonzero unbind bincount len enumerate zip"
)
"""What is asked of rows and not of single elements."""


_HELD = (ast.Name, ast.Attribute)


def _in_order(nodes: list[ast.stmt]) -> list[ast.AST]:
    """Everything below the statements, in the order of the text."""
    walked = [node for statement in nodes for node in ast.walk(statement)]
    walked.sort(key=lambda n: (getattr(n, "lineno", 0), getattr(n, "col_offset", 0)))
    return walked


def find_rows(nodes: list[ast.stmt]) -> dict[str, int]:
    """The dimensions of names whose parts are used as rows: ``x[i].sum() -> {"x": 2}``."""
    roots: dict[str, set[tuple[str, int]]] = {}
    rows: set[tuple[str, int]] = set()

    def bases(node: ast.expr) -> set[tuple[str, int]]:
        found: set[tuple[str, int]] = set()
        for inner in ast.walk(node):
            if isinstance(inner, ast.Subscript) and isinstance(inner.value, _HELD):
                spelled = ast.unparse(inner.value)
                parts = inner.slice.elts if isinstance(inner.slice, ast.Tuple) else [inner.slice]
                whole = spelled.endswith("shape") or any(isinstance(p, ast.Slice) for p in parts)
                found |= set() if whole else {(spelled, len(parts) + 1)}
            elif isinstance(inner, ast.Name):
                found |= roots.get(inner.id, set())
        return found

    for node in _in_order(nodes):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                roots.setdefault(name, set()).update(bases(value))
            case ast.Assign(targets=[ast.Tuple()], value=ast.Subscript() as value):
                rows |= bases(value)
            case ast.Attribute(value=value, attr=word) if word in _ROW_WORDS:
                rows |= bases(value)
            case ast.Call(func=ast.Attribute(attr=word) | ast.Name(id=word), args=[first, *rest]):
                if word in _ROW_WORDS and not (word in ("max", "min") and rest):
                    for argument in (first, *rest) if word in ("dot", "outer", "zip") else (first,):
                        rows |= bases(argument)
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                rows |= bases(left) | bases(right)
            case ast.For(iter=ast.Subscript() as value):
                rows |= bases(value)
            case ast.For(target=ast.Name(id=name), iter=ast.Name(id=over)):
                roots.setdefault(name, set()).add((over, 2))
    result = {name: max(r for n, r in rows if n == name) for name, _ in rows}
    for name, other in _alike(nodes):
        rank = max(result.get(name, 0), result.get(other, 0))
        result.update({name: rank, other: rank} if rank else {})
    return result


def find_scalars(nodes: list[ast.stmt]) -> frozenset[str]:
    """The names whose parts are used as numbers: ``if x[i] > t``, ``float(x[i])``, ``x[i, j]``."""
    held: dict[str, set[str]] = {}
    found: set[str] = set()

    for node in _in_order(nodes):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                held.setdefault(name, set()).update(_bases(value, held))
            case ast.For(target=ast.Name(id=name), iter=ast.Name(id=over)):
                held.setdefault(name, set()).add(over)
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
                found |= _bases(test, held)
            case ast.Call(func=ast.Name(id="float" | "int" | "bool" | "round"), args=[first, *_]):
                found |= _bases(first, held)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="math")), args=args):
                for argument in args:
                    found |= _bases(argument, held)
            case ast.Attribute(value=value, attr="item"):
                found |= _bases(value, held)
            case ast.Assign(targets=[ast.Subscript() as target], value=value):
                if _depth(target)[0] >= 2 and not any(
                    isinstance(n, ast.Slice) for n in ast.walk(target.slice)
                ):
                    found |= _bases(value, held)
    return frozenset(found)


def find_indices(nodes: list[ast.stmt]) -> frozenset[str]:
    """The tensors whose elements say where another one is read: ``out[idx[i]] -> {"idx"}``."""
    held: dict[str, set[str]] = {}
    found: set[str] = set()

    for node in _in_order(nodes):
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Subscript() | ast.Call() as value
            ):
                held.setdefault(name, set()).update(_bases(value, held))
            case ast.For(target=ast.Name(id=name), iter=ast.Name() as over):
                held.setdefault(name, set()).add(over.id)
            case ast.Subscript(slice=index):
                found |= _bases(index, held)
    return frozenset(n for n in found if not n.endswith("shape"))


def _bases(node: ast.expr, held: Mapping[str, set[str]]) -> set[str]:
    """The tensors of which parts stand in an expression, also by the names that hold them."""
    inner = [n for n in ast.walk(node) if isinstance(n, ast.Subscript)]
    names = {ast.unparse(n.value) for n in inner if isinstance(n.value, _HELD)}
    for name in names_in(node):
        names |= held.get(name, set())
    return names


def _depth(node: ast.AST) -> tuple[int, str]:
    match node:
        case ast.Subscript(value=ast.Attribute(value=base, attr="shape"),
                           slice=ast.Constant(value=int() as axis)) if axis >= 0:  # fmt: skip
            return axis + 1, ast.unparse(base)
        case ast.Call(func=ast.Attribute(value=base, attr="size"),
                      args=[ast.Constant(value=int() as axis)]) if axis >= 0:  # fmt: skip
            return axis + 1, ast.unparse(base)
        case ast.Assign(
            targets=[ast.Tuple(elts=parts)],
            value=ast.Attribute(value=base, attr="shape")
            | ast.Call(func=ast.Attribute(value=base, attr="size"), args=[]),
        ):
            return len(parts), ast.unparse(base)
        case ast.Subscript():
            rank = 0
            inner: ast.expr = node
            while isinstance(inner, ast.Subscript):
                parts = inner.slice.elts if isinstance(inner.slice, ast.Tuple) else [inner.slice]
                rank += sum(_width(p) for p in parts)
                inner = inner.value
            if isinstance(inner, (ast.Name, ast.Attribute)):
                return rank, ast.unparse(inner)
    return 0, ""


def _width(node: ast.expr) -> int:
    """How many dimensions a part of a subscript stands for."""
    if isinstance(node, ast.Constant) and node.value is Ellipsis:
        return _OPEN
    return 0 if isinstance(node, ast.Constant) and node.value is None else 1


def find_classes(nodes: list[ast.stmt]) -> dict[str, int]:
    """A length for each size, equal for those that one loop variable runs over.

    ``for i in range(n): out[i] = x[i, 0]`` gives ``n``, ``out.shape[0]`` and ``x.shape[0]`` one.
    """
    parent: dict[str, str] = {}

    def find(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for statement in nodes:
        for node in ast.walk(statement):
            for first, second in _unions(node):
                parent[find(first)] = find(second)
    lengths: dict[str, int] = {}
    for name in list(parent):
        lengths.setdefault(find(name), 5 + 2 * len(lengths))
    return {**{name: lengths[find(name)] for name in parent}, **_find_parts(nodes)}


def _find_parts(nodes: list[ast.stmt]) -> dict[str, int]:
    """``r, g, b = x[i, j]``: the third dimension of x has three elements."""
    found: dict[str, int] = {}
    for node in _in_order(nodes):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=parts)], value=ast.Subscript() as value):
                rank, base = _depth(value)
                found[f"{base}.shape[{rank}]"] = len(parts)
    return found


def _unions(node: ast.AST) -> list[tuple[str, str]]:
    """Sizes that have one length: of a loop's variable and its bound, of an index and its axis."""
    pairs: list[tuple[str, str]] = []
    match node:
        case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=args)):
            stop = args[0] if len(args) == 1 else args[1]
            for size in _sizes(stop):
                pairs.append((f"@{name}", size))
        case ast.Assign(targets=[ast.Tuple(elts=parts)],
                        value=ast.Attribute(value=base, attr="shape")):  # fmt: skip
            for axis, part in enumerate(parts):
                if isinstance(part, ast.Name):
                    pairs.append((part.id, f"{ast.unparse(base)}.shape[{axis}]"))
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            for size in _sizes(value):
                pairs.append((name, size))
        case ast.Subscript(value=ast.Name() | ast.Attribute() as base, slice=index):
            parts = index.elts if isinstance(index, ast.Tuple) else [index]
            for axis, part in enumerate(parts):
                names = [n.id for n in ast.walk(part) if isinstance(n, ast.Name)]
                if len(names) == 1 and isinstance(part, (ast.Name, ast.BinOp)):
                    pairs.append((f"@{names[0]}", f"{ast.unparse(base)}.shape[{axis}]"))
    return pairs


def _sizes(node: ast.expr) -> list[str]:
    match node:
        case ast.Name(id=name):
            return [name]
        case ast.Call(func=ast.Name(id="len"), args=[base]):
            return [f"{ast.unparse(base)}.shape[0]"]
        case ast.Subscript(value=ast.Attribute(value=base, attr="shape"),
                           slice=ast.Constant(value=int() as axis)):  # fmt: skip
            return [f"{ast.unparse(base)}.shape[{axis}]"]
        case ast.Call(func=ast.Attribute(value=base, attr="size"),
                      args=[ast.Constant(value=int() as axis)]):  # fmt: skip
            return [f"{ast.unparse(base)}.shape[{axis}]"]
        case ast.BinOp(left=left, right=ast.Constant()):
            return _sizes(left)
    return []
