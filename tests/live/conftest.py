"""What tests of other folders start servers and import descriptions with is used here too."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path += [str(Path(__file__).parents[1] / folder) for folder in ("serve/bridge", "openapi")]
