"""The mutants fit the source, and the harness tells a broken deloop from a whole one.

``make mutants`` runs all of them; here are the few that take no time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.soundness.store import append, read

from . import runner
from .mutant import Mutant, MutantError, edited_source
from .mutants import MUTANTS
from .runner import Fate, digest_of, import_everything, main, record_of, settle

ROOT = Path(__file__).resolve().parent.parent.parent
QUICK = ("NaN equal to any number", "two sides share their arguments", "distance 1 overlooked")


def test_there_are_mutants_of_every_kind() -> None:
    assert len(MUTANTS) >= 40
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    kinds = Counter(mutant.kind for mutant in MUTANTS)
    wanted = {"dependence", "guard", "cast", "wrap", "alias", "scatter", "branch", "gradient"}
    assert wanted <= set(kinds)
    assert min(kinds[kind] for kind in wanted) >= 3


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutant_fits_the_source_and_is_python(mutant: Mutant) -> None:
    import_everything()
    compile(f"from __future__ import annotations\n{edited_source(mutant)}", "<mutant>", "exec")
    assert mutant.tests
    assert [test for test in mutant.tests if not (ROOT / test).is_file()] == []


def test_mutant_that_does_not_fit_says_so() -> None:
    with pytest.raises(MutantError, match="0 times"):
        edited_source(replace(MUTANTS[0], old="no such text"))
    with pytest.raises(MutantError, match="there is no"):
        edited_source(replace(MUTANTS[0], where="deloop.poly.dependence:no_such_function"))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The runner in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "tests.mutation.runner", "--quick", *arguments], cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_broken_engine_is_noticed() -> None:
    done = run(*(word for name in QUICK for word in ("--only", name)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of 3 caught" in done.stdout


def test_whole_engine_is_not_taken_for_a_broken_one() -> None:
    program = (
        "from dataclasses import replace\n"
        "from tests.mutation import runner\n"
        "from tests.mutation.mutants import MUTANTS\n"
        "mutant = next(m for m in MUTANTS if m.name == 'NaN equal to any number')\n"
        "whole = replace(mutant, new=mutant.old)\n"
        "(fate,) = runner.run_all([whole], thorough=False)\n"
        "assert fate.caught_by == '', fate\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_kept_fates_are_those_of_todays_mutants_in_their_order(tmp_path: Path) -> None:
    results = tmp_path / "mutants.jsonl"
    gone = replace(MUTANTS[0], name="a mutant of old")
    for mutant, test in ((MUTANTS[1], "a"), (gone, "b"), (MUTANTS[0], ""), (MUTANTS[0], "c")):
        append(results, {**record_of(Fate(MUTANTS[0], test, 1.0)), "name": mutant.name})
    found = settle(results, MUTANTS)
    assert [(r["name"], r["caught_by"]) for r in found] == [
        (MUTANTS[0].name, "c"), (MUTANTS[1].name, "a"),
    ]  # fmt: skip
    assert read(results, ("name",)) == found


def test_mutant_that_was_caught_is_left_out_until_its_function_changes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def run_all(mutants: Sequence[Mutant], **options: object) -> Iterator[Fate]:
        ran.extend(mutant.name for mutant in mutants)
        yield from (Fate(mutant, "tests/x.py::test_y", 1.0) for mutant in mutants)

    monkeypatch.setattr(runner, "run_all", run_all)
    results = tmp_path / "mutants.jsonl"
    kept = record_of(Fate(MUTANTS[0], "tests/x.py::test_y", 1.0))
    append(results, kept)
    append(results, {**record_of(Fate(MUTANTS[1], "t", 1.0)), "digest": "of another text"})
    append(results, record_of(Fate(MUTANTS[2], "", 1.0)))
    words = [word for m in MUTANTS[:3] for word in ("--only", m.name)]
    assert main([*words, "--results", str(results)]) == 0
    assert ran == [MUTANTS[1].name, MUTANTS[2].name]
    assert [r["digest"] for r in read(results, ("name",))] == [digest_of(m) for m in MUTANTS[:3]]
    assert main([*words, "--results", str(results)]) == 0
    assert "0 of 0 caught" in capsys.readouterr().out
    assert main([*words, "--results", str(results), "--fresh"]) == 0
    assert ran[2:] == [m.name for m in MUTANTS[:3]]
