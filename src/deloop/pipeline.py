"""The whole compiler on one page: one named line a stage.

text -> ast -> loop nest -> facts and dependences -> distributed nest -> tensor program -> text
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from deloop.analysis.arg_reduction import Surroundings, find_settled
from deloop.analysis.bounds import Bounds, check_trip_counts
from deloop.analysis.carried import check_decided, require_updates
from deloop.analysis.changed import find_changed_before
from deloop.analysis.coverage import find_replaceable, is_passed_on
from deloop.analysis.escape import check_apart, find_escaping
from deloop.analysis.facts import Facts
from deloop.analysis.legality import dependences_of
from deloop.analysis.origins import find_origins
from deloop.analysis.scope import (
    find_live_out,
    find_torch,
    loops_of,
    require_noted,
    spellable_at_entry,
)
from deloop.analysis.statements import canonical_statement, drop_touches, list_statements
from deloop.analysis.types import Candidate, Prefix
from deloop.backend.context import Context
from deloop.backend.function import Replacement, write_function
from deloop.backend.statement import write_plan
from deloop.diagnostic import Assumption, Exactness, Refusal
from deloop.errors import CarriedRead, RefusalError
from deloop.frontend.build import NestBuilder
from deloop.frontend.cells import Carrying, KindFound
from deloop.ir.affine import Affine
from deloop.ir.loop import Loop, Nest
from deloop.ir.plan import Step, vectors
from deloop.ir.source import SourceFunction
from deloop.ir.types import Value
from deloop.poly.dependence import Dependence
from deloop.rewrite.apply import apply_rules_to_plan
from deloop.rules import RULES
from deloop.text.names import names_stored
from deloop.transform.distribute import check_kept, distribute
from deloop.transform.forward import forward_stores
from deloop.transform.gradients import (
    assume_bases,
    check_gradient_order,
    require_gradients,
)
from deloop.transform.guards import guard_data
from deloop.transform.if_convert import if_convert
from deloop.transform.inline import inline_kept
from deloop.transform.lift import lift
from deloop.transform.powers import settle_powers
from deloop.transform.requirements import write_out
from deloop.transform.simplify import arrays_with_grad, simplify_plan
from deloop.transform.winners import drop_overwritten, name_winners

_MOST_READINGS = 24


@dataclass(frozen=True)
class Options:
    """What the caller asked for: `inline` writes helper functions' bodies, not their calls."""

    inline: bool = False


@dataclass(frozen=True)
class LoopReport:
    """What happened to one outermost loop.

    Parameters
    ----------
    line:
        Its line in the user's file.
    status:
        ``"vectorized"``, ``"partial"`` or ``"kept"``.
    exactness, assumptions, rules:
        As declared in `deloop.diagnostic`; rules are codes.
    refusal:
        Why the loop, or the part of it that stays, is left alone.
    dependences:
        The dependences that were considered.
    lossy:
        The steps at which bitwise equality was lost.
    """

    line: int
    status: str
    exactness: Exactness = Exactness.BITWISE
    assumptions: tuple[Assumption, ...] = ()
    rules: tuple[str, ...] = ()
    refusal: Refusal | None = None
    dependences: tuple[Dependence, ...] = field(default=(), repr=False)
    lossy: tuple[str, ...] = ()


@dataclass(frozen=True)
class Compilation:
    """A function compiled for arguments of one kind; see `compile_function`."""

    status: str
    source: str
    loops: tuple[LoopReport, ...]
    assumptions: tuple[Assumption, ...]
    imports: tuple[str, ...]


def compile_function(
    function: SourceFunction,
    arguments: Mapping[str, Value],
    hints: Mapping[str, int],
    options: Options = Options(),
) -> Compilation:
    """Rewrite each loop of a function that may be rewritten for such arguments.

    Parameters
    ----------
    function:
        The parsed function.
    arguments:
        What is known of each parameter.
    hints:
        Sizes and ints as seen at this call; every assumption made holds for them.
    """
    prefix = Prefix(function, dict(arguments), dict(hints))
    reports: list[LoopReport] = []
    replacements: list[Replacement] = []
    for candidate in prefix.run():
        try:
            report, replacement = compile_loop(function, candidate, hints, options)
            replacements.append(replacement)
        except RefusalError as error:
            line = function.place(candidate.node).line
            report = LoopReport(line, "kept", refusal=error.refusal)
        reports.append(report)
    reports.extend(LoopReport(r.place.line, "kept", refusal=r) for r in prefix.others)
    reports.sort(key=lambda r: r.line)
    if not replacements:
        return Compilation("kept", function.text, tuple(reports), (), ())
    complete = all(r.status == "vectorized" for r in reports)
    source = write_function(function, replacements)
    assumptions = tuple(dict.fromkeys(a for r in reports for a in r.assumptions))
    name, known = find_torch(function)
    missing = () if known or f"{name}." not in source else ("import torch",)
    return Compilation(
        "vectorized" if complete else "partial", source, tuple(reports), assumptions, missing
    )


def compile_loop(
    function: SourceFunction, candidate: Candidate, hints: Mapping[str, int], options: Options
) -> tuple[LoopReport, Replacement]:
    """One outermost loop through every stage. Raises `RefusalError` with the reason it stays."""
    builder, nest = read_nest(function, candidate, hints)
    facts = Facts(hints, spellable_at_entry(function))
    require_noted(builder, nest, facts)
    body = forward_stores(if_convert(nest.body, nest.arrays))
    bounds = Bounds(nest.arrays, nest.locals, facts)
    statements = drop_touches([bounds.check(s) for s in list_statements(body)])
    bounds.expect_to_run(statements)
    for statement in statements:
        check_trip_counts(statement, facts, at_least_one=bounds.must_run)
    statements = [canonical_statement(s, facts.canonical) for s in statements]
    dependences = dependences_of(statements, nest.arrays, facts)
    escaping = find_escaping(function, candidate, nest)
    origins = find_origins(function, candidate)
    around = Surroundings(statements, nest.arrays, nest.cells, escaping, origins, nest.live)
    plan = distribute(statements, dependences, around)
    check_decided(plan)
    check_apart(plan, escaping)
    facts.needed.extend(require_updates(nest, statements, facts, find_settled(plan)))
    refusal = check_kept(plan, dependences, statements)
    plan = lift(plan, bounds)
    facts.needed[:] = write_out(facts.needed, plan, axes_of(plan, nest), nest)
    plan = inline_kept(drop_overwritten(plan), nest.arrays, nest.locals, nest.live)
    plan = name_winners(plan, nest, names_of(function))
    check_gradient_order(plan, arrays_with_grad(plan, nest.arrays), nest.arrays)
    plan, lossy = simplify_plan(plan, dependences, nest.arrays)
    with_grad = arrays_with_grad(plan, nest.arrays)
    plan, codes = apply_rules_to_plan(plan, RULES, with_grad)
    context = make_context(function, candidate, nest, facts, options)
    context.with_grad = with_grad
    if lossy:
        context.round_off("0 + x written as x loses the sign of a zero")
    needed = [*builder.data_requirements, *facts.needed]
    needed.extend(require_gradients(plan, context.with_grad, nest.arrays))
    plan = settle_powers(plan, context.with_grad)
    replaceable = find_replaceable(candidate, nest, plan, facts, context.with_grad)
    written = write_plan(plan, context, replaceable, builder.temporaries)
    if any(is_passed_on(name, candidate) for name in written.replaced):
        context.round_off("a later operation may add up in the order of the new memory layout")
    changed = {s.store.array for s in statements}
    changed |= find_changed_before(function, candidate, nest.arrays)
    context.names.clear()
    entry = set(function.parameters) - names_stored(function.node)
    guards = guard_data(needed, axes_of(plan, nest), changed, entry, context)
    report = LoopReport(
        function.place(candidate.node).line,
        "vectorized" if refusal is None else "partial",
        context.exactness,
        (*facts.assumptions, *guards, *assume_bases(plan, context.with_grad, nest.arrays)),
        codes,
        refusal,
        dependences,
        tuple(context.lossy),
    )
    return report, Replacement(
        candidate.node, candidate.block, written.body, written.replaced, written.bound
    )


def names_of(function: SourceFunction) -> frozenset[str]:
    """Every name that the function uses."""
    used = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name)}
    return frozenset(used | set(function.parameters))


def axes_of(plan: tuple[Step, ...], nest: Nest) -> list[Loop]:
    """Every loop as the plan ranges over it, or as the nest does where the plan has it no more."""
    loops = {loop.iterator: loop for loop in loops_of(nest.body)}
    loops.update({loop.iterator: loop for v in vectors(plan) for loop in v.axes})
    return list(loops.values())


def read_nest(
    function: SourceFunction, candidate: Candidate, hints: Mapping[str, int]
) -> tuple[NestBuilder, Nest]:
    """The loop as a nest; over dimensions, where a loop over all elements reads better so."""
    attempts: list[RefusalError] = []
    for delinearise in (True, False):
        try:
            builder, nest = _read(function, candidate, hints, delinearise)
        except RefusalError as error:
            attempts.append(error)
            continue
        if not builder.flat_as_number or not delinearise:
            return builder, nest
        attempts.append(
            RefusalError(Refusal("VEC950", nest.place, "the flat index is used as a number"))
        )
        flat = builder, nest
    if len(attempts) == 2 and attempts[0].refusal.code == "VEC950":
        return flat
    raise attempts[0]


def _read(
    function: SourceFunction, candidate: Candidate, hints: Mapping[str, int], delinearise: bool
) -> tuple[NestBuilder, Nest]:
    """The loop read as often as it takes to know what it carries, and which of that is read on."""
    carrying = Carrying()
    live = find_live_out(function, candidate)
    for _ in range(_MOST_READINGS):
        builder = NestBuilder(function, dict(candidate.environment), carrying)
        builder.products, builder.hints = dict(candidate.products), dict(hints)
        builder.delinearise, builder.live = delinearise, live
        try:
            nest = builder.nest(candidate.node)
        except (CarriedRead, KindFound) as error:
            if not carrying.learn(error):
                raise
            continue
        in_place = builder.changed_in_place(candidate.node)
        missing = [
            name
            for name in live
            if name not in in_place and not carrying.knows(candidate.node, name)
        ]
        if not missing:
            return builder, replace(nest, live=builder.keys_of(candidate.node, live))
        carrying.cells.update({(id(candidate.node), name): None for name in missing})
    place = function.place(candidate.node)
    raise RefusalError(Refusal("VEC902", place, "loop kept: what it carries does not settle"))


def make_context(
    function: SourceFunction, candidate: Candidate, nest: Nest, facts: Facts, options: Options
) -> Context:
    """What emission needs to know of the loop's surroundings."""
    torch_name, _ = find_torch(function)
    devices = {
        tensor.type.device: name for name, tensor in nest.arrays.items() if name not in nest.locals
    }
    inside = {id(n) for n in ast.walk(candidate.node)}
    own = {
        n.id
        for n in ast.walk(candidate.node)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    taken = {
        n.id for n in ast.walk(function.node) if isinstance(n, ast.Name) and id(n) not in inside
    }
    taken |= {n.id for n in ast.walk(candidate.node) if isinstance(n, ast.Name) and n.id not in own}
    taken |= {*function.parameters, *nest.locals}
    device = next(((d, n) for d, n in devices.items() if d != "cpu"), ("cpu", ""))

    def spell(affine: Affine) -> Affine:
        for symbol in affine.symbols:
            names = {
                n.id for n in ast.walk(ast.parse(symbol, mode="eval")) if isinstance(n, ast.Name)
            }
            if names & candidate.rebound:
                raise RefusalError(
                    Refusal(
                        "VEC952", nest.place, f"loop kept: {symbol} means something else by now"
                    )
                )
        return affine

    return Context(
        nest.arrays, torch_name, facts.canonical, spell, device, options.inline, taken=taken
    )
