"""Tensors of other kinds, tracers, threads: always the loop's answer, or the loop's exception."""

from __future__ import annotations

import abc
import copy
import dataclasses
import functools
import inspect
import io
import os
import pickle
import pydoc
import subprocess
import sys
import threading
import typing
import warnings
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import deloop
from deloop.decorator import DeloopWarning
from deloop.decorator.vectorized import BoundVectorized
from deloop.verification.compare import find_differences

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")


def scale(x: Any, y: Any) -> Any:
    """Scales and adds."""
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] + y[i] * 2
    return out


def total(x: Any, y: Any) -> Any:
    result = 0.0
    for i in range(len(x)):
        result = result + x[i]
    return result


def double_in_place(x: Any, y: Any) -> Any:
    for i in range(len(x)):
        x[i] = x[i] * 2
    return x


class Plain(torch.Tensor):
    """A subclass without operators of its own."""


class Counted(torch.Tensor):
    """A subclass that sees every operator."""

    seen: typing.ClassVar[list[str]] = []

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        cls.seen.append(getattr(func, "__name__", str(func)))
        return super().__torch_function__(func, types, args, kwargs or {})


class Wrapped(torch.Tensor):
    """A tensor around another one, dispatched in Python."""

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner: torch.Tensor) -> Any:
        made = torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype)
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        def strip(value: Any) -> Any:
            return value.inner if isinstance(value, Wrapped) else value

        found = func(*map(strip, args), **{k: strip(v) for k, v in (kwargs or {}).items()})
        return Wrapped(found) if isinstance(found, torch.Tensor) else found


class OwnParameter(torch.nn.Parameter):
    """A parameter of a class of one's own."""


def x() -> Any:
    return torch.arange(6.0).reshape(3, 2) - 2


def made_in_inference() -> Any:
    with torch.inference_mode():
        return x() + 0


def quantised() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.quantize_per_tensor(x(), 0.1, 3, torch.qint8)


KINDS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "subclass": lambda: (x().as_subclass(Plain), x()),
    "subclass second": lambda: (x(), x().as_subclass(Plain)),
    "subclass with functions": lambda: (x().as_subclass(Counted), x()),
    "subclass with dispatch": lambda: (Wrapped(x()), Wrapped(x())),
    "parameter": lambda: (torch.nn.Parameter(x()), x()),
    "parameter of a subclass": lambda: (OwnParameter(x()), x()),
    "meta": lambda: (x().to("meta"), x().to("meta")),
    "meta second": lambda: (x(), x().to("meta")),
    "sparse": lambda: (x().to_sparse(), x().to_sparse()),
    "sparse second": lambda: (x(), x().to_sparse()),
    "compressed": lambda: (x(), x().to_sparse_csr()),
    "quantised": lambda: (quantised(), quantised()),
    "complex": lambda: (x() * (1 + 2j), x() * 1j),
    "conjugated": lambda: (torch.conj(x() * (1 + 2j)), x() * 1j),
    "lazily negated": lambda: (torch.conj(x() * (1 + 2j)).imag, x()),
    "float8": lambda: (x().to(torch.float8_e4m3fn), x().to(torch.float8_e4m3fn)),
    "unsigned": lambda: (x().abs().to(torch.uint16), x().abs().to(torch.uint16)),
    "made in inference": lambda: (made_in_inference(), x()),
    "nested": lambda: (torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]), x()),
    "of twenty dimensions": lambda: (torch.ones([1] * 20), torch.ones([1] * 20)),
    "of no dimension": lambda: (torch.tensor(1.0), torch.tensor(1.0)),
    "array": lambda: (x().numpy(), x().numpy()),
    "list": lambda: ([1.0, 2.0], [3.0, 4.0]),
    "number": lambda: (3, 4),
    "nothing": lambda: (None, None),
}


def answer(function: Any, arguments: tuple[Any, ...]) -> tuple[str, Any]:
    """The result's class and dense values, or the exception's."""
    try:
        result = function(*arguments)
    except Exception as error:
        return type(error).__name__, None
    if isinstance(result, Wrapped):
        return "Wrapped", result.inner
    if isinstance(result, torch.Tensor) and type(result) is not torch.Tensor:
        name = type(result).__name__
        return name, torch.Tensor.as_subclass(result.detach(), torch.Tensor)
    return type(result).__name__, result


@pytest.mark.filterwarnings("error::deloop.decorator.DeloopWarning")
@pytest.mark.filterwarnings("ignore:.*[Ss]parse.*:UserWarning")
@pytest.mark.filterwarnings("ignore:.*nested.*:UserWarning")
@pytest.mark.parametrize("function", [scale, total, double_in_place], ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_tensor_of_another_kind_gets_the_loops_answer(function: Any, kind: str) -> None:
    fast = deloop.vectorize(function)
    fast(x(), x())  # a rewrite for ordinary tensors is there already
    expected = answer(function, KINDS[kind]())
    for _ in range(2):
        actual = answer(fast, KINDS[kind]())
        assert actual[0] == expected[0]
        assert find_differences(expected[1], actual[1]) == ()
    assert torch.equal(fast(x(), x()), function(x(), x()))


@pytest.mark.parametrize(
    "kind", ["subclass", "subclass with dispatch", "meta", "sparse", "quantised", "nested"]
)
def test_explanation_says_what_kind_of_tensor_keeps_the_loop(kind: str) -> None:
    report = deloop.vectorize(scale).explain(*KINDS[kind]())
    assert report.status == "kept"
    assert report.loops[0].refusal is not None
    assert report.loops[0].refusal.code == "VEC908"
    assert report.loops[0].refusal.sentence.startswith("x ")


def test_named_tensors_keep_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    # Not every release has them: what the decorator asks is whether a tensor says that it is one.
    monkeypatch.setattr(torch.Tensor, "has_names", lambda self: True, raising=False)
    refusal = deloop.vectorize(scale).explain(x(), x()).loops[0].refusal
    assert refusal is not None and refusal.sentence == "x has named dimensions"


def test_subclass_sees_every_operator_of_the_loop() -> None:
    fast = deloop.vectorize(scale)
    Counted.seen.clear()
    scale(x().as_subclass(Counted), x())
    expected, Counted.seen[:] = list(Counted.seen), []
    fast(x().as_subclass(Counted), x())
    # What the decorator itself asks of a tensor (its layout) may be seen beside them.
    assert [name for name in Counted.seen if name == "__setitem__"] == ["__setitem__"] * 3
    assert set(expected) <= set(Counted.seen)


def test_distributed_tensor_keeps_the_loop(tmp_path: Path) -> None:
    program = (
        "import torch, torch.distributed as dist, deloop\n"
        "from torch.distributed.tensor import Shard, distribute_tensor, init_device_mesh\n"
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from looped import scale\n"
        "store = dist.HashStore()\n"
        "dist.init_process_group('gloo', rank=0, world_size=1, store=store)\n"
        "mesh = init_device_mesh('cpu', (1,))\n"
        "x = torch.arange(6.0).reshape(3, 2)\n"
        "d = distribute_tensor(x, mesh, [Shard(0)])\n"
        "fast = deloop.vectorize(scale)\n"
        "assert torch.equal(fast(d, d).full_tensor(), x * 3)\n"
        "assert fast.explain(d, d).loops[0].refusal.code == 'VEC908'\n"
        "print('kept')\n"
    )
    text = inspect.getsource(scale).replace(": Any", "").replace(" -> Any", "")
    (tmp_path / "looped.py").write_text(f"import torch\n\n\n{text}")
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.stdout.endswith("kept\n"), done.stderr


# States of the interpreter beyond those of test_environment.


def test_inference_mode_gives_an_inference_tensor() -> None:
    fast = deloop.vectorize(scale)
    with torch.inference_mode():
        expected, actual = scale(x(), x()), fast(x(), x())
    assert torch.equal(expected, actual)
    assert actual.is_inference() and expected.is_inference()
    assert not fast(x(), x()).is_inference()


def test_autocast_is_the_loops() -> None:
    fast = deloop.vectorize(scale)
    fast(x(), x())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(fast(x(), x()), scale(x(), x()))


def test_gradients_that_are_off_stay_off() -> None:
    fast = deloop.vectorize(scale)
    leaf = x().requires_grad_()
    with torch.no_grad():
        assert not fast(leaf, x()).requires_grad
    assert fast(leaf, x()).requires_grad


TRANSFORMS: dict[str, Callable[[Any], Any]] = {
    "vmap": lambda f: torch.vmap(f)(torch.stack([x(), x() * 3]), torch.stack([x(), x()])),
    "jvp": lambda f: torch.func.jvp(f, (x(), x()), (x(), x()))[1],
    "jacrev": lambda f: torch.func.jacrev(f)(x(), x()),
    "hessian": lambda f: torch.func.hessian(lambda v: f(v, x()).pow(2).sum())(x()),
    "checkpoint": lambda f: torch.utils.checkpoint.checkpoint(
        f, x().requires_grad_(), x(), use_reentrant=False
    ),
    "compile": lambda f: torch.compile(f, backend="eager")(x(), x()),
    "compile in one graph": lambda f: torch.compile(
        lambda a, b: f(a, b) + 1, backend="eager", fullgraph=True
    )(x(), x()),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transform_gives_what_it_gives_of_the_loop(name: str) -> None:
    fast = deloop.vectorize(scale)
    fast(x(), x())
    assert find_differences(TRANSFORMS[name](scale), TRANSFORMS[name](fast)) == ()


def test_forward_mode_derivatives_flow() -> None:
    from torch.autograd import forward_ad

    def derive(function: Any) -> Any:
        with forward_ad.dual_level():
            dual = forward_ad.make_dual(x(), x() + 1)
            return forward_ad.unpack_dual(function(dual, x())).tangent

    assert torch.equal(derive(scale), derive(deloop.vectorize(scale)))


def double(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] * 2
    return out


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_script_reads_the_function_as_it_is_written() -> None:
    scripted = torch.jit.script(deloop.vectorize(double))
    assert torch.equal(scripted(x()), x() * 2)


class Module(torch.nn.Module):
    """A module with a decorated forward."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(3.0))

    @deloop.vectorize
    def forward(self, x: Any) -> Any:
        """What it computes."""
        out = torch.zeros_like(x)
        for i in range(x.shape[0]):
            out[i] = x[i] * self.weight
        return out


def test_forward_of_a_module_is_rewritten_and_derived() -> None:
    module = Module()
    assert module.forward.explain(x()).status == "vectorized"
    module(x()).sum().backward()
    assert module.weight.grad is not None
    assert float(module.weight.grad) == float(x().sum())


def test_module_with_hooks_and_other_parameters() -> None:
    module = Module()
    seen: list[Any] = []
    module.register_forward_hook(lambda m, args, out: seen.append(out))
    result = torch.func.functional_call(module, {"weight": torch.tensor(5.0)}, (x(),))
    assert torch.equal(result, x() * 5)
    assert len(seen) == 1
    assert torch.equal(module(x()), x() * 3)


@pytest.mark.parametrize("fullgraph", [False, True])
def test_module_is_compiled(fullgraph: bool) -> None:
    module = Module()
    compiled = torch.compile(module, backend="eager", fullgraph=fullgraph)
    assert torch.equal(compiled(x()), x() * 3)


def test_module_is_exported() -> None:
    exported = torch.export.export(Module(), (x(),))
    assert torch.equal(exported.module()(x()), x() * 3)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_module_is_traced() -> None:
    assert torch.equal(torch.jit.trace(Module(), (x(),))(x()), x() * 3)


def test_module_is_copied_and_saved() -> None:
    module = Module()
    module(x())
    for again in (copy.copy(module), copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(again(x()), x() * 3)
    file = io.BytesIO()
    torch.save(module, file)
    file.seek(0)
    assert torch.equal(torch.load(file, weights_only=False)(x()), x() * 3)


def test_method_set_on_an_instance_stays_bound_to_it() -> None:
    module = Module()
    module.forward = deloop.vectorize(module.forward)  # type: ignore[method-assign]
    assert isinstance(module.forward, BoundVectorized)
    assert torch.equal(module(x()), x() * 3)


# Threads and recursion.


def test_sixty_four_threads_call_one_function_at_once() -> None:
    fast = deloop.vectorize(scale)
    inputs = [(x() + k, x().to(torch.float64 if k % 3 else torch.float32)) for k in range(8)]
    inputs += [(x()[:, 0] + k, x()[:, 1]) for k in range(4)]
    expected = [scale(*arguments) for arguments in inputs]
    wrong: list[Any] = []
    gate = threading.Barrier(64)

    def work(number: int) -> None:
        gate.wait()
        for step in range(len(inputs)):
            k = (number + step) % len(inputs)
            try:
                found = fast(*inputs[k])
            except Exception as error:
                wrong.append(error)
                continue
            wrong.extend(find_differences(expected[k], found))

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        threads = [threading.Thread(target=work, args=(number,)) for number in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert [w for w in said if w.category is DeloopWarning] == []
    assert fast.explain(*inputs[0]).status == "vectorized"


@deloop.vectorize
def halve_down(x: Any, depth: int) -> Any:
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] / 2
    return out if depth == 0 else halve_down(out, depth - 1)


@deloop.vectorize
def halve_first_half(x: Any) -> Any:
    if len(x) <= 1:
        return x
    rest = halve_first_half(x[: len(x) // 2])
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] / 2
    out[: len(rest)] = rest
    return out


def test_recursion_runs_to_its_end() -> None:
    assert torch.equal(halve_down(x(), 4), x() / 32)
    values = torch.arange(16.0)
    assert torch.equal(halve_first_half(values), halve_first_half.__wrapped__(values))


def test_recursion_without_end_raises_as_the_function_does() -> None:
    @deloop.vectorize
    def forever(x: Any) -> Any:
        out = torch.zeros_like(x)
        for i in range(x.shape[0]):
            out[i] = x[i] / 2
        return forever(out)

    with pytest.raises(RecursionError):
        forever(x())


# What the rest of Python does with functions.


class Holder:
    """A property, static and class methods, special methods."""

    def __init__(self) -> None:
        self.x = x()

    @property
    @deloop.vectorize
    def doubled(self) -> Any:
        out = torch.zeros_like(self.x)
        for i in range(self.x.shape[0]):
            out[i] = self.x[i] * 2
        return out

    @deloop.vectorize
    @property
    def tripled(self) -> Any:
        """Three times."""
        out = torch.zeros_like(self.x)
        for i in range(self.x.shape[0]):
            out[i] = self.x[i] * 3
        return out

    @functools.cached_property
    @deloop.vectorize
    def cached(self) -> Any:
        return self.doubled

    @deloop.vectorize
    @functools.cached_property
    def cached_inside(self) -> Any:
        out = torch.zeros_like(self.x)
        for i in range(self.x.shape[0]):
            out[i] = self.x[i] * 4
        return out

    @deloop.vectorize
    @staticmethod
    def static(x: Any) -> Any:
        out = torch.zeros_like(x)
        for i in range(x.shape[0]):
            out[i] = x[i] * 2
        return out

    @deloop.vectorize
    @classmethod
    def of_the_class(cls, x: Any) -> Any:
        out = torch.zeros_like(x)
        for i in range(x.shape[0]):
            out[i] = x[i] * 2
        return out

    @deloop.vectorize
    def __call__(self, x: Any) -> Any:
        out = torch.zeros_like(x)
        for i in range(x.shape[0]):
            out[i] = x[i] * 2
        return out

    @deloop.vectorize
    def __getitem__(self, factor: Any) -> Any:
        out = torch.zeros_like(self.x)
        for i in range(self.x.shape[0]):
            out[i] = self.x[i] * factor
        return out


def test_every_kind_of_method_answers() -> None:
    holder = Holder()
    assert torch.equal(holder.doubled, x() * 2)
    assert torch.equal(holder.tripled, x() * 3)
    assert Holder.tripled.__doc__ == "Three times."
    assert torch.equal(holder.cached, x() * 2) and holder.cached is holder.cached
    assert torch.equal(holder.cached_inside, x() * 4)
    assert torch.equal(Holder.static(x()), x() * 2) and torch.equal(holder.static(x()), x() * 2)
    assert torch.equal(Holder.of_the_class(x()), x() * 2)
    assert torch.equal(holder(x()), x() * 2)
    assert torch.equal(holder[5.0], x() * 5)


@dataclasses.dataclass(frozen=True)
class Frozen:
    """An object that cannot be changed."""

    x: Any

    @deloop.vectorize
    def doubled(self) -> Any:
        out = torch.zeros_like(self.x)
        for i in range(self.x.shape[0]):
            out[i] = self.x[i] * 2
        return out


def test_methods_of_frozen_and_slotted_objects_answer() -> None:
    assert torch.equal(Frozen(x()).doubled(), x() * 2)


def test_abstract_method_stays_abstract() -> None:
    class Base(abc.ABC):
        @deloop.vectorize
        @abc.abstractmethod
        def compute(self) -> Any: ...

    with pytest.raises(TypeError, match="abstract"):
        Base()  # type: ignore[abstract]


documented = deloop.vectorize(scale)


def wrappers() -> Iterator[tuple[str, Any]]:
    yield "partial", functools.partial(documented, y=x())
    yield "cache", functools.lru_cache(lambda a: documented(a, x()))
    yield "wraps", functools.wraps(documented)(lambda a: documented(a, x()))
    yield "no_grad", torch.no_grad()(functools.partial(documented, y=x()))
    yield "twice", functools.partial(deloop.vectorize(deloop.vectorize(scale)), y=x())


@pytest.mark.parametrize("name", [name for name, _ in wrappers()])
def test_other_wrappers_wrap_it(name: str) -> None:
    assert torch.equal(dict(wrappers())[name](x()), x() * 3)


def test_documentation_and_signature_are_kept() -> None:
    method = Module().forward
    assert documented.__doc__ == "Scales and adds."
    assert method.__doc__ == Module.forward.__doc__ == "What it computes."
    assert list(inspect.signature(documented).parameters) == ["x", "y"]
    assert list(inspect.signature(method).parameters) == ["x"]
    assert set(typing.get_type_hints(documented)) == {"x", "y", "return"}
    assert inspect.getsource(documented) == inspect.getsource(scale)
    assert "out[i] = x[i] * self.weight" in inspect.getsource(method)
    assert "Scales and adds." in pydoc.render_doc(documented)


def test_it_is_referred_to_weakly_and_compared() -> None:
    module = Module()
    assert weakref.ref(documented)() is documented
    method = module.forward
    assert weakref.ref(method)() is method
    assert weakref.WeakMethod(method)() == module.forward
    assert {documented: 1}[documented] == 1


def test_copies_are_the_function_itself() -> None:
    assert copy.copy(documented) is documented
    assert copy.deepcopy({"f": documented})["f"] is documented
    assert pickle.loads(pickle.dumps(halve_down)) is halve_down
    module = Module()
    assert copy.deepcopy(module.forward).__self__ is not module
    assert pickle.loads(pickle.dumps(module.forward))(x()).equal(x() * 3)


def test_half_made_method_is_no_endless_recursion() -> None:
    with pytest.raises(AttributeError):
        object.__new__(BoundVectorized).anything  # noqa: B018
