"""One compilation for one call's arguments, and the function that comes of it."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any

from deloop.decorator.backends import choose_backend
from deloop.decorator.build import build_function, import_names
from deloop.decorator.cheapen import cheapen, join_bounds
from deloop.decorator.describe import Constants, Description, OutOfScope
from deloop.decorator.dispatch import Specialisation, build_selection
from deloop.decorator.earlier import Earlier, Seen
from deloop.decorator.environment import find_hindrance
from deloop.decorator.functions import find_source, parse_callable
from deloop.decorator.kernels import CompiledLoop, choose_kernel, compile_loops
from deloop.decorator.magnitudes import bounded
from deloop.decorator.merge import merge_shape_tests
from deloop.decorator.overlap import find_overlap_assumptions
from deloop.decorator.pytorch import torch
from deloop.diagnostic import Assumption, Exactness, Place, Refusal
from deloop.dtype import category
from deloop.errors import RefusalError
from deloop.pipeline import Compilation, LoopReport, Options, compile_function


class Subject:
    """A readable function together with what is compared with in its guards."""

    def __init__(
        self, function: FunctionType, options: Options, backend: str = "eager"
    ) -> None:
        self.function = function
        self.backend = backend
        self.options = options
        self.signature = inspect.signature(function, follow_wrapped=False)
        self.constants = Constants()
        self.earlier: Earlier | None = None

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> inspect.BoundArguments:
        """Arguments by parameter, defaults filled in; raises `TypeError` where they do not fit."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound

    @property
    def names(self) -> dict[str, Any]:
        """What guards use beside the function's own names: ``torch`` unless it is a parameter."""
        torch_name = {} if "torch" in self.signature.parameters else {"torch": torch}
        return {**torch_name, **self.constants.values}


def compile_call(
    subject: Subject, bound: inspect.BoundArguments
) -> tuple[Compilation, Description]:
    """The compilation for these arguments, and what was seen of them by its end.

    A refusal that the compiler raises becomes a compilation that keeps the loop. Raises
    `OutOfScope` where only the original function can answer.
    """
    description = Description(subject.constants, subject.function)
    hindrance = find_hindrance()
    if hindrance is not None:
        raise OutOfScope(hindrance)
    description.describe_arguments(bound.arguments)
    seen, earlier = Seen.of(description), subject.earlier
    if earlier is not None and earlier.fits(seen, bound, subject.names):
        try:
            known = earlier.description
            return compile_met(subject, bound, known, earlier.found.__getitem__), known
        except KeyError:  # these values ask for what those did not
            pass
    parsed = parse_callable(subject.function, description.resolve)
    if parsed is None:
        raise OutOfScope("the source of the function does not parse")
    done: dict[Options, Compilation] = {}

    def compile_with(options: Options) -> Compilation:
        found = compile_function(parsed, description.values, description.hints, options)
        done[options] = found if found.status == "kept" else assume_memory(found, description)
        return done[options]

    try:
        found = compile_met(subject, bound, description, compile_with)
        subject.earlier = Earlier.of(seen, description, done)
    except RefusalError as error:
        found = keep_function(parsed.text, error.refusal)
    return found, description


def compile_met(
    subject: Subject,
    bound: inspect.BoundArguments,
    description: Description,
    compile_with: Callable[[Options], Compilation],
) -> Compilation:
    """The compilation whose assumptions these arguments meet, where another does so."""
    found = compile_with(subject.options)
    for skips_nan in (False, True):
        unmet = find_unmet_assumption(subject, found, bound, description)
        if unmet is None or not unmet.avoidable:
            break
        again = compile_with(replace(subject.options, guarded=True, skips_nan=skips_nan))
        found = again if again.status == found.status else found
    return found


def assume_memory(compilation: Compilation, description: Description) -> Compilation:
    """The compilation with what it assumes of its arguments' memory."""
    found = find_overlap_assumptions(compilation.source, description.tensor_values)
    loops = tuple(
        loop if loop.status == "kept" else replace(loop, assumptions=loop.assumptions + found)
        for loop in compilation.loops
    )
    return replace(compilation, loops=loops, assumptions=compilation.assumptions + found)


def find_unmet_assumption(
    subject: Subject,
    compilation: Compilation,
    bound: inspect.BoundArguments,
    description: Description,
) -> Assumption | None:
    """The first assumption that does not hold for these very arguments."""

    def holds(assumptions: Sequence[Assumption]) -> bool:
        tests = spell_tests(assumptions, compilation, description)
        trial = Specialisation(tests, subject.function)
        select = build_selection(subject.function, subject.signature, [trial], subject.names)
        return select(*bound.args, **bound.kwargs) is not None

    assumptions = compilation.assumptions
    if holds(assumptions):  # one function for all of them is quicker made
        return None
    return next((a for a in assumptions if not holds([a])), None)


def spell_tests(
    assumptions: Iterable[Assumption], compilation: Compilation, description: Description
) -> tuple[str, ...]:
    """The guards in the form that costs least; those that one bound settles ask for it once.

    Where the loop is run in pieces for its memory, what would look at all of it at once is not
    asked: the bound decides alone.
    """
    seen = description.tensor_values
    dtypes = {path: tensor.type.dtype for path, tensor in seen.items()}
    unordered = {path for path, dtype in dtypes.items() if category(dtype) == "complex"}
    in_pieces = any(loop.memory for loop in compilation.loops)
    plain: list[str] = []
    settled: dict[str, list[str]] = {}
    for guard in join_bounds(list(dict.fromkeys(a.guard for a in assumptions))):
        test = f"({cheapen(guard, unordered)})"
        enough = bounded(guard, dtypes)
        if enough is None:
            plain.append(test)
        else:
            settled.setdefault(enough, []).append(test)
    for enough, tests in settled.items():
        plain.append(enough if in_pieces else f"({enough} or {' and '.join(tests)})")
    return tuple(plain)


def explain_call(subject: Subject, bound: inspect.BoundArguments) -> Compilation:
    """What a call with these arguments runs; raises `OutOfScope`."""
    compilation, description = compile_call(subject, bound)
    unmet = find_unmet_assumption(subject, compilation, bound, description)
    if unmet is None:
        return compilation
    sentence = f"for these arguments it does not hold that {unmet.sentence}"
    refusal = refuse(subject.function, "VEC907", sentence)
    return keep_function(read_text(subject.function), replace(refusal, evidence=unmet.reason))


def keep_function(text: str, refusal: Refusal) -> Compilation:
    """The compilation that leaves a whole function alone."""
    loop = LoopReport(
        refusal.place.line, "kept", Exactness.BITWISE, assumptions=(), rules=(), refusal=refusal
    )
    return Compilation("kept", text, (loop,), assumptions=(), imports=())


def specialise(
    subject: Subject, bound: inspect.BoundArguments, on_refusal: str
) -> tuple[Specialisation, Specialisation]:
    """The answer for arguments of this kind, and the one that keeps the loop for them."""
    compilation, description = compile_call(subject, bound)
    subject.earlier = None  # it is for `explain` and then a call; what is compiled is remembered
    kind = tuple(description.tests)
    others = tuple(f"not ({size.guard})" for size in compilation.declined)
    kept = Specialisation(
        (*kind, *find_order_tests(description.hints), *others),
        choose_kept(subject.function, compilation, on_refusal),
        kept=True,
    )
    if compilation.status == "kept":
        return kept, kept
    if on_refusal == "raise" and compilation.status == "partial":
        return kept, kept
    needed = list(compilation.assumptions)
    if subject.options.keeps_small:
        needed += [size for loop in compilation.loops for size in loop.pays]
    needed += [size for loop in compilation.loops for size in loop.fits]
    assumed = (*spell_tests(needed, compilation, description), *others)
    ranks = {path: tensor.type.rank for path, tensor in description.tensor_values.items()}
    function, loops = build_rewrite(subject, compilation)
    exactness = compilation.exactness
    if loops and subject.backend == "auto":
        plain = specialise_without_kernels(subject, bound)
        assumed = (*assumed, *(test for test in plain.tests if test not in kind))
        chosen: Callable[..., Any] = choose_kernel(plain.function, function, loops)
        exactness = exactness & plain.exactness
    else:
        chosen = choose_backend(function, compilation.source, subject.backend)
        exactness = exactness if chosen is function else Exactness.ROUNDING
    tests = merge_shape_tests((*kind, *assumed), ranks)
    return Specialisation(tests, chosen, exactness=exactness), kept


def build_rewrite(
    subject: Subject, compilation: Compilation
) -> tuple[Callable[..., Any], tuple[CompiledLoop, ...]]:
    """The function that a compilation's source defines, and the compiled loops that it calls."""
    loops = compile_loops(compilation.kernels)
    function = build_function(
        subject.function,
        compilation.source,
        {**import_names(compilation.imports), **loops},
        f"vectorized {subject.function.__name__}",
    )
    return function, tuple(loops.values())


def specialise_without_kernels(
    subject: Subject, bound: inspect.BoundArguments
) -> Specialisation:
    """What runs as long as a kernel does not pay."""
    options = replace(subject.options, kernels="")
    plain = Subject(subject.function, options)
    plain.constants = subject.constants
    return specialise(plain, bound, "keep")[0]


def find_order_tests(hints: Mapping[str, int]) -> tuple[str, ...]:
    """How sizes and integers compare with each other and with 0 and 1.

    ``{"x.shape[0]": 5, "n": 5}  ->  ("1 < n", "n == x.shape[0]")``

    Why a loop is kept may depend on sizes (an empty one, two that differ): the answer is remembered
    for sizes in the same order only.
    """
    ordered = sorted({**hints, "0": 0, "1": 1}.items(), key=lambda pair: (pair[1], pair[0]))
    return tuple(
        f"{left} {'==' if value == following else '<'} {right}"
        for (left, value), (right, following) in itertools.pairwise(ordered)
        if (left, right) != ("0", "1")
    )


def choose_kept(
    function: FunctionType, compilation: Compilation, on_refusal: str
) -> Callable[..., Any]:
    """What a kept signature runs: the original, or what raises the first refusal."""
    refusals = [loop.refusal for loop in compilation.loops if loop.refusal is not None]
    if on_refusal == "raise" and refusals:
        return raising(refusals[0])
    return function


def raising(refusal: Refusal) -> Callable[..., Any]:
    """A function of any arguments that raises the refusal."""

    def refuse_call(*args: Any, **kwargs: Any) -> Any:
        raise RefusalError(refusal)

    return refuse_call


def refuse(function: Callable[..., Any], code: str, sentence: str) -> Refusal:
    """A refusal about a whole function, at its first line."""
    body = getattr(function, "__code__", None)
    file, line = (body.co_filename, body.co_firstlineno) if body else (f"<{function!r}>", 1)
    return Refusal(code, Place(file, line, 1), sentence)


def read_text(function: FunctionType) -> str:
    """The function's text as it stands, empty where there is none."""
    found = find_source(function)
    return found[0] if found else ""
