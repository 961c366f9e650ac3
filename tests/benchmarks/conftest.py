"""The suite is run as ``python -m tests.benchmarks`` from the repository; its tests import it the same way."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
