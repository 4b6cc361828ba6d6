"""Source documents with the location of every value, and references between documents."""

from wirelock.source.documents import Document, read_document, read_folder
from wirelock.source.references import ReferenceTarget, Sources, UnresolvedReference

__all__ = ["Document", "ReferenceTarget", "Sources", "UnresolvedReference", "read_document", "read_folder"]
