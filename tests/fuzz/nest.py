"""The function around the statements: preallocation, headers in every spelling, the return."""

from __future__ import annotations

import re

from .expressions import tensor
from .headers import ITERATORS, Plan, flat_header, level_header, plain_range, row_alias
from .operands import condition, tidy
from .scope import Array, Iterator, Scope, Value
from .statements import Lines, body, carried, indent, store, temporary


def write_program(scope: Scope, plan: Plan) -> Lines:
    """All lines of the module after its imports."""
    plan.numbers = dict(scope.numbers)
    if plan.method:
        scope.use("method")
        scope.numbers |= {"self.gain": "float", "self.power": "int"}
    elif scope.chance(0.07):
        scope.use("global_number")
        scope.numbers["SCALE"] = "float"
    helpers = _helpers(scope) if scope.chance(0.28) and not plan.trailing else []
    signature = ", ".join([*plan.dtypes, *plan.numbers, *scope.functions])
    main = next(iter(scope.arrays.values()))
    lines = _sizes(scope, plan, main)
    outputs = _outputs(scope, plan, main)
    targets = list(outputs)
    if plan.in_place:
        same = [
            a
            for a in scope.arrays.values()
            if a.parameter and a.axes == main.axes and a.trailing == plan.trailing
        ]
        chosen = scope.rng.choice(same or [main])
        chosen.written = True
        chosen.templates = ("{i}",) * len(chosen.axes)
        scope.use("in_place_argument")
        targets = [chosen] if scope.chance(0.5) else [chosen, *outputs]
        outputs = {o: text for o, text in outputs.items() if any(o is t for t in targets)}
    for output in outputs:
        scope.arrays[output.name] = output
    before, nest, extra = _nest(scope, plan, main, targets)
    loop = "\n".join(nest)
    lines += [
        f"{o.name} = {_prealloc(scope, plan, o, text, main, loop)}" for o, text in outputs.items()
    ]
    lines += before + nest
    if scope.chance(0.06):
        scope.use("second_nest")
        plan.full = True
        scope.aliases.clear()
        again, second, more = _nest(scope, plan, main, targets, second=True)
        lines += again + second
        extra = extra or more
    lines += _returned(scope, targets, extra)
    if plan.method:
        definition = [f"def program(self, {signature}):", *indent(lines)]
        return [*helpers, *MODEL, *indent(definition), "", "", "program = Model.program"]
    if "SCALE" in scope.numbers:
        helpers = ["SCALE = 1.5", "", "", *helpers]
    return [*helpers, f"def program({signature}):", *indent(lines)]


MODEL = [
    "class Model:",
    "    def __init__(self, gain, power):",
    "        self.gain = gain",
    "        self.power = power",
    "",
]


class _Key(Array):
    """An array usable as a dictionary key (by identity)."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


def _helpers(scope: Scope) -> Lines:
    """One or two functions of an element: with conditionals, early returns, temporaries."""
    lines: Lines = []
    names = ("f", "activate", "transform", "scaled")
    for name in scope.rng.sample(names, scope.rng.choice((1, 1, 2))):
        count = scope.rng.choice((1, 1, 2))
        inner = Scope(scope.rng, constructs=scope.constructs, hard=scope.hard)
        inner.temporaries["v"] = Value("v", "element", "float")
        inner.numbers = {"w2": "float"} if count == 2 else {}
        inner.helpers = list(scope.helpers)
        form = scope.pick({"plain": 3, "early": 3, "assigned": 2, "ladder": 1, "expression": 1})
        guard = f"if {tidy(condition(inner, 1))}:"
        text: Lines = []
        if form == "early":
            text = [guard, "    " + _return(inner)]
        elif form == "assigned":
            text = [f"r = {tidy(tensor(inner, 2).text)}", guard]
            text += [f"    r = {tidy(tensor(inner, 1).text)}"]
            inner.temporaries["r"] = Value("r", "mixed", "float")
        elif form == "ladder":
            text = [
                guard,
                "    " + _return(inner),
                f"elif {tidy(condition(inner, 0))}:",
                "    " + _return(inner),
            ]
        lines += [f"def {name}({', '.join(['v', *inner.numbers])}):", *indent(text)]
        lines += [*indent(["return r" if form == "assigned" else _return(inner)]), "", ""]
        scope.helpers.append((name, count))
    return lines


def _return(scope: Scope) -> str:
    return f"return {tidy(tensor(scope, 2).text)}"


def _sizes(scope: Scope, plan: Plan, main: Array) -> Lines:
    """Sizes bound before the nest: ``n, m = x.shape``, ``n = len(x)``, or none."""
    if scope.chance(0.45):
        return []
    names = scope.rng.choice(
        (("n", "m", "p2", "o"), ("rows", "cols", "depth", "rest"), ("n0", "n1", "n2", "n3"))
    )[: plan.depth]
    scope.use("size_names")
    lines: Lines = []
    if scope.chance(0.6):
        targets = [*names, *("_",) * plan.trailing]
        value = scope.rng.choice((f"{main.name}.shape", f"{main.name}.size()"))
        left = ", ".join(targets) + ("," if len(targets) == 1 else "")
        lines = [f"{left} = {value}"]
    else:
        for axis, name in enumerate(names):
            lines.append(f"{name} = {scope.size_of(axis)}")
    scope.sizes = dict(enumerate(names))
    return lines


def _outputs(scope: Scope, plan: Plan, main: Array) -> dict[Array, str]:
    """One or two results to preallocate, each with the spelling chosen for it."""
    outputs: dict[Array, str] = {}
    names = scope.rng.choice((("out", "out2"), ("result", "second"), ("res", "aux")))
    for name in names[: scope.rng.choices((1, 2), (8, 2))[0]]:
        axes = main.axes
        if scope.chance(0.08) and plan.depth > 1 and not plan.trailing:
            axes = tuple(scope.rng.sample(axes, len(axes)))
        spelling = scope.pick(
            {
                "zeros_like": 6,
                "zeros_like_dtype": 1.2,
                "shape": 3,
                "sizes": 3,
                "sizes_dtype": 2,
                "new_zeros": 2,
                "ones": 0.8,
                "full": 0.8,
                "clone": 1,
                "sum": 0.4,
                "double": 0.7,
            }
        )
        if axes != main.axes and spelling not in ("sizes", "sizes_dtype", "new_zeros"):
            spelling = "sizes"
        templates = tuple("{i}" for _ in axes)
        if spelling in ("sizes", "sizes_dtype", "new_zeros") and scope.chance(0.15):
            templates = (
                scope.rng.choice(
                    ("2 * {i}", "{n} - 1 - {i}", "{i} + 1", "-{i} - 1", "2 * {i} + 1")
                ),
                *templates[1:],
            )
            scope.use("mapped_store")
        sort = "float" if spelling in ("shape", "sizes", "double", "full") else main.sort
        if spelling in ("zeros_like_dtype", "ones"):
            sort = scope.rng.choice(("float", "float", "int", "bool"))
        outputs[
            _Key(
                name, axes, plan.trailing, sort, parameter=False, written=True, templates=templates
            )
        ] = spelling
    return outputs


def _prealloc(scope: Scope, plan: Plan, out: Array, spelling: str, main: Array, loop: str) -> str:
    """The preallocation's text; ``empty`` only where every element is written first."""
    rng, x = scope.rng, main.name
    scope.use(f"preallocate_{spelling}")
    plain = all(t == "{i}" for t in out.templates)
    covered = plan.full and plain and out.name in scope.covered
    covered = covered and not scope.carried and "leaves_loop" not in scope.hard
    # Never read uninitialized memory: every mention is the left side of a plain store.
    stores = len(re.findall(rf"(?m)^ *{out.name}\[.*\] = ", loop))
    covered = covered and len(re.findall(rf"\b{out.name}", loop)) == stores
    zeros = "empty" if covered and rng.random() < 0.6 else "zeros"
    if zeros == "empty":
        plan.same_lengths = True
        scope.use("preallocate_empty")
    pairs = zip(out.axes, out.templates, strict=True)
    sizes = [_extent(scope, axis, template) for axis, template in pairs]
    sizes += [f"{x}.shape[{plan.depth + d}]" for d in range(plan.trailing)]
    listed = ", ".join(sizes)
    tupled = f"({listed},)" if len(sizes) == 1 else f"({listed})"
    dtype = {
        "float": ("torch.float64", "torch.float32"),
        "int": ("torch.int64", "torch.int32"),
        "bool": ("torch.bool",),
        "complex": ("torch.complex64",),
    }[out.sort]
    return {
        "zeros_like": f"torch.{zeros}_like({x})",
        "zeros_like_dtype": f"torch.{zeros}_like({x}, dtype={rng.choice(dtype)})",
        "shape": rng.choice(
            (
                f"torch.{zeros}({x}.shape)",
                f"torch.{zeros}({x}.size())",
                f"torch.{zeros}(*{x}.shape)",
            )
        ),
        "sizes": rng.choice((f"torch.{zeros}({listed})", f"torch.{zeros}({tupled})")),
        "sizes_dtype": f"torch.{zeros}({listed}, dtype={x}.dtype, device={x}.device)",
        "new_zeros": rng.choice((f"{x}.new_{zeros}({tupled})", f"{x}.new_{zeros}({listed})")),
        "ones": f"torch.ones({tupled}, dtype={rng.choice(dtype)})",
        "full": f"torch.full({tupled}, {rng.choice(('2.5', '-1.0', '0.0'))})",
        "clone": rng.choice((f"{x}.clone()", f"{x}.detach().clone()", f"{x}.clone()")),
        "sum": f"{x} + {x}",
        "double": f"torch.{zeros}({x}.shape, dtype=torch.float64)",
    }[spelling]


def _extent(scope: Scope, axis: int, template: str) -> str:
    size = scope.size_of(axis)
    return f"2 * {size}" if "2 *" in template else f"{size} + 1" if "+ 1" in template else size


def _nest(
    scope: Scope, plan: Plan, main: Array, targets: list[Array], second: bool = False
) -> tuple[Lines, Lines, str]:
    """(lines before, the nest, a name to return): headers around a random body."""
    scope.iterators.clear()
    scope.temporaries.clear()
    if second:
        scope.covered |= {t.name for t in targets}
    names = scope.rng.choice([n for n in ITERATORS if not set(n) & set(scope.arrays)])
    order = list(range(plan.depth))
    if plan.depth > 1 and scope.chance(0.12):
        scope.rng.shuffle(order)
        scope.use("column_major")
    style = scope.pick(
        {
            "levels": 10,
            "product": 1.2 if plan.depth > 1 else 0,
            "flat": 1.8 if order == sorted(order) else 0,
        }
    )
    before: Lines = []
    if style == "flat":
        before, header_line, binding = flat_header(scope, plan, main, names)
        inner, more, extra = _innermost(scope, plan, targets)
        return [*before, *more], [header_line, *indent(binding + inner)], extra
    if style == "product":
        scope.use("product")
        scope.iterators += [Iterator(names[a], a) for a in order]
        ranges = ", ".join(plain_range(scope, a) for a in order)
        bound = ", ".join(names[a] for a in order)
        header = f"for {bound} in itertools.product({ranges}):"
        inner, before, extra = _innermost(scope, plan, targets)
        return before, [header, *indent(inner)], extra
    lines, before, extra = _level(scope, plan, main, targets, order, names)
    return before, lines, extra


def _innermost(scope: Scope, plan: Plan, targets: list[Array]) -> tuple[Lines, Lines, str]:
    """The innermost body, with a carried statement where the plan wants one."""
    count = scope.rng.choices((1, 2, 3, 4), (45, 30, 17, 8))[0]
    if not plan.carry:
        return body(scope, targets, count), [], ""
    first = scope.chance(0.5)
    lines = [] if first else body(scope, targets, count)
    before, inside, name = carried(scope, scope.rng.choice(targets))
    lines = [*inside, *body(scope, targets, count)] if first else [*lines, *inside]
    return lines, before, name


def _level(
    scope: Scope,
    plan: Plan,
    main: Array,
    targets: list[Array],
    order: list[int],
    names: tuple[str, ...],
) -> tuple[Lines, Lines, str]:
    """The loop over ``order[0]`` with the rest of the nest inside it."""
    axis = order[0]
    header, binding = level_header(scope, plan, axis, names[axis], targets)
    inside: Lines = list(binding)
    if len(order) == 1:
        lines, before, extra = _innermost(scope, plan, targets)
        return [header, *indent(inside + lines)], before, extra
    inside += row_alias(scope, names)
    if scope.chance(0.18):
        scope.use("imperfect_nest")
        inside += temporary(scope, 2)
    kept = dict(scope.temporaries)
    scope.outer |= set(kept)
    lines, before, extra = _level(scope, plan, main, targets, order[1:], names)
    scope.temporaries = kept
    tail: Lines = []
    if scope.chance(0.05) and not plan.carry:
        scope.use("statement_after_inner")
        scope.hard.add("statement_after_inner")
        scope.iterators = [it for it in scope.iterators if it.axis not in order[1:]]
        tail = _after_inner(scope, targets)
    return [header, *indent(inside + lines + tail)], before, extra


def _after_inner(scope: Scope, targets: list[Array]) -> Lines:
    """A store after an inner loop, into a whole row or the row's first element."""
    target = scope.rng.choice(targets)
    return store(scope, target, plain=False)


def _returned(scope: Scope, targets: list[Array], extra: str) -> Lines:
    """What happens after the nest: results returned, summed, combined, or nothing."""
    names = [t.name for t in targets]
    if extra:
        return [f"return {', '.join([*names, extra])}"]
    if scope.named and scope.chance(0.02):
        scope.hard.add("iterator_after_loop")
        scope.use("iterator_after_loop")
        return [f"return {names[0]}, {scope.named[-1].name}"]
    form = scope.pick(
        {
            "names": 10,
            "sum": 1,
            "expression": 1,
            "dict": 0.3,
            "first": 1.0,
            "nothing": 0.7 if targets[0].parameter else 0,
        }
    )
    scope.use(f"return_{form}")
    if form == "nothing":
        return []
    if form == "sum":
        return [f"return {names[0]}.sum()"]
    if form == "expression":
        return [f"return {names[0]} * 2"]
    if form == "first":
        return [f"final = {names[0]}", "return final"]
    if form == "dict":
        return ["return {" + ", ".join(f"'{n}': {n}" for n in names) + "}"]
    return [f"return {', '.join(names)}"]
