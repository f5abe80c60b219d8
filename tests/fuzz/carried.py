"""Random programs whose loops carry something: the second family of the generator.

``generate_carried(seed)`` writes reductions, scans, searches, recurrences, sweeps, several
statements with dependences between them, exits, counters and lists; one to three nests in sequence
that share arrays. Its `carried` names the true serial cycles only: a program of recognised
recurrences has none, and may be asked to become tensor operations altogether.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from .accumulators import add_reduction, add_scan, add_search
from .arguments import NumberParameter, Parameter, TensorParameter, arguments_source
from .generator import ARGUMENT_SETS, HEADER, Program
from .scope import SORT, Array
from .steps import (
    add_append,
    add_exit,
    add_induction,
    add_iterator_after,
    add_outer_store,
    add_shift,
    add_state,
    add_store,
    add_temporary,
)
from .sweeps import (
    add_contraction,
    add_element_sum,
    add_recurrence,
    add_statements,
    add_stencil,
    add_window,
)
from .world import Lines, Loop, Section, World, indent

PARTS: tuple[tuple[Callable[[Section], None], float], ...] = (
    (add_reduction, 6),
    (add_scan, 4),
    (add_search, 2),
    (add_recurrence, 3),
    (add_stencil, 1.2),
    (add_statements, 2.5),
    (add_element_sum, 2.5),
    (add_contraction, 1),
    (add_window, 0.6),
    (add_store, 1.5),
    (add_outer_store, 0.6),
    (add_temporary, 1),
    (add_shift, 1),
    (add_state, 1.6),
    (add_induction, 0.7),
    (add_append, 1),
)
# The axes of each array, and the axes that the loops of a nest may walk.
Axes = tuple[int, ...]
PROFILES: dict[str, tuple[tuple[Axes, ...], tuple[Axes, ...], tuple[Axes, ...]]] = {
    "vector": (((0,),), ((0,), (0,), ()), ((0,), (0,), (0,), (0, 0))),
    "matrix": (((0, 1),), ((0, 1), (0,), (1,)), ((0, 1), (0, 1), (0, 1), (0,), (1, 0))),
    "square": (((0, 0),), ((0, 0), (0,)), ((0, 0), (0, 0), (0,))),
    "product": (((0, 2), (2, 1)), ((0, 1), (0,), (1,)), ((0, 1, 2), (0, 1, 2), (0, 2), (0, 1))),
    "cube": (((0, 1, 2),), ((0, 1), (2,), (0,)), ((0, 1, 2), (0, 1, 2), (0, 1))),
}
NAMES = (("x", "y", "w", "v"), ("a", "b", "c", "d"), ("data", "other", "weight", "bias"))
ITERATORS = (("i", "j", "k"), ("i", "j", "p"), ("t", "i", "j"), ("row", "col", "dep"))


def generate_carried(seed: int) -> Program:
    """The program of this seed in the family of carried dependences."""
    rng = random.Random(f"carried {seed}")
    world = World(rng)
    profile = world.pick({"vector": 40, "matrix": 35, "square": 9, "product": 10, "cube": 6})
    dtypes = _parameters(world, profile)
    arguments = list(world.arrays.values())
    lines = _size_names(world)
    for _ in range(rng.choices((1, 2, 3), (68, 24, 8))[0]):
        lines += _nest(world, profile)
    lines += _returned(world)
    signature = ", ".join([*dtypes, *world.numbers])
    source = HEADER + "\n".join([f"def program({signature}):", *indent(lines)]) + "\n"
    parameters: list[Parameter] = [
        TensorParameter(a.name, a.axes, dtypes[a.name], a.written) for a in arguments
    ]
    parameters += [NumberParameter(name, sort) for name, sort in world.numbers.items()]
    rank = max(len(a.axes) for a in arguments)
    texts = tuple(
        arguments_source(parameters, seed, index, rank, same_lengths=False, tame=True)
        for index in range(ARGUMENT_SETS)
    )
    return Program(
        seed,
        source,
        texts,
        dict(world.constructs),
        tuple(sorted(world.serial)),
        tuple(sorted(world.hard)),
    )


def _parameters(world: World, profile: str) -> dict[str, str]:
    """Arrays and numbers of the signature; returns each array's usual dtype."""
    rng = world.rng
    needed, more, _ = PROFILES[profile]
    names = rng.choice(NAMES)
    main = rng.choices(("float32", "float64", "int64", "int32", "bool"), (62, 14, 12, 6, 6))[0]
    count = rng.choices((0, 1, 2), (25, 50, 25))[0]
    axes = [*needed, *(rng.choice(more) for _ in range(count))][:4]
    dtypes: dict[str, str] = {}
    for name, own in zip(names, axes, strict=False):
        dtype = main
        if dtypes and world.chance(0.3):
            dtype = rng.choice(("float32", "float64", "int64", "int32", "bool", "float32"))
        dtypes[name] = dtype
        world.arrays[name] = Array(name, own, 0, SORT[dtype])
    for name, sort in (("scale", "float"), ("q", "int"), ("limit", "float")):
        if world.chance(0.15):
            world.numbers[name] = sort
    world.taken |= {*dtypes, *world.numbers, *(n for pool in ITERATORS for n in pool)}
    world.taken |= {"n", "m", "depth", "rows", "cols"}
    return dtypes


def _size_names(world: World) -> Lines:
    """``n, m = x.shape``, ``n = len(x)``, or no names for the sizes."""
    if world.chance(0.35):
        return []
    main = next(iter(world.arrays.values()))
    names = world.rng.choice((("n", "m", "depth"), ("rows", "cols", "depth")))
    axes = sorted({axis for a in world.arrays.values() for axis in a.axes})
    if len(main.axes) == len(axes) and len(axes) > 1 and world.chance(0.6):
        bound = [names[axis] for axis in main.axes]
        world.sizes = {axis: names[axis] for axis in axes}
        return [f"{', '.join(bound)} = {main.name}.shape"]
    lines = [f"{names[axis]} = {world.size_of(axis)}" for axis in axes]
    world.sizes = {axis: names[axis] for axis in axes}
    return lines


def _nest(world: World, profile: str) -> Lines:
    """One nest: its loops, one to three parts in its body, perhaps an exit."""
    section = Section(world, [])
    axes = world.rng.choice(PROFILES[profile][2])
    names = world.rng.choice([p for p in ITERATORS if not set(p) & set(world.arrays)])
    for level, axis in enumerate(axes):
        section.loops.append(_loop(section, level, axis, names[level]))
    ranks = [a.axes for a in world.arrays.values() if len(a.axes) == 2 and a.axes[0] == axes[0]]
    if len(axes) == 1 and ranks and (profile != "square" or world.chance(0.5)):
        section.trailing = ranks[0][1:]
        world.use("rows")
    if len(axes) == 1 and world.chance(0.16):
        _walk_arrays(section)
    functions, weights = zip(*PARTS, strict=True)
    for part in world.rng.choices(
        functions, weights, k=world.rng.choices((1, 2, 3), (55, 32, 13))[0]
    ):
        part(section)
    if not section.body:
        add_reduction(section)
    if world.chance(0.15):
        add_exit(section)
    if world.chance(0.07):
        add_iterator_after(section)
    return section.lines()


def _loop(section: Section, level: int, axis: int, name: str) -> Loop:
    """A loop over `axis`: forwards, reversed, strided, triangular or by a counter."""
    world = section.world
    loop = Loop(name, axis)
    outer = [it for it in section.loops if it.axis == axis]
    if outer and world.chance(0.5):
        other = outer[-1].name
        world.use("triangular")
        if world.chance(0.5):
            loop.start = world.one_of(f"{other} + 1", f"{other} + 1", other)
        else:
            loop.stop = world.one_of(other, f"{other} + 1")
        return loop
    if level and not outer and world.chance(0.06):
        world.use("triangular")
        loop.start = section.loops[-1].name
        return loop
    form = world.pick({"range": 12, "inner": 1.5, "reversed": 2, "strided": 1.2, "while": 1})
    if form == "inner":
        loop.low, loop.high = world.rng.choice(((1, 0), (0, 1), (1, 1), (2, 0)))
    if form == "reversed":
        loop.step = world.rng.choice((-1, -1, -1, -2))
        loop.form = world.one_of("range", "range", "reversed", "while")
    if form == "strided":
        loop.step, loop.low = 2, world.rng.choice((0, 0, 1))
    if form == "while":
        loop.form, loop.step = "while", world.rng.choice((1, 1, 1, 2))
    if loop.form == "while":
        world.use("while")
    if loop.step != 1:
        world.use("reversed_loop" if loop.step < 0 else "strided_loop")
    return loop


def _walk_arrays(section: Section) -> None:
    """Make the only loop walk arrays themselves: ``for i, v in enumerate(x)``, ``zip``."""
    world, axis = section.world, section.loops[0].axis
    rank = 1 + len(section.trailing)
    usable = [a for a in world.arrays.values() if a.axes[:1] == (axis,) and len(a.axes) == rank]
    if not usable:
        return
    chosen = world.rng.sample(usable, min(len(usable), world.rng.choice((1, 1, 2))))
    aliases = tuple((world.fresh("el", "value", "u"), a.name) for a in chosen)
    name = section.loops[0].name if world.chance(0.6) else ""
    section.loops[0] = Loop(name, axis, aliases=aliases)
    world.use("walked_array" if name else "walked_array_without_iterator")


def _returned(world: World) -> Lines:
    """All that was made, in one ``return``; nothing where only an argument was changed."""
    names = list(dict.fromkeys([*world.results, *world.returned]))
    if not names:
        return []
    if len(names) == 1 and world.chance(0.15):
        return [f"answer = {names[0]}", "return answer"]
    return [f"return {', '.join(names)}"]
