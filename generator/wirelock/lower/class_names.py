"""Names of the Pydantic models: the module, class and attributes of each schema node.

A class has the name of the message for the same node, so that names agree in all targets. Nodes without a message
(named scalars, unions that become free-form values) are named here; the ledger keeps these names by schema origin.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping, Set
from dataclasses import dataclass

from wirelock.config import Config
from wirelock.ir import Array, Definition, Node, Object, Tuple, TypeGraph, TypeId, Union
from wirelock.lower.ledger.ledger import Ledger
from wirelock.lower.plan import Form, Message, ProtoPlan, get_proto_package
from wirelock.naming import assign_unique_names, to_pascal_case, to_snake_case

RUNTIME_NAMES = ("WireModel", "OpenWireModel", "ClosedWireModel", "CheckedWireModel", "WireInteger", "RootModel")
"""Names that generated models import from `_runtime`."""
_RESERVED_CLASSES = frozenset(
    {*RUNTIME_NAMES, "Annotated", "Any", "ConfigDict", "Dict", "Field", "List", "Literal", "Optional", "TypeAliasType"}
    | {"None", "True", "False"}
)
RESERVED_ATTRIBUTES = frozenset({
    "construct", "copy", "dict", "from_orm", "json", "parse_file", "parse_obj", "parse_raw", "schema",
    "schema_json", "update_forward_refs", "validate", "model_computed_fields", "model_config", "model_construct",
    "model_copy", "model_dump", "model_dump_json", "model_extra", "model_fields", "model_fields_set",
    "model_json_schema", "model_parametrized_name", "model_post_init", "model_rebuild", "model_validate",
    "model_validate_json", "model_validate_strings",
})  # fmt: skip
"""Public names of pydantic's BaseModel, which a field of the same name would hide (a test compares)."""
_BUILTINS = frozenset({"bool", "dict", "float", "int", "list", "str", "tuple"})  # used in annotations of later fields


@dataclass(frozen=True, slots=True)
class ClassName:
    """A class and its module in `models/`."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"

    @classmethod
    def parse(cls, qualified: str) -> ClassName:
        """Parse a qualified name: `module.Class`."""
        module, _, name = qualified.rpartition(".")
        return cls(module, name)

    def nest(self, suffix: str) -> ClassName:
        """Return the preferred name of an inline class inside this one."""
        return ClassName(self.module, self.name + to_pascal_case(suffix))


class ClassNames:
    """Assigns the class names of one project; a node always gets the same name.

    `roots` are the classes of named types. `origins` are the schema origins of classes without a message, by name; they
    go into the ledger.
    """

    def __init__(self, graph: TypeGraph, plan: ProtoPlan, config: Config, ledger: Ledger) -> None:
        self._config = config
        self.origins = dict(ledger.classes)
        self._classes_by_origin = {origin: ClassName.parse(name) for name, origin in ledger.classes.items()}
        self._messages = {m.name: m for file in plan.files for m in file.messages}
        self._messages_by_location = {(m.source.file, m.source.pointer, m.form): m for m in self._messages.values()}
        self._message_classes = {self._get_message_class(name) for name in ledger.messages}
        self._used = set(self._classes_by_origin.values())
        self.roots = {key: self._name_root(definition, plan) for key, definition in graph.definitions.items()}

    def _name_root(self, definition: Definition, plan: ProtoPlan) -> ClassName:
        if (known := self._classes_by_origin.get(str(definition.id))) is not None:
            return known
        root = plan.roots.get(definition.id)
        message = None if root is None else self._messages[root.name]
        if message is not None and message.json_type in (None, definition.id):  # not the message of another type
            return self._claim(self._get_message_class(message.name))
        package = get_proto_package(self._config, definition.id.package)
        preferred = ClassName(self._get_module(package), to_pascal_case(definition.name))
        return self._assign(
            preferred.nest("Value") if preferred in self._message_classes else preferred, str(definition.id)
        )

    def get_message(self, node: Node) -> Message | None:
        """Return the message of an inline node, or None."""
        form = _get_form(node)
        return self._messages_by_location.get((node.location.file, node.location.pointer, form)) if form else None

    def name_inline(self, node: Node, preferred: ClassName) -> ClassName:
        """Return the class name of an inline node; `preferred` is used if the node has no message."""
        file = node.location.file.removeprefix(f"{self._config.schemas}/")
        origin = f"{TypeId(file, node.location.pointer)}@{_get_form(node) or ''}"
        if origin not in self._classes_by_origin:
            message = self.get_message(node)
            name = self._claim(self._get_message_class(message.name)) if message else self._assign(preferred, origin)
            self._classes_by_origin[origin] = name
        return self._classes_by_origin[origin]

    def name_attributes(self, node: Node, shape: Object) -> Mapping[str, str]:
        """Return the Python attribute of each property: the proto field name, unless Python or pydantic reserves it."""
        message = self.get_message(node)
        preferred = {prop.name: to_snake_case(prop.name) for prop in shape.properties}
        names = {field.json: field.name for field in message.fields} if message else assign_unique_names(preferred)
        return {json: _to_attribute(names.get(json, preferred[json])) for json in preferred}

    def _get_message_class(self, message: str) -> ClassName:
        package, _, name = message.rpartition(".")
        return _avoid_reserved(ClassName(self._get_module(package), name))

    def _get_module(self, package: str) -> str:
        return get_module_name(package, self._config)

    def _assign(self, preferred: ClassName, origin: str) -> ClassName:
        """Assign a name that no message has; the ledger keeps it for the origin."""
        name = self._claim(preferred, self._message_classes)
        self.origins[str(name)] = origin
        return name

    def _claim(self, preferred: ClassName, taken: Set[ClassName] = frozenset()) -> ClassName:
        name, count = _avoid_reserved(preferred), 1
        while name in self._used or name in taken:
            count += 1
            name = ClassName(preferred.module, f"{_avoid_reserved(preferred).name}{count}")
        self._used.add(name)
        return name


def get_module_name(package: str, config: Config) -> str:
    """Return the name of the module with the classes of a proto package."""
    rest = package.removeprefix(config.proto_package).strip(".") or package
    name = rest.replace(".", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def _avoid_reserved(name: ClassName) -> ClassName:
    return name.nest("Model") if name.name in _RESERVED_CLASSES else name


def _to_attribute(name: str) -> str:
    plain = name if name.isidentifier() and name[0].isalpha() else to_snake_case(name)
    return f"{plain}_" if keyword.iskeyword(plain) or plain in RESERVED_ATTRIBUTES | _BUILTINS else plain


def _get_form(node: Node) -> Form | None:
    match node.shape:
        case Object(properties, rest):
            return "map" if not properties and isinstance(rest, Node) else "object"
        case Union():
            return "union"
        case Tuple():
            return "tuple"
        case Array():
            return "list"
        case _:
            return None
