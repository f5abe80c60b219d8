"""``deloop record``: the program runs as alone, and what it showed is used by ``check``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from deloop.cli import main
from deloop.cli.record import Program, read_command
from deloop.lint import probe

SOURCE = Path(__file__).resolve().parents[2] / "src"
PYTHON = sys.executable
LIBRARY = """\
import torch


def double(x):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] * 2
    return out


def shifted(x):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i + 1] * 2
    return out


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("w", torch.arange(4.0))

    def forward(self, x):
        out = torch.zeros(x.size(0))
        for i in range(x.size(0)):
            out[i] = (x[i] * self.w).sum()
        return out
"""
PROGRAMS = {
    "script": """
import pickle, sys, torch, lib
print(sys.argv, sys.path[0], sorted(globals()), __file__)
class A: pass
print(type(pickle.loads(pickle.dumps(A()))) is A, lib.double(torch.ones(20)).sum())
sys.exit(7)
""",
    "exception": """
import torch, lib
def run():
    lib.shifted(torch.ones(3))
run()
""",
    "compiled and traced": """
import inspect, torch, lib
x = torch.arange(4.0)
print(torch.compile(lib.double, backend="eager", fullgraph=True)(x))
print(torch.jit.trace(lib.double, x)(x), torch.jit.script(lib.double)(x))
print(inspect.getsource(lib.double))
""",
    "exit with words": "import lib, sys\nsys.exit('enough')\n",
}


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def record(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return run(folder, PYTHON, "-m", "deloop", "record", "--", *command)


def read_recording(folder: Path) -> dict[str, Any]:
    document = json.loads((folder / ".deloop/record.json").read_text(encoding="utf-8"))
    return {entry["function"]: entry for entry in document["loops"]}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "lib.py").write_text(LIBRARY, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[tool.deloop]\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_runs_as_alone(project: Path, name: str) -> None:
    (project / "program.py").write_text(PROGRAMS[name], encoding="utf-8")
    command = (PYTHON, "-W", "ignore", "program.py", "-x", "--", "2")
    alone, recorded = run(project, *command), record(project, *command)
    assert (recorded.returncode, recorded.stdout) == (alone.returncode, alone.stdout)
    assert recorded.stderr.startswith(alone.stderr)
    assert recorded.stderr[len(alone.stderr) :].startswith("deloop: ")
    assert sorted(p.name for p in project.iterdir() if p.name != "__pycache__") in (
        [".deloop", "lib.py", "program.py", "pyproject.toml"],
        ["lib.py", "program.py", "pyproject.toml"],
    )


def test_what_loops_worked_on_is_kept(project: Path) -> None:
    program = "import torch, lib\nx = torch.ones(20, 3, dtype=torch.float64, requires_grad=True)\n"
    program += "lib.double(x)\nlib.double(x[:5])\nlib.Net()(torch.ones(2, 4))\n"
    (project / "program.py").write_text(program, encoding="utf-8")
    assert "2 of 3 loops ran" in record(project, PYTHON, "program.py").stderr
    held = read_recording(project)
    assert set(held) == {"double", "forward"}
    assert (held["double"]["calls"], held["double"]["trips"]) == (2, [5, 20])
    assert held["double"]["seconds"] > 0
    first, second = held["double"]["kinds"]
    assert first["values"]["x"] == {
        "type": "tensor", "dtype": "float64", "rank": 2, "device": "cpu", "grad": True,
        "leaf": True, "contiguous": True,
    }  # fmt: skip
    assert second["values"]["x"]["leaf"] is False
    assert [kind["shapes"][0]["x"] for kind in (first, second)] == [[20, 3], [5, 3]]
    assert held["forward"]["kinds"][0]["values"]["self.w"]["rank"] == 1


def test_shared_memory_is_seen(project: Path) -> None:
    text = """\
import torch
def shift(x: torch.Tensor, y: torch.Tensor):
    for i in range(1, len(x)):
        y[i] = x[i - 1] * 2
    return y
v = torch.ones(30)
shift(v, v)
"""
    (project / "program.py").write_text(text, encoding="utf-8")
    record(project, PYTHON, "program.py")
    assert read_recording(project)["shift"]["kinds"][0]["shared"] == [["v", "x", "y"]]
    done = run(project, PYTHON, "-m", "deloop", "check", "program.py", "--fix")
    assert (project / "program.py").read_text(encoding="utf-8") == text
    assert done.returncode == 1


def test_tests_are_recorded_and_workers_too(project: Path) -> None:
    (project / "test_lib.py").write_text(
        "import torch, lib\n"
        "from torch.utils.data import DataLoader\n"
        "class Data(list):\n"
        "    def __getitem__(self, k): return lib.double(torch.ones(5) * k)\n"
        "def test_good():\n"
        "    loader = DataLoader(Data(range(8)), batch_size=2, num_workers=2)\n"
        "    assert len(list(loader)) == 4\n"
        "def test_bad(): assert lib.double(torch.ones(2)).sum() == 3\n",
        encoding="utf-8",
    )
    done = record(project, str(Path(PYTHON).with_name("pytest")), "-q", "-p", "no:cacheprovider")
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    assert read_recording(project)["double"]["calls"] == 9


def test_fixes_follow_from_the_recording_and_slow_loops_come_first(project: Path) -> None:
    check = (PYTHON, "-m", "deloop", "check")
    before = run(project, *check, "--diff").stdout
    assert "unsafe" in before
    program = "import torch, lib\nlib.double(torch.ones(3, 2))\nlib.Net()(torch.ones(2000, 4))\n"
    (project / "program.py").write_text(program, encoding="utf-8")
    record(project, PYTHON, "program.py")
    found = json.loads(run(project, *check, "--output-format", "json").stdout)
    assert [f["location"]["row"] for f in found] == [25, 6, 13]
    assert found[0]["seconds"] > found[1]["seconds"] > 0
    assert found[2]["seconds"] is None
    shown = run(project, *check, "--diff").stdout
    assert "# lib.py: safe for what was recorded, every value as before\n" in shown
    assert "# recorded: x is a tensor of 2 dimensions, float32, on cpu\n" in shown
    run(project, *check, "--fix")
    text = (project / "lib.py").read_text(encoding="utf-8")
    assert "return x * 2\n" in text
    assert "return x @ self.w\n" in text
    assert "out[i] = x[i + 1] * 2\n" in text  # never ran
    again = "import torch, lib\nassert (lib.Net()(torch.ones(5, 4)) == 6).all()\n"
    assert run(project, PYTHON, "-c", again).returncode == 0


def test_changed_loop_is_not_taken_for_the_recorded_one(project: Path) -> None:
    (project / "program.py").write_text("import torch, lib\nlib.double(torch.ones(3))\n")
    record(project, PYTHON, "program.py")
    text = LIBRARY.replace("x[i] * 2", "x[i] * 3")
    (project / "lib.py").write_text(f"# moved\n{text}", encoding="utf-8")
    shown = run(project, PYTHON, "-m", "deloop", "check", "--diff").stdout
    assert "recorded" not in shown
    (project / "lib.py").write_text(f"# moved\n{LIBRARY}", encoding="utf-8")
    shown = run(project, PYTHON, "-m", "deloop", "check", "--diff").stdout
    assert "# recorded: x is a tensor of 1 dimension, float32, on cpu\n" in shown


@pytest.mark.parametrize("text", ["", "{", "[]", '{"loops": [1]}', '{"loops": [{"file": 1}]}'])
def test_broken_recording_is_as_if_there_were_none(
    project: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(project)
    (project / ".deloop").mkdir()
    (project / ".deloop/record.json").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, ["check", "--output-format", "concise"])
    assert done.exit_code == 1
    assert done.stdout.count("VEC") == 3


def test_control_c_reaches_the_program_and_what_it_saw_is_kept(project: Path) -> None:
    (project / "program.py").write_text(
        "import time, torch, lib\nlib.double(torch.ones(3))\nprint('ready', flush=True)\n"
        "try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('caught')\n    raise\n",
        encoding="utf-8",
    )
    process = subprocess.Popen(
        [PYTHON, "-m", "deloop", "record", "--", PYTHON, "program.py"], cwd=project,
        env={**os.environ, "PYTHONPATH": str(SOURCE)}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)
    output, error = process.communicate(timeout=60)
    assert output == "caught\n"
    assert "KeyboardInterrupt" in error
    assert process.returncode == 130
    assert "double" in read_recording(project)


@pytest.mark.parametrize(
    ("command", "program"),
    [("python a.py 1 -x", Program(("python",), "script", "a.py", ("1", "-x"))),
     ("python3.11 -u -W ignore a.py", Program(
         ("python3.11", "-u", "-W", "ignore"), "script", "a.py", ())),
     ("python -X dev -m pytest -q", Program(("python", "-X", "dev"), "module", "pytest", ("-q",))),
     ("python -um pytest", Program(("python", "-u"), "module", "pytest", ())),
     ("python -cpass x", Program(("python",), "command", "pass", ("x",)))],
)  # fmt: skip
def test_commands_are_taken_apart_as_python_does(command: str, program: Program) -> None:
    assert read_command(command.split()) == program


@pytest.mark.parametrize(
    ("command", "sentence"),
    [("python", "no program"), ("python -i", "no program"), ("python -m", "behind it"),
     ("sh -c true", "is no Python program"), ("no-such-thing", "No such file")],
)  # fmt: skip
def test_what_is_no_python_program_is_one_line_and_two(command: str, sentence: str) -> None:
    done = CliRunner().invoke(main, ["record", "--", *command.split()])
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_probe_stands_beside_nothing_that_hides_a_library() -> None:
    beside = {path.stem for path in Path(probe.__file__).parent.iterdir()}
    assert not beside & sys.stdlib_module_names
