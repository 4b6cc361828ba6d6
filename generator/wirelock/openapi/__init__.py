"""OpenAPI descriptions to schema and service files."""

from wirelock.openapi.importer import OPENAPI_VERSION, ImportResult, import_description
from wirelock.openapi.overlays import apply_overlays
from wirelock.openapi.packages import Grouping

__all__ = ["OPENAPI_VERSION", "Grouping", "ImportResult", "apply_overlays", "import_description"]
