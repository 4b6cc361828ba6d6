"""What a change of the schemas does to JSON documents, proved or shown by a document."""

from wirelock.compat.json.change import Broken, Holds, JsonChange, Proof, Side, Unproved
from wirelock.compat.json.comparison import RULES, json_changes

__all__ = ["RULES", "Broken", "Holds", "JsonChange", "Proof", "Side", "Unproved", "json_changes"]
