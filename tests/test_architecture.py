"""The house of docs/architecture.md, asserted by reading the imports of src/deloop with `ast`.

Each check is a function from a mapping of modules to the violations in it, so that the checks
themselves are tested (at the end) on small houses that break one rule each.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src"

# Room (a module or package directly in deloop) to layer; a room imports rooms of lower layers only.
LAYERS = (
    ("text", "diagnostic", "config", "dtype"),
    ("errors",),
    ("ir", "ops"),
    ("frontend", "poly", "backend"),
    ("analysis", "rewrite"),
    ("transform", "rules", "verification"),
    ("pipeline",),
    ("api", "report", "lint"),
    ("decorator",),
    ("cli", "lsp", "magic", "testing"),
    ("", "__main__"),  # deloop itself: the public names
)
LAYER = {room: layer for layer, rooms in enumerate(LAYERS) for room in rooms}

CORE = frozenset({"islpy", "click", "rich", "tomli"})
OPTIONAL = frozenset({"torch", "numba", "hypothesis"})
# Module prefixes in which the package may be imported at all.
ONLY_IN = {
    "torch": ("deloop.verification", "deloop.decorator", "deloop.cli.demo"),
    "islpy": ("deloop.poly.isl",),
}


@dataclass(frozen=True)
class Import:
    """One imported module as written: absolute name, line, and whether it is inside a function."""

    target: str
    line: int
    in_function: bool


@dataclass(frozen=True)
class Module:
    """One file of the package: dotted name, whether it is an ``__init__``, and its tree."""

    name: str
    is_package: bool
    tree: ast.Module

    @property
    def room(self) -> str:
        """``deloop.poly.isl -> poly``, ``deloop -> ""``."""
        return self.name.partition(".")[2].partition(".")[0]


House = Mapping[str, Module]


def read_house(files: Mapping[str, str]) -> House:
    """``{"deloop/poly/isl.py": text} -> {"deloop.poly.isl": Module}``."""
    house = {}
    for path, text in files.items():
        parts = path.removesuffix(".py").split("/")
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        house[name] = Module(name, is_package, ast.parse(text, path))
    return house


def find_imports(module: Module, house: House) -> Iterator[Import]:
    """Every import of the file, wherever it stands, ``TYPE_CHECKING`` blocks included."""
    in_functions = {
        id(inner)
        for outer in ast.walk(module.tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in ast.walk(outer)
    }
    for node in ast.walk(module.tree):
        for target in find_targets(node, module, house):
            yield Import(target, getattr(node, "lineno", 0), id(node) in in_functions)


def find_targets(node: ast.AST, module: Module, house: House) -> list[str]:
    """The modules that one node imports: ``from deloop import ir -> ["deloop.ir"]``."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            anchor = module.name.split(".")
            up = node.level - 1 if module.is_package else node.level
            anchor = anchor[: len(anchor) - up]
            base = ".".join([*anchor, base] if base else anchor)
        inner = [f"{base}.{alias.name}" for alias in node.names]
        return [name if name in house else base for name in inner]
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = ast.unparse(node.func)
        if called in ("__import__", "import_module", "importlib.import_module"):
            return [str(node.args[0].value)]
    return []


def find_edges(house: House) -> Iterator[tuple[Module, Import]]:
    """Every import of every file, with the file it stands in."""
    for module in house.values():
        for imported in find_imports(module, house):
            yield module, imported


def is_below(name: str, prefixes: tuple[str, ...]) -> bool:
    """Whether the module is one of `prefixes` or inside one."""
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def find_unknown_rooms(house: House) -> list[str]:
    """Modules that stand in no layer."""
    return [f"{name} has no layer" for name, module in house.items() if module.room not in LAYER]


def find_layer_violations(house: House) -> list[str]:
    """Imports from one room to another that do not point strictly down."""
    found = []
    for module, imported in find_edges(house):
        top, _, rest = imported.target.partition(".")
        room = rest.partition(".")[0]
        if top != "deloop" or room == module.room:
            continue
        here, there = LAYER.get(module.room, -1), LAYER.get(room, -1)
        if there >= here:
            found.append(
                f"{module.name}:{imported.line} (layer {here}) imports "
                f"{imported.target} (layer {there})"
            )
    return found


def find_cycles(house: House) -> list[str]:
    """Modules that import themselves by way of others, each cycle once, smallest name first."""
    graph: dict[str, set[str]] = {name: set() for name in house}
    for module, imported in find_edges(house):
        if imported.target in house:
            graph[module.name].add(imported.target)
    cycles: set[tuple[str, ...]] = set()
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            cycle = path[path.index(name) :]
            first = cycle.index(min(cycle))
            cycles.add((*cycle[first:], *cycle[:first]))
        elif name not in done:
            for target in sorted(graph[name]):
                visit(target, [*path, name])
            done.add(name)

    for name in sorted(graph):
        visit(name, [])
    return [" -> ".join((*cycle, cycle[0])) for cycle in sorted(cycles)]


def find_function_imports(house: House) -> list[str]:
    """Imports inside functions, other than of optional packages."""
    return [
        f"{module.name}:{imported.line} imports {imported.target} inside a function"
        for module, imported in find_edges(house)
        if imported.in_function and imported.target.partition(".")[0] not in OPTIONAL
    ]


def find_misplaced_packages(house: House) -> list[str]:
    """Imports of torch and islpy outside the rooms that may have them."""
    found = []
    for module, imported in find_edges(house):
        prefixes = ONLY_IN.get(imported.target.partition(".")[0])
        if prefixes is not None and not is_below(module.name, prefixes):
            found.append(f"{module.name}:{imported.line} imports {imported.target}")
    return found


def find_undeclared_packages(house: House) -> list[str]:
    """Imports of packages that `pip install deloop` does not bring."""
    known = CORE | OPTIONAL | sys.stdlib_module_names | {"deloop"}
    return [
        f"{module.name}:{imported.line} imports {imported.target}"
        for module, imported in find_edges(house)
        if imported.target.partition(".")[0] not in known
    ]


def find_code_in_inits(house: House) -> list[str]:
    """``__init__`` files below the top one that do more than re-export.

    `deloop.rules` is the table of contents of the rules, so assignments are its business.
    """
    found = []
    for module in house.values():
        if not module.is_package or module.name == "deloop":
            continue
        for node in module.tree.body:
            if not is_re_export(node, may_assign=module.room == "rules"):
                found.append(f"{module.name}:{node.lineno} is more than a re-export")
    return found


def is_re_export(node: ast.stmt, *, may_assign: bool) -> bool:
    """Whether a statement is an import, a docstring or ``__all__`` (or a table, where allowed)."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return may_assign or [ast.unparse(target) for target in targets] == ["__all__"]
    return False


HOUSE = read_house(
    {
        path.relative_to(SOURCE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(SOURCE.glob("deloop/**/*.py"))
    }
)


def test_every_module_stands_in_a_layer() -> None:
    assert HOUSE
    assert find_unknown_rooms(HOUSE) == []


def test_imports_point_strictly_down() -> None:
    assert find_layer_violations(HOUSE) == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert find_cycles(HOUSE) == []


def test_functions_import_optional_packages_only() -> None:
    assert find_function_imports(HOUSE) == []


def test_torch_and_islpy_stay_in_their_rooms() -> None:
    assert find_misplaced_packages(HOUSE) == []


def test_source_imports_declared_packages_only() -> None:
    assert find_undeclared_packages(HOUSE) == []


def test_package_inits_re_export_only() -> None:
    assert find_code_in_inits(HOUSE) == []


def test_command_line_imports_without_torch() -> None:
    program = "import sys; sys.modules['torch'] = None; import deloop, deloop.cli"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# The checks themselves, on houses that break one rule each.


def test_import_of_a_higher_layer_is_found() -> None:
    house = read_house({"deloop/ir/a.py": "from deloop.poly import isl", "deloop/poly/isl.py": ""})
    assert find_layer_violations(house) == [
        "deloop.ir.a:1 (layer 2) imports deloop.poly.isl (layer 3)"
    ]


def test_import_of_a_sibling_room_is_found_when_relative() -> None:
    house = read_house({"deloop/ir/a.py": "from ..ops import table", "deloop/ops/table.py": ""})
    assert find_layer_violations(house) == [
        "deloop.ir.a:1 (layer 2) imports deloop.ops.table (layer 2)"
    ]


def test_import_of_the_top_package_from_inside_is_found() -> None:
    house = read_house({"deloop/__init__.py": "", "deloop/cli/a.py": "from deloop import rewrite"})
    assert len(find_layer_violations(house)) == 1


def test_imports_within_one_package_are_no_layer_violation() -> None:
    house = read_house({"deloop/ir/a.py": "from deloop.ir import b", "deloop/ir/b.py": ""})
    assert find_layer_violations(house) == []


def test_cycle_within_one_package_is_found_once() -> None:
    house = read_house(
        {
            "deloop/ir/a.py": "from deloop.ir.b import f",
            "deloop/ir/b.py": "from . import c",
            "deloop/ir/c.py": "import deloop.ir.a",
        }
    )
    assert find_cycles(house) == ["deloop.ir.a -> deloop.ir.b -> deloop.ir.c -> deloop.ir.a"]


def test_function_import_is_found_unless_the_package_is_optional() -> None:
    text = "def f():\n    import torch\n    import json\n"
    house = read_house({"deloop/verification/a.py": text})
    assert find_function_imports(house) == [
        "deloop.verification.a:3 imports json inside a function"
    ]


def test_torch_outside_its_rooms_is_found_also_when_imported_by_name() -> None:
    text = "import importlib\nt = importlib.import_module('torch')\n"
    assert find_misplaced_packages(read_house({"deloop/ir/a.py": text})) == [
        "deloop.ir.a:2 imports torch"
    ]
    assert find_misplaced_packages(read_house({"deloop/verification/a.py": text})) == []


def test_islpy_outside_its_file_is_found() -> None:
    house = read_house({"deloop/poly/isl.py": "import islpy", "deloop/poly/a.py": "import islpy"})
    assert find_misplaced_packages(house) == ["deloop.poly.a:1 imports islpy"]


def test_undeclared_package_is_found() -> None:
    house = read_house({"deloop/ir/a.py": "import numpy\nimport ast\nimport rich.table\n"})
    assert find_undeclared_packages(house) == ["deloop.ir.a:1 imports numpy"]


def test_code_in_a_package_init_is_found() -> None:
    re_export = '"""Doc."""\nfrom deloop.ir import a\n__all__ = ["a"]\n'
    table = "RULES = (1, 2)\n"
    house = read_house({"deloop/ir/__init__.py": re_export, "deloop/ops/__init__.py": table})
    assert find_code_in_inits(house) == ["deloop.ops:1 is more than a re-export"]
    assert find_code_in_inits(read_house({"deloop/rules/__init__.py": table})) == []
