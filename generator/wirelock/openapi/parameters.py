"""Parameters of an operation, and its path as the path template of an HttpRule."""

from __future__ import annotations

from dataclasses import dataclass

from wirelock.diagnostics import Code, Severity
from wirelock.ir import ParameterStyle
from wirelock.openapi.bodies import check_media_type, strip_parameters
from wirelock.openapi.documents import DescriptionReader, DocumentNode
from wirelock.openapi.names import make_property_name
from wirelock.path_templates import (
    PathVariable,
    find_variable_names,
    find_variables,
    is_literal,
    parse_variable,
    rename_variables,
)

PARAMETER_UNSUPPORTED = Code("PARAMETER_UNSUPPORTED", Severity.WARNING)
PARAMETER_UNMATCHED = Code("PARAMETER_UNMATCHED", Severity.WARNING)
_IGNORED_HEADERS = ("accept", "content-type", "authorization")  # OpenAPI 3.1, "Parameter Object", name
_DEFAULT_STYLE = ParameterStyle()
_STYLES = ("form", "spaceDelimited", "pipeDelimited", "deepObject", "simple", "label", "matrix")
_WILDCARDS = ("*", "**")


@dataclass(frozen=True, slots=True)
class ImportedParameter:
    """One parameter; `property` is its name in the request message, `schema` is None if it has no schema."""

    property: str
    name: str
    location: str
    required: bool
    schema: DocumentNode | None = None
    style: ParameterStyle = _DEFAULT_STYLE
    description: str = ""
    deprecated: bool = False


def read_parameters(
    path_item: DocumentNode, operation: DocumentNode, reader: DescriptionReader
) -> list[ImportedParameter]:
    """Read the parameters of a path item and of an operation, which overrides it; property names are unique."""
    declared: dict[tuple[str, str], DocumentNode] = {}
    for owner in (path_item, operation):
        for item in reader.iter_items(owner, "parameters"):
            node = reader.dereference(item)
            if node is None:
                continue
            if (name := reader.get_string(node, "name")) and (location := reader.get_string(node, "in")):
                declared[name, location] = node
            else:
                reader.report_invalid(node, "a parameter must have the members name and in")
    parameters: list[ImportedParameter] = []
    for (name, location), node in declared.items():
        if location not in ("path", "query", "header"):
            message = f"the {location} parameter {name} is not imported"
            reader.report(PARAMETER_UNSUPPORTED, node, message, "send it without wirelock")
        elif not (location == "header" and name.lower() in _IGNORED_HEADERS):
            taken = [parameter.property for parameter in parameters]
            property = make_property_name(name, location, taken)
            parameters.append(_read_parameter(node, name, location, property, reader))
    return parameters


def _read_parameter(
    node: DocumentNode, name: str, location: str, property: str, reader: DescriptionReader
) -> ImportedParameter:
    style, explode = reader.get_string(node, "style"), node.members.get("explode")
    if style and style not in _STYLES:
        reader.report_invalid(node.descend("style"), f"{style} is not a style; expected one of {', '.join(_STYLES)}")
    default = "form" if location == "query" else "simple"
    content = list(reader.iter_members(node, "content"))
    exploded = explode if isinstance(explode, bool) and explode != ((style or default) == "form") else None
    if style == "deepObject":
        exploded = explode if isinstance(explode, bool) else None
    schema = node.descend("schema") if "schema" in node.members else None
    for media_type, media_node in content:
        check_media_type(media_type, media_node, reader)
    if content:
        schema = content[0][1].descend("schema") if "schema" in content[0][1].members else None
    return ImportedParameter(
        property,
        name,
        location,
        location == "path" or node.members.get("required") is True,
        schema,
        ParameterStyle(
            name if name != property and location != "path" else "",
            style if style != default else "",
            exploded,
            strip_parameters(content[0][0]) if content else "",
        ),
        reader.get_string(node, "description"),
        node.members.get("deprecated") is True,
    )


def to_http_rule_path(path: str) -> str | None:
    """Return a path as the path template of an HttpRule; None if a segment is both text and parameter.

    A `*` at the end becomes a parameter `path` that takes all remaining segments.
    """
    *segments, last = path.split("/")
    if path[:1] != "/" or not all(map(_is_convertible, segments)):
        return None
    if last in _WILDCARDS:
        name = make_property_name("path", "rest", find_variable_names(path))
        return "/".join((*segments, str(PathVariable(name, "**"))))
    return path if _is_convertible(last) else None


def _is_convertible(segment: str) -> bool:
    variable = parse_variable(segment)
    if variable is None:
        return is_literal(segment) and "*" not in segment
    return bool(variable.name) and not variable.pattern


def match_path_parameters(
    parameters: list[ImportedParameter], path: str, operation: DocumentNode, reader: DescriptionReader
) -> list[ImportedParameter]:
    """Return one path parameter for each variable of the path, and all other parameters."""
    variables = find_variables(path)
    names = [variable.name for variable in variables]
    known = {parameter.name for parameter in parameters if parameter.location == "path"}
    for variable in variables:
        if variable.name not in known and variable.pattern != "**":
            message = f"the path has a parameter {variable.name} that is not described; it is imported as a string"
            reader.report(PARAMETER_UNMATCHED, operation, message, "describe it among the parameters")
    for name in sorted(known - set(names)):
        message = f"the path parameter {name} does not occur in the path {path}; it is left out"
        reader.report(PARAMETER_UNMATCHED, operation, message, f"write {{{name}}} into the path")
    used = [parameter.property for parameter in parameters]
    added = [
        ImportedParameter(make_property_name(name, "path", used), name, "path", True)
        for name in dict.fromkeys(names)
        if name not in known
    ]
    return [*added, *(p for p in parameters if p.location != "path" or p.name in names)]


def rename_path_parameters(path: str, parameters: list[ImportedParameter]) -> str:
    """Return a path template with property names in place of parameter names."""
    properties = {parameter.name: parameter.property for parameter in parameters if parameter.location == "path"}
    return rename_variables(path, lambda name: properties.get(name, name))
