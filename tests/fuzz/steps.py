"""Statements of a carried nest that hand something on: shifts, inductions, lists, exits, copies."""

from __future__ import annotations

from .scope import Value
from .stores import finish, guarded, output, row_size, subscripted, target
from .terms import THRESHOLDS, condition, leaf, term, text_of
from .world import Section


def add_store(section: Section) -> None:
    """A parallel statement beside the carried ones: a store, perhaps under a condition."""
    world = section.world
    loops = [it for it in section.loops if it.name]
    if len(loops) < section.depth:
        add_temporary(section)
        return
    value = term(section)
    row = bool(section.trailing)
    array = target(section, loops, value.sort, row=row)
    own = subscripted(array, loops)
    lines = [f"{own} = {text_of(value)}"]
    if world.chance(0.25):
        lines = [f"if {condition(section)}:", f"    {lines[0]}"]
        if world.chance(0.6):
            lines += ["else:", f"    {own} = {text_of(term(section))}"]
    world.use("parallel_store")
    section.body += lines


def add_outer_store(section: Section) -> None:
    """A store for each iteration of an outer loop, before or behind the inner ones."""
    world = section.world
    if section.depth < 2 or not all(it.name for it in section.loops[:-1]):
        add_store(section)
        return
    level = section.depth - 1
    value = term(section, level, scalar=True)
    loops = section.loops[:level]
    line = f"{subscripted(output(section, loops, value.sort), loops)} = {text_of(value)}"
    world.use("outer_store")
    if world.chance(0.5):
        section.put_before(level, line)
    else:
        section.put_after(level, line)


def add_temporary(section: Section) -> None:
    """A temporary of one iteration, read after the loop now and then."""
    world = section.world
    value = term(section)
    name = world.fresh("t", "v", "cur")
    section.body.append(f"{name} = {text_of(value)}")
    plain = Value(name, value.kind, value.sort)
    section.temporaries[name] = plain
    world.use("temporary")
    if world.chance(0.35):
        world.use("temporary_after_loop")
        if world.chance(0.5):
            section.put_before(0, f"{name} = {world.one_of('0.0', '0', 'None')}")
        world.returned.append(name)


def add_iterator_after(section: Section) -> None:
    """The loop's variable read after the nest."""
    world = section.world
    named = [it for it in section.loops if it.name]
    if not named:
        return
    loop = world.rng.choice(named)
    world.use("iterator_after_loop")
    kept = world.fresh("last", "final")
    if world.chance(0.6) and loop.form != "while":
        section.put_before(0, f"{loop.name} = {world.one_of('-1', '0', 'None')}")
    section.put_after(0, f"{kept} = {loop.name}")
    world.returned.append(kept)


def add_shift(section: Section) -> None:
    """The last iteration's value: ``out[i] = previous; previous = x[i]``."""
    world = section.world
    loops = [it for it in section.loops if it.name]
    if len(loops) < section.depth:
        add_temporary(section)
        return
    name = world.fresh("prev", "previous", "old")
    row = bool(section.trailing)
    value = term(section, scalar=not row)
    level = section.depth - 1 if world.chance(0.8) else 0
    start = f"torch.zeros({row_size(section)})" if row else world.one_of("0.0", "0", "1.5")
    if not row and world.chance(0.2):
        start = leaf(section, 0, scalar=True).text
    section.put_before(level, f"{name} = {start}")
    array = output(section, loops, value.sort if value.sort != "bool" else "float", row=row)
    text = text_of(value)
    use = world.one_of(name, f"{text} - {name}" if value.sort != "bool" else name)
    lines = [f"{subscripted(array, loops)} = {use}"]
    if world.chance(0.3):
        use = text_of(term(section))
        lines = [f"{subscripted(array, loops)} = {use} * {name}"]
    section.body += [*lines, *guarded(section, [f"{name} = {text}"], 0.1, condition(section))]
    world.use("shift")
    if world.chance(0.3):
        finish(section, level, Value(name, value.kind, value.sort))


def add_state(section: Section) -> None:
    """A scalar (or row) recurrence: ``h = 0.5 * h + x[i]``, or one that is not linear."""
    world = section.world
    row = bool(section.trailing)
    name = world.fresh("h", "state")
    value = term(section)
    text, level = text_of(value), section.level()
    scale = world.one_of("0.5", "0.9", "0.25", f"0.25 * {leaf(section, scalar=not row).text}")
    linear = world.chance(0.6)
    if linear:
        update = world.one_of(
            f"{name} = {scale} * {name} + {text}", f"{name} = {text} + {scale} * {name}"
        )
        if not row and world.chance(0.25):
            update = world.one_of(
                f"{name} = {text} if {condition(section)} else {name} + {text}",
                f"{name} = {scale} * {name} + {text} if {condition(section)} else {text}",
            )
            world.use("reset")
        world.use("linear_recurrence")
    else:
        update = world.one_of(
            f"{name} = torch.tanh({name} + {text})",
            f"{name} = {name} - 0.1 * ({name} * {name} - {text})",
            f"{name} = torch.relu({scale} * {name} - {text})",
        )
        if not row and world.chance(0.3):
            update = f"{name} = {text} if {name} > {world.one_of(*THRESHOLDS)} else {name} + 0.5"
        world.use("nonlinear_recurrence", serial=True)
    start = f"torch.zeros({row_size(section)})" if row else "torch.zeros(())"
    if linear and not row and world.chance(0.5):
        start = world.one_of("0.0", "0", "1.0")
    section.put_before(level, f"{name} = {start}")
    loops = section.loops
    if all(it.name for it in loops) and world.chance(0.65):
        array = output(section, loops, row=row)
        section.body += [update, f"{subscripted(array, loops)} = {name}"]
        if world.chance(0.4):
            finish(section, level, Value(name, "row" if row else "element", "float"))
        return
    section.body.append(update)
    finish(section, level, Value(name, "row" if row else "element", "float"))


def add_induction(section: Section) -> None:
    """A counter of the body's own as a subscript: ``out[k] = x[i]; k += 1``."""
    world = section.world
    name = world.fresh("pos", "count")
    step = world.rng.choice((1, 1, 2))
    sizes = [f"({world.size_of(it.axis)} + 2)" for it in section.loops]
    if step > 1:
        sizes.append(str(step))
    made = world.fresh("packed", "flat")
    tail = f", {row_size(section)}" if section.trailing else ""
    section.setup.append(f"{made} = torch.zeros({' * '.join(sizes)}{tail})")
    section.put_before(0, f"{name} = 0")
    lines = [f"{made}[{name}] = {text_of(term(section))}", f"{name} += {step}"]
    if world.chance(0.25):
        lines = [f"if {condition(section)}:", *("    " + line for line in lines)]
        world.use("compaction", hard=True)
    world.use("induction")
    section.body += lines
    world.results.append(made)
    if world.chance(0.4):
        world.returned.append(name)


def add_append(section: Section) -> None:
    """``rows.append(e)``, then a stack, a tensor or the list itself."""
    world = section.world
    name = world.fresh("rows", "values", "parts")
    value = term(section)
    text, kind = text_of(value), value.kind
    if section.live and world.chance(0.3):
        chosen = world.rng.choice(list(section.live.values()))
        text, kind = chosen.text, "mixed"
        if any(line.strip().startswith(f"{text} +=") for line in section.body):
            world.hard.add("one_object_many_times")
    if kind == "element" and world.chance(0.25):
        text, kind = f"({text}).item()", "number"
    section.put_before(0, f"{name} = []")
    lines = [f"{name}.append({text})"]
    if world.chance(0.2):
        lines = [f"if {condition(section)}:", f"    {lines[0]}"]
        world.use("append_guarded", hard=True)
    section.body += lines
    world.use("list_append")
    final = name
    if kind in ("row", "element") and world.chance(0.7):
        final = f"torch.stack({name})"
    elif kind == "number" and world.chance(0.5):
        final = f"torch.tensor({name})"
    elif world.chance(0.3):
        final = world.one_of(f"len({name})", f"sum({name})")
    world.returned.append(final)


def add_exit(section: Section) -> None:
    """A way out of the loop: ``break``, ``continue``, ``return``, a flag, ``for … else``."""
    world, loop = section.world, section.loops[-1]
    scalars = [n for n, v in section.live.items() if v.kind != "row" and v.sort in ("int", "float")]
    forms = {"break": 4.0, "continue": 3, "return": 1.4, "flag": 1.6, "else": 1.6}
    if scalars:
        forms["value"] = 3
    if loop.form == "while":
        forms["also"] = 4
    form = world.pick(forms)
    world.use(f"exit_{form}")
    first = form == "also" or world.chance(0.5)
    kept_temporaries = section.temporaries
    if first:
        section.temporaries = {}
    test = condition(section)
    section.temporaries = kept_temporaries
    if form == "also":
        loop.also = f" and {test}" if " or " not in test else f" and ({test})"
        return
    if form == "value":
        test = f"{world.rng.choice(scalars)} > {world.one_of(*THRESHOLDS)}"
    if form == "continue":
        advance = [section.advance(loop)] if loop.form == "while" else []
        lines = [f"if {test}:", *("    " + line for line in (*advance, "continue"))]
    elif form == "return":
        kept = world.one_of("None", loop.name or "1", "-1", *world.results, *scalars)
        lines = [f"if {test}:", f"    return {kept}"]
    elif form in ("flag", "else"):
        name = world.fresh("found", "hit", "place")
        held = loop.name or "1"
        if form == "flag":
            section.put_before(section.depth - 1, f"{name} = {world.one_of('-1', 'None', 'False')}")
        else:
            section.orelse.setdefault(section.depth - 1, []).append(f"{name} = -1")
        lines = [f"if {test}:", f"    {name} = {world.one_of(held, held, 'True')}", "    break"]
        if section.depth == 1:
            world.returned.append(name)
        else:
            finish(section, section.depth - 1, Value(name, "number", "int"))
    else:
        lines = [f"if {test}:", "    break"]
    if first:
        section.body[:0] = lines
    else:
        section.body += lines
