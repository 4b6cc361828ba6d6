"""Types of wirelock's API as a program sees them; mypy and pyright check every `assert_type`."""

from __future__ import annotations

from typing import assert_type

import wirelock

report = wirelock.breaking({"type": "string"}, {"type": "string", "maxLength": 5})
assert_type(report, wirelock.Compatibility)
assert_type(report.backward, bool)
assert_type(report.backward_witness, str)
assert_type(wirelock.breaking(wirelock.load("old"), wirelock.load("new")).forward, bool)
