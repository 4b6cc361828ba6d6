"""The test setup of the proxy, which the tests of recordings share."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "serve/proxy"))
