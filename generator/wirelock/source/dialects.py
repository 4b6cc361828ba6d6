"""Names and URIs of the supported JSON Schema dialects."""

from __future__ import annotations

from collections.abc import Mapping

from wirelock.runtime.schema.dialects import DRAFT_07, DRAFT_2019_09, DRAFT_2020_12

OPENAPI_3_0 = "https://spec.openapis.org/oas/3.0/dialect"
OPENAPI_3_1 = "https://spec.openapis.org/oas/3.1/dialect/base"
DEFAULT_DIALECT = "2020-12"
DIALECT_URIS: Mapping[str, str] = {
    "draft-07": DRAFT_07.uri,
    "2019-09": DRAFT_2019_09.uri,
    DEFAULT_DIALECT: DRAFT_2020_12.uri,
    "openapi-3.0": OPENAPI_3_0,
    "openapi-3.1": OPENAPI_3_1,
}
"""The value of `$schema` for each dialect name."""
OPENAPI_3_0_URIS = (
    OPENAPI_3_0,
    "https://spec.openapis.org/oas/3.0/schema/2021-09-28",
    "https://spec.openapis.org/oas/3.0/schema/2024-10-18",
)
"""Values of `$schema` that mean OpenAPI 3.0, which has official URIs only for descriptions, not for schema objects."""
