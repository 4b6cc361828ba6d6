"""Paths of helper modules in other test folders."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path += [str(Path(__file__).parents[1] / folder) for folder in ("serve/bridge", "openapi")]
