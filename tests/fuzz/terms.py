"""Random expressions of a carried program: what is added, stored and compared.

They are tame: their values stay near those of the arguments, so that sums of them, taken in another
order, agree within the tolerance of `deloop.verification`.
"""

from __future__ import annotations

from .operands import tidy
from .scope import Array, Value, join
from .world import Loop, Section

# Far from any sum of eighths or hundredths: rounding does not decide a comparison with them.
THRESHOLDS = ("0.37333", "1.37333", "-0.81777", "2.61777", "0.037771")


def loops_of(section: Section, array: Array, level: int) -> list[Loop] | None:
    """The loop for each leading axis of `array`; None where one has no active loop.

    The trailing axis of a section that works on rows needs no loop: the array's row is read.
    """
    axes = array.axes
    if section.trailing and axes and axes[-1:] == section.trailing:
        axes = axes[:-1]
    chosen: list[Loop] = []
    for axis in axes:
        walking = [it for it in section.loops[:level] if it.axis == axis and it.name]
        unused = [it for it in walking if it not in chosen]
        if not walking:
            return None
        chosen.append(section.world.rng.choice(unused or walking))
    return chosen


def element(section: Section, array: Array, loops: list[Loop], level: int) -> Value:
    """``x[i, j]``, now and then at another element: ``x[i - 1, j]``, ``x[n - 1 - i]``."""
    world = section.world
    row = len(loops) < len(array.axes)
    kind = "row" if row else "element"
    subscripts = []
    for loop in loops:
        text = loop.name
        if world.chance(0.14):
            text = _moved(section, loop, level)
        subscripts.append(text)
    if not subscripts:
        return Value(array.name, kind, array.sort)
    if len(subscripts) > 1 and world.chance(0.1):
        return Value(array.name + "".join(f"[{s}]" for s in subscripts), kind, array.sort)
    if row and world.chance(0.15):
        subscripts.append(":")
    return Value(f"{array.name}[{', '.join(subscripts)}]", kind, array.sort)


def _moved(section: Section, loop: Loop, level: int) -> str:
    """A subscript beside the loop's own: shifted, wrapped, from the other end, constant."""
    world = section.world
    form = world.pick({"back": 4, "ahead": 2, "other_end": 2, "negative": 0.7, "first": 1})
    if form == "back":
        world.use("offset_read")
        offset = world.rng.choice((1, 1, 2))
        if not loop.fixed and level == section.depth and world.chance(0.5):
            loop.low = max(loop.low, offset)
        else:
            world.use("wrapped_read")
        return f"{loop.name} - {offset}"
    if form == "ahead" and not loop.fixed:
        world.use("offset_read")
        offset = world.rng.choice((1, 1, 2))
        loop.high = max(loop.high, offset)
        return f"{loop.name} + {offset}"
    if form == "other_end":
        world.use("mirrored_read")
        return f"{world.size_of(loop.axis)} - 1 - {loop.name}"
    if form == "negative":
        world.use("mirrored_read")
        return f"-1 - {loop.name}"
    if form == "first":
        return world.one_of("0", "-1")
    return loop.name


def leaf(section: Section, level: int | None = None, scalar: bool = False) -> Value:
    """An element in scope without any operation, a temporary, or a number."""
    world = section.world
    level = section.depth if level is None else level
    choices: list[tuple[Array, list[Loop]]] = []
    weights: list[float] = []
    for array in world.arrays.values():
        loops = None if array.name in section.written else loops_of(section, array, level)
        if loops is None or (scalar and len(loops) < len(array.axes)):
            continue
        choices.append((array, loops))
        weights.append(0.3 + 2 * len(array.axes))
    values = [v for v in section.temporaries.values() if not (scalar and v.kind == "row")]
    values = values if level == section.depth else []
    walked = [pair for loop in section.loops[:level] for pair in loop.aliases]
    for alias, name in walked:
        array = world.arrays[name]
        kind = "row" if len(array.axes) > 1 else "element"
        if kind == "element" or (section.trailing == array.axes[1:] and not scalar):
            section.read.add(name)
            values += [Value(alias, kind, array.sort)] * 2
    if level == section.depth and world.chance(0.12):
        values += _made_here(section, scalar)
    if world.scalars and world.chance(0.1):
        values += list(world.scalars.values())
    if values and (not choices or world.chance(0.35)):
        return world.rng.choice(values)
    if not choices:
        return number(section, level)
    array, loops = world.rng.choices(choices, weights)[0]
    section.read.add(array.name)
    return element(section, array, loops, level)


def _made_here(section: Section, scalar: bool) -> list[Value]:
    """What an earlier statement of the same body has just made: running scalars, elements."""
    world = section.world
    values = [v for v in section.live.values() if v.sort != "bool"]
    for name in sorted(section.written):
        array = world.arrays[name]
        loops = loops_of(section, array, section.depth)
        if loops and len({it.name for it in loops}) == len(loops):
            kind = "row" if len(loops) < len(array.axes) else "element"
            values.append(Value(f"{name}[{', '.join(it.name for it in loops)}]", kind, array.sort))
    values = [v for v in values if v.kind != "row" or (section.trailing and not scalar)]
    if values:
        world.use("read_of_written")
    return values


def number(section: Section, level: int | None = None) -> Value:
    """A Python number: a parameter, a loop variable, a literal."""
    world = section.world
    level = section.depth if level is None else level
    choices = [Value(n, "number", s) for n, s in world.numbers.items()]
    choices += [Value(it.name, "number", "int") for it in section.loops[:level] if it.name]
    if choices and world.chance(0.5):
        return world.rng.choice(choices)
    text = world.one_of("2", "0.5", "1", "3", "-1", "0.25", "1.5")
    return Value(text, "number", "float" if "." in text else "int")


def term(section: Section, level: int | None = None, scalar: bool = False) -> Value:
    """What is added or stored: one or two elements and a number."""
    world = section.world
    first = leaf(section, level, scalar)
    if world.chance(0.35):
        return first
    form = world.pick(
        {
            "product": 4,
            "scaled": 3,
            "sum": 2,
            "difference": 2,
            "call": 2,
            "chosen": 1.4,
            "square": 1,
            "row": 1.5,
        }
    )
    if form == "row":
        return _row(section, level) or first
    if form in ("product", "sum", "difference"):
        second = leaf(section, level, scalar)
        operator = {"product": "*", "sum": "+", "difference": "-"}[form]
        if operator == "-" and "bool" in (first.sort, second.sort):
            operator = "*"
        return _joined(f"({first.text}) {operator} ({second.text})", first, second)
    if form == "scaled":
        factor = number(section, level)
        text = world.one_of("({0}) * {1}", "{1} * ({0})", "({0}) + {1}")
        return _joined(text.format(first.text, factor.text), first, factor)
    if form == "square" and first.sort != "bool":
        return Value(f"({first.text}) ** 2", first.kind, first.sort)
    if form == "call" and first.kind != "number" and first.sort == "float":
        call = world.one_of(
            "torch.abs({})", "torch.tanh({})", "torch.sin({})", "abs({})", "({}).abs()",
            "torch.relu({})", "torch.clamp({}, -1, 1)", "torch.sigmoid({})", "({}) / 2",
        )  # fmt: skip
        return Value(call.format(first.text), first.kind, "float")
    if form == "call" and first.sort == "int":
        return Value(world.one_of("({}) // 2", "({}) % 3").format(first.text), first.kind, "int")
    if form == "chosen":
        second = leaf(section, level, scalar)
        condition = compare(section, level)
        return _joined(f"({first.text}) if {condition} else ({second.text})", first, second)
    return first


def _row(section: Section, level: int | None) -> Value | None:
    """The mean, the extreme or the length of a row, or of the product of two rows."""
    world = section.world
    level = section.depth if level is None else level
    found: list[tuple[Array, list[Loop]]] = []
    for array in world.arrays.values():
        if len(array.axes) < 2 or array.sort != "float" or array.name in section.written:
            continue
        walking = [[it for it in section.loops[:level] if it.axis == a and it.name]
                   for a in array.axes[:-1]]  # fmt: skip
        if all(walking):
            found.append((array, [w[0] for w in walking]))
    if not found:
        return None
    world.use("row")
    texts = []
    first = world.rng.choice(found)
    for array, loops in (first, world.rng.choice(found)):
        if array.axes[-1] == first[0].axes[-1]:
            section.read.add(array.name)
            texts.append(f"{array.name}[{', '.join(it.name for it in loops)}]")
    one = ("{}.mean()", "{}.max()", "torch.min({})", "torch.norm({})", "({} > 0.3).any()")
    two = ("({} * {}).mean()", "0.1 * torch.dot({}, {})", "0.1 * ({} @ {})", "({} - {}).norm()")
    text = world.one_of(*one).format(texts[0])
    if len(texts) > 1 and world.chance(0.5):
        text = world.one_of(*two).format(*texts)
    return Value(text, "element", "bool" if "any" in text else "float")


def _joined(text: str, first: Value, second: Value) -> Value:
    kinds = (first.kind, second.kind)
    kind = next((k for k in ("row", "element") if k in kinds), "number")
    return Value(text, kind, join(first.sort, second.sort))


def factor(section: Section) -> Value:
    """A factor near 1, so that products of many stay small."""
    value = leaf(section)
    world = section.world
    if value.sort == "int" or (value.sort == "bool" and world.chance(0.5)):
        return value
    if section.depth == 1 and world.chance(0.3):
        return value
    text = world.one_of("1 + 0.125 * ({})", "1 - 0.1 * ({})", "0.25 * ({}) + 1")
    return Value(text.format(value.text), value.kind, "float")


def compare(section: Section, level: int | None = None) -> str:
    """One comparison of elements, numbers or loop variables."""
    world = section.world
    level = section.depth if level is None else level
    named = [it for it in section.loops[:level] if it.name]
    if named and world.chance(0.3):
        first, second = world.rng.choice(named).name, world.rng.choice(named).name
        if first != second:
            return f"{first} {world.one_of('<', '>', '<=', '!=', '==')} {second}"
        return world.one_of(f"{first} > 0", f"{first} % 2 == 0", f"{first} != 1", f"{first} < 2")
    value = leaf(section, level, scalar=True)
    if value.kind == "number" and named:
        return f"{named[-1].name} % 2 == {world.one_of('0', '1')}"
    if value.sort == "bool" or world.chance(0.06):
        return value.text
    sign = world.one_of(">", "<", ">=", "<=")
    if world.chance(0.3):
        other = leaf(section, level, scalar=True)
        if other.text != value.text:
            return f"({value.text}) {sign} ({other.text})"
    if value.sort == "int":
        return f"({value.text}) {world.one_of('>', '<', '==', '!=')} {world.one_of('0', '1', '2')}"
    return f"({value.text}) {sign} {world.one_of('0', '0.5', *THRESHOLDS)}"


def condition(section: Section, level: int | None = None) -> str:
    """A condition: one comparison, or two combined."""
    world = section.world
    text = compare(section, level)
    if world.chance(0.15):
        text = f"({text}) {world.one_of('and', 'or')} ({compare(section, level)})"
    elif world.chance(0.06):
        text = f"not ({text})"
    return tidy(text)


def text_of(value: Value) -> str:
    """The value's text without needless parentheses."""
    text = tidy(value.text)
    return f"({text})" if " if " in text else text
