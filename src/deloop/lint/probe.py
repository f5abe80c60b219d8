"""Runs a user's program with its candidate loops watched: what ``deloop record`` starts.

    python [options] probe.py PLAN FOLDER script train.py --epochs 3

This file needs nothing but Python, for the program's Python may have no deloop. The program is not
changed on disk; where a file of the plan is compiled, each of its loops is put into a `with`, whose
manager looks at the values around the loop, and at the clock:

    for i in range(n):            with __deloop_probe__(4):
        out[i] = x[i]      ->         for i in __deloop_probe__.over(4, range(n)):
                                          out[i] = x[i]

Whatever goes wrong in here is swallowed: the program must run as it would alone.
"""

from __future__ import annotations

import ast
import atexit
import builtins
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import runpy
import sys
import threading
import time
import types
from typing import Any

NAME = "__deloop_probe__"
MOST_KINDS = 16
MOST_SHAPES = 4
ALWAYS = 200
"""So many entries of a loop are looked at in full; then those whose number is a power of two."""
FLUSH_SECONDS = 5.0

_SIZED = (range, list, tuple, dict, set, frozenset, str, bytes)
_PLAIN = {"enumerate", "reversed", "zip", "tqdm", "iter"}


class Instrument(ast.NodeTransformer):
    """Puts each loop of a plan into a `with`."""

    def __init__(self, loops: dict[int, Any]) -> None:
        self.loops = loops

    def visit(self, node: ast.AST) -> Any:
        """The statement that begins at a line of the plan, wrapped; all else below it is kept."""
        key = self.loops.pop(getattr(node, "lineno", -1), None) if _is_plain(node) else None
        if key is None:
            return self.generic_visit(node)
        if isinstance(node, ast.For):
            node.iter = _wrap_iterable(node.iter, key)
        manager = ast.Call(ast.Name(NAME, ast.Load()), [ast.Constant(key)], [])
        made = ast.With([ast.withitem(manager, None)], [node])  # type: ignore[list-item]
        return ast.fix_missing_locations(ast.copy_location(made, node))


def _is_plain(node: ast.AST) -> bool:
    kinds = (ast.For, ast.While, ast.Assign, ast.AugAssign, ast.Return, ast.Expr, ast.AnnAssign)
    return isinstance(node, kinds)


def _wrap_iterable(node: ast.expr, key: int) -> ast.expr:
    """``enumerate(x) -> enumerate(probe.over(key, x))``: what has a length is inside."""
    inner = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
    if isinstance(node, ast.Call) and inner in _PLAIN and node.args:
        if not isinstance(node.args[0], ast.Starred):
            node.args[0] = _wrap_iterable(node.args[0], key)
        return node
    over = ast.Attribute(ast.Name(NAME, ast.Load()), "over", ast.Load())
    made = ast.Call(over, [ast.Constant(key), node], [])
    return ast.fix_missing_locations(ast.copy_location(made, node))


class Loop:
    """What is seen of one loop."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.calls = 0
        self.seconds = 0.0
        self.trips: list[int] = []  # least, greatest, sum, how often known
        self.kinds: dict[str, dict[str, Any]] = {}

    def count(self, trips: int) -> None:
        """The loop's iterable has so many items."""
        least, most, total, known = self.trips or (trips, trips, 0, 0)
        self.trips = [min(least, trips), max(most, trips), total + trips, known + 1]

    def look(self, frame: types.FrameType) -> None:
        """Note what the loop's names stand for now."""
        tensors: list[tuple[str, Any]] = []
        values: dict[str, Any] = {}
        shapes: dict[str, Any] = {}
        for name in self.names:
            found, value = _find(name, frame)
            if found:
                values[name] = describe(value, tensors, name)
                size = _size(value)
                if size is not None:
                    shapes[name] = size
        shared = _find_shared(tensors)
        key = json.dumps([values, shared], sort_keys=True)
        if key not in self.kinds and len(self.kinds) >= MOST_KINDS:
            key = "more"
            values, shared = {}, []
        kind = self.kinds.setdefault(
            key, {"values": values, "shared": shared, "shapes": [], "calls": 0}
        )
        kind["calls"] += 1
        if shapes not in kind["shapes"] and len(kind["shapes"]) < MOST_SHAPES:
            kind["shapes"].append(shapes)


def _find(path: str, frame: types.FrameType) -> tuple[bool, Any]:
    """The value of ``x`` or ``self.x``, without running anything that belongs to the program."""
    name, _, attribute = path.partition(".")
    for scope in (frame.f_locals, frame.f_globals):
        if name in scope:
            value = scope[name]
            break
    else:
        return False, None
    if not attribute:
        return True, value
    try:
        held = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return False, None
    for place in (held, *(held.get(n, {}) for n in ("_parameters", "_buffers"))):
        if isinstance(place, dict) and attribute in place:
            return True, place[attribute]
    return False, None


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    known = (getattr(torch, "Tensor", None), getattr(getattr(torch, "nn", None), "Parameter", None))
    return torch is not None and type(value) in known


def describe(value: Any, tensors: list[tuple[str, Any]], name: str) -> Any:
    """A value's type; of a tensor its dtype, rank and device too."""
    if _is_tensor(value):
        tensors.append((name, value))
        return {
            "type": "tensor", "dtype": str(value.dtype).replace("torch.", ""),
            "rank": value.dim(), "device": value.device.type,
            "grad": bool(value.requires_grad), "leaf": bool(value.is_leaf),
            "contiguous": bool(value.is_contiguous()),
        }  # fmt: skip
    if type(value) in (list, tuple):
        held = {json.dumps(describe(v, [], ""), sort_keys=True) for v in value[:32]}
        return {"type": type(value).__name__, "of": sorted(held)[:4]}
    return {"type": type(value).__name__}


def _size(value: Any) -> Any:
    """A tensor's shape, a list's length, an int."""
    if _is_tensor(value):
        return list(value.shape)
    if type(value) is int:
        return value if abs(value) < 2**53 else None
    return len(value) if type(value) in (list, tuple) else None


def _find_shared(tensors: list[tuple[str, Any]]) -> list[list[str]]:
    """The names whose tensors share memory."""
    places: dict[Any, list[str]] = {}
    for name, value in tensors:
        try:
            place = value.untyped_storage().data_ptr()
        except Exception:
            continue
        if place:
            places.setdefault(place, []).append(name)
    return sorted(sorted(names) for names in places.values() if len(names) > 1)


class Nothing:
    """Watches nothing."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


class Visit:
    """One time that a loop is entered and left."""

    def __init__(self, probe: Probe, key: int) -> None:
        self.probe = probe
        self.key = key

    def __enter__(self) -> None:
        self.start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.probe.leave(self.key, time.perf_counter() - self.start)


class Probe:
    """What the program calls around its loops."""

    def __init__(self, plan: dict[str, Any], folder: str) -> None:
        self.plan: dict[str, Any] = plan
        self.folder = folder
        self.lock = threading.Lock()
        self.flushed = time.monotonic()
        self.forked = False
        self.loops: dict[int, Loop] = {}

    def __call__(self, key: int) -> Any:
        if _is_traced():
            return Nothing()
        try:
            with self.lock:
                loop = self.loops[key]
                loop.calls += 1
                if loop.calls <= ALWAYS or loop.calls & (loop.calls - 1) == 0:
                    loop.look(sys._getframe(1))
        except Exception:
            return Nothing()
        return Visit(self, key)

    def over(self, key: int, iterable: Any) -> Any:
        """The iterable, after a look at its length."""
        if not _is_traced():
            try:
                if isinstance(iterable, _SIZED) and type(iterable) in _SIZED:
                    self.loops[key].count(len(iterable))
                elif _is_tensor(iterable) and iterable.dim():
                    self.loops[key].count(iterable.shape[0])
            except Exception:
                pass
        return iterable

    def leave(self, key: int, seconds: float) -> None:
        """The loop took so long."""
        try:
            self.loops[key].seconds += seconds
            if self.forked and self.flushed == 0.0 and "multiprocessing.util" in sys.modules:
                # A worker ends without `atexit`.
                sys.modules["multiprocessing.util"].Finalize(None, self.flush, exitpriority=0)
            wait = 0.5 if self.forked else FLUSH_SECONDS
            if time.monotonic() - self.flushed > wait:
                self.flush()
        except Exception:
            pass

    def reset(self) -> None:
        """A process was forked: it tells of its own loops alone."""
        self.lock = threading.Lock()
        self.forked = True
        self.flushed = 0.0
        self.loops = {key: Loop(loop.names) for key, loop in self.loops.items()}

    def flush(self) -> None:
        """Write what was seen so far to a file of this process."""
        try:
            self.flushed = time.monotonic()
            with self.lock:
                seen = {
                    key: {"calls": loop.calls, "seconds": loop.seconds, "trips": loop.trips,
                          "kinds": list(loop.kinds.values())}
                    for key, loop in self.loops.items() if loop.calls
                }  # fmt: skip
            name = os.path.join(self.folder, f"{os.getpid()}.json")
            with open(f"{name}.new", "w", encoding="utf-8") as file:
                json.dump(seen, file)
            os.replace(f"{name}.new", name)
        except Exception:
            pass

    def compile(self, data: bytes, path: str) -> types.CodeType | None:
        """A file's code with its loops watched; None where it is not in the plan."""
        entry = self.plan.get(os.path.realpath(path))
        if entry is None or hashlib.blake2b(data, digest_size=16).hexdigest() != entry["digest"]:
            return None
        try:
            tree = ast.parse(data, path)
            for loop in entry["loops"]:
                self.loops.setdefault(loop["key"], Loop(loop["names"]))
            tree = Instrument({loop["line"]: loop["key"] for loop in entry["loops"]}).visit(tree)
            code: types.CodeType = compile(tree, path, "exec", dont_inherit=True)
        except Exception:
            return None
        return code

    def install(self) -> None:
        """Watch every file of the plan that is imported from now on."""
        loader: Any = importlib.machinery.SourceFileLoader
        original = loader.get_code
        probe = self

        def get_code(self: Any, fullname: str) -> Any:
            code = None
            try:
                path = self.get_filename(fullname)
                if os.path.realpath(path) in probe.plan:
                    code = probe.compile(self.get_data(path), path)
            except Exception:
                code = None
            return original(self, fullname) if code is None else code

        loader.get_code = get_code
        setattr(builtins, NAME, self)
        atexit.register(self.flush)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.reset)


def _is_traced() -> bool:
    """Whether PyTorch is reading the program, not running it."""
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    try:
        return bool(torch.compiler.is_compiling()) or torch._C._get_tracing_state() is not None
    except AttributeError:
        return False


def run_program(probe: Probe, how: str, target: str, arguments: list[str]) -> None:
    """Run a script, a module (``-m``) or a text (``-c``) as Python itself would."""
    main = types.ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins, __annotations__={})
    sys.modules["__main__"] = main
    sys.argv = [target if how == "script" else f"-{how[0]}", *arguments]
    safe = getattr(sys.flags, "safe_path", False) or sys.flags.isolated
    first = os.getcwd() if how == "module" else ""
    if how == "script":
        first = os.path.dirname(os.path.realpath(target))
    if not safe:
        sys.path[0] = first
    if how == "module":
        runpy._run_module_as_main(target)  # type: ignore[attr-defined]
        return
    data = target.encode()
    if how == "script":
        if os.path.isdir(target) or target.endswith((".zip", ".pyz")):
            runpy.run_path(target, run_name="__main__")
            return
        target = os.path.abspath(target)
        main.__dict__["__file__"] = target
        main.__dict__["__cached__"] = None
        main.__dict__["__loader__"] = importlib.machinery.SourceFileLoader("__main__", target)
        with open(target, "rb") as file:
            data = file.read()
    code = probe.compile(data, target) if how == "script" else None
    if code is None:
        name = target if how == "script" else "<string>"
        code = compile(data, name, "exec", dont_inherit=True)
    exec(code, main.__dict__)


def start() -> None:
    """Read the command line, run the program, and end as it would have ended."""
    plan, folder, how, target, *arguments = sys.argv[1:]
    with open(plan, encoding="utf-8") as file:
        probe = Probe(json.load(file), folder)
    probe.install()
    try:
        run_program(probe, how, target, arguments)
    except SystemExit:
        raise
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename in (__file__, runpy.__file__):
            trace = trace.tb_next
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        raise SystemExit(130 if isinstance(error, KeyboardInterrupt) else 1) from None


if __name__ == "__main__":
    # Under a name of its own: `__main__` is going to be the program.
    _spec = importlib.util.spec_from_file_location("_deloop_probe", __file__)
    assert _spec is not None and _spec.loader is not None
    _module = importlib.util.module_from_spec(_spec)
    sys.modules["_deloop_probe"] = _module
    _spec.loader.exec_module(_module)
    _module.start()
