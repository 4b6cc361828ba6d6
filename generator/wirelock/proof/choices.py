"""Where hypothesis takes its choices from: a seed, and nothing of the process it runs in."""

from __future__ import annotations

from typing import Any

from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

BACKEND = "wirelock"


class SeededProvider(HypothesisProvider):
    """Hypothesis's own, without the constants that it finds in whatever modules are loaded.

    With them the same seed would draw other documents in another environment. Backends are registered like this
    (hypothesis documentation, "Alternative backends for Hypothesis").
    """

    def _maybe_draw_constant(self, *_: Any, **__: Any) -> None:
        return None


AVAILABLE_PROVIDERS[BACKEND] = f"{__name__}.{SeededProvider.__name__}"
