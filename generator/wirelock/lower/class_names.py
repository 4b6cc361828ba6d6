"""Which class stands for which schema node: module, class name and attribute names of the Pydantic models.

A class is called like the message that carries the same node, so that one word means one thing in every target;
only what has no message (named scalars, unions that are carried as free-form values) is named here, and such a name
is in the ledger: once given to a schema place, it stays.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping, Set
from dataclasses import dataclass

from wirelock.config import Config
from wirelock.ir import Array, Definition, Node, Record, Tuple, TypeGraph, TypeId, Union
from wirelock.lower.ledger.ledger import Ledger
from wirelock.lower.plan import Form, Message, ProtoPlan
from wirelock.naming import pascal, settle, snake

RUNTIME_NAMES = ("WireModel", "OpenWireModel", "ClosedWireModel", "CheckedWireModel", "WireInteger", "RootModel")
"""What generated models import from `_runtime.model`."""
_TAKEN_CLASSES = frozenset(
    {*RUNTIME_NAMES, "Annotated", "Any", "ConfigDict", "Dict", "Field", "List", "Literal", "Optional", "TypeAliasType"}
    | {"None", "True", "False"}
)
TAKEN_ATTRIBUTES = frozenset({
    "construct", "copy", "dict", "from_orm", "json", "parse_file", "parse_obj", "parse_raw", "schema",
    "schema_json", "update_forward_refs", "validate", "model_computed_fields", "model_config", "model_construct",
    "model_copy", "model_dump", "model_dump_json", "model_extra", "model_fields", "model_fields_set",
    "model_json_schema", "model_parametrized_name", "model_post_init", "model_rebuild", "model_validate",
    "model_validate_json", "model_validate_strings",
})  # fmt: skip
"""Public names of pydantic's BaseModel; a field of that name would hide them (a test compares)."""
_BUILTINS = frozenset({"bool", "dict", "float", "int", "list", "str", "tuple"})  # annotations of later fields need them


@dataclass(frozen=True, slots=True)
class ClassName:
    """A class and its module in `models/`."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"

    @classmethod
    def of(cls, text: str) -> ClassName:
        """The class of a name with its module, as `str` gives it."""
        module, _, name = text.rpartition(".")
        return cls(module, name)

    def below(self, words: str) -> ClassName:
        """What an inline shape inside would be called."""
        return ClassName(self.module, self.name + pascal(words))


class ClassNames:
    """Names every class of one project; asking twice for one node gives the same name."""

    def __init__(self, graph: TypeGraph, plan: ProtoPlan, config: Config, ledger: Ledger) -> None:
        self._config = config
        self.places = dict(ledger.classes)
        self._known = {place: ClassName.of(name) for name, place in ledger.classes.items()}
        self._messages = {m.name: m for file in plan.files for m in file.messages}
        self._by_place = {(m.source.file, m.source.pointer, m.form): m for m in self._messages.values()}
        self._planned = {self._of_message(name) for name in ledger.messages}
        self._used = set(self._known.values())
        self.roots = {key: self._root(definition, plan) for key, definition in graph.definitions.items()}

    def _root(self, definition: Definition, plan: ProtoPlan) -> ClassName:
        if (known := self._known.get(str(definition.id))) is not None:
            return known
        root = plan.roots.get(definition.id)
        message = None if root is None else self._messages[root.name]
        if message is not None and message.json_type in (None, definition.id):  # else it is the message of another type
            return self._claim(self._of_message(message.name))
        wanted = ClassName(self._module(self._package(definition.id)), pascal(definition.name))
        return self._give(wanted.below("Value") if wanted in self._planned else wanted, str(definition.id))

    def message(self, node: Node) -> Message | None:
        """The message that carries this inline node, if there is one."""
        form = _form(node)
        return self._by_place.get((node.where.file, node.where.pointer, form)) if form else None

    def inline(self, node: Node, wanted: ClassName) -> ClassName:
        """The class of an inline node; `wanted` is its name where it has no message."""
        file = node.where.file.removeprefix(f"{self._config.schemas}/")
        place = f"{TypeId(file, node.where.pointer)}@{_form(node) or ''}"
        if place not in self._known:
            message = self.message(node)
            named = self._claim(self._of_message(message.name)) if message else self._give(wanted, place)
            self._known[place] = named
        return self._known[place]

    def attributes(self, node: Node, record: Record) -> Mapping[str, str]:
        """The Python attribute of each property: the message's field names, kept clear of Python and pydantic."""
        message = self.message(node)
        wanted = {prop.name: snake(prop.name) for prop in record.properties}
        names = {field.json: field.name for field in message.fields} if message else settle(wanted)
        return {json: _attribute(names.get(json, wanted[json])) for json in wanted}

    def _of_message(self, message: str) -> ClassName:
        package, _, name = message.rpartition(".")
        return _clear(ClassName(self._module(package), name))

    def _package(self, key: TypeId) -> str:
        parts = (self._config.proto_package, *(snake(part) for part in key.package.split("/") if part))
        return ".".join(part for part in parts if part)

    def _module(self, package: str) -> str:
        return module_of(package, self._config)

    def _give(self, wanted: ClassName, place: str) -> ClassName:
        """A name that is no message's, kept for this place from now on."""
        name = self._claim(wanted, self._planned)
        self.places[str(name)] = place
        return name

    def _claim(self, wanted: ClassName, taken: Set[ClassName] = frozenset()) -> ClassName:
        name, count = _clear(wanted), 1
        while name in self._used or name in taken:
            count += 1
            name = ClassName(wanted.module, f"{_clear(wanted).name}{count}")
        self._used.add(name)
        return name


def module_of(package: str, config: Config) -> str:
    """The module of a proto package's classes."""
    rest = package.removeprefix(config.proto_package).strip(".") or package
    name = rest.replace(".", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def _clear(wanted: ClassName) -> ClassName:
    return wanted.below("Model") if wanted.name in _TAKEN_CLASSES else wanted


def _attribute(name: str) -> str:
    plain = name if name.isidentifier() and name[0].isalpha() else snake(name)
    return f"{plain}_" if keyword.iskeyword(plain) or plain in TAKEN_ATTRIBUTES | _BUILTINS else plain


def _form(node: Node) -> Form | None:
    match node.shape:
        case Record(properties, rest):
            return "map" if not properties and isinstance(rest, Node) else "object"
        case Union():
            return "union"
        case Tuple():
            return "tuple"
        case Array():
            return "list"
        case _:
            return None
