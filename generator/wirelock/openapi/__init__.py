"""OpenAPI descriptions to schema and service files."""

from wirelock.openapi.importer import OPENAPI_VERSION, Imported, import_description
from wirelock.openapi.overlays import overlaid
from wirelock.openapi.packages import Grouping

__all__ = ["OPENAPI_VERSION", "Grouping", "Imported", "import_description", "overlaid"]
