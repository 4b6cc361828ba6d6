"""Documents with the place of every value, and the references between them."""

from wirelock.source.documents import Document, read_document, read_folder
from wirelock.source.references import Sources, Target, Unresolved

__all__ = ["Document", "Sources", "Target", "Unresolved", "read_document", "read_folder"]
