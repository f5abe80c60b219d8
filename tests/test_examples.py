"""Every example runs and says what it promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))

PROMISES = {
    "three_loops.py": (
        "return tensor1 + tensor2",
        "return func(tensor)",
        "return torch.where(tensor > threshold, tensor * 2, tensor / 2)",
        "equal",
    ),
    "integers_are_cut.py": ("torch.int64", "[[ 0,  1]", "[10, 14]]"),
    "kept_loop.py": ("kept", "flow dependence, distance 1", "strict: "),
    "guarded_root.py": ("torch.sqrt(torch.where(", "nan"),
    "grey_image.py": ("return self.weights[0] * image[:, :, 0]", "gradient of the weights"),
}


def run_example(path: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, env=environment, check=False
    )


def test_every_example_has_a_promise() -> None:
    assert {path.name for path in EXAMPLES} == set(PROMISES)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_example_runs_and_keeps_its_promise(path: Path) -> None:
    done = run_example(path)
    assert done.returncode == 0, done.stderr
    assert [part for part in PROMISES[path.name] if part not in done.stdout] == []
    assert "DIFFERENT" not in done.stdout
