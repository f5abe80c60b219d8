"""Where a carried program's results go: new arrays, arguments changed in place, returned names."""

from __future__ import annotations

from .scope import Array, Value
from .world import Lines, Loop, Section

OUTPUTS = ("out", "res", "y2", "result")


def output(
    section: Section, loops: list[Loop], sort: str = "float", *, row: bool = False, fill: str = ""
) -> Array:
    """A new array over these loops (and the rows' axis), allocated ahead of the nest."""
    world = section.world
    axes = (*(it.axis for it in loops), *(section.trailing if row else ()))
    array = Array(world.fresh(*OUTPUTS), axes, 0, sort, parameter=False, written=True)
    same = [a for a in world.arrays.values() if a.axes == axes and a.parameter]
    sizes = [world.size_of(axis) for axis in axes]
    shape = f"({', '.join(sizes)},)" if len(sizes) == 1 else f"({', '.join(sizes)})"
    dtype = {"float": "torch.float64", "int": "torch.int64", "bool": "torch.bool"}[sort]
    make = fill or world.rng.choices(("zeros", "ones"), (9, 1))[0]
    form = world.pick({"like": 4 if same else 0, "sizes": 3, "dtype": 1.5, "clone": 1})
    text = f"torch.{make}{shape}" if len(sizes) != 1 else f"torch.{make}({sizes[0]})"
    if form == "dtype" or (sort != "float" and world.chance(0.7)):
        text = f"torch.{make}({shape}, dtype={dtype})"
    elif form == "like":
        text = f"torch.{make}_like({world.rng.choice(same).name})"
    elif form == "clone" and same and not fill:
        source = world.rng.choice(same)
        text = f"{source.name}.clone()"
        array = Array(array.name, axes, 0, source.sort, parameter=False, written=True)
    section.setup.append(f"{array.name} = {text}")
    section.written.add(array.name)
    world.arrays[array.name] = array
    world.results.append(array.name)
    return array


def changed_argument(section: Section, loops: list[Loop], *, row: bool = False) -> Array | None:
    """An argument over these loops that nothing in the nest reads, to be changed in place."""
    world = section.world
    axes = (*(it.axis for it in loops), *(section.trailing if row else ()))
    walked = {name for it in section.loops for _, name in it.aliases}
    usable = [
        a
        for a in world.arrays.values()
        if a.axes == axes
        and a.parameter
        and a.name not in section.read | section.written | walked
        and any(b.parameter and b is not a and not b.written for b in world.arrays.values())
    ]
    if not usable:
        return None
    array = world.rng.choice(usable)
    array.written = True
    section.written.add(array.name)
    world.use("in_place_argument")
    if array.name not in world.results and world.chance(0.6):
        world.results.append(array.name)
    return array


def target(section: Section, loops: list[Loop], sort: str, *, row: bool = False) -> Array:
    """What is stored into: mostly a new array, now and then an argument."""
    if section.world.chance(0.2):
        changed = changed_argument(section, loops, row=row)
        if changed:
            return changed
    return output(section, loops, sort, row=row)


def subscripted(array: Array, loops: list[Loop], offsets: dict[str, int] | None = None) -> str:
    """The array at these loops, moved by `offsets`: ``out[i - 1, j]``; ``out`` without loops."""
    parts = []
    for loop in loops:
        offset = (offsets or {}).get(loop.name, 0)
        sign = "-" if offset < 0 else "+"
        parts.append(f"{loop.name} {sign} {abs(offset)}" if offset else loop.name)
    return f"{array.name}[{', '.join(parts)}]" if parts else array.name


def finish(section: Section, level: int, value: Value) -> None:
    """Use a scalar after its loop: return it, store it for each outer iteration, or both."""
    world = section.world
    if level == 0:
        _return_scalar(section, value)
        return
    loops = section.loops[:level]
    if any(not it.name for it in loops):
        return
    row = value.kind == "row"
    made = output(section, loops, value.sort, row=row)
    left, text = subscripted(made, loops), value.text
    if value.sort in ("float", "int") and world.chance(0.2):
        text = world.one_of(f"{text} * 2", f"{text} + 1", f"{text} * 0.5")
    if world.chance(0.1) and made.sort == "float" and value.sort == "float":
        section.put_after(level, f"{left} += {text}")
    else:
        section.put_after(level, f"{left} = {text}")
    if world.chance(0.08):
        world.use("scalar_after_loop")
        world.returned.append(value.text)


def _return_scalar(section: Section, value: Value) -> None:
    world = section.world
    form = world.pick({"name": 6, "scaled": 1.2, "mean": 0.8, "item": 0.5})
    if value.sort == "bool" or value.kind == "row":
        form = "name"
    if form in ("mean", "scaled"):
        size = world.size_of(section.loops[0].axis)
        made = world.fresh("mean", "scaled")
        text = f"{value.text} / {size}" if form == "mean" else f"{value.text} * 0.5"
        section.put_after(0, f"{made} = {text}")
        world.returned.append(made)
        return
    world.returned.append(value.text)
    if value.kind == "element" and value.sort != "bool":
        world.scalars[value.text] = value


def row_size(section: Section) -> str:
    """The length of the rows that a section works on."""
    return section.world.size_of(section.trailing[0])


def guarded(section: Section, lines: Lines, probability: float, test: str) -> Lines:
    """The lines under a condition, with this probability."""
    if not section.world.chance(probability):
        return lines
    section.world.use("guarded_update")
    return [f"if {test}:", *("    " + line for line in lines)]
