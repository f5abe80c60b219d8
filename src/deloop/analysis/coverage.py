"""Which tensors a plan fills completely, so that they need not be allocated first."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from deloop.analysis.facts import Facts
from deloop.analysis.fillings import is_list, is_result_used, result_names
from deloop.analysis.scatter import unmasked
from deloop.analysis.statements import domain_of
from deloop.analysis.types import Candidate
from deloop.backend.function import allocation_of
from deloop.backend.scatter import is_count
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, at_least
from deloop.ir.loop import LIST, Nest
from deloop.ir.plan import Serial, Statement, Step, Vector, vectors
from deloop.ir.row_major import fills
from deloop.ir.scalar import requires_grad
from deloop.ir.source import SourceFunction
from deloop.ir.types import Tensor
from deloop.poly.domain import Domain, covers
from deloop.text.liveness import is_read_behind
from deloop.text.names import is_read_only_in, names_in
from deloop.text.trees import walk


def find_replaceable(
    candidate: Candidate,
    nest: Nest,
    plan: tuple[Step, ...],
    facts: Facts,
    with_grad: frozenset[str],
) -> dict[str, bool]:
    """Arrays whose first statement writes every element and which nobody has seen before.

    ``result = torch.zeros_like(x)`` right before a loop that sets all of it needs not be written.
    """
    found: dict[str, bool] = {}
    read: set[str] = set()
    tops = {id(step.statement) for step in plan if isinstance(step, Vector)}
    divided = {
        id(v.statement)
        for step in plan
        if isinstance(step, Serial) and step.loop.chunks is not None
        for v in vectors(step.body)
    }
    for vector in vectors(plan):
        statement = vector.statement
        name = statement.store.array
        tensor = nest.arrays[name]
        if name not in found:
            found[name] = (
                (
                    id(statement) in tops
                    or (id(statement) in divided and tensor.storage.startswith(LIST))
                )
                and not candidate.is_tried
                and name not in read
                and tensor.fresh
                and not tensor.type.requires_grad
                and name.isidentifier()
                and not _is_shared(tensor, candidate)
                and allocation_of(name, candidate.node, candidate.block, candidate.function_body)
                is not None
                and (
                    _covers(statement, nest.arrays, facts)
                    or _numbers_all(vector, nest.arrays, facts)
                    or (tensor.fill == 0 and is_count(vector))
                )
                and not (
                    requires_grad(statement.store.value, with_grad)
                    and any(
                        _is_changed(n, candidate) for n in (name, *result_names(name, candidate))
                    )
                )
            )
        read.update(load.array for load in scalar.loads(statement.store.value))
    return found


_ELEMENTS_ONLY = frozenset(
    {"len", "range", "enumerate", "zip", "size", "dim", "numel", "view", "reshape", "flatten"}
    | {"unsqueeze", "squeeze", "clone", "detach", "tuple", "list", "print", "copy_"}
    | {"zeros_like", "ones_like", "empty_like", "full_like", "new_zeros", "new_ones", "new_empty"}
)
"""Calls that look at sizes or at elements one by one; the order in memory does not show."""


def _last_word(callee: ast.expr) -> str:
    return ast.unparse(callee).rsplit(".", 1)[-1]


def is_passed_on(name: str, candidate: Candidate) -> bool:
    """Whether other code of the function hands the tensor to a call or a matrix product.

    The elements are the same, their order in memory may not be, and sums follow that order.
    """
    if not is_list(name, candidate):
        return _is_handed_over(name, candidate)
    results = result_names(name, candidate)
    return is_result_used(name, candidate) or any(_is_handed_over(n, candidate) for n in results)


def _inside(candidate: Candidate) -> set[int]:
    """The nodes of the loop, as it is read and as it is written, and of what takes its lists."""
    written = candidate.written if isinstance(candidate.written, ast.For) else candidate.node
    uses = candidate.filling.uses if candidate.filling is not None else ()
    return {id(n) for part in (candidate.node, written, *(u.node for u in uses))
            for n in walk(part)}  # fmt: skip


def _is_handed_over(name: str, candidate: Candidate) -> bool:
    inside = _inside(candidate)
    for statement in candidate.function_body:
        for node in walk(statement):
            is_call = isinstance(node, ast.Call) and _last_word(node.func) not in _ELEMENTS_ONLY
            is_product = isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
            names = names_in(node)
            if id(node) not in inside and (is_call or is_product) and name in names:
                return True
    return False


def _is_changed(name: str, candidate: Candidate) -> bool:
    """Whether other code of the function changes the tensor in place.

    A new tensor may be what the backward pass saved (``exp`` keeps its result); one that was filled
    element by element is not.
    """
    inside = _inside(candidate)
    for statement in candidate.function_body:
        for node in walk(statement):
            if id(node) in inside:
                continue
            target: ast.expr | None = None
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
                target = node.value
            elif isinstance(node, ast.AugAssign):
                target = node.target
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                target = node.func.value if node.func.attr.endswith("_") else None
            if target is not None and any(
                isinstance(n, ast.Name) and n.id == name for n in walk(target)
            ):
                return True
    return False


def find_private(function: SourceFunction, candidate: Candidate, nest: Nest) -> frozenset[str]:
    """Tensors made right before the loop that nobody looks at behind it.

    ``s = torch.zeros(m)`` that the loop adds up in place, to store it elsewhere.
    """
    node, block, body = candidate.node, candidate.block, candidate.function_body
    return frozenset(
        name
        for name, tensor in nest.arrays.items()
        if tensor.fresh
        and name.isidentifier()
        and tensor.name == name
        and not _is_shared(tensor, candidate)
        and allocation_of(name, node, block, body) is not None
        and not is_read_behind(name, candidate.written, function.node)
    )


def _is_shared(tensor: Tensor, candidate: Candidate) -> bool:
    """Whether another name, that is read elsewhere than in the loop, holds the tensor or a part."""
    return any(
        key != tensor.name
        and getattr(getattr(item, "tensor", item), "storage", None) == tensor.storage
        and not is_read_only_in(key, candidate.node, candidate.function_body)
        for key, item in candidate.environment.items()
    )


def _covers(statement: Statement, arrays: Mapping[str, Tensor], facts: Facts) -> bool:
    store = statement.store
    if not all(isinstance(s, Affine) for s in store.subscripts):
        return False
    subscripts = tuple(facts.canonical(s) for s in store.subscripts if isinstance(s, Affine))
    shape = tuple(facts.canonical(s) for s in arrays[store.array].type.shape)
    domain = domain_of(statement)
    canonical = tuple(Constraint(facts.canonical(c.expression), c.sign) for c in domain.constraints)
    symbols = {s for c in canonical for s in c.expression.symbols} | {
        s for x in shape for s in x.symbols
    }
    parameters = sorted(symbols - set(domain.iterators))
    known = (*facts.context(parameters), *_counts(statement, facts))
    return covers(Domain(domain.iterators, canonical), subscripts, shape, known)


def _numbers_all(vector: Vector, arrays: Mapping[str, Tensor], facts: Facts) -> bool:
    """Whether a store goes to all elements one behind another: ``out[i * m + j] = …``."""
    statement, found = vector.statement, vector.accumulation
    store, shape = statement.store, arrays[vector.statement.store.array].type.shape
    if found is None or found.kind != "only" or unmasked(store.value)[0] is not None:
        return False
    if len(shape) != 1 or vector.level:
        return False
    index = store.subscripts[0]
    sizes = facts.canonical(shape[0])
    return not isinstance(index, Affine) and fills(
        index, statement.loops, sizes, (*store.guards, *statement.domain)
    )


def _counts(statement: Statement, facts: Facts) -> list[Constraint]:
    """What the trip counts of loops with a step are: ``n <= 2 * ((n + 1) // 2) <= n + 1``."""
    found: list[Constraint] = []
    for loop in statement.loops:
        if loop.span is not None and loop.upper.terms:
            steps, span = loop.upper * loop.stride, loop.span
            for bound in (steps - span, span + (loop.stride - 1) - steps):
                found.append(at_least(facts.canonical(bound), 0))
    return found
