"""Random programs behave as their loops, and those found to differ once never do again."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from .carried import generate_carried
from .check import check_program
from .families import FAMILIES
from .generator import Program, generate_program
from .runner import run_seeds, summarize
from .shrink import shrink_program

PROGRAMS = 150
CARRIED_PROGRAMS = 60
INDEXED_PROGRAMS = 60
KERNEL_PROGRAMS = 20
# How much of the carried programs without a serial cycle must become tensor operations altogether.
CARRIED_SHARE = 0.35
REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*.py"))


def load_regression(path: Path) -> Program:
    """A program file of `regressions/` as a `Program`: its argument functions cut off."""
    tree = ast.parse(path.read_text())
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    arguments = [n for n in functions if n.name.startswith("arguments_")]
    rest = [n for n in tree.body if n not in arguments]
    source = ast.unparse(ast.Module(rest[:-1], []))
    return Program(0, source + "\n", tuple(ast.unparse(n) + "\n" for n in arguments))


@pytest.mark.slow
def test_random_programs_do_not_differ_from_their_loops() -> None:
    verdicts = list(run_seeds(range(PROGRAMS), jobs=1))
    summary = summarize(verdicts, 0.0)
    found = {v.seed: v.differences for v in verdicts if v.differences}
    failed = {v.seed: v.failure for v in verdicts if v.failure}
    assert (found, failed) == ({}, {})
    parallel = [v for v in verdicts if v.parallel]
    assert len(parallel) > PROGRAMS * 0.4
    vectorized = [v for v in parallel if v.status == "vectorized"]
    assert len(vectorized) >= 0.7 * len(parallel), summary["parallel_refusals"]


@pytest.mark.slow
@pytest.mark.parametrize("family", ["carried", "indexed"])
def test_random_programs_as_kernels_do_not_differ_from_their_loops(family: str) -> None:
    verdicts = list(run_seeds(range(KERNEL_PROGRAMS), jobs=1, family=family, backend="numba"))
    found = {v.seed: v.differences for v in verdicts if v.differences}
    failed = {v.seed: v.failure for v in verdicts if v.failure}
    assert (found, failed) == ({}, {})
    assert sum(v.status == "compiled" for v in verdicts) >= 0.2 * len(verdicts)


@pytest.mark.slow
def test_random_carried_programs_do_not_differ_from_their_loops() -> None:
    verdicts = list(run_seeds(range(CARRIED_PROGRAMS), jobs=1, family="carried"))
    summary = summarize(verdicts, 0.0)
    found = {v.seed: v.differences for v in verdicts if v.differences}
    failed = {v.seed: v.failure for v in verdicts if v.failure}
    assert (found, failed) == ({}, {})
    recognised = [v for v in verdicts if v.parallel]
    assert len(recognised) > CARRIED_PROGRAMS * 0.4
    vectorized = [v for v in recognised if v.status == "vectorized"]
    assert len(vectorized) >= CARRIED_SHARE * len(recognised), summary["parallel_refusals"]


@pytest.mark.slow
def test_random_indexed_programs_do_not_differ_from_their_loops() -> None:
    verdicts = list(run_seeds(range(INDEXED_PROGRAMS), jobs=1, family="indexed"))
    found = {v.seed: v.differences for v in verdicts if v.differences}
    failed = {v.seed: v.failure for v in verdicts if v.failure}
    assert (found, failed) == ({}, {})
    vectorized = [v for v in verdicts if v.status == "vectorized"]
    assert len(vectorized) >= 0.5 * len(verdicts), summarize(verdicts, 0.0)["parallel_refusals"]


@pytest.mark.parametrize("path", REGRESSIONS, ids=lambda path: path.stem)
def test_program_that_differed_once_agrees_with_its_loop(path: Path) -> None:
    verdict = check_program(load_regression(path), second_gradients=True)
    assert verdict.differences == []
    assert verdict.failure == ""


@pytest.mark.parametrize("generate", FAMILIES.values(), ids=FAMILIES)
def test_same_seed_gives_the_same_program(generate: Callable[[int], Program]) -> None:
    first, second = generate(7), generate(7)
    assert first is not second
    assert (first.source, first.arguments) == (second.source, second.arguments)
    assert first.source != generate(8).source


@pytest.mark.parametrize("generate", FAMILIES.values(), ids=FAMILIES)
def test_most_programs_return_for_their_first_arguments(
    generate: Callable[[int], Program],
) -> None:
    returned = 0
    for seed in range(100):
        program = generate(seed)
        function = program.load()
        try:
            function(*program.make_arguments(0))
            returned += 1
        except Exception as error:
            assert isinstance(
                error,
                (
                    TypeError,
                    ValueError,
                    RuntimeError,
                    LookupError,
                    NameError,
                    ArithmeticError,
                    AttributeError,
                ),
            )
    assert returned >= 85


def test_carried_programs_know_their_serial_cycles() -> None:
    programs = [generate_carried(seed) for seed in range(200)]
    for program in programs:
        assert program.parallel == (not program.carried and not program.hard)
    made = {name for program in programs for name in program.description}
    wanted = {"reduction_sum", "scan", "arg_search", "linear_recurrence", "while", "exit_break"}
    assert wanted | {"list_append", "triangular", "stencil_in_place", "contraction"} <= made
    assert {"stencil_in_place", "nonlinear_recurrence"} & {c for p in programs for c in p.carried}


def test_shrinking_keeps_only_what_fails() -> None:
    program = next(
        p for p in map(generate_program, range(200)) if "torch.where(" in p.source and p.parallel
    )

    def fails(candidate: Program) -> bool:
        candidate.load()
        return "torch.where(" in candidate.source

    small = shrink_program(program, fails, seconds=5.0)
    assert "torch.where(" in small.source
    assert len(small.source) < len(program.source)
    assert len(small.arguments) == 1


def test_shrinking_unwraps_loops_that_do_not_matter() -> None:
    program = next(p for p in map(generate_carried, range(200)) if p.source.count("for ") > 1)

    def fails(candidate: Program) -> bool:
        candidate.load()
        return "range(" in candidate.source

    small = shrink_program(program, fails, seconds=5.0)
    assert small.source.count("for ") <= 1
