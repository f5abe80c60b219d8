"""Several processes, a bar on a terminal, and watching."""

from __future__ import annotations

import functools
import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from deloop.cli import main, progress, watch
from deloop.cli.progress import Progress
from deloop.cli.watch import take_stamps
from deloop.lint.check import Result as Found
from deloop.lint.run import _check_together

SOURCE = Path(__file__).resolve().parents[2] / "src"
LOOP = """\
import torch
def double(x: torch.Tensor):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] * 2
    return out
"""


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    found = Terminal()
    monkeypatch.setattr(progress, "SECONDS_BEFORE", 0.0)
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN", 0.0)
    return found


def test_bar_is_shown_on_a_terminal_and_taken_away(terminal: Terminal) -> None:
    shown = Progress(4, terminal)
    shown.step(1)
    shown.step(1)
    assert terminal.getvalue().endswith("2/4 files")
    shown.clear()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_no_bar_in_a_pipe_for_one_file_or_before_a_second(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    Progress(1, terminal).step(1)
    monkeypatch.setattr(progress, "SECONDS_BEFORE", 60.0)
    Progress(4, terminal).step(1)
    monkeypatch.setattr(progress, "SECONDS_BEFORE", 0.0)
    pipe = io.StringIO()
    Progress(4, pipe).step(1)
    assert terminal.getvalue() == pipe.getvalue() == ""


def test_several_processes_find_and_fix_the_same(tmp_path: Path) -> None:
    texts = []
    for jobs in ("1", "3"):
        folder = tmp_path / jobs
        folder.mkdir()
        for n in range(7):
            (folder / f"{n}.py").write_text(LOOP.replace("2", str(n)), encoding="utf-8")
        options = ["--fix", "--unsafe-fixes", "--no-cache", "-j", jobs]
        assert CliRunner().invoke(main, ["check", *options, str(folder)]).exit_code == 0
        texts.append([(folder / f"{n}.py").read_text(encoding="utf-8") for n in range(7)])
    assert texts[0] == texts[1]
    assert all("for " not in text for text in texts[0])


def _die_elsewhere(path: Path, parent: int) -> tuple[str, Found]:
    if os.getpid() != parent:
        os._exit(1)
    return "", Found(str(path))


def test_processes_that_die_leave_no_file_unchecked() -> None:
    paths = [Path(f"{n}.py") for n in range(9)]
    check = functools.partial(_die_elsewhere, parent=os.getpid())
    found = [result.file for _, result in _check_together(paths, check, 2)]
    assert found == [str(path) for path in paths]


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
     ({"FORCE_COLOR": "1", "NO_COLOR": ""}, True)],
)  # fmt: skip
def test_colours_by_convention(tmp_path: Path, variables: dict[str, str], coloured: bool) -> None:
    (tmp_path / "a.py").write_text(LOOP, encoding="utf-8")
    done = CliRunner().invoke(main, ["check", "--no-cache", str(tmp_path)], env=variables)
    assert ("\x1b[" in done.stdout) == coloured


def test_watching_checks_again_when_a_file_changes_comes_or_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "POLL_SECONDS", 0.0)
    (tmp_path / "a.py").write_text("1", encoding="utf-8")
    seen: list[list[str]] = []
    changes = iter([
        lambda: (tmp_path / "a.py").write_text("two", encoding="utf-8"),
        lambda: (tmp_path / "b.py").write_text("3", encoding="utf-8"),
        lambda: (tmp_path / "a.py").unlink(),
    ])  # fmt: skip

    def check() -> int:
        seen.append(sorted(path.name for path in tmp_path.iterdir()))
        for change in changes:
            change()
            break
        return 0

    assert watch.watch(lambda: sorted(tmp_path.iterdir()), check, rounds=1) == 0
    assert seen == [["a.py"], ["a.py"], ["a.py", "b.py"], ["b.py"]]


def test_file_that_vanishes_has_no_stamp(tmp_path: Path) -> None:
    assert take_stamps([tmp_path / "nowhere.py", Path("nul\0")]) == {}


def test_watching_ends_with_control_c_and_says_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LOOP, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", "from deloop.cli import main; main()", "check", "--watch", "a.py"],
        env={**os.environ, "PYTHONPATH": str(SOURCE)}, cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    clock = threading.Timer(60, process.kill)
    clock.start()
    assert process.stdout is not None
    assert "VEC201" in process.stdout.readline()
    time.sleep(0.5)
    (tmp_path / "a.py").write_text(f"\n\n{LOOP}", encoding="utf-8")
    while "a.py:6:5" not in process.stdout.readline():
        assert process.poll() is None
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate()
    clock.cancel()
    assert process.returncode == 0
    assert "Traceback" not in error
    assert "watching for changes" in error
