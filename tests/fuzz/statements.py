"""Random statements of a loop body, and the carried ones."""

from __future__ import annotations

from collections.abc import Callable

from .expressions import tensor
from .operands import access, condition, leaf, number, tidy
from .scope import Array, Scope, Value

Lines = list[str]
AUGMENTED = ("+=", "+=", "-=", "*=", "+=", "/=")


def indent(lines: Lines) -> Lines:
    """The lines, one level deeper."""
    return ["    " + line for line in lines]


def block(scope: Scope, targets: list[Array], count: int, nesting: int) -> Lines:
    """`count` random statements at the current level; names bound here end with it."""
    kept = dict(scope.temporaries)
    lines: Lines = []
    for _ in range(count):
        lines += statement(scope, targets, nesting)
    if nesting < 2:
        scope.temporaries = {k: v for k, v in scope.temporaries.items() if k in kept}
    return lines or ["pass"]


def body(scope: Scope, targets: list[Array], count: int) -> Lines:
    """An innermost body: `count` statements and at least one store to every target."""
    lines: Lines = []
    for index in range(count):
        if index and scope.chance(0.07):
            scope.use("continue")
            lines += [f"if {tidy(condition(scope, 1))}:", "    continue"]
        lines += statement(scope, targets, 2)
    for target in targets:
        if not any(_stores(line, target.name) for line in lines):
            lines += store(scope, target, plain=True)
    return lines


def _stores(line: str, name: str) -> bool:
    return line.strip().startswith((f"{name}[", f"{name}_row[", f"{name}_"))


def statement(scope: Scope, targets: list[Array], nesting: int) -> Lines:
    """One random statement."""
    form = scope.pick(
        {
            "store": 5,
            "augmented": 2,
            "temporary": 2.2,
            "if": 2.2 * nesting,
            "update": 0.7,
            "method": 0.15,
            "leave": 0.08,
        }
    )
    target = scope.rng.choice(targets)
    if form == "leave":
        scope.hard.add("leaves_loop")
        leave = scope.rng.choice(("break", "raise ValueError", f"return {target.name}"))
        return [f"if {tidy(condition(scope, 1))}:", f"    {leave}"]
    if form == "store":
        return store(scope, target, plain=nesting == 2)
    if form == "augmented":
        return augmented(scope, target)
    if form == "if":
        return conditional(scope, targets, nesting - 1)
    if form == "update":
        return update(scope)
    if form == "method":
        scope.use("in_place_method")
        scope.hard.add("in_place_method")
        method = scope.rng.choice(("mul_(2)", "add_(1)", "zero_()", "fill_(3)", "copy_({})"))
        return [f"{element(scope, target, True)}.{method.format(tensor(scope, 1).text)}"]
    return temporary(scope, nesting)


def element(scope: Scope, target: Array, bare: bool = False) -> str:
    """The target's own element at the active iterators."""
    return access(scope, target, plain=True, bare=bare).text


def right_side(scope: Scope, target: Array, depth: int = 3) -> Value:
    """An expression to store into `target`: never a complex into a real, rows only into rows."""
    for _ in range(8):
        value = tensor(scope, scope.rng.randint(0, depth), scalar=not target.trailing)
        if value.sort != "complex" or target.sort == "complex":
            return value
    return number(scope, 1)


def store(scope: Scope, target: Array, plain: bool) -> Lines:
    """A plain store of a random expression; the target's memory is then known to be written."""
    name = element(scope, target)
    text = tidy(right_side(scope, target).text)
    for _ in range(4):
        if text == name or (text.startswith(target.name) and text.isidentifier()):
            text = tidy(right_side(scope, target).text)
    if plain and not scope.constructs["continue"] and target.name not in text:
        scope.covered.add(target.name)
    scope.use("store")
    return [f"{name} = {text}"]


def augmented(scope: Scope, target: Array) -> Lines:
    """An augmented store: ``out[i] += x[i] * 2``."""
    operator = scope.rng.choice(AUGMENTED)
    if target.sort == "bool":
        operator = "+="
    if target.sort == "int" and operator == "/=" and scope.chance(0.8):
        operator = "*="
    value = right_side(scope, target, 2)
    for _ in range(6):
        if (
            target.sort == "float"
            or value.sort == target.sort
            or (value.kind == "number" and value.sort == "int")
            or scope.chance(0.1)
        ):
            break
        value = right_side(scope, target, 1)
    if target.sort in ("int", "bool") and value.sort == "float":
        scope.use("float_into_integer")
    scope.use("augmented_store")
    return [f"{element(scope, target, True)} {operator} {tidy(value.text)}"]


def temporary(scope: Scope, nesting: int) -> Lines:
    """A new temporary: a view ``t = x[i]``, an expression, a number or a mask."""
    names = [n for n in ("t", "v", "value", "tmp", "u", "q") if n not in scope.temporaries]
    if not names:
        return store_any(scope)
    name = scope.rng.choice(names)
    form = scope.pick({"view": 2, "expression": 4, "number": 0.7})
    value = {
        "view": lambda: leaf(scope, False),
        "expression": lambda: tensor(scope, 2),
        "number": lambda: number(scope, 2),
    }[form]()
    scope.use(f"temporary_{form}")
    text = tidy(value.text)
    if value.kind == "number":
        scope.numbers = {**scope.numbers}
    view = value.view_of if form == "view" else ""
    if view and scope.arrays[view].written:
        scope.use("view_of_written")
        scope.hard.add("view_of_written")
    scope.temporaries[name] = Value(name, value.kind, value.sort, view)
    return [f"{name} = {text}"]


def store_any(scope: Scope) -> Lines:
    """A store into any written array, when no name is left for a temporary."""
    written = [a for a in scope.arrays.values() if a.written and _complete(scope, a)]
    return store(scope, scope.rng.choice(written), plain=False) if written else ["pass"]


def _complete(scope: Scope, array: Array) -> bool:
    return all(scope.iterator_of(axis) for axis in array.axes)


def update(scope: Scope) -> Lines:
    """A temporary changed: ``t = t * 2``, or ``t += …`` (in place if `t` is a view)."""
    names = [name for name, value in scope.temporaries.items() if value.text == name]
    if not names:
        return temporary(scope, 2)
    name = scope.rng.choice(names)
    if name in scope.outer:
        scope.carried.add("outer_temporary")
    old = scope.temporaries[name]
    scalar = old.kind != "row"
    value = tensor(scope, 1, scalar)
    if value.sort != old.sort or value.kind not in (old.kind, "number"):
        value = number(scope, 0)
        if old.sort in ("int", "bool") and value.sort == "float":
            value = Value("1", "number", "int")
    if scope.chance(0.5):
        scope.use("temporary_rebound")
        scope.temporaries[name] = Value(name, old.kind, old.sort)
        return [f"{name} = {tidy(f'({name}) * ({value.text})')}"]
    if old.view_of and not scope.arrays[old.view_of].written:
        return []
    scope.use("temporary_augmented")
    scope.hard.add("temporary_augmented")
    return [f"{name} {scope.rng.choice(('+=', '*='))} {tidy(value.text)}"]


def conditional(scope: Scope, targets: list[Array], nesting: int) -> Lines:
    """An if statement, perhaps with elif and else; with both branches storing the same target."""
    lines = [f"if {tidy(condition(scope, 1))}:"]
    covered = set(scope.covered)
    both = scope.chance(0.5)
    target = scope.rng.choice(targets)

    def branch() -> Lines:
        if both:
            return store(scope, target, plain=False)
        return block(scope, targets, scope.rng.choice((1, 1, 2)), nesting)

    lines += indent(branch())
    while scope.chance(0.25):
        scope.use("elif")
        lines += [f"elif {tidy(condition(scope, 1))}:", *indent(branch())]
    if both or scope.chance(0.3):
        scope.use("else")
        lines += ["else:", *indent(branch())]
    scope.use("if")
    scope.covered = covered | ({target.name} if both and nesting == 1 else set())
    return lines


def carried(scope: Scope, target: Array) -> tuple[Lines, Lines, str]:
    """A statement with a dependence carried by a loop: (before the nest, in the body, returned)."""
    return scope.rng.choice(_CARRIED)(scope, target)


def _previous(scope: Scope, target: Array) -> tuple[Lines, Lines, str]:
    own = element(scope, target)
    iterator = scope.rng.choice(scope.iterators).name
    if len(scope.named) < len(scope.iterators):
        return _accumulate(scope, target)
    shift = scope.rng.choice(("- 1", "- 1", "- 2", "+ 1"))
    parts = [it.name for axis in target.axes if (it := scope.iterator_of(axis))]
    if iterator not in parts:
        return _accumulate(scope, target)
    moved = ", ".join(f"{p} {shift}" if p == iterator else p for p in parts)
    value = right_side(scope, target, 1)
    scope.carried.add("recurrence" if "-" in shift else "anti")
    read = f"{target.name}[{moved}]"
    lines = [f"{own} = {tidy(f'{read} + ({value.text})')}"]
    if "+" in shift and scope.chance(0.8):
        axis = next(it.axis for it in scope.iterators if it.name == iterator)
        lines = [f"if {iterator} + 1 < {scope.size_of(axis)}:", *indent(lines)]
    return [], lines, ""


def _accumulate(scope: Scope, target: Array) -> tuple[Lines, Lines, str]:
    scope.carried.add("accumulator")
    value = right_side(scope, target, 1)
    start = scope.rng.choice(("0", "0.0", "torch.zeros(())", "1.5"))
    lines = [f"total {scope.rng.choice(('+=', '-='))} {tidy(value.text)}"]
    if scope.chance(0.4):
        lines = [f"if {tidy(condition(scope, 0))}:", *indent(lines)]
    if scope.chance(0.4):
        lines.append(f"{element(scope, target)} = total")
    return [f"total = {start}"], lines, "total"


def _reduce(scope: Scope, target: Array) -> tuple[Lines, Lines, str]:
    if len(target.axes) < 2:
        return _accumulate(scope, target)
    scope.carried.add("reduction")
    index = [it.name or "-1" for axis in target.axes if (it := scope.iterator_of(axis))]
    index[scope.rng.randrange(len(index))] = "0"
    value = right_side(scope, target, 1)
    return [], [f"{target.name}[{', '.join(index)}] += {tidy(value.text)}"], ""


def _running(scope: Scope, target: Array) -> tuple[Lines, Lines, str]:
    value = leaf(scope, True)
    if value.sort == "complex" or value.kind != "element":
        return _accumulate(scope, target)
    scope.carried.add("running_best")
    comparison = scope.rng.choice((">", "<", ">="))
    name = scope.iterators[-1].name or "best"
    lines = [f"if {tidy(value.text)} {comparison} best:", f"    best = {tidy(value.text)}"]
    if scope.chance(0.5):
        return ["best = 0.0", "where = -1"], [*lines, f"    where = {name}"], "where"
    return ["best = 0.0"], lines, "best"


def _remember(scope: Scope, target: Array) -> tuple[Lines, Lines, str]:
    scope.carried.add("previous_value")
    value = right_side(scope, target, 1)
    own = element(scope, target)
    lines = [f"{own} = previous", f"previous = {tidy(value.text)}"]
    return ["previous = 0"], lines, scope.rng.choice(("", "previous"))


def _last(scope: Scope, target: Array) -> tuple[Lines, Lines, str]:
    scope.carried.add("last_value")
    name = scope.iterators[-1].name or "2"
    index = ", ".join(scope.rng.choice(("0", "-1", f"{name} % 2")) for _ in target.axes)
    value = right_side(scope, target, 1)
    return [], [f"{target.name}[{index}] {scope.rng.choice(('=', '+='))} {tidy(value.text)}"], ""


def _swap(scope: Scope, target: Array) -> tuple[Lines, Lines, str]:
    own = element(scope, target)
    scope.carried.add("swap")
    first = scope.iterator_of(target.axes[0]) if target.axes else None
    if first is None or not first.name:
        return _accumulate(scope, target)
    other = own.replace(f"[{first.name}", f"[-{first.name} - 1", 1)
    return [], [f"held = {own}", f"{own} = {other}", f"{other} = held"], ""


_CARRIED: tuple[Callable[[Scope, Array], tuple[Lines, Lines, str]], ...] = (
    _previous,
    _previous,
    _previous,
    _accumulate,
    _reduce,
    _running,
    _remember,
    _last,
    _swap,
)
