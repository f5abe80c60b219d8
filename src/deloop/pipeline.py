"""The whole compiler on one page: one named line a stage.

text -> ast -> loop nest -> facts and dependences -> distributed nest -> tensor program -> text
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from operator import and_

from deloop.analysis.after import find_results
from deloop.analysis.arg_reduction import find_settled
from deloop.analysis.bounds import Bounds, check_trip_counts
from deloop.analysis.carried import check_bounded, check_decided, require_updates
from deloop.analysis.carries import reason_of
from deloop.analysis.certificate import Certificate, Respected, certify, certify_kept
from deloop.analysis.compiled import check_compiled
from deloop.analysis.counts import find_factors
from deloop.analysis.coverage import find_private, find_replaceable, is_passed_on
from deloop.analysis.definitions import find_definitions, find_pure_definitions
from deloop.analysis.devices import spell_device
from deloop.analysis.escape import check_apart, find_changed_behind, find_escaping
from deloop.analysis.facts import Facts
from deloop.analysis.fillings import find_taken
from deloop.analysis.legality import dependences_of
from deloop.analysis.memory import Need, find_need
from deloop.analysis.nests import Walk
from deloop.analysis.objects import check_objects
from deloop.analysis.origins import at_entry, find_elements, find_origins
from deloop.analysis.scope import (
    changed_before,
    find_builtins,
    find_live_out,
    find_math,
    find_torch,
    is_known_at_entry,
    loops_of,
    require_noted,
    spellable_at_entry,
    with_own_names,
)
from deloop.analysis.spelling import spell_at_entry, spell_at_loop
from deloop.analysis.statements import (
    canonical_statement,
    check_readable,
    drop_touches,
    list_statements,
)
from deloop.analysis.surroundings import Surroundings
from deloop.analysis.tried import check_tried
from deloop.analysis.types import Candidate, Results
from deloop.analysis.unseen import check_widened, forget_first_types
from deloop.backend.context import Context
from deloop.backend.function import write_function
from deloop.backend.kernel_call import FilledTensor, call_kernel, name_filled
from deloop.backend.kernel_elements import KernelPlace
from deloop.backend.kernel_nest import write_kernel
from deloop.backend.memory import find_peak
from deloop.backend.results import Replacement
from deloop.backend.sequences import spell_sequences
from deloop.backend.statement import write_plan
from deloop.backend.tidy import tidy_searches
from deloop.diagnostic import Assumption, Exactness, Place, Refusal
from deloop.dtype import category
from deloop.errors import CarriedRead, RefusalError, Unliftable, Unsupported
from deloop.frontend.appends import Prepared
from deloop.frontend.build import NestBuilder
from deloop.frontend.cells import Carrying, KindFound
from deloop.frontend.evaluate import Environment
from deloop.frontend.respell import Respelling, respell
from deloop.frontend.search import Search
from deloop.frontend.sequences import readable
from deloop.frontend.split import Part, Split, Spot, find_outermost, split_function
from deloop.frontend.stand_ins import Standing
from deloop.frontend.standing import find_standing
from deloop.frontend.versions import Versions, find_versions
from deloop.ir.affine import at_least
from deloop.ir.kernel import Kernel
from deloop.ir.loop import Loop, Nest, expressions_of, stores
from deloop.ir.plan import Statement, Step, arrays_read_in, vectors
from deloop.ir.scalar import loads, requires_grad
from deloop.ir.source import SourceFunction
from deloop.ir.types import Tensor, Value
from deloop.poly.dependence import Dependence, DependenceKind
from deloop.rewrite.apply import apply_rules_to_plan
from deloop.rules import RULES
from deloop.text.names import (
    find_unbound,
    names_changed_before,
    names_in,
    names_stored_before,
)
from deloop.text.trees import walk
from deloop.transform.chunks import HOPELESS, Division
from deloop.transform.digits import split_dimensions
from deloop.transform.distribute import check_kept, distribute
from deloop.transform.edges import spread_updates
from deloop.transform.flagged import collapse_flagged
from deloop.transform.forward import forward_stores
from deloop.transform.fuse import fuse_updates
from deloop.transform.gradients import (
    assume_bases,
    check_gradient_order,
    check_scans,
    require_gradients,
)
from deloop.transform.grouping import group_sums
from deloop.transform.guarded import guard_sizes, guard_updates
from deloop.transform.guards import guard_data
from deloop.transform.hoist import hoist
from deloop.transform.if_convert import if_convert
from deloop.transform.inline import inline_kept
from deloop.transform.keyed import collapse_keyed
from deloop.transform.lift import lift
from deloop.transform.linear import require_tame, start_from
from deloop.transform.padding import pad_reads, without_margins
from deloop.transform.powers import settle_powers
from deloop.transform.reduce import require_comparable, require_derivable, require_small_terms
from deloop.transform.requirements import write_out
from deloop.transform.running import find_running_sums
from deloop.transform.simplify import (
    arrays_with_grad,
    drop_empty,
    named_plainly,
    simplify_plan,
)
from deloop.transform.split import drop_unreached, split_reads, split_stores
from deloop.transform.unsure import check_unsure
from deloop.transform.wavefront import may_be_skewed, skew
from deloop.transform.widen import widen
from deloop.transform.winners import drop_overwritten, name_winners

_MOST_READINGS = 24
_DONE = ("vectorized", "compiled")
"""What is said of a loop of which nothing is left for Python to run."""
_ROUNDED = frozenset({"float", "complex"})


@dataclass(frozen=True)
class Options:
    """What the caller asked for.

    `inline` writes helper functions' bodies, not their calls. With `only`, loops that begin at
    other lines of the user's file stay as they are. With `guarded`, a variable that no iteration
    may set keeps what it held by an ``if`` in the new code, instead of an assumption that some
    iteration does. `skips_nan` leaves NaN out of an extreme by itself, instead of an assumption
    that there is none. `is_swept` says that a loop around repeats what it waits for itself: then
    recurrences inside stay as they are, so that what is serial is serial at one level. With
    `keeps_small`, a loop stays whose few iterations are faster than tensor operations;
    `wants_small` asks for tensor operations wherever there are any, slow ones included. A rewrite
    takes no more than `memory_limit` bytes where that can be had; None is `analysis.memory`'s own.
    `kernels` says which loops become kernels for Numba: none, ``"all"``, or the ``"serial"`` ones.
    """

    inline: bool = False
    only: frozenset[int] | None = None
    guarded: bool = False
    skips_nan: bool = False
    is_swept: bool = False
    keeps_small: bool = False
    wants_small: bool = False
    memory_limit: int | None = None
    kernels: str = ""

    def wants(self, line: int) -> bool:
        """Whether the loop at a line is to be rewritten."""
        return self.only is None or line in self.only


@dataclass(frozen=True)
class LoopReport:
    """What happened to one outermost loop.

    Parameters
    ----------
    line:
        Its line in the user's file.
    status:
        ``"vectorized"``, ``"partial"``, ``"compiled"`` (a kernel for Numba) or ``"kept"``.
    exactness, assumptions, rules:
        As declared in `deloop.diagnostic`; rules are codes.
    refusal:
        Why the loop, or the part of it that stays, is left alone.
    dependences:
        The dependences that were considered.
    pays:
        For which sizes the rewrite is faster than the loop, where that is not for all.
    fits, memory:
        For which sizes it keeps to the memory limit, where that is not for all; what was done for
        that.
    lossy:
        The steps at which bitwise equality was lost.
    respected:
        What respects each dependence; of a loop that is kept, that it is.
    kernel:
        What Numba compiles; or, where it was to compile the loop, why it does not.
    """

    line: int
    status: str
    exactness: Exactness = Exactness.BITWISE
    assumptions: tuple[Assumption, ...] = ()
    rules: tuple[str, ...] = ()
    refusal: Refusal | None = None
    dependences: tuple[Dependence, ...] = field(default=(), repr=False)
    lossy: tuple[str, ...] = ()
    respected: tuple[Respected, ...] = field(default=(), repr=False)
    pays: tuple[Assumption, ...] = ()
    fits: tuple[Assumption, ...] = ()
    memory: str = ""
    kernel: str = ""

    @property
    def certificate(self) -> Certificate:
        """What the rewrite rests on: dependences, assumptions, exactness, each with its reason.

        Of a loop that stays, or stays in part: why, and what was found on the way there.
        """
        kept = "" if self.refusal is None else str(self.refusal)
        return Certificate(self.respected, self.assumptions, self.exactness, self.lossy, kept)


@dataclass(frozen=True)
class Compiled:
    """One loop compiled: what is reported, what is written, and the memory that it looks at."""

    report: LoopReport
    replacement: Replacement
    candidate: Candidate
    read: frozenset[str]
    written: frozenset[str]
    changed: frozenset[str] = frozenset()
    """Of what is written, that which is not a variable of the loop's own."""
    read_by: Mapping[str, frozenset[str]] = field(default_factory=dict)
    names: Environment = field(default_factory=dict)
    """What the loop leaves in its variables, where that is known."""
    missed: tuple[Assumption, ...] = ()
    """What the sizes that were seen fall short of, for the loop to be the slower one."""
    need: Need | None = None
    """The memory that the rewrite takes, where that may be more than it may take."""
    kernel: Kernel | None = None
    """What stands for the loop, where Numba compiles it."""


@dataclass(frozen=True)
class Compilation:
    """A function compiled for arguments of one kind; see `compile_function`.

    `declined` says for which other sizes there is another, faster code. `kernels` are functions
    that the source calls.
    """

    status: str
    source: str
    loops: tuple[LoopReport, ...]
    assumptions: tuple[Assumption, ...]
    imports: tuple[str, ...]
    declined: tuple[Assumption, ...] = ()
    kernels: tuple[Kernel, ...] = ()

    @property
    def exactness(self) -> Exactness:
        """Of the function as a whole: rounding if any loop's rewrite declares it."""
        return reduce(and_, (loop.exactness for loop in self.loops), Exactness.BITWISE)


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
    found = _compile_split(function, arguments, hints, options)
    if found.loops and found.status in _DONE:
        return found
    if found.loops and all(report.status != "kept" for report in found.loops):
        spelled = respell(function)
        if spelled is not None:
            again = _compile_split(spelled.function, arguments, hints, options)
            if again.status in _DONE and spelled.is_rid(again.source):
                return replace(again, source=spelled.tidy(again.source))
        whole = _compile_standing(function, arguments, hints, options, set())
        return whole if whole is not None and whole.status == "vectorized" else found
    before = {r.line for r in found.loops if r.status == "kept"}
    for spelled in (respell(function), Respelling(function)):
        versions = None if spelled is None else find_versions(spelled.function)
        if spelled is None or (spelled.function is function and versions is None):
            continue
        changed = spelled.function if versions is None else versions.function
        again = _compile_split(changed, arguments, hints, options)
        now = {r.line for r in again.loops if r.status == "kept"}
        is_worse = again.status == "kept" or not spelled.is_rid(again.source)
        if is_worse or not (now < before or not (found.loops or now)):
            loops = tuple(_as_respelled(r, again, function, changed) for r in found.loops)
            found = replace(found, loops=loops)
            continue
        if versions is not None:
            loops = tuple(_in_users_words(report, versions) for report in again.loops)
            again = replace(again, source=versions.restore(again.source), loops=loops)
        return replace(again, source=spelled.tidy(again.source))
    return _compile_standing(function, arguments, hints, options, before) or found


def _compile_standing(
    function: SourceFunction,
    arguments: Mapping[str, Value],
    hints: Mapping[str, int],
    options: Options,
    before: AbstractSet[int],
) -> Compilation | None:
    """The function over names that stand for expressions; None where as many loops stay."""
    options = replace(options, kernels="")  # stand-ins are no memory of the function's
    torch, is_known = find_torch(function)
    for standing in find_standing(function, arguments, hints, torch):
        given = {**arguments, **standing.arguments}
        again = _compile_split(standing.function, given, {**hints, **standing.hints}, options)
        now = {r.line for r in again.loops if r.status == "kept"}
        if again.status == "kept" or not (now < before or not (before or now)):
            continue
        if any(text in again.source for text in standing.without):
            continue
        more = tuple(standing.assumptions)
        loops = tuple(
            replace(
                r,
                assumptions=(*more, *_written_out(r.assumptions, standing)),
                pays=_written_out(r.pays, standing),
            )
            for r in again.loops
        )
        source = standing.put_back(
            Respelling(standing.function, standing.bound).tidy(again.source)
        )
        return replace(
            again,
            source=source,
            imports=() if is_known or f"{torch}." not in source else ("import torch",),
            loops=loops,
            assumptions=(*more, *_written_out(again.assumptions, standing)),
            declined=_written_out(again.declined, standing),
        )
    return None


def _written_out(
    assumptions: Sequence[Assumption], standing: Standing
) -> tuple[Assumption, ...]:
    """The assumptions about the user's own names."""
    found = [standing.write_out(a) for a in assumptions]
    return tuple(a for a in found if a is not None)


def _as_respelled(
    report: LoopReport, again: Compilation, function: SourceFunction, changed: SourceFunction
) -> LoopReport:
    """A loop that stays for its lists says what keeps it where they are spelled otherwise."""
    if report.refusal is None or report.refusal.code != "VEC931":
        return report
    others = names_in(changed.node) - names_in(function.node)
    for other in again.loops:
        if other.line == report.line and other.refusal is not None:
            words = set(re.findall(r"\w+", other.refusal.sentence))
            if other.refusal.code != "VEC931" and not words & others:
                return replace(report, refusal=other.refusal)
    return report


def _in_users_words(report: LoopReport, versions: Versions) -> LoopReport:
    """The report with its refusal in the names that the user wrote."""
    if report.refusal is None:
        return report
    sentence = versions.restore_words(report.refusal.sentence)
    return replace(report, refusal=replace(report.refusal, sentence=sentence))


def _compile_split(
    function: SourceFunction,
    arguments: Mapping[str, Value],
    hints: Mapping[str, int],
    options: Options,
) -> Compilation:
    """The function's loops, those with exits taken apart where that lets them be rewritten."""
    plain = _compile(Split(function), arguments, hints, options)
    if all(report.status != "kept" for report in plain.loops):
        return plain
    loops = {function.place(loop).line: spot for spot, loop in find_outermost(function).items()}
    kept = [
        r.line
        for r in plain.loops
        if r.status == "kept" and r.line in loops and options.wants(r.line)
    ]
    chosen: dict[Spot, bool] = {}
    reasons: dict[int, Refusal] = {}
    for line in kept:
        for guarded in (False, True):
            trial = {**chosen, loops[line]: guarded}
            split = split_function(function, trial)
            if all(part.spot != loops[line] for part in split.parts):
                continue  # nothing of it was taken apart: the answer would be the same
            try:
                found = _compile(split, arguments, hints, options)
            except RefusalError as error:
                if not guarded:
                    reasons[line] = error.refusal
                continue
            if any(r.line == line and r.status != "kept" for r in found.loops):
                chosen, plain = trial, found
                break
    return replace(plain, loops=tuple(_explained(r, reasons) for r in plain.loops))


def _explained(report: LoopReport, reasons: Mapping[int, Refusal]) -> LoopReport:
    """A loop that stays because of its exits says what they depend on, where that was found."""
    reason = reasons.get(report.line)
    if report.refusal is None or reason is None or report.refusal.code not in ("VEC940", "VEC941"):
        return report
    return replace(report, refusal=reason)


def _compile(
    split: Split, arguments: Mapping[str, Value], hints: Mapping[str, int], options: Options
) -> Compilation:
    """The function's loops one by one. Raises `RefusalError` if a piece of one has to stay."""
    function = with_own_names(split.function)
    reports: list[LoopReport] = []
    inner: list[tuple[LoopReport, ast.stmt]] = []
    compiled: list[Compiled] = []

    swept: set[int] = set()
    small: set[int] = set()
    declined: list[Assumption] = []

    def stays(candidate: Candidate, kept: LoopReport) -> Results:
        if kept.refusal is not None and kept.refusal.code == "VEC902":
            swept.add(id(candidate.node))
        if candidate.around is None:
            reports.append(kept)
        else:
            inner.append((kept, candidate.around))
        return Results(kept=True)

    def attempt(candidate: Candidate) -> Results:
        part = next((p for p in split.parts if p.holds(candidate.node)), None)
        place = function.place(candidate.written)
        if id(candidate.around) in small:
            small.add(id(candidate.node))
            return stays(candidate, LoopReport(place.line, "kept", refusal=_too_small(place)))
        if part is None and not options.wants(place.line):
            unasked = Refusal("VEC900", place, "loop kept: nobody asked for it to be rewritten")
            return stays(candidate, LoopReport(place.line, "kept", refusal=unasked))
        no_kernel = ""
        try:
            if options.kernels and part is None:
                taken_names = {c.kernel.name for c in compiled if c.kernel is not None}
                made = try_kernel(function, candidate, hints, options, taken_names)
                if isinstance(made, Compiled):
                    compiled.append(made)
                    reports.append(made.report)
                    taken = {
                        id(t.node): t.type for t in made.replacement.taken if t.type is not None
                    }
                    return Results(made.names, taken)
                no_kernel = made.sentence
            is_swept = id(candidate.around) in swept
            found = compile_guarded(
                function, candidate, hints, replace(options, is_swept=is_swept), declined
            )
            if options.keeps_small and found.missed:
                declined.extend(found.missed)
                small.add(id(candidate.node))
                raise RefusalError(_too_small(place, found.missed))
        except RefusalError as error:
            if part is not None:
                raise Unliftable(part.explain(candidate.node, error.refusal)) from error
            line = function.place(candidate.node).line
            dependences, _ = error.considered
            refusal = reason_of(candidate.written, readable(error.refusal), function)
            kept = LoopReport(
                line, "kept", refusal=refusal, dependences=dependences,
                respected=certify_kept(*error.considered), kernel=no_kernel,
            )  # fmt: skip
            return stays(candidate, kept)
        compiled.append(found)
        line = found.report.line if part is None else part.line
        reports.append(replace(found.report, line=line, kernel=no_kernel))
        taken = {id(t.node): t.type for t in found.replacement.taken if t.type is not None}
        return Results(found.names, taken)

    searches = [p.search for p in split.parts]
    prefix = Walk(function, dict(arguments), dict(hints), attempt, searches)
    prefix.run()
    for part in split.parts:
        check_search(function, part, compiled, hints)
    reports = _joined(reports)
    for refusal, around in prefix.others:
        kept = LoopReport(refusal.place.line, "kept", refusal=refusal)
        if around is None:
            reports.append(kept)
        else:
            inner.append((kept, around))
    entered = [c.candidate.around for c in compiled]
    reports.extend(report for report, around in inner if any(a is around for a in entered))
    reports.sort(key=lambda r: r.line)
    if not compiled:
        others = tuple(dict.fromkeys(declined))
        return Compilation("kept", function.text, tuple(reports), (), (), others)
    complete = all(r.status in _DONE for r in reports)
    done = "compiled" if any(r.status == "compiled" for r in reports) else "vectorized"
    nonzero = _nonzero(function, [a for c in compiled for a in c.report.assumptions])
    made = frozenset(n for p in split.parts for n in p.search.made)
    source = write_function(function, [c.replacement for c in compiled], nonzero, made)
    targets = frozenset(n for p in split.parts for n in p.search.targets)
    source = tidy_searches(source, made, targets)
    unbound = find_unbound(function.node, source)
    if unbound:
        sentence = f"loop kept: with these sizes no iteration sets {min(unbound)}, read behind it"
        raise Unliftable(Refusal("VEC944", function.place(compiled[0].candidate.written), sentence))
    assumptions = tuple(dict.fromkeys(a for r in reports for a in r.assumptions))
    name, known = find_torch(function)
    missing = () if known or f"{name}." not in source else ("import torch",)
    return Compilation(
        done if complete else "partial", source, tuple(reports), assumptions, missing,
        tuple(dict.fromkeys(declined)), tuple(c.kernel for c in compiled if c.kernel is not None),
    )  # fmt: skip


def _nonzero(function: SourceFunction, assumptions: Sequence[Assumption]) -> frozenset[str]:
    """Parameters of which the assumptions say that they are not 0: ``stride == 2``, ``k >= 1``."""
    found: set[str] = set()
    for assumption in assumptions:
        match ast.parse(assumption.guard, mode="eval").body:
            case ast.Compare(
                left=ast.Name(id=name),
                ops=[ast.Eq() | ast.GtE()],
                comparators=[ast.Constant(value=int() as least)],
            ) if least > 0:
                found.add(name)
    stored = {n.id for n in ast.walk(function.node)
              if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}  # fmt: skip
    return frozenset((found & set(function.parameters)) - stored)


def _too_small(place: Place, missed: Sequence[Assumption] = ()) -> Refusal:
    sentence = "loop kept: so few iterations are faster than tensor operations"
    wanted = " and ".join(a.sentence for a in missed)
    return Refusal("VEC960", place, sentence, wanted and f"tensor operations pay from {wanted} on")


def check_search(
    function: SourceFunction, part: Part, compiled: Sequence[Compiled], hints: Mapping[str, int]
) -> None:
    """Whether a loop may look at its exits' conditions before anything else happens.

    Raises `Unliftable` where the loop writes what they read.
    """
    mine = [c for c in compiled if part.holds(c.replacement.loop)]
    seeker, *others = mine
    search = part.search
    if search.inner:
        changed = {a for c in mine for a in c.changed}
        read = {a for c in mine for name in search.inner for a in c.read_by.get(name, ())}
        if changed & read:
            raise Unliftable(part.refuse_shared(changed & read))
        return
    if seeker.report.refusal is not None:
        raise Unliftable(part.explain(seeker.replacement.loop, seeker.report.refusal))
    if search.hits and search.hits not in seeker.replacement.replaced:
        raise Unliftable(part.refuse("whether it is taken is not computed for all iterations"))
    shared = {name for c in others for name in c.written} & seeker.read
    if shared and not _looks_ahead(function, part.search, seeker.candidate, shared, hints):
        raise Unliftable(part.refuse_shared(shared))


def _looks_ahead(
    function: SourceFunction,
    search: Search,
    candidate: Candidate,
    shared: AbstractSet[str],
    hints: Mapping[str, int],
) -> bool:
    """Whether no condition reads what the loop has written by then, though it writes there."""
    if search.combined is None:
        return False
    try:
        _, nest = read_nest(function, replace(candidate, node=search.combined), hints)
        facts = Facts(hints, spellable_at_entry(function, candidate))
        _, statements, dependences = analyse(nest, facts)
    except RefusalError:
        return False
    writers = {
        s.name for s in statements if nest.arrays[s.store.array].memory in shared
    }
    readers = {s.name for s in statements if s.store.array in {search.hits, *nest.locals}}
    return not any(
        d.kind is DependenceKind.FLOW and d.source in writers and d.sink in readers
        for d in dependences
    )


def _joined(reports: Sequence[LoopReport]) -> list[LoopReport]:
    """One report a loop: that of a loop in several pieces says what all of them do."""
    found: dict[int, LoopReport] = {}
    for report in reports:
        first = found.get(report.line)
        if first is None:
            found[report.line] = report
            continue
        found[report.line] = LoopReport(
            report.line,
            first.status if first.status == report.status else "partial",
            first.exactness & report.exactness,
            (*first.assumptions, *report.assumptions),
            tuple(dict.fromkeys((*first.rules, *report.rules))),
            first.refusal or report.refusal,
            (*first.dependences, *report.dependences),
            (*first.lossy, *report.lossy),
            (*first.respected, *report.respected),
            (*first.pays, *report.pays),
            (*first.fits, *report.fits),
            first.memory or report.memory,
            first.kernel or report.kernel,
        )
    return list(found.values())


_UNCERTAIN = frozenset({"VEC917", "VEC918", "VEC944", "VEC945"})
"""Refusals that may be for want of an iteration that sets a variable."""


def compile_guarded(
    function: SourceFunction,
    candidate: Candidate,
    hints: Mapping[str, int],
    options: Options,
    declined: list[Assumption],
) -> Compiled:
    """One loop through every stage; once more, with conditions of its own, where that may help."""
    try:
        return compile_loop(function, candidate, hints, options, declined)
    except RefusalError as error:
        if options.skips_nan or error.refusal.code not in _UNCERTAIN:
            raise
        for skips_nan in (False, True):
            try:
                more = replace(options, guarded=True, skips_nan=skips_nan)
                return compile_loop(function, candidate, hints, more, declined)
            except RefusalError:
                continue
        raise


def try_kernel(
    function: SourceFunction,
    candidate: Candidate,
    hints: Mapping[str, int],
    options: Options,
    taken: AbstractSet[str],
) -> Compiled | Refusal:
    """One loop as a kernel, or why there is none.

    Where ``"serial"`` ones are wanted, a loop that becomes tensor operations has none.
    """
    try:
        if options.kernels == "serial":
            eager = compile_guarded(function, candidate, hints, options, [])
            if eager.report.refusal is None:
                return Refusal("VEC970", function.place(candidate.node), "no kernel: needs none")
    except RefusalError:
        pass
    try:
        return compile_kernel(function, candidate, hints, options, taken)
    except RefusalError as error:
        return error.refusal


def compile_kernel(
    function: SourceFunction,
    candidate: Candidate,
    hints: Mapping[str, int],
    options: Options,
    kernels: AbstractSet[str],
) -> Compiled:
    """One loop in its own order over the tensors' memory, for Numba to compile.

    `kernels` are names that others have.
    """
    builder, nest = read_nest(function, candidate, hints, is_watched=True)
    facts = Facts(hints, spellable_at_entry(function, candidate))
    facts.known.extend(candidate.known)
    facts.at_most.update(candidate.at_most)
    require_noted(candidate, builder, nest, facts)
    escaping = find_escaping(function, candidate, nest)
    confirmed = check_compiled(candidate, builder, nest, escaping)
    check_objects(candidate, nest, escaping)
    line = function.place(candidate.written).line
    name, others = f"line_{line}", names_of(function) | kernels
    while name in others:
        name += "_"
    spell = spell_at_loop(function, candidate, nest.place, facts)
    lists = {} if candidate.filling is None else candidate.filling.lists
    filled = [
        FilledTensor(
            n, name_filled(n, function), spell(nest.arrays[n].type.shape[0]),
            nest.arrays[n].type.dtype, filling.uses[0].node,
        )
        for n, filling in lists.items()
    ]  # fmt: skip
    made = {one.listed: one.name for one in filled}
    around = KernelPlace(name, spell, hints, builder.temporaries, confirmed, made)
    kernel = write_kernel(nest, around)
    if options.kernels == "all" and not kernel.may_stop:
        at_once = facts_at_once(nest, facts)
        if at_once is not None:
            facts, kernel = at_once, write_kernel(nest, replace(around, is_parallel=True))
    torch, _ = find_torch(function)
    taken = find_taken(candidate, builder, frozenset(made), frozenset())
    if not all(isinstance(t.value, ast.Name) for t in taken):
        raise Unsupported(Refusal("VEC970", nest.place, "no kernel: its list is taken in parts"))
    report = LoopReport(
        line, "compiled", assumptions=tuple(facts.assumptions),
        kernel="its iterations run at once" if kernel.is_parallel else "one serial loop",
    )  # fmt: skip
    replacement = Replacement(
        candidate.node, candidate.block,
        call_kernel(kernel, candidate.node, function, filled, torch),
        frozenset(), written=candidate.written, taken=taken, is_tried=True,
    )  # fmt: skip
    in_place = set(builder.changed_in_place(candidate.node))
    written = frozenset(nest.arrays[s.array].memory for s in stores(nest.body))
    read = frozenset(t.memory for t in nest.arrays.values())
    results = find_results(candidate, nest, frozenset(), in_place)
    return Compiled(
        report, replacement, candidate, read, written, written, names=results, kernel=kernel
    )


def facts_at_once(nest: Nest, facts: Facts) -> Facts | None:
    """What must hold for all iterations of the outermost loop to run at once; None where not."""
    if len(nest.body) != 1 or not isinstance(nest.body[0], Loop) or nest.live:
        return None
    more = copy.copy(facts)
    more.known, more.assumptions = list(facts.known), list(facts.assumptions)
    more.equal = dict(facts.equal)
    try:
        _, statements, dependences = analyse(nest, more)
    except RefusalError:
        return None
    is_free = bool(statements) and all(d.level != 1 for d in dependences)
    return more if is_free else None


def compile_loop(
    function: SourceFunction,
    candidate: Candidate,
    hints: Mapping[str, int],
    options: Options,
    declined: list[Assumption],
) -> Compiled:
    """One outermost loop through every stage. Raises `RefusalError` with the reason it stays.

    Where it takes too much memory, it is run in pieces, or else row by row.
    """
    found = compile_at_once(function, candidate, hints, options, declined)
    need = found.need
    if need is None:
        return found
    if not need.is_over:
        fits = () if need.fits is None else (need.fits,)
        return replace(found, report=replace(found.report, fits=fits))
    for kind in ("pieces", "rows"):
        try:
            smaller = compile_at_once(
                function, candidate, hints, options, declined,
                Division(kind, need, found.report.assumptions),
            )  # fmt: skip
        except RefusalError:
            continue
        return replace(smaller, report=within_limit(smaller.report, need, kind))
    if need.peak.size > HOPELESS * need.limit:
        sentence = f"loop kept: {need}, and it cannot be run in pieces"
        raise Unsupported(Refusal("VEC961", function.place(candidate.node), sentence))
    return replace(found, report=replace(found.report, memory=f"{need}, in no smaller pieces"))


def within_limit(report: LoopReport, need: Need, kind: str) -> LoopReport:
    """The report of a loop that is run in pieces, for the sizes that ask for it."""
    others: tuple[Assumption, ...] = ()
    if need.fits is not None:
        sentence = f"not so little that {need.fits.sentence}"
        others = (Assumption(sentence, f"not ({need.fits.guard})", need.fits.reason),)
    return replace(report, fits=others, memory=f"{need}; it is run in {kind}")


def compile_at_once(
    function: SourceFunction,
    candidate: Candidate,
    hints: Mapping[str, int],
    options: Options,
    declined: list[Assumption],
    division: Division | None = None,
) -> Compiled:
    """One outermost loop through every stage, in pieces where that is asked for.

    Where a recurrence as a scan asks for more than is known, it is tried as a loop over time.
    """
    spellable = spellable_at_entry(function, candidate)
    facts = Facts(hints, spellable)
    facts.may_double, facts.declined = not options.is_swept, declined
    facts.wants_small = options.wants_small
    try:
        return _compile_loop(function, candidate, facts, options, division)
    except RefusalError as error:
        error.considered = facts.considered
        if not (facts.doubles or facts.multiplies):
            raise
    facts = Facts(hints, spellable)
    facts.may_double, facts.may_multiply, facts.declined = False, False, declined
    try:
        return _compile_loop(function, candidate, facts, options, division)
    except RefusalError as error:
        error.considered = facts.considered
        raise


def _compile_loop(
    function: SourceFunction,
    candidate: Candidate,
    facts: Facts,
    options: Options,
    division: Division | None = None,
) -> Compiled:
    builder, nest = read_nest(function, candidate, facts.hints)
    whole = nest
    if division is not None:
        nest = division.divide(nest, facts, names_of(function))
        if find_builtins(function, ("max", "min", "range")) != {"max", "min", "range"}:
            raise Unsupported(Refusal("VEC961", nest.place, "loop kept: max is another's here"))
    entry = set(function.parameters) - names_stored_before(function.node, candidate.reach)
    is_changed = changed_before(function, candidate)
    facts.may_guard, facts.may_skip_nan = options.guarded, options.skips_nan
    facts.known.extend(candidate.known)
    facts.at_most.update(candidate.at_most)
    facts.is_known_at_entry = partial(is_known_at_entry, nest.arrays, entry, is_changed)
    given = set(function.parameters) - names_changed_before(function.node, candidate.written)
    facts.definitions = find_definitions(function, candidate, entry & given, is_changed)
    require_noted(candidate, builder, nest, facts)
    nest, keyed = collapse_keyed(nest)
    facts.needed.extend(keyed)
    nest = collapse_flagged(nest)
    nest, split = split_dimensions(nest, facts, (*builder.data_requirements, *facts.needed))
    temporaries = {split(value): name for value, name in builder.temporaries.items()}
    bounds, statements, dependences = analyse(nest, facts)
    facts.considered = dependences, statements
    check_tried(candidate, nest, statements)
    nest = forget_first_types(nest, statements)
    check_widened(nest, statements)
    escaping = find_escaping(function, candidate, nest)
    origins = find_origins(function, candidate)
    private = find_private(function, candidate, nest)
    around = Surroundings(
        statements, nest.arrays, nest.cells, escaping, origins, nest.live, facts, private
    )
    plan = distribute(statements, dependences, around)
    respected = certify(plan, dependences, statements)
    check_decided(plan)
    check_bounded(plan, nest)
    check_apart(plan, escaping)
    check_objects(candidate, nest, escaping)
    facts.needed.extend(require_updates(nest, statements, facts, find_settled(plan)))
    hoisted = hoist(plan, nest.arrays, temporaries)
    plan = hoisted.plan
    if not options.is_swept and may_be_skewed(plan) and has_extremes(function):
        plan = skew(plan, statements, dependences, facts, names_of(function), bounds.must_run)
    refusal = check_kept(plan, dependences, statements, frozenset(hoisted.arrays))
    if division is not None:
        division.check(plan, nest, isinstance(candidate.written, ast.For))
    nest = replace(
        nest,
        arrays={**nest.arrays, **hoisted.arrays},
        locals=nest.locals | frozenset(hoisted.arrays),
    )
    plan = drop_empty(lift(plan, bounds.over(nest.arrays, nest.locals)))
    own = names_of(function)
    made = candidate.filling.symbols if candidate.filling is not None else frozenset()
    plan = guard_sizes(plan, facts.sizes, nest)
    plan = guard_updates(plan, facts.guards, nest, own - made)
    facts.needed.extend((*require_small_terms(plan), *require_derivable(plan)))
    loops = axes_of(plan, whole, division is not None)
    facts.needed[:] = write_out(facts.needed, plan, loops, nest)
    plan = widen(plan, nest.arrays, facts)
    plan = inline_kept(drop_overwritten(plan), nest.arrays, nest.locals, nest.live)
    plan = name_winners(plan, nest, names_of(function))
    plan = fuse_updates(plan, nest.arrays, arrays_with_grad(plan, nest.arrays))
    plan = find_running_sums(plan)
    plan, padded = pad_reads(plan, nest.arrays, facts, nest.steps)
    nest = replace(nest, arrays={**nest.arrays, **padded})
    named = {n: x for n, x in candidate.environment.items() if isinstance(x, Tensor)}
    arrays = {**named, **nest.arrays}
    known = partial(is_known_at_entry, arrays, given, is_changed)
    has_scan = facts.doubles or facts.multiplies
    elements = find_elements(function, candidate) if has_scan else {}
    as_given = partial(at_entry, arrays, named, origins, elements, known)
    plan = start_from(plan, as_given) if facts.doubles else plan
    growing = arrays_with_grad(plan, nest.arrays)
    check_scans(plan, growing)
    changed_behind = find_changed_behind(function, candidate)
    check_gradient_order(plan, growing, nest.arrays, changed_behind)
    check_unsure(plan, nest.arrays, changed_behind)
    plan, lossy = simplify_plan(plan, dependences, nest.arrays)
    with_grad = arrays_with_grad(plan, nest.arrays)
    plan, codes = apply_rules_to_plan(plan, RULES, with_grad)
    plan = group_sums(plan, nest.arrays, facts)
    context = make_context(function, candidate, nest, facts, options)
    context.with_grad = with_grad
    context.taken |= facts.piece[0]
    if lossy:
        context.round_off("0 + x written as x loses the sign of a zero")
    needed = [*builder.data_requirements, *facts.needed, *require_comparable(plan)]
    needed.extend(require_tame(plan, as_given, context.with_grad))
    needed = [without_margins(requirement, nest.arrays) for requirement in needed]
    context.arrays = arrays
    is_inner = candidate.around is not None
    needed.extend(require_gradients(plan, context.with_grad, nest.arrays, is_inner))
    plan = settle_powers(plan, context.with_grad)
    replaceable = find_replaceable(candidate, nest, plan, facts, context.with_grad)
    names = named_plainly(temporaries)
    written = write_plan(plan, context, replaceable, names, nest)
    records = any(requires_grad(v.statement.store.value, with_grad) for v in vectors(plan))
    if records and division is not None:
        sentence = "loop kept: what is recorded for the gradient takes the memory"
        raise Unsupported(Refusal("VEC961", nest.place, sentence))
    peak = None if records or division else find_peak(written.body, plan, facts.value)
    require_made(written.replaced, nest, facts, candidate)
    used = {v.statement.store.array for v in vectors(plan)} | arrays_read_in(plan)
    sources = {source for name in used & nest.arrays.keys() for source in nest.arrays[name].made_of}
    unused = frozenset(
        name for name in private if name not in used and nest.arrays[name].memory not in sources
    )
    floats = [n for n in written.replaced if category(nest.arrays[n].type.dtype) in _ROUNDED]
    if any(is_passed_on(name, candidate) for name in floats):
        context.round_off("a later operation may add up in the order of the new memory layout")
    changed = {s.store.array for s in statements}
    context.names.clear()
    context.spell = spell_at_entry(candidate, nest.place)
    touched = {tensor.memory for name, tensor in nest.arrays.items() if name in changed}
    touched |= {tensor.name for name, tensor in nest.arrays.items() if name in changed}
    pure = find_pure_definitions(function, candidate, given, touched)
    definitions = {**facts.definitions, **pure}
    changed |= {name for name, tensor in nest.arrays.items() if is_changed(tensor)}
    changed -= pure.keys()
    at_hand = find_math(function)
    guards = guard_data(
        needed, axes_of(plan, whole, division is not None), changed, entry | at_hand, context,
        facts.is_length, given | at_hand, definitions, () if division is None else division.assumed,
    )  # fmt: skip
    report = LoopReport(
        function.place(candidate.node).line,
        "vectorized" if refusal is None else "partial",
        context.exactness,
        (*facts.assumptions, *guards, *assume_bases(plan, context.with_grad, nest.arrays)),
        codes,
        refusal,
        dependences,
        tuple(context.lossy),
        respected,
        tuple(facts.pays),
    )
    new_body = spell_sequences(written.body, context, facts.is_length)
    replacement = Replacement(
        candidate.node, candidate.block, new_body, written.replaced | unused, written.bound,
        context.sums, find_factors(function, candidate, facts), candidate.written,
        find_taken(candidate, builder, written.replaced, context.with_grad), candidate.is_tried,
    )  # fmt: skip
    in_place = set(builder.changed_in_place(candidate.node))
    results = find_results(candidate, nest, with_grad, in_place, facts.guards.keys())
    read = {load.array for s in statements for e in expressions_of(s.store) for load in loads(e)}
    memory = {name: tensor.memory for name, tensor in nest.arrays.items()}
    return Compiled(
        report,
        replacement,
        candidate,
        frozenset(memory[name] for name in read),
        frozenset(memory[s.store.array] for s in statements),
        frozenset(memory[s.store.array] for s in statements if s.store.array not in nest.locals),
        _reads_by_name(statements, nest),
        results,
        tuple(facts.missed),
        find_need(peak, nest, facts, options.memory_limit),
    )


def has_extremes(function: SourceFunction) -> bool:
    """Whether `max` and `min` mean Python's own in the function."""
    return len(find_builtins(function, ("max", "min"))) == 2


def names_of(function: SourceFunction) -> frozenset[str]:
    """Every name that the function uses."""
    used = names_in(function.node)
    return frozenset(used | set(function.parameters))


def analyse(
    nest: Nest, facts: Facts
) -> tuple[Bounds, list[Statement], tuple[Dependence, ...]]:
    """The statements of a nest, checked, and what depends on what."""
    records = any(t.type.requires_grad for t in nest.arrays.values())
    growing = nest.locals if records else frozenset()
    body = if_convert(split_stores(nest.body), nest.arrays)
    body = spread_updates(split_reads(forward_stores(body, growing)), nest.arrays)
    bounds = Bounds(nest.arrays, nest.locals, facts)
    listed = drop_unreached(list_statements(body), facts)
    for statement in listed:
        check_readable(statement)
    statements = drop_touches([bounds.check(s) for s in listed])
    bounds.expect_to_run(statements)
    for statement in statements:
        check_trip_counts(statement, facts, at_least_one=bounds.must_run)
    statements = [canonical_statement(s, facts.canonical) for s in statements]
    return bounds, statements, dependences_of(statements, nest.arrays, facts)


def require_made(
    replaced: AbstractSet[str], nest: Nest, facts: Facts, candidate: Candidate
) -> None:
    """Ask that the tensors could be made whose making goes: ``torch.zeros(n - 1)`` of an `n` of 0.

    Where the code before the loop makes them still, it raises by itself.
    """
    for name in sorted(replaced & nest.arrays.keys()):
        for size in nest.arrays[name].type.shape:
            needed = at_least(size, 0)
            if needed not in candidate.known:
                continue
            facts.known = [k for k in facts.known if k != needed]
            if not facts.assume(needed, f"{name} can be made"):
                sentence = f"loop kept: it is not certain that {name} can be made"
                raise Unsupported(Refusal("VEC904", nest.place, sentence))
            facts.known.append(needed)


def _reads_by_name(
    statements: Sequence[Statement], nest: Nest
) -> dict[str, frozenset[str]]:
    """The memory that is read to set each variable, temporaries on the way included."""
    found: dict[str, set[str]] = {}
    direct: dict[str, set[str]] = {}
    for s in statements:
        reads = {load.array for e in expressions_of(s.store) for load in loads(e)}
        direct.setdefault(s.store.array, set()).update(reads)
    for array in direct:
        queue, seen = [array], {array}
        while queue:
            for read in direct.get(queue.pop(), set()) - seen:
                seen.add(read)
                if read in nest.locals:
                    queue.append(read)
        memory = {nest.arrays[a].memory for a in seen if a not in nest.locals}
        found.setdefault(nest.arrays[array].name, set()).update(memory)
    return {name: frozenset(memory) for name, memory in found.items()}


def axes_of(plan: tuple[Step, ...], nest: Nest, in_pieces: bool) -> list[Loop]:
    """Every loop as the whole plan ranges over it, or else as the nest does.

    Where a range was cut, each part of the plan knows its own piece alone, and what holds there
    says nothing of the others; a loop that is run in pieces ranges over all of them.
    """
    steps = list(vectors(plan))
    loops = {loop.iterator: loop for v in steps for loop in v.axes}
    for loop in loops_of(nest.body):
        if in_pieces or not all(loops.get(loop.iterator) in v.axes for v in steps):
            loops[loop.iterator] = loop
    return list(loops.values())


def read_nest(
    function: SourceFunction,
    candidate: Candidate,
    hints: Mapping[str, int],
    is_watched: bool = False,
) -> tuple[NestBuilder, Nest]:
    """The loop as a nest; over dimensions, where a loop over all elements reads better so.

    What is `is_watched` runs one operation after the other, each looking out for what may go wrong.
    """
    if is_watched:
        return _read(function, candidate, hints, False, is_watched)
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
    function: SourceFunction,
    candidate: Candidate,
    hints: Mapping[str, int],
    delinearise: bool,
    is_watched: bool = False,
) -> tuple[NestBuilder, Nest]:
    """The loop read as often as it takes to know what it carries, and which of that is read on."""
    carrying = Carrying()
    live = find_live_out(function, candidate)
    prepared = Prepared(candidate.node)
    for _ in range(_MOST_READINGS):
        builder = NestBuilder(function, dict(candidate.environment), carrying)
        builder.products, builder.hints = dict(candidate.products), dict(hints)
        builder.delinearise, builder.live = delinearise, live
        builder.is_watched = is_watched
        builder.prepared = prepared
        builder.fill(candidate.filling)
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
    inside = {id(n) for n in walk(candidate.node)}
    own = {
        n.id
        for n in walk(candidate.node)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    taken = {
        n.id for n in walk(function.node) if isinstance(n, ast.Name) and id(n) not in inside
    }
    taken |= {n.id for n in walk(candidate.node) if isinstance(n, ast.Name) and n.id not in own}
    taken |= set(function.parameters)
    device = spell_device(nest.arrays, nest.locals, candidate.block, candidate.node)

    spell = spell_at_loop(function, candidate, nest.place, facts)
    return Context(
        nest.arrays, torch_name, facts.canonical, spell, device, options.inline, taken=taken,
        assume=facts.assume, is_builtin=lambda word: bool(find_builtins(function, (word,))),
        steps=nest.steps, vanishes=facts.vanishes,
    )  # fmt: skip
