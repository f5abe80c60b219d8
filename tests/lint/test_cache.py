"""The cache: faster, never different, and nothing that can be broken breaks a run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deloop.cli import main
from deloop.config import Config
from deloop.lint import source
from deloop.lint.cache import FOLDER, decode, encode, open_cache
from deloop.lint.check import Result as Found
from deloop.lint.check import check_bytes

LOOP = """\
import torch
def double(x: torch.Tensor):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] * 2
    return out
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text(LOOP, encoding="utf-8")
    broken = "import torch\nfor i in range(n:\n  x[i] = 1\n"
    (tmp_path / "b.py").write_text(broken, encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments])


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nothing is read as Python any more."""

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(source, "check_bytes", fail)


@pytest.mark.parametrize("options", [(), ("--diff",)])
def test_unchanged_files_are_not_read_again(
    project: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    first = run(*options)
    forbid(monkeypatch)
    second = run(*options)
    assert (second.stdout, second.stderr, second.exit_code) == (
        first.stdout, first.stderr, first.exit_code
    )  # fmt: skip
    assert "VEC201" in second.stdout or options
    assert "cannot be parsed" in second.stderr
    moved = project / "c.py"
    (project / "a.py").rename(moved)
    assert "c.py" in run(*options).stdout


def test_changed_file_changed_settings_and_other_version_are_read_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    forbid(monkeypatch)
    assert "read again" in run("--strict").stderr
    assert "read again" in run("--ignore", "VEC3").stderr
    assert "read again" in run("--no-cache").stderr
    assert "read again" not in run().stderr
    (project / "a.py").write_text(LOOP + "\n", encoding="utf-8")
    assert "read again" in run().stderr


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[1]", b'{"a": 1}', b'{"a": [1, 2]}', b"[" * 100_000, None]
)
def test_broken_cache_is_as_if_it_were_not_there(project: Path, data: bytes | None) -> None:
    first = run()
    (file,) = (project / FOLDER).glob("*.json")
    kept = json.loads(file.read_bytes())
    if data is None:  # entries of another shape
        data = json.dumps({key: [day, {"findings": 3}] for key, (day, _) in kept.items()}).encode()
    file.write_bytes(data)
    assert run().stdout == first.stdout
    assert run().stdout == first.stdout
    assert kept.items() <= json.loads(file.read_bytes()).items()


def test_folder_that_cannot_be_written_is_no_problem(project: Path) -> None:
    (project / FOLDER).write_text("a file", encoding="utf-8")
    done = run("a.py")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 2)


def test_no_cache_writes_nothing_and_standard_input_neither(project: Path) -> None:
    run("--no-cache")
    CliRunner().invoke(main, ["check", "-"], input=LOOP)
    assert not (project / FOLDER).exists()


def test_git_and_backups_leave_the_folder_out(project: Path) -> None:
    run()
    assert (project / FOLDER / ".gitignore").read_text(encoding="utf-8") == "*\n"
    assert (project / FOLDER / "CACHEDIR.TAG").exists()


def test_parallel_runs_leave_a_whole_cache(project: Path) -> None:
    for n in range(8):
        (project / f"c{n}.py").write_text(LOOP.replace("2", str(n)), encoding="utf-8")
    program = "from deloop.cli import main; main()"
    environment = {"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")}
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", program, "check", "--exit-zero", *(f"c{n}.py" for n in mine)],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for mine in (range(6), range(2, 8))
    ]  # fmt: skip
    assert [r.communicate()[0].count(b"VEC201") for r in runs] == [6, 6]
    (file,) = (project / FOLDER).glob("*.json")
    assert 6 <= len(json.loads(file.read_bytes())) <= 8
    assert sorted(p.name for p in (project / FOLDER).iterdir()) == sorted(
        [".gitignore", "CACHEDIR.TAG", file.name]
    )


def test_result_survives_writing_and_reading(tmp_path: Path) -> None:
    config = Config(root=tmp_path)
    result = check_bytes(LOOP.encode(), "a.py", config, thorough=True)
    again = decode(json.loads(json.dumps(encode(result))), "a.py")
    assert again == result
    assert again.fixes == result.fixes
    assert decode(encode(Found("a.py")), "a.py") == Found("a.py")


def test_failure_of_deloop_is_not_remembered(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        forbid(patched)
        assert "deloop failed (AssertionError: read again)" in run("a.py").stderr
    assert run("a.py").exit_code == 1


def test_keys_differ_by_kind_of_file(tmp_path: Path) -> None:
    cache = open_cache(Config(root=tmp_path), thorough=False)
    assert cache.key(b"x", "a.py") == cache.key(b"x", "b/c.py")
    assert cache.key(b"x", "a.py") != cache.key(b"x", "a.ipynb")
    assert cache.key(b"x", "a.py") != cache.key(b"y", "a.py")


def test_what_a_fix_rests_on_is_left_out_of_the_cache() -> None:
    source = b"import torch\n\ndef f(x: torch.Tensor):\n    out = torch.zeros_like(x)\n"
    source += b"    for i in range(len(x)):\n        out[i] = x[i] * 2\n    return out\n"
    result = check_bytes(source, "a.py", Config(), thorough=True)
    assert result.findings[0].certificate is not None
    again = decode(json.loads(json.dumps(encode(result))), "a.py")
    assert again.findings == result.findings
    assert again.fixes == result.fixes
