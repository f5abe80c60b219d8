"""One file's text to findings."""

from __future__ import annotations

import ast
import bisect
import codecs
import importlib
import re
import textwrap
import warnings
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from deloop.config import Config
from deloop.diagnostic import Place
from deloop.lint.bugs import Bug
from deloop.lint.codes import WITH_FORM
from deloop.lint.edit import split_lines
from deloop.lint.facts import NO_FACTS, Facts, key_of
from deloop.lint.finding import Finding, Fix, is_thrifty, leave_out_nested
from deloop.lint.noqa import find_silenced_file, is_silenced
from deloop.lint.scan import Candidate, scan_module
from deloop.lint.suspect import cut, find_made, find_suspects
from deloop.lint.words import describe, describe_cost

# The compiler is loaded by name once a loop is worth it: without one, a check starts in no time.
_COMPILER = "deloop.lint.propose"
_CUT = "deloop.lint.piece"
_RECORDED = "deloop.lint.recorded"

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")

LONGEST_FUNCTION = 60
"""Lines; of longer functions, the loop alone is tried to see whether there is a form."""

LONGEST_FIXED = 150
"""Lines; in longer functions, each loop is rewritten alone: the compiler runs many times."""

MOST_BYTES = 8_000_000
"""Larger files are data, and left alone with one line."""


@dataclass(frozen=True)
class Problem:
    """Why a file could not be checked, in one line; `passing` where it may go well next time."""

    place: Place
    sentence: str
    passing: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


@dataclass(frozen=True)
class Result:
    """What came of one file."""

    file: str
    findings: tuple[Finding, ...] = ()
    problem: Problem | None = None
    fixes: tuple[Fix, ...] = field(default=(), compare=False)
    digest: str = field(default="", compare=False)
    """What the file was, where it has fixes."""


def parse(data: bytes, file: str) -> ast.Module | Problem:
    """The tree of a file, or why there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data, file)
    except SyntaxError as error:
        place = Place(file, error.lineno or 1, error.offset or 1)
        return Problem(place, f"cannot be parsed: {error.msg}")
    except (ValueError, LookupError) as error:
        return Problem(Place(file, 1, 1), f"cannot be parsed: {error}")
    except (RecursionError, MemoryError):
        return Problem(Place(file, 1, 1), "cannot be parsed: it is nested too deeply")


def find_candidates(
    data: bytes, file: str, bugs: list[Bug] | None = None
) -> tuple[list[Candidate], Problem | None]:
    """The loops of a file that are findings, doubtful ones included; mistakes go into `bugs`."""
    if len(data) > MOST_BYTES:
        return [], Problem(Place(file, 1, 1), f"is left out: it has {len(data):,} bytes")
    suspects = find_suspects(data)
    if not suspects:
        return [], None

    is_made = partial(_holds, find_made(data))
    try:
        rest = parse(cut(data, suspects), file)
        seen: list[Bug] = []
        if not isinstance(rest, Problem):
            found = list(scan_module(rest, partial(_holds, suspects), is_made, seen))
            if not found and not seen:
                return [], None
        tree = parse(data, file)
        if isinstance(tree, Problem):
            return [], tree
        return list(scan_module(tree, partial(_holds, suspects), is_made, bugs)), None
    except RecursionError:
        return [], Problem(Place(file, 1, 1), "cannot be checked: it is nested too deeply")


def _holds(lines: list[int], node: ast.AST) -> bool:
    """Whether one of the lines is among a node's; they are in order."""
    if isinstance(node, ast.Module):
        return True
    first, last = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1)
    place = bisect.bisect_left(lines, first)
    return place < len(lines) and lines[place] <= last


def check_bytes(
    data: bytes, file: str, config: Config, *, thorough: bool = False, facts: Facts = NO_FACTS
) -> Result:
    """The findings in a file's bytes that the settings ask for.

    With `thorough`, each comes with all that its fix would assume. `facts` are what a recorded run
    has told of the loops.
    """
    bugs: list[Bug] = []
    candidates, problem = find_candidates(data, file, bugs)
    if problem is not None or not (candidates or bugs):
        return Result(file, (), problem)
    lines = read_lines(data)
    text = "\n".join(lines)
    findings = list(dict.fromkeys(_tell_bug(bug, file, lines) for bug in bugs))
    fixes: list[Fix] = []
    for group in _by_scope(candidates):
        asked = [c for c in group if _is_asked(c, lines, config)]
        if asked:
            found, changes = _judge_group(asked, file, lines, facts, thorough=thorough)
            findings.extend(found)
            fixes.extend(changes)
    return Result(file, tuple(select(findings, text, lines, config)), fixes=tuple(fixes))


def read_lines(data: bytes) -> list[str]:
    """A file's lines without their ends, numbered as Python numbers them."""
    encoding = find_encoding(data)
    bare = data.removeprefix(codecs.BOM_UTF8)
    return [line.rstrip(b"\r\n").decode(encoding, "replace") for line in split_lines(bare)]


def find_encoding(data: bytes) -> str:
    """What the first two lines declare, UTF-8 where they do not."""
    for line in data.split(b"\n", 2)[:2]:
        found = _COOKIE.match(line)
        if found is not None:
            try:
                return codecs.lookup(found.group(1).decode()).name
            except LookupError:
                break
    return "utf-8"


def _by_scope(candidates: list[Candidate]) -> list[list[Candidate]]:
    groups: dict[int, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(id(candidate.scope), []).append(candidate)
    return list(groups.values())


def _is_asked(candidate: Candidate, lines: list[str], config: Config) -> bool:
    """Whether any code that the loop may get is selected and not silenced."""
    codes = (WITH_FORM[candidate.verdict.sink], "VEC301", "VEC302", "VEC303")
    line = lines[candidate.node.lineno - 1]
    return any(config.wants(c) and not is_silenced(c, line) for c in codes)


def _judge_group(
    group: list[Candidate], file: str, lines: list[str], facts: Facts, *, thorough: bool
) -> tuple[list[Finding], list[Fix]]:
    """The findings of one function, and the fixes of those with a tensor form.

    For a fix, the whole function is shown to the compiler, which then can leave out what only the
    loop needed; then each loop that has no form yet, alone. To see whether there is a form, the
    loop alone does in most cases.
    """
    if not thorough:
        return [_time(c, _find_quickly(c, file, lines), facts) for c in group], []
    cut = importlib.import_module(_CUT)
    first = group[0]
    wanted = frozenset(c.outer.lineno for c in group)
    whole = None
    if isinstance(first.scope.node, ast.Module) or _length(first.scope.node) <= LONGEST_FIXED:
        piece = cut.cut_whole(first.module, first.scope, first.names, wanted, lines)
        whole = _propose(piece, file, group, facts)
    findings: list[Finding] = []
    fixes: list[Fix] = []
    alone: list[Candidate] = []
    for candidate in group:
        if whole is not None and _find_form(candidate, whole, lines):
            finding = _make_finding(candidate, whole, candidate.outer, file, lines, True)
            findings.append(_time(candidate, finding, facts))
        else:
            alone.append(candidate)
    if whole is not None and findings:
        fixes.append(_make_fix(whole, findings))
    for candidate in alone:
        piece = cut.cut_loop(
            candidate.module, candidate.scope, candidate.here, candidate.statement, lines
        )
        found = _propose(piece, file, [candidate], facts)
        finding = _make_finding(candidate, found, candidate.statement, file, lines, True)
        findings.append(_time(candidate, finding, facts))
        if finding.becomes and not any(_overlap(found, fix) for fix in fixes):
            fixes.append(_make_fix(found, [finding]))
    return findings, fixes


def _propose(piece: Any, file: str, group: list[Candidate], facts: Facts) -> Any:
    """What a piece becomes, by what was recorded of its loops where all of them were."""
    if piece is None:
        return None
    known = [facts[key] for c in group if (key := key_of(c)) in facts] if facts else []
    if known and len(known) == len(group):
        return importlib.import_module(_RECORDED).propose_recorded(piece, file, known)
    return importlib.import_module(_COMPILER).propose(piece, file, thorough=True)


def _time(candidate: Candidate, finding: Finding, facts: Facts) -> Finding:
    """A finding with the time that a recorded run has spent in its loop."""
    known = facts.get(key_of(candidate)) if facts else None
    return finding if known is None else replace(finding, seconds=known.seconds)


def _find_quickly(candidate: Candidate, file: str, lines: list[str]) -> Finding:
    """The finding alone, with the first tensor form that comes up."""
    compiler = importlib.import_module(_COMPILER)
    cut = importlib.import_module(_CUT)
    module, scope = candidate.module, candidate.scope

    def find_alone() -> Finding:
        piece = cut.cut_loop(module, scope, candidate.here, candidate.statement, lines)
        found = compiler.propose(piece, file) if piece is not None else None
        return _make_finding(candidate, found, candidate.statement, file, lines)

    def find_whole() -> Finding | None:
        wanted = frozenset({candidate.outer.lineno})
        piece = cut.cut_whole(module, scope, candidate.names, wanted, lines)
        found = compiler.propose(piece, file) if piece is not None else None
        if found is None:
            return None
        return _make_finding(candidate, found, candidate.outer, file, lines)

    if isinstance(scope.node, ast.Module):
        whole = find_whole()  # what stands before a loop of a script tells the most
        return whole if whole is not None and whole.becomes else find_alone()
    alone = find_alone()
    if alone.becomes or _length(scope.node) > LONGEST_FUNCTION:
        return alone
    whole = find_whole()
    return whole if whole is not None and whole.becomes else alone


def _tell_bug(bug: Bug, file: str, lines: list[str]) -> Finding:
    place = Place(file, bug.node.lineno, _column(bug.node, lines))
    return Finding(bug.code, place, bug.node.end_lineno or bug.node.lineno, bug.message, bug.cost)


def _column(node: ast.stmt | ast.expr, lines: list[str]) -> int:
    """Where a node begins, in characters from 1."""
    head = lines[node.lineno - 1].encode()[: node.col_offset]
    return len(head.decode("utf-8", "replace")) + 1


def _length(node: ast.stmt) -> int:
    return (node.end_lineno or 0) - node.lineno + 1


def _make_fix(proposal: Any, findings: list[Finding]) -> Fix:
    return Fix(
        frozenset(f.place.line for f in findings),
        proposal.edits,
        proposal.assumptions,
        proposal.imports,
        proposal.exactness.value,
        proposal.certain,
        proposal.recorded,
    )


def _overlap(proposal: Any, fix: Fix) -> bool:
    """Whether two changes meet in some line."""
    return any(
        mine.first <= other.last and other.first <= mine.last
        for mine in proposal.edits
        for other in fix.edits
    )


def _make_finding(
    candidate: Candidate,
    proposal: Any,
    compiled: ast.stmt,
    file: str,
    lines: list[str],
    thorough: bool = False,
) -> Finding:
    """A candidate in words, with what it becomes or why it stays."""
    node, verdict = candidate.node, candidate.verdict
    report = proposal.status.get(compiled.lineno) if proposal is not None else None
    becomes = _find_form(candidate, proposal, lines) if report is not None else ""
    has_form = bool(becomes)
    seen = candidate.body.seen
    code = WITH_FORM[verdict.sink]
    reason = ""
    if not has_form:
        code = "VEC302" if verdict.sink == "grow" else "VEC301" if seen.syncs else "VEC303"
        refusal = report.refusal if report is not None else None
        reason = refusal.sentence.removeprefix("loop kept: ") if refusal is not None else ""
        reason = "; ".join(verdict.doubts) or reason.split("\n")[0]
    return Finding(
        code=code,
        place=Place(file, node.lineno, _column(node, lines)),
        end=node.end_lineno or node.lineno,
        message=describe(candidate),
        cost=describe_cost(candidate, becomes=becomes),
        becomes=becomes,
        evidence=(verdict.why,) if verdict.why else (),
        assumptions=proposal.assumptions if has_form else (),
        reason=reason,
        strict=is_thrifty(lines[max(node.lineno - 3, 0) : node.lineno])
        or (bool(verdict.doubts) and (not has_form or verdict.weak)),
        function=candidate.scope.name,
        certificate=report.certificate if thorough and report is not None else None,
    )


def _find_form(candidate: Candidate, proposal: Any, lines: list[str]) -> str:
    """The source that stands in a loop's place, empty where the loop still stands."""
    header = lines[candidate.node.lineno - 1].strip()
    first, last = candidate.node.lineno - 1, candidate.node.end_lineno or 0
    touched = [e for e in proposal.edits if e.first < last and e.last > first]
    new = [line for e in touched for line in e.new]
    covers = any(e.first <= first < e.last for e in touched)
    if not covers or any(line.strip() == header for line in new):
        return ""
    behind = [e for e in proposal.edits if e.first >= last and e.first <= last + 3]
    if not new:  # the value is written where it is used
        new = [line for e in behind for line in e.new]
    return textwrap.dedent("\n".join(new)).strip("\n")


def select(
    findings: list[Finding], text: str, lines: list[str], config: Config
) -> list[Finding]:
    """The findings that are asked for and that no comment silences, in the order of the file."""
    silenced = find_silenced_file(text) if "ignore-file" in text else ()
    kept = [
        f
        for f in findings
        if (config.strict or not f.strict)
        and config.wants(f.code)
        and not f.code.startswith(tuple(silenced))
        and not is_silenced(f.code, lines[f.place.line - 1])
    ]
    kept.sort(key=lambda f: (f.place.line, f.place.column, f.code))
    return leave_out_nested(kept)
