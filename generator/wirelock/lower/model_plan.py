"""What the models of a project will say: the canonical schema, and which class stands for which schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from wirelock.config import Config
from wirelock.ir import TypeGraph, TypeId
from wirelock.lower.class_names import ClassName, ClassNames
from wirelock.lower.constraints import Schema
from wirelock.lower.ledger.ledger import Ledger
from wirelock.lower.model_schema import components
from wirelock.lower.plan import ProtoPlan


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """The models of one project.

    `schema` is the canonical schema, an OpenAPI document; `roots` are the classes of the named types; `places` goes to
    the ledger: the schema places of classes without a message.
    """

    schema: Schema = field(default_factory=dict[str, object])
    roots: Mapping[TypeId, ClassName] = field(default_factory=dict[TypeId, ClassName])
    places: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def components(self) -> Mapping[str, Schema]:
        """The schemas of the classes, by module and name."""
        return cast("dict[str, dict[str, Schema]]", self.schema.get("components", {})).get("schemas", {})


def model_plan(graph: TypeGraph, plan: ProtoPlan, config: Config, ledger: Ledger) -> ModelPlan:
    """The models of a project; `ledger` has the messages of the plan in it."""
    names = ClassNames(graph, plan, config, ledger)
    schemas = components(graph, names, config)
    info: Schema = {"title": config.package, "version": "0"}
    schema: Schema = {"openapi": "3.1.0", "info": info, "paths": {}, "components": {"schemas": schemas}}
    return ModelPlan(schema, dict(names.roots), names.places)
