"""Scalars carried through a nest: sums, products, extremes, counts, flags, searches, scans."""

from __future__ import annotations

from dataclasses import dataclass

from .scope import Value
from .stores import finish, guarded, row_size, subscripted, target
from .terms import THRESHOLDS, compare, condition, factor, leaf, term, text_of
from .world import Lines, Section


@dataclass(frozen=True)
class Accumulator:
    """A scalar's start and its update in each iteration."""

    value: Value
    start: str
    update: Lines
    form: str

    @property
    def name(self) -> str:
        """The scalar's name."""
        return self.value.text


def make_accumulator(section: Section) -> Accumulator:
    """A random accumulator, its update written for the innermost body."""
    forms = {"sum": 6.0, "product": 1.3, "extreme": 3, "count": 1.6, "flag": 1.4, "item": 1.2}
    if section.trailing:
        forms = {"sum": 6, "product": 1, "extreme": 1.2}
    form = section.world.pick(forms)
    section.world.use(f"reduction_{form}")
    return {
        "sum": _sum,
        "product": _product,
        "extreme": _extreme,
        "count": _count,
        "flag": _flag,
        "item": _item,
    }[form](section)


def _start(section: Section, number: str, value: Value) -> str:
    """The accumulator's first value: a Python number, a tensor, an element."""
    world = section.world
    if section.trailing:
        size = row_size(section)
        fill = {"0": "zeros", "1": "ones"}.get(number)
        return f"torch.{fill}({size})" if fill else f"torch.full(({size},), {number})"
    if world.chance(0.5):
        return number if value.sort != "float" or world.chance(0.3) else f"{float(number)}"
    dtype = {"float": "torch.float64", "int": "torch.int64", "bool": "torch.bool"}[value.sort]
    floating = f"{float(number)}" if value.sort == "float" else number
    one = [a for a in world.arrays.values() if a.parameter and a.sort == value.sort]
    choices = [f"torch.tensor({floating})", f"torch.tensor({floating}, dtype={dtype})"]
    if one:
        choices.append(f"torch.tensor({floating}, dtype={world.rng.choice(one).name}.dtype)")
    if number == "0" and value.sort == "float":
        choices += ["torch.zeros(())", "torch.zeros((), dtype=torch.float64)"]
        choices += [f"{a.name}.new_zeros(())" for a in one[:1]]
    world.use("tensor_start")
    return world.rng.choice(choices)


def _reset(section: Section, name: str, start: str) -> Lines:
    """Now and then the value starts again, under a condition on data or on the value itself."""
    world = section.world
    if not world.chance(0.1):
        return []
    again = start if "torch" not in start else world.one_of("0", "0.0")
    if section.trailing:
        again = start
    if world.chance(0.3) and not section.trailing:
        world.use("reset_on_value", serial=True)
        return [f"if {name} > {world.one_of(*THRESHOLDS)}:", f"    {name} = {again}"]
    world.use("reset")
    return [f"if {condition(section)}:", f"    {name} = {again}"]


def _sum(section: Section) -> Accumulator:
    world, value = section.world, term(section)
    name, text = world.fresh("s", "total", "acc"), text_of(value)
    spelled = world.pick({"plain": 3, "augmented": 5, "swapped": 1.5, "less": 1, "minus": 0.7})
    if value.sort == "bool" and spelled in ("less", "minus"):
        spelled = "plain"
    if value.sort == "bool":
        text = f"({text})"
    wrapped = f"({text})" if " - " in text or " + " in text else text
    start = _start(section, "0", value)
    if world.chance(0.08) and not section.trailing:
        first = leaf(section, 0, scalar=True)
        start = first.text
    update = {
        "plain": f"{name} = {name} + {wrapped}",
        "augmented": f"{name} += {text}",
        "swapped": f"{name} = {wrapped} + {name}",
        "less": f"{name} -= {text}",
        "minus": f"{name} = {name} - {wrapped}",
    }[spelled]
    sort = "int" if value.sort == "bool" else value.sort
    kind = "row" if section.trailing else "element"
    lines = guarded(section, [update], 0.25, condition(section))
    reset = _reset(section, name, start)
    lines = [*reset, *lines] if world.chance(0.5) else [*lines, *reset]
    return Accumulator(Value(name, kind, sort), start, lines, "sum")


def _product(section: Section) -> Accumulator:
    world, value = section.world, factor(section)
    name, text = world.fresh("p", "prod"), text_of(value)
    update = world.one_of(
        f"{name} *= {text}", f"{name} = {name} * ({text})", f"{name} = ({text}) * {name}"
    )
    start = _start(section, "1", value)
    kind = "row" if section.trailing else "element"
    sort = "int" if value.sort == "bool" else value.sort
    lines = guarded(section, [update], 0.2, condition(section))
    return Accumulator(Value(name, kind, sort), start, lines, "product")


def _extreme(section: Section) -> Accumulator:
    world = section.world
    value = leaf(section) if world.chance(0.65) else term(section)
    most = world.chance(0.6)
    name = world.fresh("m", "best") if most else world.fresh("low", "least")
    text, sign = text_of(value), ">" if most else "<"
    sign = sign if world.chance(0.75) else f"{sign}="
    call, big = ("max", "-") if most else ("min", "")
    start = world.one_of(f"float('{big}inf')", f"{big}inf", f"{big}math.inf", "0.0", f"{big}100")
    if world.chance(0.3):
        start = _start(section, world.one_of("0", "1"), value)
    if world.chance(0.25) and not section.trailing:
        start = leaf(section, 0, scalar=True).text
        world.use("element_start")
    tensor = f"torch.{'maximum' if most else 'minimum'}"
    made = f"torch.tensor({start})" if "torch" not in start and "[" not in start else start
    forms = {"if": 4.0, "builtin": 2.5, "swapped": 1, "chosen": 1, "tensor": 1.5, "where": 0.8}
    if section.trailing:
        row = f"torch.full(({row_size(section)},), {big}100.0)"
        forms, made = {"tensor": 1}, row
    form = world.pick(forms)
    if form in ("tensor", "where"):
        start = made
        text = text if value.kind != "number" else f"torch.tensor({text})"
    lines = {
        "if": [f"if {text} {sign} {name}:", f"    {name} = {text}"],
        "builtin": [f"{name} = {call}({name}, {text})"],
        "swapped": [f"{name} = {call}({text}, {name})"],
        "chosen": [f"{name} = {text} if {text} {sign} {name} else {name}"],
        "tensor": [f"{name} = {tensor}({name}, {text})"],
        "where": [f"{name} = torch.where({text} {sign} {name}, {text}, {name})"],
    }[form]
    world.use(f"extreme_{form}")
    lines = guarded(section, lines, 0.12, condition(section))
    kind = "row" if section.trailing else "element"
    return Accumulator(Value(name, kind, value.sort), start, lines, "extreme")


def _count(section: Section) -> Accumulator:
    world = section.world
    name, test = world.fresh("count", "hits"), condition(section)
    lines = [f"if {test}:", f"    {name} += 1"]
    form = world.pick({"if": 4, "assigned": 1, "chosen": 1, "added": 1, "int": 0.6})
    if form == "assigned":
        lines[1] = f"    {name} = {name} + 1"
    if form == "chosen":
        lines = [f"{name} += 1 if {test} else 0"]
    if form == "added":
        lines = [f"{name} += {test}"]
    if form == "int":
        lines = [f"{name} += int({test})"]
    start = "0" if world.chance(0.85) else "torch.tensor(0)"
    return Accumulator(Value(name, "element", "int"), start, lines, "count")


def _flag(section: Section) -> Accumulator:
    world = section.world
    some = world.chance(0.55)
    name = world.fresh("found", "seen") if some else world.fresh("ok", "every")
    test, word = condition(section), "or" if some else "and"
    lines = world.rng.choice(
        (
            [f"if {test}:", f"    {name} = {some}"],
            [f"if {test}:", f"    {name} = {some}"],
            [f"{name} = {name} {word} bool({test})"],
            [f"{name} = bool({test}) {word} {name}"],
            [f"{name} {'|' if some else '&'}= bool({test})"],
        )
    )
    return Accumulator(Value(name, "element", "bool"), str(not some), lines, "flag")


def _item(section: Section) -> Accumulator:
    world, value = section.world, leaf(section, scalar=True)
    name = world.fresh("s", "total")
    text = f"{value.text}.item()" if value.kind == "element" else value.text
    if value.kind == "element" and world.chance(0.3):
        text = f"float({value.text})"
    if world.chance(0.3):
        text = world.one_of(f"{text} * 2", f"{text} * 0.5", f"{text} ** 2", f"abs({text})")
    update = world.one_of(f"{name} += {text}", f"{name} = {name} + {text}", f"{name} -= {text}")
    lines = guarded(section, [update], 0.25, condition(section))
    start = world.one_of("0.0", "0.0", "0", "1.5")
    return Accumulator(Value(name, "number", value.sort), start, lines, "item")


def add_reduction(section: Section) -> None:
    """A scalar reduced over the inner loops, used where it is complete."""
    made, level = make_accumulator(section), section.level()
    if level and section.world.constructs["reduction_item"] == 0:
        section.world.use("nested_reduction")
    section.put_before(level, f"{made.name} = {made.start}")
    section.body += made.update
    section.live[made.name] = made.value
    finish(section, level, made.value)


def add_scan(section: Section) -> None:
    """A running value stored at each step, before or after it takes the step."""
    world = section.world
    loops = section.loops
    if any(not it.name for it in loops):
        add_reduction(section)
        return
    made, level = make_accumulator(section), section.depth - 1
    if world.chance(0.2):
        level = section.level()
    world.use("scan")
    section.put_before(level, f"{made.name} = {made.start}")
    stored = target(section, loops, made.value.sort, row=made.value.kind == "row")
    text = made.name if world.chance(0.75) else world.one_of(f"{made.name} * 2", f"{made.name} + 1")
    store = [f"{subscripted(stored, loops)} = {text}"]
    store = guarded(section, store, 0.08, condition(section))
    section.body += [*store, *made.update] if world.chance(0.25) else [*made.update, *store]
    section.live[made.name] = made.value
    if world.chance(0.3):
        finish(section, level, made.value)


def add_search(section: Section) -> None:
    """The best value and where it is, together."""
    world = section.world
    named = [it for it in section.loops if it.name]
    if section.trailing or not named:
        add_reduction(section)
        return
    value = leaf(section, scalar=True) if world.chance(0.75) else term(section, scalar=True)
    level = section.level()
    most = world.chance(0.6)
    sign = world.one_of(">", ">=") if most else world.one_of("<", "<=")
    best, text = world.fresh("best", "top"), text_of(value)
    start = world.one_of("-inf", "float('-inf')", "0.0", "-100.0") if most else "inf"
    if world.chance(0.2):
        start = leaf(section, 0, scalar=True).text
    inner = [it.name for it in section.loops[level:] if it.name] or [named[-1].name]
    places = [(world.fresh("where", "arg", "index"), it) for it in inner]
    if world.chance(0.3) and len(inner) > 1:
        places = [(places[0][0], f"({', '.join(inner)})")]
    update = [f"{best} = {text}", *(f"{name} = {it}" for name, it in places)]
    if world.chance(0.25):
        update.reverse()
        world.use("search_reversed", hard=False)
    if len(places) == 1 and world.chance(0.2):
        update = [f"{best}, {places[0][0]} = {text}, {places[0][1]}"]
    first = world.one_of("0", "-1", "0", "None") if level == 0 else world.one_of("0", "-1")
    section.put_before(level, f"{best} = {start}", *(f"{name} = {first}" for name, _ in places))
    section.body += guarded(
        section,
        [f"if {text} {sign} {best}:", *("    " + line for line in update)],
        0.12,
        compare(section),
    )
    world.use("arg_search")
    section.live[best] = Value(best, "element", value.sort)
    if level == 0:
        world.returned += [best, *(name for name, _ in places)]
    else:
        if len(places) == 1 and not places[0][1].startswith("("):
            finish(section, level, Value(places[0][0], "number", "int"))
        finish(section, level, Value(best, "element", value.sort))
