"""One file: every scope walked, every loop judged."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from deloop.lint import library
from deloop.lint.body import Append, Body, Loop
from deloop.lint.bugs import Bug, find_bugs, find_call_bugs, find_swaps
from deloop.lint.evidence import infer_parameters
from deloop.lint.flow import Flow
from deloop.lint.header import Header, enter_for
from deloop.lint.judge import Verdict, is_out_of_question, judge
from deloop.lint.kinds import Kind
from deloop.lint.module import ModuleScope, Scope
from deloop.lint.reader import Names, Reader
from deloop.text.trees import walk

Asked = Callable[[ast.AST], bool]
Comprehension = ast.ListComp | ast.GeneratorExp


@dataclass(frozen=True)
class Candidate:
    """A loop (or a comprehension) that is a finding, with all that led to it."""

    node: Loop | Comprehension
    header: Header
    body: Body
    verdict: Verdict
    scope: Scope
    names: Names
    """What is known of the function's parameters."""
    here: Names
    """What is known where the loop begins."""
    module: ModuleScope
    statement: ast.stmt
    """The loop, or the statement that holds the comprehension."""
    outer: ast.stmt
    """The outermost loop around it, or `statement`."""


class Search(Flow):
    """Walks one scope and judges its loops, outermost first."""

    def __init__(
        self, scope: Scope, reader: Reader, is_wanted: Asked, is_made: Asked
    ) -> None:
        super().__init__(scope, reader)
        self.is_wanted = is_wanted
        self.is_made = is_made
        self.found: list[Candidate] = []
        self.bugs: list[Bug] = []
        self.inside = False
        self.entry = dict(reader.names)
        self.around: list[ast.stmt] = []

    def see(self, node: ast.stmt) -> None:
        """Look for mistakes, and for comprehensions that make a tensor of what they collect."""
        self.bugs.extend(find_bugs(node, self.reader))
        if self.is_made(node):
            self.bugs.extend(find_call_bugs(node, self.reader))
        if self.inside or isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            return
        if isinstance(node, (ast.Assign, ast.Return, ast.Expr, ast.AugAssign)) and node.value:
            if not self.is_wanted(node):
                return
            for call in walk(node.value):
                first = call.args[0] if isinstance(call, ast.Call) and call.args else None
                if isinstance(first, (ast.ListComp, ast.GeneratorExp)):
                    assert isinstance(call, ast.Call)
                    self._comprehension(call, first, node)

    def run(self, body: list[ast.stmt]) -> None:
        """Walk a list of statements, and look at those that mean something together."""
        super().run(body)
        self.bugs.extend(find_swaps(body, self.reader))

    def _candidate(
        self,
        node: Loop | Comprehension,
        header: Header,
        body: Body,
        verdict: Verdict,
        statement: ast.stmt,
    ) -> Candidate:
        outer = self.around[0] if self.around else statement
        return Candidate(
            node,
            header,
            body,
            verdict,
            self.scope,
            self.entry,
            dict(self.names),
            self.reader.module,
            statement,
            outer,
        )

    def _comprehension(self, call: ast.Call, node: Comprehension, statement: ast.stmt) -> None:
        name = self.reader.module.dotted(call.func)
        word = name.rpartition(".")[2]
        makes = name.startswith("torch.") and (word in library.JOINERS or word == "tensor")
        if not makes and name not in ("sum", "max", "min", "any", "all"):
            return
        body = Body(self.scope, self.reader)
        headers = [enter_for(g.target, g.iter, body.reader) for g in node.generators]
        for generator in node.generators:
            for test in generator.ifs:
                body.look(test)
        body.look(node.elt)
        kind = body.reader.kind(node.elt)
        body.seen.appends.append(Append(call, "", node.elt, kind))
        loop = ast.copy_location(
            ast.For(node.generators[0].target, node.generators[0].iter, [], []), node
        )
        verdict = judge(loop, headers[0], body, self.scope)
        if verdict is not None:
            self.found.append(self._candidate(node, headers[0], body, verdict, statement))

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        found = None
        if not self.inside and not is_out_of_question(self.header) and self.is_wanted(node):
            found = self._judge(node)
        if found is None:
            self.around.append(node)
            super()._loop(node)
            self.around.pop()
            return
        self.found.append(found)
        if found.verdict.doubts:  # what is inside may be beyond doubt
            self.around.append(node)
            super()._loop(node)
            self.around.pop()
            return
        self.inside = True
        super()._loop(node)
        self.inside = False

    def enter(self, node: ast.For | ast.AsyncFor | ast.While, header: Header) -> None:
        """Remember what the loop goes over, for `_loop`."""
        self.header = header

    def _judge(self, node: Loop) -> Candidate | None:
        header = self.header
        body = Body(self.scope, self.reader)
        if isinstance(node, ast.While):
            body.look(node.test)
        body.run(node.body)
        if header.over == "while":
            header = self._while_header(node, body)
        verdict = judge(node, header, body, self.scope)
        return None if verdict is None else self._candidate(node, header, body, verdict, node)

    def _while_header(self, node: Loop, body: Body) -> Header:
        assert isinstance(node, ast.While)
        names = [n.id for n in walk(node.test) if isinstance(n, ast.Name)]
        counted = any(body.names[n].each for n in names if n in body.names)
        if not counted:
            return Header("other")
        return Header("range", "", ast.unparse(node.test))


def scan_module(
    tree: ast.Module, is_wanted: Asked, is_made: Asked, bugs: list[Bug] | None = None
) -> Iterator[Candidate]:
    """Every candidate of a parsed file, in scopes that `is_wanted`; mistakes go into `bugs`.

    `is_made` says which statements may call what makes tensors.
    """
    module = ModuleScope(tree)
    names: dict[int, dict[str, Kind]] = {}
    for scope in module.scopes:
        outer = names.get(id(scope.outer.node), {}) if scope.outer is not None else {}
        if not is_wanted(scope.node):
            names[id(scope.node)] = outer
            continue
        known = dict(outer)
        if not isinstance(scope.node, ast.Module):
            known.update(infer_parameters(scope, module))
        search = Search(scope, Reader(module, scope.owner, known), is_wanted, is_made)
        search.run(scope.node.body)
        names[id(scope.node)] = search.names
        if bugs is not None:
            bugs.extend(search.bugs)
        yield from search.found
