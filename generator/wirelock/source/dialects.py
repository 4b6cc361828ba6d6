"""The dialects of hand-written schemas by the names that people use for them."""

from __future__ import annotations

from collections.abc import Mapping

from wirelock.runtime.schema.dialects import DRAFT_07, DRAFT_2019_09, DRAFT_2020_12

OPENAPI_3_0 = "https://spec.openapis.org/oas/3.0/dialect"
OPENAPI_3_1 = "https://spec.openapis.org/oas/3.1/dialect/base"
DEFAULT = "2020-12"
NAMED: Mapping[str, str] = {
    "draft-07": DRAFT_07.uri,
    "2019-09": DRAFT_2019_09.uri,
    DEFAULT: DRAFT_2020_12.uri,
    "openapi-3.0": OPENAPI_3_0,
    "openapi-3.1": OPENAPI_3_1,
}
"""The value of `$schema` by name."""
TRANSLATED = (
    OPENAPI_3_0,
    "https://spec.openapis.org/oas/3.0/schema/2021-09-28",
    "https://spec.openapis.org/oas/3.0/schema/2024-10-18",
)
"""What OpenAPI 3.0 is called in `$schema`; it has no official URI but those of whole descriptions."""
