"""What is not edited keeps every byte, whatever a file is written with; a broken one is a line."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deloop.cli import main

SOURCE = Path(__file__).resolve().parents[2] / "src"

# Name: what stands around the lines between the marks, and those lines, which are edited.
HEAD = "import torch\n"
LOOP = """\
def double(x: torch.Tensor):
<<    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] * 2
    return out
>>"""
NESTED = """\
def outer(y):
  z = y
  def inner(x: torch.Tensor):
<<    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] * 2
    return out
>>  return inner(z)  # end"""
STATEMENTS = """\
async def f():
  async with a as b: yield
match 1:
  case [1, *_]: ...
try: pass
finally: ...
with (open(a)): pass
"""
CORPUS = {
    "tabs": "class A:\n\tx = [1,\n  2]\n" + LOOP.replace("    ", "\t") + "\ndef g():\n\tpass\n",
    "form feeds": f"\x0c\nx = '\x0b\x1c\x85\u2028'\n\x0c{LOOP}\x0c\n# \x0c",
    "names and strings beyond ASCII": f"größe = 'ß𝔸\u0301'  # ☃\n{LOOP}\nπ = größe\n",
    "continued lines": f"a = 1 + \\\n  2\n{LOOP}b = (a +\na)\nif a and \\\n   b: pass\n",
    "decorators": f"@functools.wraps(\n  len)\n@ (lambda f: f)\n{LOOP}\n@len\ndef g(): pass\n",
    "a nested function": NESTED,
    "semicolons": f"a = 1; b = 2 ;\n{LOOP}c = 3;d=4; del a\n",
    "comments at every margin": f"        # deep\n#none\n{LOOP}    # after\n\t# tab\n",
    "spaces behind lines": f"a = 1   \n   \n{LOOP}b = 2 \t\n\t\n",
    "long strings": f"s = \'\'\'\n  for i in range(3):\n\tx[i] = 1\n\'\'\'\n{LOOP}s = s\n",
    "no end of the last line": f"{LOOP}x = 1",
    "statements of every kind": f"{STATEMENTS}{LOOP}lambda: (yield)\n",
}
NEW = "    return x * 2\n"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", "--no-cache", *arguments])


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "bom"])
@pytest.mark.parametrize("name", CORPUS)
def test_text_outside_of_the_edit_survives(
    tmp_path: Path, name: str, mark: str, ending: str
) -> None:
    before, _, rest = (mark + HEAD + CORPUS[name]).partition("<<")
    old, _, behind = rest.partition(">>")
    indent = "\t" if old.startswith("\t") else "    "
    parts = (before, old, behind, NEW.replace("    ", indent))
    first, replaced, last, new = (p.replace("\n", ending).encode() for p in parts)
    file = tmp_path / "a.py"
    file.write_bytes(first + replaced + last)
    assert run("--fix", "--unsafe-fixes", str(file)).exit_code == 0
    assert file.read_bytes() == first + new + last
    ast.parse(file.read_bytes())


def test_encoding_that_is_declared_is_kept(tmp_path: Path) -> None:
    text = "# -*- coding: latin-1 -*-\nä = 'é'\n" + HEAD + LOOP.replace("<<", "").replace(">>", "")
    file = tmp_path / "a.py"
    file.write_bytes(text.encode("latin-1"))
    assert run("--fix", "--unsafe-fixes", str(file)).exit_code == 0
    assert file.read_bytes().startswith("# -*- coding: latin-1 -*-\nä = 'é'\n".encode("latin-1"))
    assert file.read_bytes().endswith(NEW.encode())


def test_fix_killed_at_any_moment_leaves_the_old_file_or_the_new(tmp_path: Path) -> None:
    old = (HEAD + LOOP.replace("<<", "").replace(">>", "") + "# filler\n" * 200_000).encode()
    new = (HEAD + LOOP.partition("<<")[0] + NEW + "# filler\n" * 200_000).encode()
    file = tmp_path / "a.py"
    program = (
        "import sys\nfrom deloop.lint.edit import write_atomically\nfrom pathlib import Path\n"
        "data = Path(sys.argv[2]).read_bytes()\nprint('go', flush=True)\n"
        "while True: write_atomically(Path(sys.argv[1]), data)\n"
    )
    (tmp_path / "new").write_bytes(new)
    for moment in range(6):
        file.write_bytes(old)
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(file), str(tmp_path / "new")],
            env={**os.environ, "PYTHONPATH": str(SOURCE)}, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.003 * moment)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert file.read_bytes() in (old, new)


BROKEN = {
    "unreadable as Python": b"import torch\nfor i in range(n:\n    x[i] = y[i]\n",
    "not UTF-8": b"import torch\nfor i in range(n):\n    y[i] = '\xff\xfe'\n",
    "null bytes": b"import torch\nfor i in x:\n  y[i] = x[i]\n\x00",
    "a picture": b"\x89PNG\r\n\x1a\ntorch\nfor i in x:\n y[i] = x[i]\n" + bytes(range(256)) * 9,
    "an unknown encoding": b"# coding: nonsense\nimport torch\nfor i in x:\n    y[i] = x[i]\n",
    "another encoding": "import torch\nfor i in x:\n    y[i] = x[i]\n".encode("utf-16") + b"torch",
    "nested too deeply": b"import torch\nfor i in x:\n    y[i] = " + b"(" * 5000 + b")" * 5000,
    "too large": b"import torch\nfor i in x:\n    y[i] = x[i]\n" + b"#" * 9_000_000,
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_file_is_one_line_and_others_are_checked(tmp_path: Path, name: str) -> None:
    (tmp_path / "broken.py").write_bytes(BROKEN[name])
    (tmp_path / "good.py").write_text(HEAD + LOOP.replace("<<", "").replace(">>", ""))
    for options in ((), ("--fix",), ("--diff",)):
        done = run(*options, str(tmp_path))
        assert done.exit_code == 1
        assert "good.py" in done.stdout
        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert len(errors) <= 1
        assert "Traceback" not in done.stderr
        assert (tmp_path / "broken.py").read_bytes() == BROKEN[name]
    named = run(str(tmp_path / "broken.py"))
    assert named.exit_code == (2 if named.stderr else 0)
    assert named.stderr or name == "another encoding"  # nothing in it looks like a loop


def test_folder_loop_of_links_and_dangling_links_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/up").symlink_to(tmp_path)
    (tmp_path / "inner/gone.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "inner/good.py").write_text(HEAD + LOOP.replace("<<", "").replace(">>", ""))
    done = run(str(tmp_path), "--output-format", "concise")
    assert done.exit_code == 1
    assert done.stdout.count("VEC201") == 1
    assert "error" not in done.stderr


def test_unreadable_file_and_file_that_cannot_be_written_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.py"
    file.write_text(HEAD + LOOP.replace("<<", "").replace(">>", ""))
    text = file.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", fail)
        done = run("--fix", "--unsafe-fixes", str(file))
    assert done.exit_code == 2
    assert f"error: {file}:1:1: cannot be fixed: Permission denied\n" in done.stderr
    assert (file.read_bytes(), sorted(tmp_path.iterdir())) == (text, [file])
    monkeypatch.setattr(Path, "read_bytes", fail)
    done = run(str(file))
    assert (done.exit_code, done.stderr) == (
        2, f"error: {file}:1:1: cannot be read: Permission denied\n"
    )  # fmt: skip


def test_file_that_somebody_changes_meanwhile_is_checked_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deloop.cli import check

    file = tmp_path / "a.py"
    text = HEAD + LOOP.replace("<<", "").replace(">>", "")
    file.write_text(text)
    original = check.fix_file

    def fix_file(*arguments: object, **options: object) -> object:
        file.write_text(f"# one line more\n{text}")
        return original(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(check, "fix_file", fix_file)
    assert run("--fix", "--unsafe-fixes", str(file)).exit_code == 0
    assert file.read_text() == f"# one line more\n{HEAD}{LOOP.partition('<<')[0]}{NEW}"


def test_file_that_vanishes_meanwhile_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deloop.cli import check

    file = tmp_path / "a.py"
    file.write_text(HEAD + LOOP.replace("<<", "").replace(">>", ""))
    original = check.fix_file

    def fix_file(*arguments: object, **options: object) -> object:
        file.unlink(missing_ok=True)
        return original(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(check, "fix_file", fix_file)
    done = run("--fix", "--unsafe-fixes", str(tmp_path))
    assert f"error: {file}:1:1: cannot be fixed: No such file or directory\n" in done.stderr
    assert not file.exists()


@pytest.mark.parametrize(
    "text",
    ["[tool.deloop]\nfoo = 1\n", "[tool.deloop]\nselect = 'VEC'\n", "[tool.deloop\n",
     "\xff[tool.deloop",
     "[tool.deloop]\nselect = ['E501']\n", "[tool]\ndeloop = 3 # [tool.deloop\n",
     "[tool.deloop]\nper-file-ignores = 3\n", "[tool.deloop]\nstrict = 'yes'\n"],
)  # fmt: skip
def test_broken_settings_are_one_line_and_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text(text, encoding="latin-1")
    done = run()
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("error: ")
