"""Loop headers in every spelling, and the names that they bind."""

from __future__ import annotations

from dataclasses import dataclass, field

from .scope import Array, Iterator, Scope, Value
from .statements import Lines

ITERATORS = (
    ("i", "j", "k2", "l"),
    ("i", "j", "p", "q2"),
    ("row", "col", "dep", "lay"),
    ("r", "c", "h", "g"),
    ("ii", "jj", "kk", "ll"),
)


@dataclass
class Plan:
    """What the program is to be; filled in by `generate_program`."""

    depth: int
    trailing: int
    main: str
    count: int
    carry: bool
    in_place: bool
    method: bool
    dtypes: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    full: bool = True
    same_lengths: bool = False


def plain_range(scope: Scope, axis: int) -> str:
    return f"range({scope.size_of(axis)})"


def row_alias(scope: Scope, names: tuple[str, ...]) -> Lines:
    """Perhaps ``out_row = out[i]`` or ``x_row = x[i]``: a view used by the inner loops."""
    if not scope.chance(0.12):
        return []
    usable = [
        a
        for a in scope.arrays.values()
        if len(a.axes) > 1
        and (it := scope.iterator_of(a.axes[0]))
        and it.name
        and (not a.templates or a.templates[0] == "{i}")
    ]
    if not usable:
        return []
    array = scope.rng.choice(usable)
    first = scope.iterator_of(array.axes[0])
    assert first is not None
    alias = f"{array.name}_row"
    if any(alias == known for known, _ in scope.aliases.get(array.name, ())):
        return []
    scope.use("row_alias")
    scope.aliases.setdefault(array.name, []).append((alias, 1))
    return [f"{alias} = {array.name}[{first.name}]"]


def level_header(
    scope: Scope, plan: Plan, axis: int, name: str, targets: list[Array]
) -> tuple[str, Lines]:
    """A loop header over `axis` and what must be bound first in its body."""
    if not plan.carry and scope.chance(0.07):
        blind = blind_header(scope, axis, targets)
        if blind:
            return blind, []
    scope.iterators.append(Iterator(name, axis))
    size = scope.size_of(axis)
    form = scope.pick(
        {
            "range": 10,
            "zero": 1,
            "reversed": 1.2,
            "inner": 2.0,
            "step": 1.2,
            "enumerate": 1.6,
            "zip": 0.9,
            "from_number": 0.5,
            "triangular": 0.35,
            "negative": 0.25,
            "enumerate_range": 0.5,
        }
    )
    if form == "enumerate_range":
        scope.use("enumerate_range")
        return f"for {name}, {name}_ in enumerate(range({size})):", []
    if form in ("enumerate", "zip"):
        made = element_header(scope, axis, name, form)
        if made:
            return made, []
        form = "range"
    if form == "range":
        return f"for {name} in range({size}):", []
    scope.use(f"header_{form}")
    if form == "zero":
        return f"for {name} in range(0, {size}{scope.rng.choice((', 1', ''))}):", []
    if form == "reversed":
        return f"for {name} in range({size} - 1, -1, -1):", []
    plan.full = False
    if form == "inner":
        text = scope.rng.choice((f"1, {size}", f"{size} - 1", f"1, {size} - 1", f"2, {size}"))
        return f"for {name} in range({text}):", []
    if form == "step":
        text = scope.rng.choice(
            (
                f"0, {size}, 2",
                f"1, {size}, 2",
                f"{size} - 1, 0, -1",
                f"{size} - 1, -1, -2",
                f"0, {size}, 3",
                f"{size} - 2, 0, -2",
            )
        )
        return f"for {name} in range({text}):", []
    if form == "negative":
        return f"for {name} in range(-{size}, 0):", []
    if form == "from_number" and "k" in plan.numbers:
        text = scope.rng.choice((f"k, {size}", f"min(k, {size})", f"0, {size}, max(k, 1)", "k"))
        scope.hard.add("range_of_number")
        return f"for {name} in range({text}):", []
    outer = [it.name for it in scope.named[:-1]]
    if form == "triangular" and outer:
        scope.hard.add("triangular")
        text = scope.rng.choice(
            (f"{outer[-1]}, {size}", f"{outer[-1]} + 1, {size}", f"min({outer[-1]}, {size})")
        )
        return f"for {name} in range({text}):", []
    return f"for {name} in range({size}):", []


def blind_header(scope: Scope, axis: int, targets: list[Array]) -> str:
    """``for x_row, out_row in zip(x, out)``: a loop over tensors without an iterator's name."""
    named = {it.axis for it in scope.named}
    usable = [a for a in scope.arrays.values() if axis in a.axes and scope.is_reachable(a)]
    usable = [a for a in usable if set(a.axes[: a.axes.index(axis)]) <= named]
    usable = [a for a in usable if all(t == "{i}" for t in a.templates)]
    if not all(any(t is a for a in usable) for t in targets):
        return ""
    others = [a for a in usable if not any(t is a for t in targets)]
    if not others and scope.chance(0.5):
        return ""
    chosen = [*scope.rng.sample(others, min(len(others), scope.rng.choice((1, 1, 2)))), *targets]
    scope.use("blind_header")
    scope.iterators.append(Iterator("", axis))
    bound, walked = bind_rows(scope, chosen, axis)
    if len(bound) == 1:
        return f"for {bound[0]} in {walked[0]}:"
    return f"for {', '.join(bound)} in zip({', '.join(walked)}):"


def element_header(scope: Scope, axis: int, name: str, form: str) -> str:
    """``for i, x_row in enumerate(x)`` or over a zip of two; the rows become aliases."""
    outer = [it.axis for it in scope.iterators[:-1]]
    usable = [
        a
        for a in scope.arrays.values()
        if axis in a.axes
        and set(a.axes[: a.axes.index(axis)]) <= set(outer)
        and scope.is_reachable(a)
        and (not a.templates or all(t == "{i}" for t in a.templates))
    ]
    if not usable:
        return ""
    scope.use(form)
    chosen = scope.rng.sample(usable, min(len(usable), 2 if form == "zip" else 1))
    bound, walked = bind_rows(scope, chosen, axis)
    if len(bound) == 1:
        return f"for {name}, {bound[0]} in enumerate({walked[0]}):"
    return f"for {name}, ({', '.join(bound)}) in enumerate(zip({', '.join(walked)})):"


def bind_rows(scope: Scope, chosen: list[Array], axis: int) -> tuple[Lines, Lines]:
    """The names of the rows that a loop over these arrays binds, and what it walks."""
    bound, walked = [], []
    for array in chosen:
        position = array.axes.index(axis)
        names = [it.name for a in array.axes[:position] if (it := scope.iterator_of(a))]
        least = max((p + 1 for p, n in enumerate(names) if not n), default=0)
        known = [
            (alias, count)
            for alias, count in scope.aliases.get(array.name, ())
            if least <= count <= position
        ]
        base, count = array.name, 0
        if known and (least or scope.chance(0.7)):
            base, count = known[-1]
        base += f"[{', '.join(names[count:])}]" if names[count:] else ""
        alias = f"{array.name}_{'row' if position + 1 < len(array.axes) else 'el'}{position or ''}"
        scope.aliases.setdefault(array.name, []).append((alias, position + 1))
        bound.append(alias)
        walked.append(base)
    return bound, walked


def flat_header(
    scope: Scope, plan: Plan, main: Array, names: tuple[str, ...]
) -> tuple[Lines, str, Lines]:
    """One loop over a flat index: (lines before, header, the multi-index bound in its body)."""
    x, rng = main.name, scope.rng
    scope.use("flat_index")
    total = rng.choice((f"{x}.numel()", f"{x}.numel()", f"{x}.nelement()"))
    if plan.trailing:
        total = " * ".join(scope.size_of(a) for a in main.axes)
    elif scope.sizes and rng.random() < 0.4:
        total = " * ".join(scope.sizes[a] for a in range(plan.depth))
    flat = rng.choice(("idx", "flat", "e"))
    bound = names[: plan.depth]
    scope.iterators += [Iterator(name, axis) for axis, name in enumerate(bound)]
    binding = _bind_flat(scope, plan, x, flat, bound)
    before = []
    if not plan.trailing and rng.random() < 0.35:
        before = [flat_view(scope, main, flat)]
    return before, f"for {flat} in range({total}):", binding


def _bind_flat(scope: Scope, plan: Plan, x: str, flat: str, bound: tuple[str, ...]) -> Lines:
    """The multi-index of a flat one: by ``divmod``, ``//`` and ``%``, or ``unravel_index``."""
    rng = scope.rng
    sizes = [scope.size_of(a) for a in range(plan.depth)]
    if plan.depth == 1:
        return [f"{bound[0]} = {flat}"]
    if plan.depth == 2 and rng.random() < 0.6:
        by_divmod = [f"{bound[0]}, {bound[1]} = divmod({flat}, {sizes[1]})"]
        by_operators = [f"{bound[0]} = {flat} // {sizes[1]}", f"{bound[1]} = {flat} % {sizes[1]}"]
        return rng.choice((by_divmod, by_operators))
    if plan.trailing or rng.random() < 0.3:
        binding, rest = [], flat
        for axis in reversed(range(1, plan.depth)):
            binding.append(f"{bound[axis]} = {rest} % {sizes[axis]}")
            rest = f"{rest} // {sizes[axis]}"
        return [*binding, f"{bound[0]} = {rest}"]
    scope.use("unravel_index")
    if scope.constructs["iterator_value"]:
        scope.hard.add("iterator_is_tensor")
    index = rng.choice((f"torch.tensor({flat})", f"torch.tensor({flat}, device={x}.device)"))
    return [f"{', '.join(bound)} = torch.unravel_index({index}, {x}.shape)"]


def flat_view(scope: Scope, main: Array, flat: str) -> str:
    """``x_flat = x.view(-1)`` and an access of it by the flat index, in scope as an element."""
    if main.written:
        scope.hard.add("view_of_written")
    scope.use("flat_view")
    name = f"{main.name}_flat"
    scope.temporaries[name] = Value(f"{name}[{flat}]", "element", main.sort)
    spelled = scope.rng.choice(("view(-1)", "flatten()", "reshape(-1)", "contiguous().view(-1)"))
    return f"{name} = {main.name}.{spelled}"
