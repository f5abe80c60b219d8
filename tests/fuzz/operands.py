"""What expressions are made of: numbers, elements of arrays, conditions."""

from __future__ import annotations

import ast

from .scope import Array, Scope, Value, join

COMPARISONS = (">", "<", ">=", "<=", "==", "!=")


def tidy(text: str) -> str:
    """The expression without needless parentheses: ``((a) + (b))`` -> ``a + b``."""
    return ast.unparse(ast.parse(text.strip(), mode="eval"))


def constant(scope: Scope) -> Value:
    """A literal number."""
    if scope.chance(0.5):
        return Value(str(scope.rng.choice((0, 1, 2, 3, -1, -2, 5, 10))), "number", "int")
    value = scope.rng.choice((0.5, 2.0, -1.5, 0.1, 1e-3, 3.0, 0.0, 1.0))
    return Value(str(value), "number", "float")


def number(scope: Scope, depth: int) -> Value:
    """A Python number: parameters, iterators, sizes, literals, math."""
    rng = scope.rng
    if depth <= 0 or scope.chance(0.4):
        choices = [Value(n, "number", s) for n, s in scope.numbers.items()]
        choices += [Value(it.name, "number", "int") for it in scope.named]
        choices += [Value(n, "number", "int") for n in scope.sizes.values()]
        if choices and scope.chance(0.75):
            chosen = rng.choice(choices)
            if any(chosen.text == it.name for it in scope.named):
                scope.use("iterator_value")
            return chosen
        return constant(scope)
    form = scope.pick({"binary": 6, "math": 1.5, "builtin": 1, "iterator_remainder": 1})
    if form == "iterator_remainder" and scope.named:
        name = rng.choice(scope.named).name
        scope.use("iterator_value")
        return Value(
            rng.choice((f"{name} % 2", f"{name} // 2", f"{name} ** 2", f"{name} % 3", f"-{name}")),
            "number",
            "int",
        )
    left = number(scope, depth - 1)
    if form == "math":
        scope.use("math_number")
        template = rng.choice(
            (
                "math.sin({})",
                "math.cos({})",
                "math.exp(-abs({}))",
                "math.pi * ({})",
                "math.sqrt(abs({}))",
                "math.tanh({})",
                "float({})",
            )
        )
        return Value(template.format(left.text), "number", "float")
    right = number(scope, depth - 1)
    if form == "builtin":
        scope.use("builtin_number")
        template = rng.choice(("min({}, {})", "max({}, {})", "abs({} - {})", "round({}, 1) + {}"))
        return Value(template.format(left.text, right.text), "number", join(left.sort, right.sort))
    operator = rng.choice(("+", "-", "*", "+", "-", "*", "/"))
    if operator == "/":
        divisor = rng.choice(("2", "3.0", "4"))
        return Value(f"({left.text}) / {divisor}", "number", "float")
    return Value(
        f"({left.text}) {operator} ({right.text})", "number", join("int", left.sort, right.sort)
    )


def subscript(scope: Scope, array: Array, position: int, plain: bool) -> str:
    """One subscript of `array`; offset, reversed or wrapped unless `plain`."""
    axis = array.axes[position]
    iterator = scope.iterator_of(axis)
    if iterator is None:
        return scope.rng.choice(("0", "-1", "0"))
    name = iterator.name
    if array.templates and array.templates[position] != "{i}":
        template = array.templates[position]
        size = scope.size_of(axis) if "{n}" in template else ""
        return template.format(i=name, n=size)
    if not name or plain or array.written or scope.chance(0.82):
        return name
    scope.use("offset_subscript")
    form = scope.pick(
        {
            "wrap": 4,
            "reverse": 3,
            "negative": 2,
            "constant": 1.5,
            "half": 1,
            "modulo": 1,
            "next": 0.4,
        }
    )
    if form in ("half", "modulo"):
        scope.hard.add("non_affine_subscript")
    size = f"{array.name}.shape[{position}]" if scope.chance(0.5) else scope.size_of(axis)
    return {
        "wrap": scope.rng.choice((f"{name} - 1", f"{name} - 1", f"{name} - 2")),
        "reverse": scope.rng.choice((f"{size} - 1 - {name}", f"{size} - {name} - 1")),
        "negative": scope.rng.choice((f"-{name} - 1", f"-{name}", f"-1 - {name}")),
        "constant": scope.rng.choice(("0", "-1")),
        "half": f"{name} // 2",
        "modulo": scope.rng.choice((f"{name} % 2", f"({name} + 1) % {size}")),
        "next": f"{name} + 1",
    }[form]


def access(scope: Scope, array: Array, plain: bool = False, bare: bool = True) -> Value:
    """An element (or row) of `array` at the active iterators: ``x[i, j]`` or ``x[i][j]``.

    Without `bare` the text can be stored to: a row's own name then becomes ``row[...]``.
    """
    kind = "row" if array.trailing else "element"
    if not array.axes:
        return Value(array.name, kind, array.sort)
    nameless = {it.axis for it in scope.iterators if not it.name}
    plain = plain or bool(nameless & set(array.axes))
    subscripts = [subscript(scope, array, p, plain) for p in range(len(array.axes))]
    base = array.name
    usable = [
        (alias, count)
        for alias, count in scope.aliases.get(array.name, ())
        if all(s == _own(scope, array, p) for p, s in enumerate(subscripts[:count]))
    ]
    blind = any(not s for s in subscripts)
    least = max((p + 1 for p, s in enumerate(subscripts) if not s), default=0)
    usable = [(alias, count) for alias, count in usable if count >= least]
    if not bare and not blind:
        usable = [(alias, count) for alias, count in usable if count < len(subscripts)]
    if usable and (blind or scope.chance(0.7)):
        base, count = scope.rng.choice(usable)
        scope.use("alias_access")
        subscripts = subscripts[count:]
    if not subscripts:
        base = base if bare else f"{base}[...]"
        return Value(base, kind, array.sort, view_of=array.name)
    if len(subscripts) > 1 and scope.chance(0.2):
        scope.use("chained_subscript")
        return Value(base + "".join(f"[{s}]" for s in subscripts), kind, array.sort, array.name)
    return Value(f"{base}[{', '.join(subscripts)}]", kind, array.sort, array.name)


def _own(scope: Scope, array: Array, position: int) -> str:
    """The plain subscript of an array at this position: the iterator's own name."""
    iterator = scope.iterator_of(array.axes[position])
    return iterator.name if iterator else ""


def leaf(scope: Scope, scalar: bool) -> Value:
    """A tensor in scope without any operation: an array's element or a temporary."""
    arrays = [
        a
        for a in scope.arrays.values()
        if scope.is_reachable(a)
        and (not scalar or not a.trailing)
        and (not a.written or all(scope.iterator_of(x) for x in a.axes))
    ]
    temporaries = [
        t
        for t in scope.temporaries.values()
        if t.kind == "element" or (t.kind == "row" and not scalar)
    ]
    if temporaries and (not arrays or scope.chance(0.45)):
        return scope.rng.choice(temporaries)
    if not arrays:
        return number(scope, 0)
    weights = [0.25 + len(a.axes) + (0 if a.written else 0.5) for a in arrays]
    return access(scope, scope.rng.choices(arrays, weights)[0])


def result(text: str, left: Value, right: Value, sort: str) -> Value:
    """The value of an operation of two others."""
    kinds = {left.kind, right.kind}
    kind = next((k for k in ("row", "mixed", "element") if k in kinds), "number")
    if "mixed" in kinds and "element" in kinds:
        kind = "element"
    return Value(text, kind, sort)


def binary(scope: Scope, left: Value, right: Value) -> Value:
    weights = {"+": 4.0, "-": 3.0, "*": 4.0, "/": 2.0}
    if "bool" in (left.sort, right.sort):
        weights.pop("-")
    operator = scope.pick(weights)
    sort = join(left.sort, right.sort, "float" if operator == "/" else "bool")
    return result(f"({left.text}) {operator} ({right.text})", left, right, sort)


def condition(scope: Scope, depth: int) -> str:
    """A condition: on elements, iterators, numbers; chained, negated, combined."""
    form = scope.pick(
        {
            "element": 6,
            "element_number": 5,
            "iterator": 3,
            "chained": 1.2,
            "truth": 0.8,
            "number": 0.8,
            "and": 1.2 * depth,
            "or": 1.0 * depth,
            "not": 0.7 * depth,
            "isnan": 0.4,
        }
    )
    if form in ("and", "or"):
        scope.use("boolean_operator")
        return f"({condition(scope, depth - 1)}) {form} ({condition(scope, depth - 1)})"
    if form == "not":
        scope.use("boolean_operator")
        return f"not ({condition(scope, depth - 1)})"
    if form == "iterator" and scope.named:
        return _iterator_condition(scope)
    if form == "number":
        name = scope.rng.choice([*scope.numbers, "True"])
        text = f"{name} > 0" if name != "True" and scope.chance(0.7) else name
        return text if name != "True" else f"({number(scope, 1).text}) > 1"
    left = leaf(scope, True)
    if left.sort == "complex" or left.kind != "element":
        comparison = scope.rng.choice(COMPARISONS)
        return f"({number(scope, 1).text}) {comparison} ({number(scope, 0).text})"
    if scope.chance(0.3):
        left = binary(scope, left, number(scope, 0))
    comparison = scope.rng.choice(COMPARISONS)
    if form == "truth":
        scope.use("truthiness")
        return left.text
    if form == "isnan" and left.sort == "float":
        return f"torch.isnan({left.text})"
    if form == "chained":
        scope.use("chained_comparison")
        return (
            f"{number(scope, 0).text} {scope.rng.choice(('<', '<='))} ({left.text}) "
            f"{scope.rng.choice(('<', '<='))} {number(scope, 0).text}"
        )
    if form == "element":
        right = leaf(scope, True)
        if right.kind == "element" and right.sort != "complex":
            return f"({left.text}) {comparison} ({right.text})"
    return f"({left.text}) {comparison} ({number(scope, 1).text})"


def _iterator_condition(scope: Scope) -> str:
    """A guard on iterators: ``i > 0``, ``i == j``, ``j > i``, ``i % 2 == 0``."""
    scope.use("iterator_guard")
    name = scope.rng.choice(scope.named).name
    other = scope.rng.choice(scope.named).name
    if other != name and scope.chance(0.6):
        return f"{name} {scope.rng.choice(COMPARISONS)} {other}"
    axis = next(it.axis for it in scope.named if it.name == name)
    return scope.rng.choice(
        (
            f"{name} > 0",
            f"{name} % 2 == 0",
            f"{name} == 0",
            f"{name} % 3 != 1",
            f"{name} < {scope.size_of(axis)} - 1",
            f"{name} >= 1",
            f"0 < {name} < 3",
        )
    )
