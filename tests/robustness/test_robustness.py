"""The compiler says something about every loop of other people's code (all: ``make robust``)."""

from __future__ import annotations

import sysconfig
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from . import runner
from .runner import Result, check_files, compile_found, list_files
from .sources import find_functions, make_world

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = Path(sysconfig.get_path("stdlib"))
TORCH = Path(torch.__file__).parent
FILES = (
    *(LIBRARY / name for name in ("colorsys.py", "heapq.py", "statistics.py", "bisect.py")),
    *(TORCH / name for name in ("functional.py", "optim/sgd.py", "nn/utils/clip_grad.py")),
    TORCH / "distributions/utils.py",
    TORCH / "nn/modules/rnn.py",
)


def test_other_peoples_files_crash_nothing_and_stay_as_they_are() -> None:
    result = check_files(FILES)
    assert result.failures == []
    assert result.files == len(FILES)
    assert result.functions > 30
    assert sum(result.statuses.values()) == result.functions * runner.SCHEMES


def test_files_full_of_tensor_loops_are_rewritten_without_running_them() -> None:
    result = check_files([ROOT / "cases/addition.py", ROOT / "cases/condition.py"])
    assert result.failures == []
    assert result.statuses["vectorized"] > 5


def test_broken_files_hold_no_functions(tmp_path: Path) -> None:
    broken, odd = tmp_path / "broken.py", tmp_path / "odd.py"
    broken.write_text("def f(:\n    for x in y:\n")
    odd.write_bytes(b"def f():\n    for x in y:\n        '\xff'\n")
    assert [*find_functions(broken), *find_functions(odd)] == []


def write_loop(folder: Path) -> Path:
    file = folder / "loop.py"
    file.write_text(
        "import torch as th\n\n\nclass Model:\n    @th.no_grad()\n    def run(self, x, n):\n"
        "        out = th.zeros_like(x)\n        for i in range(x.shape[0]):\n"
        "            out[i] = x[i] * 2\n        return out\n"
    )
    return file


def test_methods_are_found_with_their_decorators_and_imports(tmp_path: Path) -> None:
    (found,) = find_functions(write_loop(tmp_path))
    assert (found.name, found.line, found.parameters) == ("run", 5, ("self", "x", "n"))
    assert found.text.lstrip().startswith("@th.no_grad()")
    assert set(found.names) == {"th"}
    arguments, hints, _ = make_world(found, 0)
    assert set(arguments) == {"self", "x", "n"}
    assert hints["x.shape[0]"] == 4
    assert compile_found(found, 0) in ("vectorized", "kept")


def test_crash_is_a_failure_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*arguments: Any) -> Any:
        raise KeyError("a mistake")

    monkeypatch.setattr(runner, "compile_function", crash)
    result = check_files([write_loop(tmp_path)])
    assert len(result.failures) == runner.SCHEMES
    assert "loop.py:5 run (scheme 0): KeyError at test_robustness.py" in result.failures[0]


def spin() -> None:
    while time.process_time() >= 0:
        pass


def test_hang_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SECONDS", 1)
    monkeypatch.setattr(runner, "SCHEMES", 1)
    monkeypatch.setattr(runner, "compile_function", lambda *arguments: spin())
    result = check_files([write_loop(tmp_path)])
    assert result.failures == [f"{tmp_path / 'loop.py'}:5 run (scheme 0): more than 1 seconds"]


def test_crash_of_the_linter_is_a_failure_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*arguments: Any) -> Any:
        raise KeyError("a mistake")

    monkeypatch.setattr(runner, "check_file", crash)
    (failure,) = check_files([write_loop(tmp_path)]).failures
    assert failure.startswith(f"{tmp_path / 'loop.py'}: check: KeyError at test_robustness.py")


def test_second_run_reads_only_what_is_new_or_has_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []

    def check(path: Path) -> Result:
        seen.append(path)
        return Result(files=1, lines=10)

    monkeypatch.setattr(runner, "check_one", check)
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text("x = 1\n")
    arguments = [str(tmp_path), "--results", str(tmp_path / "kept.jsonl")]
    assert runner.main(arguments) == 0
    other.write_text("x = 2\n")
    assert runner.main(arguments) == 0
    one.write_text("x = 33\n")
    assert runner.main(arguments) == 0
    assert seen == [one, other, one]
    assert capsys.readouterr().out.splitlines()[-5].startswith("2 files, 20 lines")


def test_changed_file_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_loop(tmp_path)
    monkeypatch.setattr(runner, "find_functions", lambda path: [path.write_text("x = 1\n")][:0])
    assert check_files([file]).failures == [f"{file}: it has changed"]


def test_files_are_spread_over_all_folders(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"f{number}.py").write_text("")
    assert len(list_files(0, [tmp_path])) == 10
    assert [path.name for path in list_files(4, [tmp_path])] == [
        "f0.py", "f2.py", "f5.py", "f7.py",
    ]  # fmt: skip


def test_results_add_up() -> None:
    result = Result()
    check_files(FILES[:1], result)
    once = result.lines
    check_files(FILES[:1], result)
    assert (result.files, result.lines) == (2, 2 * once)
    assert result.check_seconds > 0
