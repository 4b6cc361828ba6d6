"""The JSON verdict: the effect of schema changes on documents, proved or shown by a document."""

from wirelock.compat.json.change import JsonChange, Proof, Proved, Refuted, Side, Unknown
from wirelock.compat.json.comparison import RULES, find_json_changes

__all__ = ["RULES", "JsonChange", "Proof", "Proved", "Refuted", "Side", "Unknown", "find_json_changes"]
