"""Dependences carried through arrays: recurrences, in-place stencils, several statements."""

from __future__ import annotations

from .scope import Array
from .stores import changed_argument, guarded, output, subscripted, target
from .terms import THRESHOLDS, condition, leaf, term, text_of
from .world import Lines, Loop, Section

Offsets = dict[str, int]


def direction(loops: list[Loop], offsets: Offsets) -> str:
    """The dependence between a store at the loops and a read at the offsets.

    ``"flow"`` where the element read was written by an earlier iteration, ``"anti"`` where a later
    one writes it, ``"none"`` where no iteration does, ``"same"`` without an offset.
    """
    for loop in loops:
        offset = offsets.get(loop.name, 0)
        if offset % abs(loop.step):
            return "none"
    for loop in loops:
        moved = offsets.get(loop.name, 0) * (1 if loop.step > 0 else -1)
        if moved:
            return "flow" if moved < 0 else "anti"
    return "same"


def _offsets(section: Section, loops: list[Loop], most: int = 2) -> tuple[Offsets, list[str]]:
    """Offsets of a read along one loop or two, and the guards that keep it inside."""
    world = section.world
    moved = world.rng.sample(loops, 2 if len(loops) > 1 and world.chance(0.25) else 1)
    offsets: Offsets = {}
    guards = []
    for loop in moved:
        near = -1 if loop.step > 0 else 1
        offset = near if world.chance(0.55) else world.rng.choice((-2, -1, 1, most))
        offsets[loop.name] = offset
        guards.append(section.demand(loop, offset))
    return offsets, [g for g in guards if g]


def _walking(section: Section) -> list[Loop]:
    """The named loops, each axis once."""
    loops: list[Loop] = []
    for loop in section.loops:
        if loop.name and loop.axis not in [it.axis for it in loops]:
            loops.append(loop)
    return loops


def _under(guards: list[str], lines: Lines, otherwise: Lines) -> Lines:
    if not guards:
        return lines
    made = [f"if {' and '.join(guards)}:", *("    " + line for line in lines)]
    return [*made, "else:", *("    " + line for line in otherwise)] if otherwise else made


def add_recurrence(section: Section) -> None:
    """``y[i] = a * y[i - 1] + x[i]``: linear or not, of any distance and direction, in place."""
    world, loops = section.world, _walking(section)
    if not loops:
        return
    row = bool(section.trailing)
    offsets, guards = _offsets(section, loops)
    array = changed_argument(section, loops, row=row) if world.chance(0.35) else None
    array = array or output(section, loops, row=row)
    found = direction(loops, offsets)
    linear = world.chance(0.7)
    distance = sum(abs(offsets.get(it.name, 0)) // abs(it.step) for it in loops)
    all_loops = len(loops) == len(section.loops)
    recognised = linear and distance == 1 and all_loops
    world.use(f"recurrence_{found}", serial=found == "flow" and not recognised)
    if not all_loops:
        world.hard.add("repeated_store")
    if found == "flow":
        world.use("linear_recurrence" if linear else "nonlinear_recurrence")
        world.use(f"distance_{distance}" if len(offsets) == 1 else "distance_diagonal")
    own, read = subscripted(array, loops), subscripted(array, loops, offsets)
    value = text_of(term(section))
    scale = world.one_of("0.5", "0.25", "0.9", "", "", f"0.25 * {leaf(section).text}")
    if array.sort != "float" and not world.chance(0.1):
        scale = ""
    previous = f"{scale} * {read}" if scale else read
    if linear:
        text = world.one_of(f"{previous} + {value}", f"{value} + {previous}")
    else:
        text = world.one_of(
            f"torch.tanh({previous} + {value})",
            f"torch.sin({read}) + {value}",
            f"torch.clamp({read} + {value}, -2, 2)",
            f"({previous} + {value} if {read} < {world.one_of(*THRESHOLDS)} else {value})",
        )
    lines = [f"{own} = {text}"]
    if linear and world.chance(0.2) and array.sort == "float":
        lines = [f"{own} += {previous}"]
    if guards:
        lines = _under(guards, lines, [f"{own} = {value}"] if world.chance(0.6) else [])
    else:
        lines = guarded(section, lines, 0.12, condition(section))
    section.body += lines


def add_stencil(section: Section) -> None:
    """``a[i, j] = 0.25 * (a[i - 1, j] + a[i + 1, j] + …)`` in place, over several reads."""
    world, loops = section.world, _walking(section)
    if not loops:
        return
    row = bool(section.trailing)
    array = changed_argument(section, loops, row=row)
    array = array or output(section, loops, row=row)
    reads, guards, found = [], [], []
    for _ in range(world.rng.choice((2, 2, 3))):
        offsets, more = _offsets(section, loops, 1)
        guards += [g for g in more if g not in guards]
        reads.append(subscripted(array, loops, offsets))
        found.append(direction(loops, offsets))
    world.use("stencil_in_place", serial="flow" in found)
    if len(loops) < len(section.loops):
        world.hard.add("repeated_store")
    weight = "0.25 * " if array.sort == "float" else ""
    text = f"{weight}({' + '.join(reads)})"
    if world.chance(0.5):
        text += f" + {text_of(term(section))}"
    own = subscripted(array, loops)
    section.body += _under(guards, [f"{own} = {text}"], [])


def add_statements(section: Section) -> None:
    """Two or three statements with flow, anti and output dependences between them."""
    world, loops = section.world, _walking(section)
    if not loops:
        return
    row = bool(section.trailing)
    if len(loops) < len(section.loops):
        world.hard.add("repeated_store")
    first = target(section, loops, "float", row=row)
    forms = {"flow": 3.0, "anti": 3, "output": 2, "cycle": 1.6, "chain": 1.5, "overwrite": 1}
    form = world.pick(forms)
    world.use(f"statements_{form}", serial=form == "cycle")
    value = text_of(term(section))
    own = subscripted(first, loops)
    loop = world.rng.choice(loops)
    back = -1 if loop.step > 0 else 1
    offset = (back if form in ("flow", "cycle", "chain") else -back) * world.rng.choice((1, 1, 2))
    if form == "overwrite":
        again = text_of(term(section))
        test = condition(section)
        section.body += [f"{own} = {value}", f"if {test}:", f"    {own} = {again}"]
        return
    guard = section.demand(loop, offset)
    moved = subscripted(first, loops, {loop.name: offset})
    if form == "output":
        second = f"{moved} = {text_of(term(section))}"
        lines = [f"{own} = {value}", *_under([guard] if guard else [], [second], [])]
        section.body += lines if world.chance(0.6) else lines[::-1] if not guard else lines
        return
    other = output(section, loops, row=row)
    name = subscripted(other, loops)
    use = world.one_of(f"{moved} * 0.5", moved, f"{moved} + {text_of(leaf(section))}")
    if form == "cycle":
        lines = [f"{name} = {use}", f"{own} = {name} + {value}"]
        if world.chance(0.5):
            lines = [f"{own} = {value} + {subscripted(other, loops, {loop.name: offset})}"]
            lines += [f"{name} = {own} * 0.5"]
    elif world.chance(0.5):
        lines = [f"{own} = {value}", f"{name} = {use}"]
    else:
        lines = [f"{name} = {use}", f"{own} = {value}"]
    if form == "chain":
        third = output(section, loops, row=row)
        lines.append(f"{subscripted(third, loops)} = {name} + {moved}")
    section.body += _under([guard] if guard else [], lines, [])


def add_element_sum(section: Section) -> None:
    """``out[i] += e`` over an inner loop: an element, or a row, that is accumulated into."""
    world = section.world
    named = [it for it in section.loops if it.name]
    count = world.rng.randint(0, max(0, len(named) - 1))
    chosen = named if world.chance(0.06) else world.rng.sample(named, count)
    loops = [it for it in section.loops if it in chosen]
    if len({it.axis for it in loops}) < len(loops):
        loops = loops[:1]
    row = bool(section.trailing)
    if not loops and not row:
        loops = named[:1] if len(section.loops) > 1 else []
    if not loops and not row:
        _constant_element(section)
        return
    array = target(section, loops, "float", row=row)
    own = subscripted(array, loops) if loops else f"{array.name}[:]"
    value = text_of(term(section))
    world.use("element_accumulation")
    section.body += guarded(section, _accumulated(section, own, value), 0.15, condition(section))


def _constant_element(section: Section) -> None:
    """``out[0] += x[i]``."""
    world = section.world
    arrays: list[Array] = [a for a in world.arrays.values() if len(a.axes) == 1 and a.parameter]
    if not arrays:
        return
    name, like = world.fresh("out", "res"), world.rng.choice(arrays).name
    section.setup.append(f"{name} = torch.zeros(2, dtype={like}.dtype)")
    world.results.append(name)
    world.use("constant_element_accumulation")
    own = f"{name}[{world.one_of('0', '1', '-1')}]"
    lines = _accumulated(section, own, text_of(term(section, scalar=True)))
    section.body += guarded(section, lines, 0.15, condition(section))


def _accumulated(section: Section, own: str, value: str) -> Lines:
    world = section.world
    form = world.pick({"sum": 6, "extreme": 1.2, "product": 0.6})
    if form == "extreme" and not section.trailing:
        return world.rng.choice(
            (
                [f"{own} = max({own}, {value})"],
                [f"if {value} > {own}:", f"    {own} = {value}"],
                [f"{own} = {value} if {value} < {own} else {own}"],
                [f"{own} = torch.maximum({own}, {value})"],
            )
        )
    if form == "product":
        return [world.one_of(f"{own} *= 1 + 0.1 * {value}", f"{own} = {own} * (1 - 0.1 * {value})")]
    return [
        world.one_of(
            f"{own} += {value}",
            f"{own} += {value}",
            f"{own} = {own} + {value}",
            f"{own} -= {value}",
        )
    ]


def add_contraction(section: Section) -> None:
    """``C[i, j] += A[i, k] * B[k, j]``, with the sum in the element or in a scalar."""
    world = section.world
    named = [it for it in section.loops if it.name]
    if len(named) < 2 or section.trailing or len({it.axis for it in named}) < len(named):
        add_element_sum(section)
        return
    first, second = leaf(section, scalar=True), leaf(section, scalar=True)
    value = f"{first.text} * {second.text}"
    if world.chance(0.15):
        value = f"({first.text} - {second.text}) ** 2" if first.sort == "float" else value
    last = section.loops[-1] if world.chance(0.7) else world.rng.choice(named)
    loops = [it for it in section.loops if it is not last]
    world.use("contraction")
    if last is section.loops[-1] and world.chance(0.45):
        name = world.fresh("s", "acc", "dot")
        section.put_before(section.depth - 1, f"{name} = {world.one_of('0.0', '0', '0.0')}")
        section.body.append(world.one_of(f"{name} += {value}", f"{name} = {name} + {value}"))
        made = output(section, loops)
        section.put_after(section.depth - 1, f"{subscripted(made, loops)} = {name}")
        return
    own = subscripted(output(section, loops), loops)
    section.body += guarded(section, [f"{own} += {value}"], 0.1, condition(section))


def add_window(section: Section) -> None:
    """A window that slides: ``out[i] += x[i + k] * w[k]``, or a maximum over it."""
    world, loops = section.world, section.loops
    ready = len(loops) == 2 and loops[0].axis != loops[1].axis and not loops[0].fixed
    sliding = [a for a in world.arrays.values() if loops and a.axes == (loops[0].axis,)]
    sliding = [a for a in sliding if a.name not in section.written]
    if not ready or not sliding or loops[0].high or not all(it.name for it in loops):
        add_contraction(section)
        return
    outer, inner = loops
    array, weight = world.rng.choice(sliding), leaf(section, scalar=True)
    section.read.add(array.name)
    outer.stop = f"{world.size_of(outer.axis)} - {world.size_of(inner.axis)} + 1"
    value = f"{array.name}[{outer.name} + {inner.name}]"
    world.use("window")
    if world.chance(0.4):
        name = world.fresh("s", "m")
        section.put_before(1, f"{name} = 0.0")
        update = world.one_of(
            f"{name} += {value} * {weight.text}", f"{name} = max({name}, {value})"
        )
        section.body.append(update)
        section.put_after(1, f"{subscripted(output(section, [outer]), [outer])} = {name}")
        return
    own = subscripted(output(section, [outer]), [outer])
    section.body.append(f"{own} += {value} * {weight.text}")
