"""``deloop check`` as people run it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from deloop.cli import main

SOURCE = Path(__file__).resolve().parents[2] / "src"
LOOP = """\
import torch


def double(x: torch.Tensor):
    out = torch.zeros_like(x)  # the result
    for i in range(x.shape[0]):
        out[i] = x[i] * 2
    return out
"""
FINE = "import torch\n\n\ndef double(x):\n    return x * 2\n"
KEPT = """\
import torch


def picks(p: torch.Tensor, g):
    total = 0.0
    for i in range(p.shape[0]):
        total += p[i].item() ** 0.5 if p[i] > 0 else p[i].item()
    return total
"""
LOCAL = """\
import torch


def ramp():
    x = torch.zeros(100)
    for i in range(100):
        x[i] = i * 2
    return x
"""


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["check", *arguments], input=stdin)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop.py").write_text(LOOP, encoding="utf-8")
    (tmp_path / "fine.py").write_text(FINE, encoding="utf-8")
    return tmp_path


def test_finding_says_where_what_it_costs_and_what_it_becomes(project: Path) -> None:
    done = run(".")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith("loop.py:6:5: VEC201 out is written one item at a time: ")
    assert "x.shape[0]" in lines[0]
    assert lines[1] == "    return x * 2"
    assert any("x is a tensor (annotated Tensor)" in line for line in lines)


def test_nothing_to_say_is_silence_and_zero(project: Path) -> None:
    done = run("fine.py")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")


def test_concise_is_one_line_each(project: Path) -> None:
    assert len(run("--output-format", "concise").stdout.splitlines()) == 1


def test_exit_zero_and_statistics(project: Path) -> None:
    done = run("--exit-zero", "--statistics")
    assert done.exit_code == 0
    assert done.stdout == "1  VEC201  element_store_loop\n"


def test_select_and_ignore_take_beginnings(project: Path) -> None:
    assert run("--ignore", "VEC2").exit_code == 0
    assert run("--select", "VEC3").exit_code == 0
    assert run("--select", "VEC3,VEC201").exit_code == 1
    assert run("--select", "E501").exit_code == 2


def test_comment_and_settings_silence(project: Path) -> None:
    silenced = LOOP.replace("shape[0]):", "shape[0]):  # noqa: VEC201")
    (project / "loop.py").write_text(silenced, encoding="utf-8")
    # The loop with a form is silenced, and so is no other code that it might get.
    assert run(".", "--select", "VEC201").exit_code == 0
    (project / "loop.py").write_text(LOOP, encoding="utf-8")
    settings = '[tool.deloop.per-file-ignores]\n"loop.py" = ["VEC2"]\n'
    (project / "pyproject.toml").write_text(settings, encoding="utf-8")
    assert run(".").exit_code == 0


def test_what_git_ignores_is_left_out_and_named_files_are_not(project: Path) -> None:
    (project / ".git").mkdir()
    (project / ".gitignore").write_text("loop.py\n", encoding="utf-8")
    assert run("--show-files").stdout == "fine.py\n"
    assert run(".").exit_code == 0
    assert run("loop.py").exit_code == 1


def test_diff_shows_the_assumptions_above_the_hunk_and_changes_nothing(project: Path) -> None:
    done = run("--diff")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    start = lines.index("--- loop.py")
    assert all(line.startswith("# ") for line in lines[:start])
    assert any(line.startswith("# assumes x is a tensor") for line in lines[:start])
    assert "+    return x * 2" in lines
    assert (project / "loop.py").read_text(encoding="utf-8") == LOOP


def test_fix_leaves_what_is_not_proved_and_unsafe_fixes_do_not(project: Path) -> None:
    assert run("--fix").exit_code == 1
    assert (project / "loop.py").read_text(encoding="utf-8") == LOOP
    done = run("--fix", "--unsafe-fixes")
    assert (done.exit_code, done.stderr) == (0, "1 loop rewritten\n")
    fixed = (project / "loop.py").read_text(encoding="utf-8")
    assert fixed == "import torch\n\n\ndef double(x: torch.Tensor):\n    return x * 2\n"
    assert run("--fix", "--unsafe-fixes").exit_code == 0
    assert (project / "loop.py").read_text(encoding="utf-8") == fixed


def test_loop_over_what_the_function_makes_itself_is_fixed_without_asking(project: Path) -> None:
    (project / "loop.py").write_text(LOCAL, encoding="utf-8")
    assert run("--fix", "loop.py").exit_code == 0
    text = (project / "loop.py").read_text(encoding="utf-8")
    assert "for " not in text
    assert "torch.arange" in text


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_everything_outside_the_edit_survives(project: Path, ending: str) -> None:
    around = "# ünïcode \x0c form feed\nx = 'a'   \nif x: y = 1; z = 2\n\n"
    behind = "\n\nclass A:\n\tdef f(self):\n\t\treturn [1,\n2]\n# end"
    data = ("\ufeff" + around + LOOP + behind).replace("\n", ending).encode()
    file = project / "loop.py"
    file.write_bytes(data)
    assert run("--fix", "--unsafe-fixes", "loop.py").exit_code == 0
    fixed = file.read_bytes()
    start, end = data.index(b"    out ="), data.index(b"return out") + len(b"return out")
    assert fixed == data[:start] + b"    return x * 2" + data[end:]


def test_tabs_are_kept(project: Path) -> None:
    file = project / "loop.py"
    nested = "class A:\n" + "".join(
        f"\t{line}\n" if line else "\n" for line in LOOP.replace("    ", "\t").splitlines()[3:]
    )
    file.write_text(f"import torch\n{nested}", encoding="utf-8")
    assert run("--fix", "--unsafe-fixes", "loop.py").exit_code == 0
    text = file.read_text(encoding="utf-8")
    assert "\t\treturn x * 2\n" in text
    assert "  " not in text


def test_several_loops_of_a_function_and_of_a_file_are_fixed_together(project: Path) -> None:
    second = LOOP.split("\n\n\n")[1].replace("double", "triple").replace("* 2", "* 3")
    both = """
def both(x: torch.Tensor, y: torch.Tensor):
    a = torch.zeros_like(x)
    for i in range(len(x)):
        a[i] = x[i] + 1
    b = torch.zeros_like(y)
    for i in range(len(y)):
        b[i] = y[i] - 1
    return a, b
"""
    (project / "loop.py").write_text(f"{LOOP}\n\n{second}\n{both}", encoding="utf-8")
    assert run("--fix", "--unsafe-fixes", "loop.py").exit_code == 0
    text = (project / "loop.py").read_text(encoding="utf-8")
    assert "for " not in text
    assert "    a = x + 1\n    return a, y - 1\n" in text
    ast.parse(text)


def test_silenced_loop_is_not_rewritten_with_its_neighbour(project: Path) -> None:
    text = """\
import torch
def both(x: torch.Tensor, y: torch.Tensor):
    a = torch.zeros_like(x)
    for i in range(len(x)):  # noqa
        a[i] = x[i] + 1
    b = torch.zeros_like(y)
    for i in range(len(y)):
        b[i] = y[i] - 1
    return a, b
"""
    (project / "loop.py").write_text(text, encoding="utf-8")
    run("--fix", "--unsafe-fixes", "loop.py")
    fixed = (project / "loop.py").read_text(encoding="utf-8")
    assert "for i in range(len(x)):  # noqa" in fixed
    assert "range(len(y))" not in fixed


def test_advice_says_why_the_loop_stays(project: Path) -> None:
    (project / "kept.py").write_text(KEPT, encoding="utf-8")
    text = run("kept.py", "--output-format", "json").stdout
    found = json.loads(text)
    assert [f["code"] for f in found] in (["VEC301"], ["VEC202"])
    assert found[0]["reason"] or found[0]["becomes"]


def test_standard_input_is_checked_under_its_name(project: Path) -> None:
    done = run("--stdin-filename", "a/b.py", stdin=LOOP.encode())
    assert done.exit_code == 1
    assert done.stdout.startswith("a/b.py:6:5: VEC201")
    fixed = run("--stdin-filename", "b.py", "--fix", "--unsafe-fixes", stdin=LOOP.encode())
    assert "return x * 2" in fixed.stdout


def test_json_has_what_the_text_has(project: Path) -> None:
    (found,) = json.loads(run("--output-format", "json").stdout)
    assert found["code"] == "VEC201"
    assert found["location"] == {"row": 6, "column": 5}
    assert found["becomes"] == "return x * 2"
    assert json.loads(run("fine.py", "--output-format", "json").stdout) == []


def test_github_escapes_and_names_the_place(project: Path) -> None:
    text = run("--output-format", "github").stdout
    assert text.startswith("::warning title=deloop (VEC201),file=loop.py,line=6,endLine=7,col=5::")


def test_gitlab_fingerprints_stay_when_lines_move(project: Path) -> None:
    before = json.loads(run("--output-format", "gitlab").stdout)
    (project / "loop.py").write_text(f"# moved\n\n{LOOP}", encoding="utf-8")
    after = json.loads(run("--output-format", "gitlab").stdout)
    assert before[0]["fingerprint"] == after[0]["fingerprint"]
    assert after[0]["location"]["lines"]["begin"] == before[0]["location"]["lines"]["begin"] + 2


def test_junit_is_xml_with_one_failure_each(project: Path) -> None:
    tree = ElementTree.fromstring(run("--output-format", "junit").stdout)
    assert tree.get("failures") == "1"
    assert len(tree.findall(".//failure")) == 1
    clean = ElementTree.fromstring(run("fine.py", "--output-format", "junit").stdout)
    assert clean.get("failures") == "0"


def test_sarif_has_rules_and_results(project: Path) -> None:
    document = json.loads(run("--output-format", "sarif").stdout)
    assert document["version"] == "2.1.0"
    (found,) = document["runs"][0]["results"]
    rules = document["runs"][0]["tool"]["driver"]["rules"]
    assert rules[found["ruleIndex"]]["id"] == found["ruleId"] == "VEC201"
    place = found["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "loop.py"
    assert place["region"] == {"startLine": 6, "startColumn": 5, "endLine": 7}


@pytest.mark.parametrize(
    "data",
    [b"import torch\nfor i in range(n:\n    x[i] = y[i]\n",
     b"import torch\nfor i in x:\n  y[i] = x[i]\n\x00",
     b"# coding: nonsense\nimport torch\nfor i in range(n):\n    y[i] = x[i]\n",
     b"import torch\nfor i in range(n):\n    y[i] = x['\xff\xfe', i]\n"],
)  # fmt: skip
def test_broken_file_is_one_line_and_others_are_checked(project: Path, data: bytes) -> None:
    (project / "broken.py").write_bytes(data)
    done = run(".", "--output-format", "concise")
    assert done.exit_code == 1
    assert done.stdout.startswith("loop.py:6:5: VEC201")
    problems = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(problems) == 1
    assert problems[0].startswith("error: broken.py:")
    assert run("broken.py").exit_code == 2


def test_missing_file_is_two_and_the_rest_is_checked(project: Path) -> None:
    done = run("nowhere.py", "loop.py", "--output-format", "concise")
    assert done.exit_code == 2
    assert "VEC201" in done.stdout
    assert done.stderr.startswith("error: nowhere.py:1:1: cannot be read")


def test_broken_settings_are_one_line_and_two(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.deloop]\nfoo = 1\n", encoding="utf-8")
    done = run(".")
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1


def test_check_needs_no_torch_and_imports_no_compiler_for_a_clean_file(project: Path) -> None:
    program = (
        "import sys; sys.modules['torch'] = None; from deloop.cli import main\n"
        "try: main(['check', 'fine.py'])\n"
        "except SystemExit as stop: assert stop.code == 0\n"
        "assert 'deloop.pipeline' not in sys.modules and 'rich' not in sys.modules\n"
        "try: main(['check', 'loop.py', '--diff'])\n"
        "except SystemExit as stop: assert stop.code == 1\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True,
        check=False, cwd=project,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_several_processes_give_the_same(project: Path) -> None:
    for n in range(5):
        (project / f"copy{n}.py").write_text(LOOP, encoding="utf-8")
    alone = run(".", "--output-format", "concise", "-j", "1")
    together = run(".", "--output-format", "concise", "-j", "2")
    assert alone.stdout == together.stdout
    assert alone.stdout.count("VEC201") == 6
