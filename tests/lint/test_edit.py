"""Edits of bytes: nothing outside of them changes, whatever the file is written with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deloop.lint.edit import apply_fixes, find_import_line, split_lines, write_atomically
from deloop.lint.finding import Fix, LineEdit


def fix(first: int, last: int, *new: str, imports: tuple[str, ...] = ()) -> Fix:
    return Fix(frozenset({first + 1}), (LineEdit(first, last, new),), (), imports)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_new_lines_end_as_the_files_do(ending: bytes) -> None:
    data = ending.join([b"a = 1", b"b = 2", b"c = 3", b""])
    assert apply_fixes(data, [fix(1, 2, "x = 1", "y = 2")]) == ending.join(
        [b"a = 1", b"x = 1", b"y = 2", b"c = 3", b""]
    )


def test_byte_order_mark_form_feed_and_other_letters_stay() -> None:
    data = b"\xef\xbb\xbfa = '\xc3\xa4'\n\x0cb = 2\n\tc = 3  \n"
    assert apply_fixes(data, [fix(1, 2, "z")]) == b"\xef\xbb\xbfa = '\xc3\xa4'\nz\n\tc = 3  \n"


def test_last_line_without_end_stays_without() -> None:
    assert apply_fixes(b"a\nb", [fix(1, 2, "c", "d")]) == b"a\nc\nd"


def test_several_edits_do_not_move_each_other() -> None:
    data = b"0\n1\n2\n3\n4\n"
    assert apply_fixes(data, [fix(0, 1), fix(3, 4, "x", "y")]) == b"1\n2\nx\ny\n4\n"


def test_missing_import_comes_before_the_first_one() -> None:
    data = b'"""Doc."""\nfrom __future__ import annotations\n\nimport os\na\n'
    changed = apply_fixes(data, [fix(4, 5, "b", imports=("import torch",))])
    assert changed == (
        b'"""Doc."""\nfrom __future__ import annotations\n\nimport torch\nimport os\nb\n'
    )


def test_lines_are_pythons_own() -> None:
    assert split_lines(b"a\x0cb\nc\x1cd\r\ne\rf") == [b"a\x0cb\n", b"c\x1cd\r\n", b"e\r", b"f"]
    assert find_import_line(["x = 1"]) == 0


def test_file_is_replaced_in_one_step_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"old")
    file.chmod(0o755)
    write_atomically(file, b"new")
    assert file.read_bytes() == b"new"
    assert file.stat().st_mode & 0o777 == 0o755
    assert os.listdir(tmp_path) == ["a.py"]


def test_interrupted_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"old")

    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(file, b"new")
    assert file.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.py"]
