"""Expressions to kinds: what a value is, read off its text.

``torch.zeros(n, 3)  ->  a tensor of 2 dimensions``, ``x.shape[0]  ->  a size of x``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from deloop.lint import library
from deloop.lint.kinds import (
    ARRAY,
    INT,
    MODULE,
    NUMBER,
    OTHER,
    UNKNOWN,
    Kind,
    Word,
    join,
    list_of,
    tensor,
)
from deloop.lint.module import ClassScope, ModuleScope

Names = dict[str, Kind]

_PLAIN = (Word.INT, Word.NUMBER)


class Reader:
    """Reads expressions of one scope; `names` holds what is known at this point.

    Parameters
    ----------
    module:
        The file.
    owner:
        The class whose method is read.
    names:
        The local names.
    """

    def __init__(self, module: ModuleScope, owner: ClassScope | None, names: Names) -> None:
        self.module = module
        self.owner = owner
        self.names = names
        self._known: dict[int, Kind] = {}

    def kind(self, node: ast.expr | None) -> Kind:
        """What the value of an expression is."""
        if node is None:
            return UNKNOWN
        found = self._known.get(id(node))
        if found is None:  # parts are asked for more than once: without this, time is exponential
            read = _READERS.get(type(node))
            found = self._known[id(node)] = UNKNOWN if read is None else read(self, node)
        return found

    def tell(self, name: str, kind: Kind) -> None:
        """A name holds something new."""
        self.names[name] = kind
        self._known.clear()

    def start(self, names: Names) -> None:
        """Go on from other names: those of another path."""
        self.names = names
        self._known.clear()

    # ------------------------------------------------------------------ names
    def _name(self, node: ast.Name) -> Kind:
        return self.names.get(node.id, UNKNOWN)

    def _attribute(self, node: ast.Attribute) -> Kind:
        if isinstance(node.value, ast.Name) and node.value.id == "self" and self.owner is not None:
            spelled = f"self.{node.attr}"
            return self.names.get(spelled) or self._own_attributes().get(node.attr, UNKNOWN)
        base = self.kind(node.value)
        if not base.is_tensor:
            spelled = ast.unparse(node) if isinstance(node.value, ast.Name) else ""
            return self.names.get(spelled, UNKNOWN)
        if node.attr in ("T", "mT", "H", "data", "grad", "real", "imag"):
            return replace(base, of=base.of)
        if node.attr == "shape":
            return Kind(Word.SHAPE, of=spell(node.value), rank=base.rank, each=base.each)
        if node.attr == "ndim":
            return INT
        return OTHER

    def _own_attributes(self) -> Names:
        """The attributes of ``self`` that the class's own methods and annotations tell of."""
        assert self.owner is not None
        if self.owner.attributes is None:
            self.owner.attributes = found = {}
            local = Reader(self.module, None, {})
            for name, annotation in self.owner.annotations:
                found[name] = read_annotation(annotation, self.module)
            method = ""
            for where, name, value in self.owner.bindings:
                if where != method:
                    local.start({})
                    method = where
                kind = local.kind(value)
                if not name.startswith("self."):
                    local.tell(name, kind)
                    continue
                name = name.removeprefix("self.")
                if kind.is_tensor:
                    kind = replace(kind, how=f"self.{name} = {shorten(value)}")
                found[name] = join(found[name], kind) if name in found else kind
        return self.owner.attributes

    # ------------------------------------------------------------------ calls
    def _call(self, node: ast.Call) -> Kind:
        name = self.module.dotted(node.func)
        root = name.partition(".")[0]
        if isinstance(node.func, ast.Name) and node.func.id in self.names:
            name = ""  # a local name hides the imported one
        if name.startswith("torch."):
            return self._library_call(node, name)
        if root in ("numpy", "np", "jax", "tensorflow"):
            return replace(ARRAY, each=self.is_each(node.args))
        if isinstance(node.func, ast.Name) and name:
            return self._plain_call(node, name)
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func)
        return UNKNOWN

    def is_each(self, nodes: list[ast.expr]) -> bool:
        """Whether any of the expressions varies with a loop around."""
        return any(self.kind(n).each for n in nodes)

    def _library_call(self, node: ast.Call, name: str) -> Kind:
        space, _, word = name.rpartition(".")
        if name == "torch.nn.Parameter" and node.args:
            inner = self.kind(node.args[0])
            return inner if inner.is_tensor else tensor("nn.Parameter(...)")
        if space == "torch.nn":
            if word in ("ModuleList", "Sequential", "ParameterList", "ModuleDict"):
                return list_of(MODULE)
            return replace(MODULE, how=word)
        if space not in library.NAMESPACES or word.startswith("_") or word == "load":
            return UNKNOWN
        if word == "unravel_index":
            return list_of(tensor("torch.unravel_index(...)"))
        if word in library.OTHER_FUNCTIONS:
            return OTHER
        each = self.is_each(node.args)
        how = f"{spell(node.func)}(...)"
        made = replace(tensor(how, each=each), chosen=is_choosing(word, node))
        if word in library.LIST_FUNCTIONS:
            return list_of(made)
        if self._is_pair(word, node, method=False):
            return list_of(made, 2)
        rank = self._rank_of_call(word, node, None)
        return replace(made, rank=rank, dtype=self._dtype_of(node, word))

    def _is_pair(self, word: str, node: ast.Call, *, method: bool) -> bool:
        """Whether a function that may return several tensors does so here."""
        if word not in library.PAIR_FUNCTIONS:
            if word in ("nonzero", "where"):
                tuples = any(k.arg == "as_tuple" for k in node.keywords)
                return tuples or (word == "where" and len(node.args) == 1 and not method)
            return False
        keywords = {k.arg for k in node.keywords}
        if word in ("max", "min", "median", "nanmedian"):
            second = node.args[0:1] if method else node.args[1:2]
            if not second:
                return "dim" in keywords
            return not self.kind(second[0]).is_tensor and "out" not in keywords
        if word in ("unique", "unique_consecutive"):
            return any(str(name).startswith("return_") for name in keywords)
        return True

    def _rank_of_call(self, word: str, node: ast.Call, base: Kind | None) -> int | None:
        """How many dimensions a new tensor has, where the call says so."""
        args = node.args
        if any(isinstance(a, ast.Starred) for a in args):
            return None
        if word in library.MAKING:
            if word == "eye":
                return 2
            if word == "full":
                return length_of(args[0]) if args else None
            if word == "randint":
                sizes = next((a for a in args if isinstance(a, (ast.Tuple, ast.List))), None)
                return None if sizes is None else length_of(sizes)
            if len(args) == 1 and isinstance(args[0], (ast.Tuple, ast.List)):
                return length_of(args[0])
            if args and all(self.kind(a).word in (Word.INT, Word.UNKNOWN) for a in args):
                many = len(args) > 1 or self.kind(args[0]).word is Word.INT
                return len(args) if many else None
            return None
        if word == "tensor" and args and isinstance(args[0], ast.List) and args[0].elts:
            return 1 if self.kind(args[0].elts[0]).word in _PLAIN else None
        if word in ("arange", "linspace", "randperm", "logspace", "bincount", "flatten"):
            plain = word != "flatten" or (not args if base else len(args) == 1)
            return 1 if plain and not node.keywords else None
        if word in library.LIKE:
            first = base if base is not None else (self.kind(args[0]) if args else UNKNOWN)
            return first.rank
        if word in library.FULL_REDUCTIONS and not node.keywords and len(args) == (base is None):
            return 0
        if base is None:
            return None
        if word in ("view", "reshape"):
            return length_of(args[0]) if len(args) == 1 and length_of(args[0]) else len(args)
        if word == "permute":
            return len(args) if len(args) > 1 else None
        if word == "unsqueeze" and base.rank is not None:
            return base.rank + 1
        if word in ("transpose", "t"):
            return base.rank
        return None

    def _dtype_of(self, node: ast.Call, word: str) -> str:
        """The dtype that a call names, or that its function always gives."""
        for keyword in node.keywords:
            if keyword.arg == "dtype":
                name = self.module.dotted(keyword.value)
                if not name.startswith("torch."):
                    return ""
                return library.DTYPES.get(name.removeprefix("torch."), "")
        if any(k.arg is None for k in node.keywords):
            return ""
        if word in ("zeros", "ones", "empty", "rand", "randn", "eye", "linspace"):
            return "float32"
        if word in library.COMPARISONS:
            return "bool"
        if word in ("randint", "randperm", "argmax", "argmin", "argsort", "bincount"):
            return "int64"
        return ""

    def _plain_call(self, node: ast.Call, name: str) -> Kind:
        """A function called by its bare name: Python's own, or one of the file's."""
        each = self.is_each(node.args)
        first = self.kind(node.args[0]) if node.args else UNKNOWN
        if name == "len":
            if first.is_tensor:
                return Kind(Word.INT, of=spell(node.args[0]), size=True, each=first.each)
            return INT
        if name in ("int", "float", "round", "bool"):
            word = Word.INT if name == "int" else Word.NUMBER
            synced = first.is_tensor or first.synced
            return Kind(word, each=each, of=first.of, synced=synced)
        if name in ("abs", "max", "min", "sum", "pow"):
            tensors = [k for k in map(self.kind, node.args) if k.is_tensor]
            if tensors:
                return replace(tensors[0], each=each)
            return Kind(Word.NUMBER, each=each) if first.word in _PLAIN else UNKNOWN
        if name in ("list", "tuple", "sorted", "reversed", "set"):
            return list_of(first.item or UNKNOWN) if first.word is Word.LIST else UNKNOWN
        if name == "range":
            return list_of(INT)
        if name in ("str", "repr", "dict", "open", "print"):
            return OTHER
        function = self.module.functions.get(name)
        if function is not None:
            returned = read_annotation(function.returns, self.module)
            return returned.varying(each) if returned.is_tensor else returned
        if name in self.module.classes:
            return MODULE if self.module.classes[name].is_module else OTHER
        if name.rpartition(".")[2] in library.MODULES_TO_TENSORS:
            return replace(MODULE, how=name.rpartition(".")[2])
        return UNKNOWN

    def _method(self, node: ast.Call, func: ast.Attribute) -> Kind:
        word = func.attr
        base = self.kind(func.value)
        if base.word in (Word.UNKNOWN, Word.MODULE) and is_self(func.value):
            return self._own_method(node, word)
        if base.is_tensor:
            return self._tensor_method(node, func, base)
        if base.word is Word.ARRAY:
            return replace(ARRAY, each=base.each)
        if base.word is Word.LIST:
            return (base.item or UNKNOWN) if word == "pop" else UNKNOWN
        known = word in library.TENSOR_METHODS or word == "cpu" or (word == "view" and node.args)
        if base.word is Word.UNKNOWN and not known:
            known = any(k.arg in library.TORCH_KEYWORDS for k in node.keywords)
        if base.word is Word.UNKNOWN and known:
            return self._tensor_method(node, func, tensor(f".{word}(...)"))
        return UNKNOWN

    def _own_method(self, node: ast.Call, word: str) -> Kind:
        """``self.layer(x)`` of a known layer, or a method with an annotated result."""
        each = self.is_each(node.args)
        if self.owner is None:
            return UNKNOWN
        method = self.owner.methods.get(word)
        if method is not None:
            return read_annotation(method.returns, self.module).varying(each)
        held = self._own_attributes().get(word, UNKNOWN)
        if held.word is Word.MODULE and held.how in library.MODULES_TO_TENSORS:
            return tensor(f"self.{word}(...)", each=each)
        return UNKNOWN

    def _tensor_method(self, node: ast.Call, func: ast.Attribute, base: Kind) -> Kind:
        word = func.attr
        each = base.each or self.is_each(node.args)
        if word == "size":
            spelled = spell(func.value)
            if node.args or node.keywords:
                return Kind(Word.INT, of=spelled, size=True, each=base.each)
            return Kind(Word.SHAPE, of=spelled, rank=base.rank, each=base.each)
        if word in library.INT_METHODS:
            return Kind(Word.INT, size=word == "numel", of=spell(func.value))
        if word in library.BOOL_METHODS or word in library.NOTHING_METHODS:
            return OTHER
        if word == "item":
            return Kind(Word.NUMBER, each=base.each, of=base.of, synced=True)
        if word == "tolist":
            return list_of(Kind(Word.NUMBER, synced=True))
        if word == "numpy":
            return replace(ARRAY, each=base.each)
        how = base.how or f".{word}(...)"
        if word in library.LIST_FUNCTIONS:
            rows = tensor(how, each=each)
            return Kind(Word.LIST, item=rows, of=spell(func.value) if word == "unbind" else "")
        chosen = base.chosen or is_choosing(word, node)
        if self._is_pair(word, node, method=True):
            return list_of(replace(tensor(how, each=each), chosen=chosen), 2)
        if word.startswith("new_"):
            rank = length_of(node.args[0]) if len(node.args) == 1 else len(node.args) or None
            return tensor(f".{word}(...)", rank, self._dtype_of(node, ""))
        dtype = library.DTYPE_OF_METHOD.get(word, base.dtype if word in library.LIKE else "")
        rank = self._rank_of_call(word, node, base)
        weak = base.weak and word not in library.TENSOR_METHODS
        if weak and word not in library.PURE_METHODS:
            return Kind(Word.UNKNOWN, each=each)  # any object may have it
        return replace(
            base, rank=rank, dtype=dtype, how=how, each=each, weak=weak, chosen=chosen
        )

    # ------------------------------------------------------------------ operators
    def _subscript(self, node: ast.Subscript) -> Kind:
        base = self.kind(node.value)
        if base.word is Word.SHAPE:
            if isinstance(node.slice, ast.Slice):
                return base
            return Kind(Word.INT, of=base.of, size=True, each=base.each)
        if base.word is Word.LIST:
            return base if isinstance(node.slice, ast.Slice) else base.item or UNKNOWN
        if base.word is Word.ARRAY:
            return replace(ARRAY, each=base.each or self.varies(node.slice))
        each = base.each or self.varies(node.slice)
        if not base.is_tensor:
            return UNKNOWN.varying(each and base.word is Word.UNKNOWN)
        of = base.of or spell(node.value)
        rank = self._rank_behind(node.slice, base.rank)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        indices = [self.kind(p) for p in parts if not isinstance(p, ast.Slice)]
        chosen = base.chosen or any(k.chosen or k.dtype == "bool" for k in indices)
        return replace(base, rank=rank, each=each, of=of, chosen=chosen)

    def varies(self, index: ast.expr) -> bool:
        """Whether a subscript moves with a loop around."""
        parts = index.elts if isinstance(index, ast.Tuple) else [index]
        for part in parts:
            if isinstance(part, ast.Slice):
                if any(self.kind(bound).each for bound in (part.lower, part.upper)):
                    return True
            elif self.kind(part).each:
                return True
        return False

    def _rank_behind(self, index: ast.expr, rank: int | None) -> int | None:
        if rank is None:
            return None
        parts = index.elts if isinstance(index, ast.Tuple) else [index]
        for part in parts:
            if isinstance(part, ast.Constant) and part.value is None:
                rank += 1
            elif isinstance(part, ast.Constant) and part.value is Ellipsis:
                continue
            elif not isinstance(part, ast.Slice):
                kind = self.kind(part)
                if kind.is_tensor and kind.rank != 0:
                    rank = None if kind.rank is None else rank + kind.rank - 1
                    if rank is None:
                        return None
                else:
                    rank -= 1
        return rank if rank >= 0 else None

    def _binary(self, node: ast.BinOp) -> Kind:
        left, right = self.kind(node.left), self.kind(node.right)
        each = left.each or right.each
        if left.is_tensor or right.is_tensor:
            if left.is_tensor and right.is_tensor:
                ranks = (left.rank, right.rank)
                rank = None if None in ranks else max(r for r in ranks if r is not None)
                if isinstance(node.op, ast.MatMult):
                    rank = None
                return replace(left, rank=rank, dtype="", each=each, of=left.of or right.of)
            return replace(left if left.is_tensor else right, dtype="", each=each)
        if Word.ARRAY in (left.word, right.word):
            return replace(ARRAY, each=each)
        if left.word in _PLAIN and right.word in _PLAIN:
            whole = left.word is right.word is Word.INT and not isinstance(node.op, ast.Div)
            synced = left.synced or right.synced
            return Kind(Word.INT if whole else Word.NUMBER, each=each, synced=synced)
        if left.word is Word.LIST and isinstance(node.op, (ast.Mult, ast.Add)):
            return list_of(left.item or UNKNOWN)
        known = left.word in _PLAIN or right.word in _PLAIN
        return Kind(Word.UNKNOWN, each=each, synced=known and (left.synced or right.synced))

    def _unary(self, node: ast.UnaryOp) -> Kind:
        inner = self.kind(node.operand)
        if isinstance(node.op, ast.Not):
            return Kind(Word.NUMBER, each=inner.each, synced=inner.is_tensor)
        return replace(inner, value=None)

    def _compare(self, node: ast.Compare) -> Kind:
        kinds = [self.kind(node.left), *(self.kind(c) for c in node.comparators)]
        each = any(k.each for k in kinds)
        tensors = [k for k in kinds if k.is_tensor]
        if tensors and not any(isinstance(op, (ast.Is, ast.IsNot, ast.In)) for op in node.ops):
            return replace(tensors[0], dtype="bool", each=each)
        return Kind(Word.NUMBER, each=each, synced=any(k.synced for k in kinds))

    def _bool(self, node: ast.BoolOp) -> Kind:
        kinds = [self.kind(v) for v in node.values]
        found = kinds[0]
        for kind in kinds[1:]:
            found = join(found, kind)
        if found.word is Word.UNKNOWN and all(k.word in _PLAIN or k.is_tensor for k in kinds):
            found = Kind(Word.NUMBER, synced=True)  # of a number and a tensor either
        return found.varying(any(k.each for k in kinds))

    def _if(self, node: ast.IfExp) -> Kind:
        joined, test = join(self.kind(node.body), self.kind(node.orelse)), self.kind(node.test)
        if joined.word in _PLAIN and (test.is_tensor or test.synced):
            joined = replace(joined, synced=True, value=None)
        return joined.varying(test.each)

    def _sequence(self, node: ast.List | ast.Tuple) -> Kind:
        if not node.elts:
            return list_of(UNKNOWN, 0)
        item = self.kind(node.elts[0])
        for element in node.elts[1:]:
            item = join(item, self.kind(element))
        each = any(self.kind(e).each for e in node.elts)
        return replace(list_of(item, len(node.elts)), each=each)

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> Kind:
        nested = isinstance(node.elt, (ast.ListComp, ast.List, ast.Tuple))
        return list_of(self.kind(node.elt) if nested else UNKNOWN)

    def _constant(self, node: ast.Constant) -> Kind:
        value = node.value
        if isinstance(value, bool):
            return NUMBER
        if isinstance(value, int):
            return Kind(Word.INT, value=value)
        return NUMBER if isinstance(value, (float, complex)) else OTHER

    def _named(self, node: ast.NamedExpr) -> Kind:
        return self.kind(node.value)

    def _other(self, node: ast.expr) -> Kind:
        return OTHER


_READERS: dict[type, Callable[[Reader, Any], Kind]] = {
    ast.Name: Reader._name,
    ast.Attribute: Reader._attribute,
    ast.Call: Reader._call,
    ast.Subscript: Reader._subscript,
    ast.BinOp: Reader._binary,
    ast.UnaryOp: Reader._unary,
    ast.Compare: Reader._compare,
    ast.BoolOp: Reader._bool,
    ast.IfExp: Reader._if,
    ast.List: Reader._sequence,
    ast.Tuple: Reader._sequence,
    ast.ListComp: Reader._comprehension,
    ast.GeneratorExp: Reader._comprehension,
    ast.Constant: Reader._constant,
    ast.NamedExpr: Reader._named,
    ast.Dict: Reader._other,
    ast.Set: Reader._other,
    ast.JoinedStr: Reader._other,
    ast.Lambda: Reader._other,
    ast.DictComp: Reader._other,
    ast.SetComp: Reader._other,
}


def is_choosing(word: str, node: ast.Call) -> bool:
    """Whether data decide how long a function's result is."""
    return word in _CHOOSING or (word == "where" and len(node.args) == 1)


_CHOOSING = library.words("nonzero argwhere masked_select unique unique_consecutive flatnonzero")


def is_self(node: ast.expr) -> bool:
    """Whether an expression is the name ``self``."""
    return isinstance(node, ast.Name) and node.id == "self"


def spell(node: ast.expr) -> str:
    """An expression as one writes it."""
    return node.id if isinstance(node, ast.Name) else ast.unparse(node)


def shorten(node: ast.expr) -> str:
    """An expression in few letters: ``torch.zeros(n, 3) -> torch.zeros(...)``."""
    text = f"{spell(node.func)}(...)" if isinstance(node, ast.Call) else spell(node)
    return text if len(text) <= 40 else f"{text[:37]}..."


def length_of(node: ast.expr) -> int | None:
    """How many items a written tuple or list has."""
    if not isinstance(node, (ast.Tuple, ast.List)):
        return None
    return None if any(isinstance(e, ast.Starred) for e in node.elts) else len(node.elts)


_TENSOR_NAMES = frozenset(
    {"Tensor", "FloatTensor", "LongTensor", "BoolTensor", "IntTensor", "DoubleTensor", "Parameter"}
)
_OTHER_TENSORS = library.words(
    "cutlass cute triton tensorflow tf paddle mxnet jax tinygrad onnx mlx tvm"
)
"""Packages whose tensors are not PyTorch's."""
_LIST_NAMES = frozenset({"List", "list", "Sequence", "Tuple", "tuple", "Iterable", "Collection"})
_JAXTYPING = {
    "Float": "", "Int": "", "Bool": "bool", "Float32": "float32", "Float64": "float64",
    "Float16": "float16", "BFloat16": "bfloat16", "Int64": "int64", "Int32": "int32",
    "Int16": "int16", "Int8": "int8", "UInt8": "uint8", "Complex64": "complex64",
    "Complex128": "complex128", "Shaped": "", "Num": "", "Real": "", "Inexact": "",
    "Integer": "", "UInt": "", "Complex": "",
}  # fmt: skip


def read_annotation(node: ast.expr | None, module: ModuleScope) -> Kind:
    """What a parameter is, by its annotation: plain, in quotes, optional, or jaxtyping's."""
    if node is None:
        return UNKNOWN
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            try:
                return read_annotation(ast.parse(node.value, mode="eval").body, module)
            except SyntaxError:
                return UNKNOWN
        return OTHER
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union([node.left, node.right], module)
    if isinstance(node, ast.Subscript):
        return _read_generic(node, module)
    name = module.dotted(node)
    last = name.rpartition(".")[2]
    if last in _TENSOR_NAMES:
        foreign = name.partition(".")[0] in _OTHER_TENSORS
        return OTHER if foreign else tensor(f"annotated {last}")
    if last == "ndarray":
        return ARRAY
    plain = {"int": INT, "float": NUMBER, "bool": NUMBER, "str": OTHER, "dict": OTHER}
    if last in plain:
        return plain[last]
    return list_of(UNKNOWN) if last in _LIST_NAMES else UNKNOWN


def _union(nodes: list[ast.expr], module: ModuleScope) -> Kind:
    """A union is what its parts have in common; ``None`` aside."""
    kinds = [read_annotation(n, module) for n in nodes if not _is_none(n)]
    if not kinds:
        return OTHER
    first = kinds[0]
    return first if all(k.word is first.word for k in kinds) else UNKNOWN


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _read_generic(node: ast.Subscript, module: ModuleScope) -> Kind:
    name = module.dotted(node.value)
    last = name.rpartition(".")[2]
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if not parts:  # tuple[()]
        return OTHER
    if last == "Optional":
        return read_annotation(parts[0], module)
    if last == "Union":
        return _union(list(parts), module)
    if last == "Annotated":
        return read_annotation(parts[0], module)
    if last in _LIST_NAMES:
        return list_of(read_annotation(parts[0], module))
    if last in _JAXTYPING and len(parts) == 2:
        return _read_jaxtyping(last, parts, module)
    return OTHER


def _read_jaxtyping(name: str, parts: list[ast.expr], module: ModuleScope) -> Kind:
    """``Float[Tensor, "batch time"]``: a tensor of as many dimensions as words."""
    held = read_annotation(parts[0], module)
    if not held.is_tensor:
        return held
    rank: int | None = None
    if isinstance(parts[1], ast.Constant) and isinstance(parts[1].value, str):
        words = parts[1].value.split()
        rank = None if any(w.startswith(("*", "...")) for w in words) else len(words)
        return tensor(f'annotated {name}[Tensor, "{parts[1].value}"]', rank, _JAXTYPING[name])
    return tensor(f"annotated {name}[Tensor]", rank, _JAXTYPING[name])
