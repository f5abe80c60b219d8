"""Notebooks: found, fixed in their JSON, and run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

from deloop.cli import main
from deloop.config import Config
from deloop.lint.check import Problem
from deloop.lint.notebook import check_notebook, read_notebook
from deloop.lint.source import check_source

SETUP = ["%matplotlib inline\n", "import torch\n", "!pip install \\\n", "    nothing\n",
         "x = torch.linspace(0.0, 1.0, 60)  # größer"]  # fmt: skip
LOOP = ["out = torch.zeros(60)  # Ergebnis\n", "for i in range(60):\n", "    out[i] = i * 2\n",
        "out.sum()  # für später"]  # fmt: skip


def code(*lines: str) -> dict[str, Any]:
    return {
        "cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [],
        "source": list(lines),
    }  # fmt: skip


def write(cells: list[dict[str, Any]], **style: Any) -> bytes:
    document = {
        "cells": cells,
        "metadata": {"kernelspec": {"language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    style = {"indent": 1, "ensure_ascii": False, **style}
    return (json.dumps(document, **style) + "\n").encode()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", "--no-cache", *arguments])


def run_cells(data: bytes) -> dict[str, Any]:
    """What the names of a notebook are after all cells ran, magics left out."""
    names: dict[str, Any] = {}
    for cell in json.loads(data)["cells"]:
        if cell["cell_type"] == "code":
            text = "".join(cell["source"])
            lines = [line for line in text.splitlines() if not line.startswith(("%", "!", "    n"))]
            exec("\n".join(lines), names)
    return names


MARKDOWN = {"cell_type": "markdown", "metadata": {}, "source": ["# for i in range(9):\n", "x[i]"]}


def test_cells_are_named_and_places_in_the_file_are_true(tmp_path: Path) -> None:
    data = write([MARKDOWN, code(*SETUP), code(*LOOP)])
    (tmp_path / "a.ipynb").write_bytes(data)
    done = run(str(tmp_path), "--output-format", "concise")
    assert done.stdout.startswith(f"{tmp_path}/a.ipynb:cell 3:2:1: VEC201 out is written")
    (found,) = json.loads(run(str(tmp_path), "--output-format", "json").stdout)
    assert (found["cell"], found["location"]) == (3, {"row": 2, "column": 1})
    assert found["end_location"] == {"row": 3}
    sarif = json.loads(run(str(tmp_path), "--output-format", "sarif").stdout)
    place = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]
    line = data.decode().splitlines()[place["startLine"] - 1]
    assert line[place["startColumn"] - 1 :].startswith("for i in range(60):")
    assert place["endLine"] == place["startLine"] + 1


@pytest.mark.parametrize(
    "style",
    [{}, {"indent": 4}, {"indent": None}, {"indent": "\t"}, {"ensure_ascii": True},
     {"indent": None, "separators": (",", ":")}],
    ids=str,
)  # fmt: skip
def test_only_the_strings_of_changed_lines_change(tmp_path: Path, style: dict[str, Any]) -> None:
    data = write([MARKDOWN, code(*SETUP), code(*LOOP), code("print(out)\n", "\n")], **style)
    data = data.replace(b'"execution_count"', b'"weird":1.50e+1,"execution_count"')
    file = tmp_path / "a.ipynb"
    file.write_bytes(data)
    assert run("--fix", str(file)).exit_code == 0
    fixed = file.read_bytes()
    new = [line for line in "".join(json.loads(fixed)["cells"][2]["source"]).splitlines(True)]
    assert new[-1] == "out.sum()  # für später"
    assert not any("for " in line for line in new)
    escape = style.get("ensure_ascii", False)
    first = data.index(json.dumps(LOOP[0], ensure_ascii=escape).encode())
    last = data.index(json.dumps(LOOP[3], ensure_ascii=escape).encode())
    assert fixed[:first] == data[:first]
    assert fixed.endswith(data[last:])
    assert torch.equal(run_cells(fixed)["out"], run_cells(data)["out"])
    assert run("--fix", str(file)).exit_code == 0
    assert file.read_bytes() == fixed


@pytest.mark.parametrize("escape", [False, True])
def test_source_that_is_one_string_stays_one(tmp_path: Path, escape: bool) -> None:
    cell = code()
    cell["source"] = "".join(LOOP)
    data = write([code(*SETUP), cell], ensure_ascii=escape)
    file = tmp_path / "a.ipynb"
    file.write_bytes(data)
    assert run("--fix", str(file)).exit_code == 0
    fixed = file.read_bytes()
    source = json.loads(fixed)["cells"][1]["source"]
    assert isinstance(source, str)
    assert source.endswith("out.sum()  # für später")
    assert fixed.endswith(data[data.index(b"out.sum()") :])
    assert fixed[: data.index(b"out = ")] == data[: data.index(b"out = ")]
    assert torch.equal(run_cells(fixed)["out"], run_cells(data)["out"])


def test_last_line_of_a_cell_keeps_having_no_end(tmp_path: Path) -> None:
    data = write([code("import torch"), code(*LOOP[:2], LOOP[2].rstrip())])
    file = tmp_path / "a.ipynb"
    file.write_bytes(data)
    assert run("--fix", str(file)).exit_code == 0
    source = json.loads(file.read_bytes())["cells"][1]["source"]
    assert not source[-1].endswith("\n")
    assert all(line.endswith("\n") for line in source[:-1])
    assert torch.equal(run_cells(file.read_bytes())["out"], torch.arange(60.0) * 2)


def test_diff_shows_the_cell_and_changes_nothing(tmp_path: Path) -> None:
    data = write([code(*SETUP), code(*LOOP)])
    file = tmp_path / "a.ipynb"
    file.write_bytes(data)
    done = run("--diff", str(file))
    assert done.exit_code == 1
    assert f"--- {file}:cell 2\n" in done.stdout
    assert "-for i in range(60):\n" in done.stdout
    assert " out.sum()  # für später\n" in done.stdout
    assert "pip" not in done.stdout
    assert file.read_bytes() == data


def test_magic_in_a_loop_keeps_it() -> None:
    lines = [LOOP[0], LOOP[1], "    %time out[i] = i * 2\n", LOOP[2]]
    result = check_notebook(write([code(*SETUP), code(*lines)]), "a.ipynb", Config(root=Path()))
    assert result.problem is None
    assert not any(finding.becomes for finding in result.findings)


@pytest.mark.parametrize(
    "magic",
    ["%%time\n", "%load_ext x\n", "!ls | grep a\n", "files = !ls\n", "a, b = %who\n",
     "torch.add?\n",
     "?torch\n", "torch.add??\n", "%%timeit -n 1\n"],
)  # fmt: skip
def test_magics_are_read_over(magic: str) -> None:
    data = write([code("import torch"), code(magic, *LOOP)])
    result = check_notebook(data, "a.ipynb", Config(root=Path()), thorough=True)
    assert result.problem is None
    assert [(f.cell.number, f.cell.line) for f in result.findings if f.cell] == [(2, 3)]
    notebook = read_notebook(data, "a.ipynb")
    assert not isinstance(notebook, Problem)
    assert json.loads(notebook.apply(result.fixes))["cells"][1]["source"][0] == magic


def test_cells_in_other_languages_are_passed_over() -> None:
    data = write([code("%%bash\n", "for x in *; do torch; done\n"), code("import torch\n", *LOOP)])
    result = check_notebook(data, "a.ipynb", Config(root=Path()))
    assert result.problem is None
    assert len(result.findings) == 1


def test_other_languages_are_passed_over() -> None:
    data = write([code("import torch\n", *LOOP)]).replace(b'"python"', b'"julia"')
    result = check_notebook(data, "a.ipynb", Config(root=Path()))
    assert (result.findings, result.problem) == ((), None)


def test_broken_cell_is_one_line_and_the_others_are_checked(tmp_path: Path) -> None:
    file = tmp_path / "a.ipynb"
    file.write_bytes(write([code("import torch"), code("x = (\n"), code(*LOOP)]))
    done = run(str(file), "--output-format", "concise")
    assert done.exit_code == 2
    assert done.stderr == f"error: {file}:cell 2:1:5: cannot be parsed: '(' was never closed\n"
    assert f"{file}:cell 3:2:1: VEC201" in done.stdout
    assert run(str(tmp_path)).exit_code == 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"{torch", "it is no JSON"), (b'{"torch": 1}', "it is no notebook of format 4"),
     (b'["torch"]', "it is no notebook of format 4"), (b'{"cells": "torch"}', "no notebook"),
     (b'{"cells": [1, "torch"]}', "no notebook"), (b'"torch \xff"', "it is not UTF-8"),
     (b"[" * 100_000 + b"torch", "cannot be read")],
    ids=lambda value: str(value)[:20],
)  # fmt: skip
def test_what_is_no_notebook_is_one_line(data: bytes, sentence: str) -> None:
    problem = check_source(data, "a.ipynb", Config(root=Path())).problem
    assert problem is not None
    assert sentence in str(problem)
    assert "\n" not in str(problem)


def test_byte_order_mark_and_line_ends_of_the_json_stay(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + write([code(*SETUP), code(*LOOP)]).replace(b"\n", b"\r\n")
    file = tmp_path / "a.ipynb"
    file.write_bytes(data)
    assert run("--fix", str(file)).exit_code == 0
    fixed = file.read_bytes()
    assert fixed.startswith(data[: data.index(b'"out = ')])
    assert fixed.count(b"\n") == fixed.count(b"\r\n")


def test_silence_in_a_cell(tmp_path: Path) -> None:
    lines = [LOOP[0], LOOP[1].replace(":\n", ":  # noqa: VEC201\n"), *LOOP[2:]]
    (tmp_path / "a.ipynb").write_bytes(write([code(*SETUP), code(*lines)]))
    assert run(str(tmp_path), "--select", "VEC201").exit_code == 0


def test_cell_is_explained_by_its_own_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.ipynb"
    file.write_bytes(write([code(*SETUP), code(*LOOP)]))
    done = CliRunner().invoke(main, ["explain", f"{file}:cell 2:3"])
    assert done.exit_code == 0
    assert f"{file}:cell 2:2:1: VEC201" in done.stdout
    assert "no loop" in CliRunner().invoke(main, ["explain", f"{file}:cell 2:1"]).stdout
