"""What other programs read or run: formats, the hook, the action, completion."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from deloop.cli import main

ROOT = Path(__file__).resolve().parents[2]
LOOP = """\
import torch
def double(x: torch.Tensor):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] * 2
    return out
"""
NAMES = ["a.py", "<odd> & \"name\", 100%.py", "größe\x01.py"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        (tmp_path / name).write_text(LOOP, encoding="utf-8")
    return tmp_path


def render(name: str) -> str:
    return CliRunner().invoke(main, ["check", "--no-cache", "--output-format", name]).stdout


# What the published schema (OASIS, SARIF 2.1.0) lets an object of each kind have, and asks of it:
# https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json
def check_keys(value: dict[str, Any], allowed: str, required: str = "") -> None:
    assert set(value) <= set(allowed.split())
    assert set(required.split()) <= set(value)


def test_sarif_has_what_the_standard_asks_for_and_nothing_else(project: Path) -> None:
    document = json.loads(render("sarif"))
    check_keys(document, "$schema version runs", "version runs")
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    check_keys(run, "tool columnKind results", "tool")
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    driver = run["tool"]["driver"]
    check_keys(driver, "name version rules", "name")
    assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"])
    for rule in driver["rules"]:
        check_keys(rule, "id name shortDescription defaultConfiguration", "id")
        assert rule["defaultConfiguration"] == {"level": "warning"}
        assert set(rule["shortDescription"]) == {"text"}
    assert len(run["results"]) == len(NAMES)
    for result in run["results"]:
        check_keys(result, "ruleId ruleIndex level message locations", "message")
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert set(result["message"]) == {"text"}
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", place["artifactLocation"]["uri"])
        check_keys(place["region"], "startLine startColumn endLine", "startLine")
        assert 1 <= place["region"]["startLine"] <= place["region"]["endLine"]


def test_junit_is_xml_whatever_files_are_called(project: Path) -> None:
    tree = ElementTree.fromstring(render("junit"))
    assert {suite.get("name") for suite in tree} == {*NAMES[:2], "größe?.py"}
    for suite in tree:
        cases = suite.findall("testcase")
        assert suite.get("tests") == suite.get("failures") == str(len(cases)) == "1"
        assert set(cases[0].attrib) == {"name", "classname"}
        assert cases[0].find("failure") is not None


def test_github_commands_are_one_line_each(project: Path) -> None:
    lines = render("github").splitlines()
    assert len(lines) == len(NAMES)
    pattern = re.compile(r"::warning (?:\w+=[^,:]+,?)+::VEC201 .+")
    assert all(pattern.fullmatch(line) for line in lines)
    assert any("file=<odd> & \"name\"%2C 100%25.py," in line for line in lines)


def test_gitlab_report_has_what_gitlab_asks_for(project: Path) -> None:
    issues = json.loads(render("gitlab"))
    assert {issue["location"]["path"] for issue in issues} == set(NAMES)
    assert len({issue["fingerprint"] for issue in issues}) == len(NAMES)
    for issue in issues:
        assert {"description", "check_name", "fingerprint", "severity", "location"} <= set(issue)
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert issue["location"]["lines"]["begin"] == 4


def read_hook() -> dict[str, str]:
    text = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    return dict(re.findall(r"^(?:- |  )(\w+): (.+)$", text, re.MULTILINE))


def test_hook_stops_a_commit_in_a_scratch_repository(tmp_path: Path) -> None:
    # pre-commit itself wants a network; git runs the hook's entry on the staged files here.
    hook = read_hook()
    assert (hook["language"], hook["types_or"]) == ("python", "[python, jupyter]")
    command, *arguments = hook["entry"].split()
    assert command == "deloop"
    started = f"'{sys.executable}' -c 'from deloop.cli import main; main()' {' '.join(arguments)}"
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT / "src"), "GIT_CONFIG_GLOBAL": os.devnull,
    }  # fmt: skip

    def git(*words: str) -> subprocess.CompletedProcess[str]:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b")
        return subprocess.run(
            ["git", *identity, *words], cwd=tmp_path, env=environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip

    git("init", "-q")
    script = tmp_path / ".git/hooks/pre-commit"
    script.parent.mkdir(exist_ok=True)
    script.write_text(f"#!/bin/sh\nexec {started} $(git diff --cached --name-only)\n")
    script.chmod(0o755)
    (tmp_path / "a.py").write_text(LOOP, encoding="utf-8")
    git("add", "a.py")
    refused = git("commit", "-m", "slow")
    assert refused.returncode == 1
    assert "a.py:4:5: VEC201" in refused.stdout + refused.stderr
    (tmp_path / "a.py").write_text("import torch\nx = torch.ones(3) * 2\n", encoding="utf-8")
    git("add", "a.py")
    assert git("commit", "-m", "fast").returncode == 0


def test_action_runs_commands_that_exist(project: Path) -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    (line,) = re.findall(r"run: (deloop .+)$", text, re.MULTILINE)
    words = re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda m: "." if m[1] == "paths" else "", line)
    done = CliRunner().invoke(main, words.split()[1:])
    assert done.exit_code == 1
    assert done.stdout.startswith("::warning ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_each_shell(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from deloop.cli import main; main(prog_name='deloop')"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "_DELOOP_COMPLETE": f"{shell}_source"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "deloop" in done.stdout
    assert "Traceback" not in done.stderr
