"""What the rewritten loop's surroundings allow: names read later, names to be spelled."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace

from deloop.analysis.bounds import least
from deloop.analysis.facts import Facts
from deloop.analysis.types import Candidate
from deloop.diagnostic import Refusal
from deloop.errors import RefusalError, Unsupported
from deloop.frontend.build import NestBuilder
from deloop.frontend.structure import assigned_names, target_names
from deloop.ir.affine import Sign, at_least
from deloop.ir.loop import AffineBranch, Branch, Loop, Nest, Node
from deloop.ir.source import SourceFunction
from deloop.ir.types import (
    Function,
    Integer,
    Literal,
    Module,
    Object,
    Opaque,
    Scalar,
    Tensor,
    Value,
)
from deloop.poly.domain import Domain
from deloop.text.liveness import is_read_behind, names_seen_by_others
from deloop.text.names import (
    local_names,
    names_bound_by,
    names_in,
    names_stored,
    names_stored_before,
)
from deloop.text.trees import walk


def find_torch(function: SourceFunction) -> tuple[str, bool]:
    """How the function's scope names torch, and whether it does (else it must be imported)."""
    names = [n.id for n in walk(function.node) if isinstance(n, ast.Name)]
    local = set(function.parameters) | {
        n.id
        for n in walk(function.node)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    for name in dict.fromkeys([*names, "torch", "th"]):
        if name in local:
            continue
        try:
            item = function.resolve(name)
        except RefusalError:
            continue
        if isinstance(item, Module) and item.qualified == "torch":
            return name, True
    return "torch", False


def find_math(function: SourceFunction) -> frozenset[str]:
    """How the function's scope names `math`, where a guard at its first line sees it too."""
    imported = any(isinstance(n, (ast.Import, ast.ImportFrom)) for n in walk(function.node))
    local = names_stored(function.node) | set(function.parameters)
    if imported or "math" in local:
        return frozenset()
    try:
        item = function.resolve("math")
    except RefusalError:
        return frozenset()
    return frozenset({"math"} if item == Module("math") else ())


def find_builtins(function: SourceFunction, names: tuple[str, ...]) -> frozenset[str]:
    """Those of the names that mean Python's own functions in the function's body."""
    found: set[str] = set()
    for name in set(names) - names_stored(function.node) - set(function.parameters):
        try:
            item = function.resolve(name)
        except RefusalError:
            continue
        if isinstance(item, Function) and item.qualified == f"builtins.{name}":
            found.add(name)
    return frozenset(found)


def with_own_names(function: SourceFunction) -> SourceFunction:
    """The function, in which a name of its own that is not bound yet is no global one.

    What it imports is for its scope to say.
    """
    body = function.node.body if isinstance(function.node, ast.FunctionDef) else []
    imports = [s for s in body if isinstance(s, (ast.Import, ast.ImportFrom))]
    imported = {name for s in imports for alias in s.names for name in names_bound_by(alias)}
    own = local_names(function.node) - _declared(function.node) - imported

    def resolve(name: str) -> Value:
        return Opaque(f"{name} may not be bound") if name in own else function.resolve(name)

    return replace(function, resolve=resolve)


def _declared(node: ast.AST) -> set[str]:
    """The names that a function says are not its own."""
    return {
        name
        for n in walk(node)
        if isinstance(n, (ast.Global, ast.Nonlocal))
        for name in n.names
    }


def spellable_at_entry(function: SourceFunction, candidate: Candidate) -> Callable[[str], bool]:
    """Whether a size's spelling means at the function's first line what it means at the loop.

    It does where the tensor has been bound anew to tensors of its own shape only.
    """
    stored = names_stored_before(function.node, candidate.reach)
    stored -= set(function.parameters) - candidate.rebound

    def is_spellable(symbol: str) -> bool:
        names = names_in(ast.parse(symbol, mode="eval"))
        return not names & stored

    return is_spellable


def find_live_out(function: SourceFunction, candidate: Candidate) -> tuple[str, ...]:
    """Names that the loop sets and the code behind it reads."""
    loop = candidate.node
    bound = set(assigned_names(loop)) | target_names(loop)
    own = candidate.filling.symbols if candidate.filling is not None else frozenset()
    written = candidate.written
    if candidate.filling is not None and not isinstance(written, ast.For):
        return tuple(sorted(bound & own))  # a comprehension's variables are its own
    node, seen = function.node, names_seen_by_others(function.node)
    return tuple(
        n for n in sorted(bound) if n in own or is_read_behind(n, written, node, seen)
    )


def require_noted(
    candidate: Candidate, builder: NestBuilder, nest: Nest, facts: Facts
) -> None:
    """Prove or assume every fact that reading the loop, and what is before it, relied on."""
    from_name = {loop.iterator: loop for loop in loops_of(nest.body)}
    for requirement in (*candidate.required, *builder.requirements):
        symbols = requirement.constraint.expression.symbols
        around = [from_name[s] for s in symbols if s in from_name]
        around = _with_outer(around, from_name)
        under = [s for c in requirement.guards for s in c.expression.symbols if s in from_name]
        inside = _with_outer([*around, *(from_name[s] for s in under)], from_name)
        domain = Domain(
            tuple(x.iterator for x in inside),
            (*(c for x in inside for c in x.constraints), *requirement.guards),
        )
        if facts.proves(domain, requirement.constraint):
            continue
        corner = requirement.constraint
        if around and corner.sign is not Sign.ZERO:
            corner = at_least(least(corner.expression, tuple(around)), 0)
        settled = not around or corner.sign is not Sign.ZERO
        if not (settled and facts.assume(corner, requirement.reason)):
            sentence = f"loop kept: it is not certain that {requirement.reason}"
            raise Unsupported(Refusal("VEC904", requirement.place, sentence))


def _with_outer(around: list[Loop], from_name: dict[str, Loop]) -> list[Loop]:
    """The loops and those that their bounds mention, outermost first."""
    wanted = {x.iterator for x in around}
    while True:
        more = {
            s
            for name in wanted
            for c in from_name[name].constraints
            for s in c.expression.symbols
            if s in from_name
        } - wanted
        if not more:
            return [x for name, x in from_name.items() if name in wanted]
        wanted |= more


def loops_of(nodes: tuple[Node, ...]) -> list[Loop]:
    """Every loop of a nest, outermost first."""
    found: list[Loop] = []
    for node in nodes:
        if isinstance(node, Loop):
            found.append(node)
            found.extend(loops_of(node.body))
        elif isinstance(node, (Branch, AffineBranch)):
            found.extend(loops_of(node.then))
            found.extend(loops_of(node.otherwise))
    return found


def is_known_at_entry(
    arrays: Mapping[str, Tensor],
    entry: set[str],
    is_changed: Callable[[Tensor], bool],
    array: str,
) -> bool:
    """Whether a guard at the function's first line sees in an array what the loop will."""
    root = array.split(".")[0].split("[")[0]
    return root in entry and not is_changed(arrays[array])


_HARMLESS = frozenset(
    {"len", "range", "enumerate", "zip", "print", "isinstance", "int", "float", "max", "min", "abs"}
    | {"bool", "str", "type", "tuple", "list", "sum", "reversed", "sorted", "round"}
)


def changed_before(function: SourceFunction, candidate: Candidate) -> Callable[[Tensor], bool]:
    """Whether an earlier statement may have changed a tensor since the function was entered.

    What a guard sees at the first line is then not what the loop reads.
    """
    end = (candidate.written.lineno, candidate.written.col_offset)
    bound_around: set[str] = set()
    if candidate.around is not None:
        last = candidate.around
        end = (last.end_lineno or last.lineno, (last.end_col_offset or 0) + 1)
        bound_around = names_stored(last)
    storages: set[str] = set()
    objects: set[str] = set()
    anything = False
    for node in (n for statement in function.body for n in walk(statement)):
        if not isinstance(node, ast.expr | ast.stmt) or (node.lineno, node.col_offset) >= end:
            continue
        for name in _may_change(node, function, candidate):
            anything |= name in bound_around  # it was another tensor, perhaps, when it was changed
            item = candidate.environment.get(name)
            tensor = getattr(item, "tensor", item)
            if isinstance(tensor, Tensor):
                storages.add(tensor.memory)
            elif isinstance(item, Object):
                objects.add(name)
            elif not isinstance(item, (Integer, Scalar, Literal, Module, Function)):
                anything = True  # it may be any tensor under another name

    def is_changed(tensor: Tensor) -> bool:
        root = tensor.name.split(".")[0].split("[")[0]
        return anything or root in objects or tensor.memory in storages

    return is_changed


def _may_change(node: ast.AST, function: SourceFunction, candidate: Candidate) -> set[str]:
    """The names of what a statement or call may change in place."""
    match node:
        case ast.AugAssign(target=ast.Name() | ast.Attribute() as target):
            return names_in(_root(target))
        case ast.Subscript(value=value, ctx=ast.Store()):
            return names_in(_root(value))
        case ast.Call(func=ast.Name(id=name)) if name in _HARMLESS:
            return set()
        case ast.Call(func=ast.Attribute(value=receiver, attr=word), keywords=keywords):
            plain = not {"out", "inplace"} & {str(k.arg) for k in keywords}
            root = _root(receiver)
            item = _held(root.id, function, candidate) if isinstance(root, ast.Name) else None
            known = isinstance(getattr(item, "tensor", item), (Tensor, Module))
            if plain and known and not word.endswith("_"):
                return set()
            return names_in(node)
        case ast.Call():
            return {n for a in (*node.args, *(k.value for k in node.keywords)) for n in names_in(a)}
    return set()


def _held(name: str, function: SourceFunction, candidate: Candidate) -> object:
    """What a name stands for at the loop: a local one, or one of the function's surroundings."""
    if name in candidate.environment:
        return candidate.environment[name]
    try:
        return function.resolve(name)
    except RefusalError:
        return None


def _root(node: ast.expr) -> ast.expr:
    """What a chain of attributes, methods and subscripts hangs on: ``self.table[i] -> self``."""
    while True:
        match node:
            case ast.Attribute(value=inner) | ast.Subscript(value=inner):
                node = inner
            case ast.Call(func=ast.Attribute(value=inner), args=[], keywords=[]):
                node = inner
            case _:
                return node
