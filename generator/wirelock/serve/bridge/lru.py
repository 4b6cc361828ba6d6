"""What calls without a request of their own said: header values by key, those of the keys used last."""

from __future__ import annotations

from collections import OrderedDict

MOST = 10_000


class Remembered:
    """Values by key; with more than `most` keys, the one that was used longest ago is forgotten."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._values: OrderedDict[str, str] = OrderedDict()

    def remember(self, key: str, value: str) -> None:
        """Keep a value; the last one wins."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def recall(self, key: str) -> str | None:
        """The value of a key, which counts as a use; None where there is none."""
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key]

    def forget(self, key: str) -> None:
        """Drop the value of a key, if there is one."""
        self._values.pop(key, None)
