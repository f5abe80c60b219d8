"""Arrays made of Python sequences, written as an expert writes them.

``_numbers(mean).float()  ->  torch.tensor(mean)``; what is used more than once gets a name.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Sequence

from deloop.backend import syntax
from deloop.backend.context import Context
from deloop.ir.loop import NUMBERS, STACK
from deloop.text.trees import swap


def spell_sequences(
    body: Sequence[ast.stmt], context: Context, is_length: Callable[[str, int], bool]
) -> tuple[ast.stmt, ...]:
    """The statements with arrays made of sequences in PyTorch's words.

    `is_length` says whether a size is a number, so that ``mean[:x.shape[0]]`` is all of ``mean``.
    """
    if not any(name.startswith((f"{NUMBERS}(", f"{STACK}(")) for name in context.arrays):
        return tuple(body)

    def whole(node: ast.AST) -> ast.expr | None:
        match node:
            case ast.Subscript(ast.Call() as made, ast.Slice(None, ast.expr() as upper, None)):
                array = context.arrays.get(ast.unparse(made))
                if array is not None and array.storage.endswith("?"):
                    size = array.type.shape[0].constant
                    return made if is_length(ast.unparse(upper), size) else None
        return None

    body = [
        swap(s, {id(n): new for n in ast.walk(s) if (new := whole(n)) is not None}) for s in body
    ]
    spelled: list[ast.stmt] = [
        swap(s, {id(n): new for n in ast.walk(s) if (new := _spelled(n, context)) is not None})
        for s in body
    ]
    spelled = [
        swap(s, {id(n): new for n in ast.walk(s) if (new := _plain(n, context)) is not None})
        for s in spelled
    ]
    return tuple(_named(spelled, context))


def _argument(node: ast.AST, word: str) -> ast.expr | None:
    match node:
        case ast.Call(func=ast.Name(id=name), args=[given]) if name == word:
            return given
    return None


def _spelled(node: ast.AST, context: Context) -> ast.expr | None:
    """Numbers that become float32, or stacked tensors."""
    match node:
        case ast.Call(func=ast.Attribute(value=inner, attr="float"), args=[], keywords=[]):
            given = _argument(inner, NUMBERS)
            if given is not None:
                return _made("tensor", given, context)
    given = _argument(node, STACK)
    return None if given is None else _made("stack", given, context)


def _plain(node: ast.AST, context: Context) -> ast.expr | None:
    """Numbers that stay doubles, or ints."""
    given = _argument(node, NUMBERS)
    if given is None:
        return None
    made = _made("tensor", given, context)
    array = context.arrays[f"{NUMBERS}({ast.unparse(given)})"]
    if array.type.dtype == "float64":
        double = ast.Attribute(syntax.name(context.torch), "float64", ast.Load())
        made.keywords.append(ast.keyword("dtype", double))
    return made


def _made(word: str, given: ast.expr, context: Context) -> ast.Call:
    made = ast.Call(ast.Attribute(syntax.name(context.torch), word, ast.Load()), [given], [])
    device, spelled = context.device
    if word == "tensor" and device != "cpu":
        made.keywords.append(ast.keyword("device", syntax.name(spelled)))
    return made


def _named(body: list[ast.stmt], context: Context) -> list[ast.stmt]:
    """A name for each array that is used more than once."""
    nodes = [n for s in body for n in ast.walk(s) if isinstance(n, ast.Call)]
    made = [n for n in nodes if _is_made(n, context)]
    result = list(body)
    for text, count in Counter(ast.unparse(n) for n in made).items():
        own = [n for n in made if ast.unparse(n) == text]
        given = own[0].args[0]
        if count < 2 or not isinstance(given, ast.Name):
            continue
        name, number = f"{given.id}_tensor", 1
        while name in context.taken:
            number += 1
            name = f"{given.id}_tensor_{number}"
        context.taken.add(name)
        swaps = {id(n): syntax.name(name) for n in own}
        result = [
            ast.Assign([ast.Name(name, ast.Store())], own[0], lineno=0),
            *(swap(s, swaps) for s in result),
        ]
    return result


def _is_made(node: ast.AST, context: Context) -> bool:
    """Whether a node makes an array of one of the sequences."""
    match node:
        case ast.Call(func=ast.Attribute(attr="tensor" | "stack"), args=[given]):
            text = ast.unparse(given)
            return f"{NUMBERS}({text})" in context.arrays or f"{STACK}({text})" in context.arrays
    return False
