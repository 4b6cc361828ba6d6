"""The plan of the Pydantic models: the canonical schema and the class of each named type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from wirelock.config import Config
from wirelock.ir import TypeGraph, TypeId
from wirelock.lower.class_names import ClassName, ClassNames
from wirelock.lower.constraints import Schema
from wirelock.lower.ledger.ledger import Ledger
from wirelock.lower.model_schema import build_components
from wirelock.lower.plan import ProtoPlan


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """The models of one project.

    `schema` is the canonical schema, an OpenAPI document. `roots` are the classes of the named types. `class_origins`
    are the schema origins of classes without a message, for the ledger.
    """

    schema: Schema = field(default_factory=dict[str, object])
    roots: Mapping[TypeId, ClassName] = field(default_factory=dict[TypeId, ClassName])
    class_origins: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def components(self) -> Mapping[str, Schema]:
        """The schema of each class, by module and name."""
        return cast("dict[str, dict[str, Schema]]", self.schema.get("components", {})).get("schemas", {})


def plan_models(graph: TypeGraph, plan: ProtoPlan, config: Config, ledger: Ledger) -> ModelPlan:
    """Return the model plan of a project; `ledger` is the one that includes the messages of `plan`."""
    names = ClassNames(graph, plan, config, ledger)
    schemas = build_components(graph, names, config)
    info: Schema = {"title": config.package, "version": "0"}
    schema: Schema = {"openapi": "3.1.0", "info": info, "paths": {}, "components": {"schemas": schemas}}
    return ModelPlan(schema, dict(names.roots), names.origins)
