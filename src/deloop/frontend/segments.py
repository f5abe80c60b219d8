"""Pieces of given lengths, one behind the other, as elements that each belong to one of them.

    start = 0                                       owner = torch.repeat_interleave(lengths)
    for i, n in enumerate(lengths):                 for i, n in enumerate(lengths):
        out[i] = flat[start:start + n].sum()   ->       out[i] = flat[owner == i].sum()
        start += n

    k = 0                                           for k in range(len(owner)):
    for i in range(len(lengths)):                       out[owner[k]] += flat[k]
        for j in range(lengths[i]):            ->
            out[i] += flat[k]
            k += 1
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from deloop.diagnostic import Assumption
from deloop.frontend.given_elements import spelled_by_parameters
from deloop.frontend.stand_ins import Parts, StandIn, Standing
from deloop.frontend.text_edits import Block, TextEdits, parsed
from deloop.frontend.writes import written_in
from deloop.ir.affine import Affine
from deloop.ir.source import SourceFunction
from deloop.ir.types import Integer, Scalar, Sequence, Tensor, TensorType, Value
from deloop.text.names import is_name, names_captured, names_in, names_stored

_WHY = "the pieces are told apart by their lengths"
_JUMPS = (ast.Break, ast.Continue, ast.Return, ast.Raise)


def own_segments(
    function: SourceFunction, arguments: Mapping[str, Value], hints: Mapping[str, int], torch: str
) -> Iterator[Standing]:
    """The function over what each element belongs to, for each loop along such pieces."""
    if not isinstance(function.node, ast.FunctionDef):
        return
    node = parsed(function.text)
    for position, loop in enumerate(node.body):
        if isinstance(loop, ast.For):
            segments = _Segments(function, parsed(function.text), position, arguments, hints, torch)
            found = segments.standing()
            if found is not None:
                yield found


@dataclass(frozen=True)
class _Header:
    """What a loop over pieces binds: the piece's number, and its length; empty where not."""

    lengths: str
    counter: str
    length: str


class _Segments:
    """One loop of one function."""

    def __init__(
        self, function: SourceFunction, node: ast.FunctionDef, position: int,
        arguments: Mapping[str, Value], hints: Mapping[str, int], torch: str,
    ) -> None:  # fmt: skip
        self.function = function
        self.node = node
        self.position = position
        self.arguments = arguments
        self.hints = hints
        self.torch = torch
        loop = node.body[position]
        assert isinstance(loop, ast.For)
        self.loop = loop
        self.edits = TextEdits(node, names_in(node) | set(function.parameters))
        self.extra: list[StandIn] = []
        self.most: dict[str, str] = {}
        """Tensors that must have as many rows as all pieces together."""
        self.place = self.longest = self.starts = ""
        """Names of an element's place in its piece, of the longest piece's length, of starts."""
        self.same: list[str] = []
        """Sizes that must be as many as there are pieces."""

    def standing(self) -> Standing | None:
        header = self._header()
        if header is None or self.loop.orelse:
            return None
        self.header = header
        stored = names_stored(self.node)
        hidden = {header.lengths} & (stored | names_captured(self.node))
        if hidden or any(isinstance(n, _JUMPS) for n in ast.walk(self.loop)):
            return None
        self.owner = self.edits.fresh("owner")
        self.size = f"{self.owner}.shape[0]"
        nest = self._nest()
        done = self._flatten(*nest) if nest is not None else self._fill() or self._cut()
        if not done:
            return None
        self._sizes()
        changed = self.edits.applied_to(self.function)
        if changed is None:
            return None
        names = (self._owner(), *self.extra)
        changed = replace(changed, given=tuple(s.name for s in names))
        slow = (f"{self.owner} ==", f"== {self.owner}")
        return Standing(changed, names, self._assumptions(), self._is_certain, without=slow,
                        plain=self._plain)  # fmt: skip

    def _plain(self, node: ast.FunctionDef) -> Parts:
        """``flat[:owner.shape[0]]   ->   flat[:len(owner)]``"""
        return [
            (n, f"len({self.owner})")
            for n in ast.walk(node)
            if isinstance(n, ast.Subscript) and ast.unparse(n) == self.size
        ]

    # ------------------------------------------------------------------ what is given
    def _header(self) -> _Header | None:
        match self.loop.target, self.loop.iter:
            case ast.Name(id=counter), ast.Call(func=ast.Name(id="range"), args=[end]):
                for name in names_in(end):
                    spelled = (f"len({name})", f"{name}.shape[0]", f"{name}.size(0)")
                    if ast.unparse(end) in spelled and self._is_lengths(name):
                        return _Header(name, counter, "")
                return self._by_use(counter, end)
            case ast.Name(id=length), given if (name := self._lengths_of(given)):
                return _Header(name, "", length)
            case (
                ast.Tuple(elts=[ast.Name(id=counter), ast.Name(id=length)]),
                ast.Call(func=ast.Name(id="enumerate"), args=[given], keywords=[]),
            ) if (name := self._lengths_of(given)):
                return _Header(name, counter, length)
        return None

    def _by_use(self, counter: str, end: ast.expr) -> _Header | None:
        """The lengths that a loop over as many other things asks for: ``lengths[i]``."""
        size = spelled_by_parameters(end, self.node)
        for node in ast.walk(self.loop):
            match node:
                case ast.Subscript(value=ast.Name(id=name), slice=ast.Name(id=at)):
                    if at == counter and size is not None and self._is_lengths(name):
                        self.same.append(size)
                        return _Header(name, counter, "")
        return None

    def _lengths_of(self, node: ast.expr) -> str:
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="tolist"), args=[]):
                return name if self._is_lengths(name) else ""
            case ast.Name(id=name):
                return name if self._is_lengths(name) else ""
        return ""

    def _is_lengths(self, name: str) -> bool:
        given = self.arguments.get(name)
        if isinstance(given, Tensor):
            kind = given.type
            return kind.dtype == "int64" and kind.rank == 1 and kind.device == "cpu"
        if isinstance(given, Sequence) and given.items:
            kinds = [i for i in given.items if isinstance(i, Integer) or (
                isinstance(i, Scalar) and i.dtype == "int64")]  # fmt: skip
            return len(kinds) == len(given.items)
        return False

    @property
    def _tensor(self) -> str:
        """The lengths as a tensor."""
        name = self.header.lengths
        is_tensor = isinstance(self.arguments[name], Tensor)
        return name if is_tensor else f"{self.torch}.tensor({name})"

    @property
    def _seen(self) -> list[int] | None:
        """The lengths themselves, where they are known."""
        given = self.arguments[self.header.lengths]
        if not isinstance(given, Sequence):
            return None
        values = [self.hints.get(f"{self.header.lengths}[{k}]") for k in range(len(given.items))]
        known = [v for v in values if v is not None]
        return known if len(known) == len(values) else None

    def _owner(self) -> StandIn:
        seen = self._seen
        total = self.hints.get(f"{next(iter(self.most), '')}.shape[0]", 16) - 1
        kind = TensorType("int64", (Affine.symbol(self.size),), leaf=False)
        text = f"{self.torch}.repeat_interleave({self._tensor})"
        hints = {self.size: total if seen is None else sum(seen)}
        name = self.header.lengths
        is_tensor = isinstance(self.arguments[name], Tensor)
        sizes = {self.size: f"int({name}.sum())" if is_tensor else f"sum({name})"}
        return StandIn(self.owner, self._counted(self.owner, kind), text, hints, sizes)

    def _counted(self, name: str, kind: TensorType) -> Tensor:
        """A tensor that is made of the lengths: it is another one where they change."""
        given = self.arguments[self.header.lengths]
        return Tensor(name, kind, given.storage if isinstance(given, Tensor) else name)

    def _assumptions(self) -> tuple[Assumption, ...]:
        name = self.header.lengths
        is_tensor = isinstance(self.arguments[name], Tensor)
        least = f"bool(({name} >= 0).all())" if is_tensor else f"min({name}) >= 0"
        total = f"int({name}.sum())" if is_tensor else f"sum({name})"
        found = [Assumption(f"no length in {name} is negative", least, _WHY)]
        for size in self.same:
            found.append(Assumption(f"there are {size} lengths", f"len({name}) == {size}", _WHY))
        for base, word in self.most.items():
            guard = f"{total} {word} {base}.shape[0]"
            if is_tensor:  # no sum can wrap round
                guard = f"bool(({name} <= {base}.shape[0]).all()) and {guard}"
            what = "are all of" if word == "==" else "fit into"
            found.append(Assumption(f"the pieces of {name} {what} {base}", guard, _WHY))
        if is_tensor and not self.most:
            guard = f"bool(({name} < 2 ** 31).all())"
            found.append(Assumption(f"the sum of {name} is an int64", guard, _WHY))
        return tuple(found)

    def _is_certain(self, guard: str) -> bool:
        """Whether a guard only asks that elements belong to one of the pieces."""
        given = self.arguments[self.header.lengths]
        count = f"{self.header.lengths}.shape[0]"
        if isinstance(given, Sequence):
            count = str(len(given.items))
        known = {inside(self.owner, count), inside(self.place, self.longest)}
        pairs = f"bool(({self.torch}.bincount({self.owner} * "
        is_pair = guard.startswith(pairs) and guard.endswith(f" + {self.place}) <= 1).all())")
        return guard in known or (bool(self.place) and is_pair)

    # ------------------------------------------------------------------ slices
    def _cut(self) -> bool:
        """``flat[start:start + n]`` as ``flat[owner == i]``."""
        moves = [s for s in self.loop.body if self._moves(s)]
        if len(moves) != 1:
            return False
        (move,) = moves
        target = move.target if isinstance(move, ast.AugAssign) else move.targets[0]  # type: ignore[attr-defined]
        assert isinstance(target, ast.Name)
        start = target.id
        begin = start_of(start, self.node.body[: self.position])
        behind = any(start in names_in(s) for s in self.node.body[self.position + 1 :])
        if begin is None or behind:
            return False
        counter = self.header.counter or self.edits.fresh("i")
        ends, aliases = self._ends(start)
        own = {id(n) for s in (move, *aliases) for n in ast.walk(s)}
        slices = 0
        for node in ast.walk(self.loop):
            match node:
                case ast.Subscript(value=ast.Name(id=base), slice=index, ctx=ast.Load()):
                    first, *rest = index.elts if isinstance(index, ast.Tuple) else [index]
                    is_own = isinstance(first, ast.Slice) and first.step is None and (
                        is_name(first.lower, start) and first.upper is not None
                        and ast.unparse(first.upper) in ends
                    )  # fmt: skip
                    if is_own and all(_is_full(r) for r in rest):
                        part = self._part(base)
                        if not part or (self.loop.lineno > node.lineno):
                            return False
                        self.edits.parts.append((node, f"{part}[{self.owner} == {counter}]"))
                        own.update(id(n) for n in ast.walk(node))
                        slices += 1
        names = {e for e in ends if e.isidentifier()}
        others = [n for n in ast.walk(self.loop) if isinstance(n, ast.Name)
                  and n.id in {*names, start} and id(n) not in own]  # fmt: skip
        if any(n.id in names for n in others) or not (slices or others):
            return False
        if self._is_kept(start):
            return False
        for place in others:
            self.edits.parts.append((place, f"{self._starts()}[{counter}].item()"))
        for gone in (begin, move, *aliases):
            self.edits.statements[gone] = []
        if not self.header.counter:
            target_text = ast.unparse(self.loop.target)
            self.edits.parts.append((self.loop.target, f"{counter}, {target_text}"))
            self.edits.parts.append((self.loop.iter, f"enumerate({ast.unparse(self.loop.iter)})"))
        return True

    def _is_kept(self, start: str) -> bool:
        """Whether a piece gets a name that is changed in place, or read behind the loop."""
        named = {
            t.id
            for s in ast.walk(self.loop)
            if isinstance(s, ast.Assign) and start in names_in(s.value)
            for t in s.targets
            if isinstance(t, ast.Name)
        }
        read = {n for s in self.node.body[self.position + 1 :] for n in names_in(s)}
        return bool(named & (written_in(self.loop) | read) - {start})

    def _starts(self) -> str:
        """The name of where each piece begins."""
        if not self.starts:
            self.starts = self.edits.fresh("starts")
            count = f"{self.header.lengths}.shape[0]"
            given = self.arguments[self.header.lengths]
            size = Affine.symbol(count)
            if isinstance(given, Sequence):
                size = Affine.number(len(given.items))
            kind = TensorType("int64", (size,), leaf=False)
            text = f"{self._tensor}.cumsum(0) - {self._tensor}"
            self.extra.append(StandIn(self.starts, self._counted(self.starts, kind), text))
        return self.starts

    def _moves(self, node: ast.stmt) -> bool:
        """``start += n``, ``start = start + n`` or ``start = end``."""
        match node:
            case ast.AugAssign(target=ast.Name(), op=ast.Add(), value=value):
                return self._is_length(value)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                ends, _ = self._ends(name)
                return ast.unparse(value) in ends
        return False

    def _ends(self, start: str) -> tuple[set[str], list[ast.stmt]]:
        """How the end of a piece is spelled, and the statements that give it a name."""
        ends: set[str] = set()
        aliases: list[ast.stmt] = []
        for text in self._length_texts():
            ends |= {f"{start} + {text}", f"{text} + {start}"}
        for statement in self.loop.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if name != start:
                    if ast.unparse(value) in ends:
                        ends.add(name)
                        aliases.append(statement)
        return ends, aliases

    def _is_length(self, node: ast.expr) -> bool:
        return ast.unparse(node) in self._length_texts()

    def _length_texts(self) -> set[str]:
        """How the length of the piece is spelled: by its name, or as ``int(lengths[i])``."""
        texts = {self.header.length} - {""}
        if self.header.counter:
            texts.add(f"{self.header.lengths}[{self.header.counter}]")
        texts |= {f"int({t})" for t in texts} | {f"{t}.item()" for t in texts}
        for statement in self.loop.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if (
                    ast.unparse(value) in texts
                ):
                    texts.add(name)
        return texts

    def _part(self, base: str) -> str:
        """The tensor that the pieces are of, cut behind the last one; empty where it is none."""
        given = self.arguments.get(base)
        if not isinstance(given, Tensor) or base in names_stored(self.node) or not given.type.rank:
            return ""
        if given.type.device != "cpu" or _is_written(base, self.node):
            return ""
        seen = self._seen
        is_whole = seen is not None and sum(seen) == self.hints.get(f"{base}.shape[0]")
        self.most[base] = "==" if is_whole else "<="
        name = next((s.name for s in self.extra if s.text.startswith(f"{base}[")), "")
        if name:
            return name
        name = self.edits.fresh(f"{base}_part")
        kind = replace(given.type, shape=(Affine.symbol(self.size), *given.type.shape[1:]),
                       leaf=False, contiguous=False)  # fmt: skip
        text = base if is_whole else f"{base}[:len({self.owner})]"
        self.extra.append(StandIn(name, Tensor(name, kind, given.storage), text))
        return name

    def _fill(self) -> bool:
        """``out[start:start + n] = x[i, :n]`` as ``out[k] = x[owner[k], place[k]]``."""
        moves = [s for s in self.loop.body if self._moves(s)]
        move = moves[0] if len(moves) == 1 else None
        target = getattr(move, "target", None) or getattr(move, "targets", [None])[0]
        if move is None or not isinstance(target, ast.Name):
            return False
        start = target.id
        begin = start_of(start, self.node.body[: self.position])
        behind = any(start in names_in(s) for s in self.node.body[self.position + 1 :])
        ends, aliases = self._ends(start)
        named = [s for s in self.loop.body if isinstance(s, ast.Assign)
                 and isinstance(s.targets[0], ast.Name) and self._is_length(s.value)]  # fmt: skip
        stores = [s for s in self.loop.body if s not in (move, *aliases, *named)]
        k = self.edits.fresh("k")
        body: Block = []
        for store in stores:
            match store:
                case ast.Assign(
                    targets=[ast.Subscript(value=ast.Name(id=base), slice=ast.Slice() as cut)],
                    value=value,
                ) if is_name(cut.lower, start) and cut.step is None and cut.upper is not None and (
                    ast.unparse(cut.upper) in ends
                ):
                    element = self._element(value, k)
                    if element is None or base in names_in(value):
                        return False
                    body += ast.parse(f"{base}[{k}] = {element}").body
                case _:
                    return False
        if begin is None or behind or not body or not self.header.counter:
            return False
        self._loop_over(k, body)
        self.edits.statements[begin] = []
        return True

    def _element(self, value: ast.expr, k: str) -> str | None:
        """What goes into one element; None where it is not known to be of one piece."""
        counter = self.header.counter
        match value:
            case ast.Name(id=name) if name == counter:
                return f"{self.owner}[{k}]"
            case ast.Constant(value=int() | float()):
                return ast.unparse(value)
            case ast.Subscript(value=ast.Name(id=base), slice=index):
                entries = index.elts if isinstance(index, ast.Tuple) else [index]
                given = self.arguments.get(base)
                if not isinstance(given, Tensor) or not is_name(entries[0], counter):
                    return None
                if len(entries) == 1 and given.type.rank == 1:
                    return f"{base}[{self.owner}[{k}]]"
                cut = entries[1] if len(entries) == given.type.rank == 2 else None
                if isinstance(cut, ast.Slice) and not (cut.lower or cut.step) and (
                    cut.upper is not None and self._is_length(cut.upper)
                ):
                    if not self.place:
                        self._place()
                    return f"{base}[{self.owner}[{k}], {self.place}[{k}]]"
        return None

    # ------------------------------------------------------------------ nests
    def _nest(self) -> tuple[ast.For, ast.AugAssign] | None:
        """The loop inside of the loop, and the step of the counter that runs through both."""
        *front, inner = self.loop.body
        if not isinstance(inner, ast.For) or not isinstance(inner.target, ast.Name) or inner.orelse:
            return None
        texts = self._length_texts()
        aliases = [s for s in front if isinstance(s, ast.Assign) and ast.unparse(s.value) in texts]
        match inner.iter:
            case ast.Call(func=ast.Name(id="range"), args=[end], keywords=[]) if (
                ast.unparse(end) in texts and len(aliases) == len(front)
            ):
                pass
            case _:
                return None
        match inner.body[-1]:
            case ast.AugAssign(
                target=ast.Name(), op=ast.Add(), value=ast.Constant(value=1)
            ) as step if len(inner.body) > 1:
                return inner, step
        return None

    def _flatten(self, inner: ast.For, step: ast.AugAssign) -> bool:
        """Both loops as one over all elements."""
        assert isinstance(step.target, ast.Name) and isinstance(inner.target, ast.Name)
        k = step.target.id
        begin = start_of(k, self.node.body[: self.position])
        bound = {n for n in names_stored(self.loop) if n in names_stored(self.loop.target)}
        bound |= {inner.target.id, k, *self._length_names()}
        behind = self.node.body[self.position + 1 :]
        stores = [n for n in ast.walk(self.loop) if isinstance(n, ast.Name) and n.id in bound
                  and not isinstance(n.ctx, ast.Load)]  # fmt: skip
        is_read = any(bound & names_in(s) for s in behind)
        if begin is None or is_read or len(stores) != len(bound):
            return False
        if any(isinstance(n, (ast.For, ast.While)) for s in inner.body for n in ast.walk(s)):
            return False
        means = {name: f"{self.header.lengths}[{self.owner}[{k}]]" for name in self._length_names()}
        if self.header.counter:
            means[self.header.counter] = f"{self.owner}[{k}]"
        if any(inner.target.id in names_in(s) for s in inner.body):
            self._place()
            means[inner.target.id] = f"{self.place}[{k}]"
        self._loop_over(k, [named_anew(s, means) for s in inner.body[:-1]])
        self.edits.statements[begin] = []
        for base in self._read_at(k, inner):
            self.most[base] = "<="
        return True

    def _loop_over(self, k: str, body: Block) -> None:
        """All elements one by one in the place of the loop."""
        lines = [f"for {k} in range({self.size}):"]
        for statement in body:
            lines += ["    " + line for line in ast.unparse(statement).splitlines()]
        self.edits.statements[self.loop] = lines

    def _length_names(self) -> set[str]:
        return {t for t in self._length_texts() if t.isidentifier()}

    def _read_at(self, k: str, inner: ast.For) -> Iterator[str]:
        """The tensors that are read at the running counter."""
        for node in ast.walk(inner):
            match node:
                case ast.Subscript(value=ast.Name(id=base), slice=ast.Name(id=name)) if name == k:
                    if isinstance(self.arguments.get(base), Tensor):
                        yield base

    def _place(self) -> None:
        """Which element of its piece each one is."""
        self.place = name = self.edits.fresh("place")
        lengths = self._tensor
        count = f"{self.torch}.arange(len({self.owner}))"
        text = f"{count} - (({lengths}).cumsum(0) - {lengths})[{self.owner}]"
        text = text.replace(f"(({lengths})", f"({lengths}")
        kind = TensorType("int64", (Affine.symbol(self.size),), leaf=False)
        self.extra.append(StandIn(name, self._counted(name, kind), text))

    # ------------------------------------------------------------------ sizes
    def _sizes(self) -> None:
        """``int(lengths.sum())`` as how many elements there are."""
        name = self.header.lengths
        totals = {f"int({name}.sum())", f"{name}.sum().item()", f"sum({name})",
                  f"int(sum({name}))", f"{name}.sum()"}  # fmt: skip
        most = {f"int({name}.max())", f"{name}.max().item()", f"max({name})", f"int(max({name}))"}
        inside = {id(n) for n in ast.walk(self.loop)}
        for statement in self.node.body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and id(node) not in inside:
                    outer = [p for p, _ in self.edits.parts if any(n is node for n in ast.walk(p))]
                    if ast.unparse(node) in totals and not outer:
                        self.edits.parts.append((node, self.size))
                    elif ast.unparse(node) in most and not outer:
                        self._name_longest(ast.unparse(node))
                        self.edits.parts.append((node, self.longest))

    def _name_longest(self, text: str) -> None:
        if self.longest:
            return
        self.longest = self.edits.fresh("longest")
        seen = self._seen
        value = Integer(Affine.symbol(self.longest))
        hints = {self.longest: 4 if seen is None else max(seen)}
        self.extra.append(StandIn(self.longest, value, text, hints))


def inside(index: str, size: str) -> str:
    return f"bool((({index} >= 0) & ({index} < {size})).all())"


def named_anew(node: ast.stmt, means: Mapping[str, str]) -> ast.stmt:
    """A statement with other expressions in the place of names."""

    class Anew(ast.NodeTransformer):
        def visit_Name(self, name: ast.Name) -> ast.expr:
            text = means.get(name.id)
            return name if text is None else ast.parse(text, mode="eval").body

    return Anew().visit(ast.parse(ast.unparse(node)).body[0])  # type: ignore[no-any-return]


def start_of(name: str, before: Block) -> ast.stmt | None:
    """``k = 0``, where nothing else names it up to the loop."""
    for statement in reversed(before):
        match statement:
            case ast.Assign(targets=[ast.Name(id=same)], value=ast.Constant(value=0)) if (
                same == name
            ):
                return statement
        if name in names_in(statement):
            return None
    return None


def _is_full(node: ast.expr) -> bool:
    return isinstance(node, ast.Slice) and not (node.lower or node.upper or node.step)


def _is_written(name: str, function: ast.AST) -> bool:
    """Whether a function writes into a tensor by its name."""
    for node in ast.walk(function):
        match node:
            case ast.Subscript(value=ast.Name(id=same), ctx=ast.Store()) if same == name:
                return True
            case ast.Attribute(value=ast.Name(id=same), attr=word) if same == name:
                if word.endswith("_"):
                    return True
    return False
