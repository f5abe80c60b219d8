"""What every test run shares: one thread a worker, and reproducible examples."""

from __future__ import annotations

import os

from hypothesis import settings

# pytest-xdist already uses the cores; threads on top of its workers only wait for each other.
# It has to stand in the environment before the first test imports torch.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A test run gives the same answer twice. `make fuzz SEED=…` is where new examples are looked for.
settings.register_profile("deloop", deadline=None, derandomize=True)
settings.load_profile("deloop")
