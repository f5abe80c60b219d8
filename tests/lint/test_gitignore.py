"""Patterns as git reads them: compared with git itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from deloop.lint.gitignore import is_ignored, read_patterns

PATTERNS = [
    "*.tmp.py", "build/", "/top.py", "docs/*.py", "a/**/z.py", "!keep.tmp.py", "# comment", "",
    "sub/inner", "[xy].py", "q?.py", "**/deep.py", "trailing   ", "\\#hash.py", "all/**",
]  # fmt: skip
PATHS = [
    "one.tmp.py", "n/one.tmp.py", "keep.tmp.py", "build/f.py", "n/build/f.py", "top.py", "n/top.py",
    "docs/a.py", "docs/n/a.py", "a/z.py", "a/b/z.py", "a/b/c/z.py", "sub/inner/f.py",
    "n/sub/inner/f.py", "x.py", "z.py", "qa.py", "qab.py", "n/deep.py", "deep.py", "trailing/f.py",
    "#hash.py", "all/f.py", "plain.py", "n/x.py",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_path_is_left_out_where_git_leaves_it_out(path: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("\n".join(PATTERNS) + "\n", encoding="utf-8")
    done = subprocess.run(
        ["git", "check-ignore", "-q", "--no-index", path], cwd=tmp_path, check=False
    )
    patterns = read_patterns(PATTERNS)
    parts = path.split("/")
    folders = ["/".join(parts[:n]) for n in range(1, len(parts))]
    ours = any(is_ignored(f, True, patterns) for f in folders) or bool(
        is_ignored(path, False, patterns)
    )
    assert ours == (done.returncode == 0)
