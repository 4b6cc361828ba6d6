"""Schemas that mean something else depending on how evaluation comes to them."""

from __future__ import annotations

from wirelock.runtime.schema.documents import Documents, SchemaRefused, Site
from wirelock.runtime.schema.engine_schemas import reachable


def depends(documents: Documents, root: Site) -> bool:
    """Whether a dynamic reference that a schema leads to has more than one thing that it can mean."""
    names = [name for resource in documents.roots.values() for name in resource.dynamic]
    several = {name for name in names if names.count(name) > 1}
    return bool(several) and any(_is_open(documents, site, several) for site in reachable(documents, root))


def _is_open(documents: Documents, site: Site, names: set[str]) -> bool:
    for keyword in ("$dynamicRef", "$recursiveRef"):
        reference = site.keywords.get(keyword)
        if isinstance(reference, str) and (name := reference.partition("#")[2]) in names:
            try:
                return name in documents.resolve(site, reference).resource.dynamic
            except SchemaRefused:
                return False
    return False
