"""A failing program made small: statements deleted, expressions replaced by their parts.

Works on the program's text and on its arguments' text alike, by `ast`, greedily: an edit that
keeps the program failing in the same way is kept.
"""

from __future__ import annotations

import ast
import copy
import time
from collections.abc import Callable, Iterator

from .generator import HEADER, Program

Fails = Callable[[Program], bool]


def shrink_program(program: Program, fails: Fails, seconds: float = 30.0) -> Program:
    """The smallest program found within `seconds` for which `fails` still says True."""
    deadline = time.monotonic() + seconds
    best, improved = program, True
    while improved and time.monotonic() < deadline:
        improved = False
        for candidate in _candidates(best):
            if time.monotonic() > deadline:
                break
            if _size(candidate) < _size(best) and _still_fails(candidate, fails):
                best, improved = candidate, True
                break
    return best


def _still_fails(program: Program, fails: Fails) -> bool:
    try:
        return fails(program)
    except Exception:
        return False


def _size(program: Program) -> tuple[int, int]:
    """Nodes first, then characters: a shorter literal counts too."""
    texts = [program.source, *program.arguments]
    nodes = sum(1 for text in texts for _ in ast.walk(ast.parse(text)))
    return nodes, sum(map(len, texts))


def _candidates(program: Program) -> Iterator[Program]:
    """Smaller variants, the boldest first."""
    for index in range(len(program.arguments)):
        if len(program.arguments) > 1:
            kept = program.arguments[:index] + program.arguments[index + 1 :]
            yield _made(program, program.source, kept)
    yield from _without_parameters(program)
    for source in _smaller_texts(program.source):
        yield _made(program, source, program.arguments)
    for index, text in enumerate(program.arguments):
        for smaller in _smaller_texts(text):
            if "return (" not in smaller:
                continue
            kept = (*program.arguments[:index], smaller, *program.arguments[index + 1 :])
            yield _made(program, program.source, kept)


def _made(program: Program, source: str, arguments: tuple[str, ...]) -> Program:
    """The program with these texts, argument functions numbered from 0 again."""
    numbered = []
    for index, text in enumerate(arguments):
        rest = text[text.index("(") :]
        numbered.append(f"def arguments_{index}{rest}")
    return Program(
        program.seed, source, tuple(numbered), carried=program.carried, hard=program.hard
    )


def _without_parameters(program: Program) -> Iterator[Program]:
    """Variants without one parameter that the program does not use."""
    tree = ast.parse(program.source)
    function = _program(tree)
    used = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
    for position, parameter in enumerate(function.args.args):
        if parameter.arg in used:
            continue
        changed = copy.deepcopy(tree)
        del _program(changed).args.args[position]
        arguments = []
        for text in program.arguments:
            body = ast.parse(text)
            returned = next(n for n in ast.walk(body) if isinstance(n, ast.Return))
            if not isinstance(returned.value, ast.Tuple):
                return
            del returned.value.elts[position]
            arguments.append(ast.unparse(body) + "\n")
        yield _made(program, _text(changed), tuple(arguments))


def _program(tree: ast.Module) -> ast.FunctionDef:
    nodes = ast.walk(tree)
    return next(n for n in nodes if isinstance(n, ast.FunctionDef) and n.name == "program")


def _text(tree: ast.Module) -> str:
    ast.fix_missing_locations(tree)
    text = ast.unparse(tree) + "\n"
    bare = ast.unparse(ast.parse(HEADER))
    return HEADER + text[len(bare) :].lstrip("\n") if text.startswith(bare) else text


def _smaller_texts(text: str) -> Iterator[str]:
    """The text with one edit: every statement deleted or unwrapped, every expression reduced."""
    tree = ast.parse(text)
    for number, node in enumerate(ast.walk(tree)):
        for edit in _edits(node):
            changed = copy.deepcopy(tree)
            target = _nth(changed, number)
            edit(target)
            try:
                smaller = _text(changed)
                ast.parse(smaller)
            except (SyntaxError, ValueError):
                continue
            yield smaller


def _nth(tree: ast.AST, number: int) -> ast.AST:
    for index, node in enumerate(ast.walk(tree)):
        if index == number:
            return node
    raise AssertionError("the copy has the nodes of the original")


Edit = Callable[[ast.AST], None]


def _edits(node: ast.AST) -> Iterator[Edit]:
    """The edits of one node's children: delete a statement, replace an expression by a part."""
    for name, value in ast.iter_fields(node):
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            for index, child in enumerate(value):
                if isinstance(child, (ast.Import, ast.ImportFrom, ast.Return)):
                    continue
                if getattr(child, "name", "").startswith(("program", "arguments_")):
                    continue
                yield _replaced_statement(name, index, [])
                if isinstance(child, ast.If):
                    yield _replaced_statement(name, index, child.body)
                    if child.orelse:
                        yield _replaced_statement(name, index, child.orelse)
                        yield _replaced_statement(name, index, [ast.If(child.test, child.body, [])])
                if isinstance(child, (ast.For, ast.While)):
                    yield from _smaller_loops(name, index, child)
                if isinstance(child, ast.AugAssign):
                    plain = ast.Assign([child.target], child.value)
                    yield _replaced_statement(name, index, [plain])
        elif isinstance(value, list):
            for index, child in enumerate(value):
                if isinstance(child, ast.expr):
                    yield from (_set_item(name, index, part) for part in _parts(child))
                    if isinstance(node, ast.List):
                        yield _deleted_item(name, index)
        elif isinstance(value, ast.expr):
            yield from (_set_field(name, part) for part in _parts(value))


def _smaller_loops(name: str, index: int, loop: ast.For | ast.While) -> Iterator[Edit]:
    """The edits of a loop: its body once, no ``else``, no step in its ``range``."""
    yield _replaced_statement(name, index, loop.body)
    if loop.orelse:
        bare = copy.copy(loop)
        bare.orelse = []
        yield _replaced_statement(name, index, [bare])
    if isinstance(loop, ast.For) and isinstance(loop.iter, ast.Call) and len(loop.iter.args) == 3:
        call = copy.copy(loop.iter)
        call.args = call.args[:2]
        bare = copy.copy(loop)
        bare.iter = call
        yield _replaced_statement(name, index, [bare])


def _replaced_statement(name: str, index: int, new: list[ast.stmt]) -> Edit:
    def edit(node: ast.AST) -> None:
        body = getattr(node, name)
        body[index : index + 1] = copy.deepcopy(new)
        if not body and name == "body":
            body.append(ast.Pass())

    return edit


def _set_item(name: str, index: int, part: ast.expr) -> Edit:
    return lambda node: getattr(node, name).__setitem__(index, copy.deepcopy(part))


def _deleted_item(name: str, index: int) -> Edit:
    return lambda node: getattr(node, name).pop(index)


def _set_field(name: str, part: ast.expr) -> Edit:
    return lambda node: setattr(node, name, copy.deepcopy(part))


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """What may stand in a node's place: its own subexpressions, then a simple constant."""
    if isinstance(getattr(node, "ctx", None), ast.Store):
        return
    for child in ast.iter_child_nodes(node):
        # A call's receiver may stand for the call; the function itself is no value.
        if isinstance(node, ast.Call) and child is node.func:
            child = getattr(child, "value", child)
            if isinstance(child, ast.Name) and child is node.func:
                continue
        if isinstance(child, ast.expr) and not _is_module(child):
            yield child
            if isinstance(child, ast.Attribute) and not _is_module(child.value):
                yield child.value
    if isinstance(node, (ast.BinOp, ast.Call, ast.IfExp, ast.Compare, ast.BoolOp, ast.UnaryOp)):
        yield ast.Constant(1)
    if isinstance(node, ast.Constant) and isinstance(node.value, float):
        for simple in (0.0, 1.0, 2.0):
            if len(repr(node.value)) > 3:
                yield ast.Constant(simple)


def _is_module(node: ast.expr) -> bool:
    """Whether this names a module or one of its members: ``torch``, ``torch.sin``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in ("torch", "th", "math", "F", "itertools")
