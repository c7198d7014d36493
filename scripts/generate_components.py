#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns component.yaml files into C++ constants, a JSON schema and documentation tables.

  generate_components.py info COMPONENT_YAML OUT_CC     the ComponentInfo of one component
  generate_components.py modules OUT_CC [COMPONENT_YAML...]  the names of those that are modules
  generate_components.py schema OUT_JSON COMPONENT_YAML...   a JSON schema for editors
  generate_components.py docs OUT_MD COMPONENT_YAML...       the tables of docs/components.md
"""
import json
import pathlib
import sys

import yaml

FIELD_TYPES = {
    "text": "kText", "integer": "kInteger", "number": "kNumber",
    "boolean": "kBoolean", "duration": "kDuration", "bytes": "kBytes",
}
SUPPORT = {"none": "kNone", "emulated": "kEmulated", "native": "kNative"}
EXECUTION = {"inline": "kInline", "blocking": "kBlocking", "quick": "kQuick"}
STATUSES = ("alpha", "beta", "stable")
TOP_KEYS = {"version", "status", "description", "aliases", "execution", "embedded", "capabilities",
            "fields", "versions"}
# What an entry of `versions`, another version of the same type, may say; the rest is inherited.
VERSION_KEYS = {"version", "status", "description", "capabilities", "fields", "without"}
FIELD_KEYS = {"name", "type", "default", "unit", "description", "values", "required", "sensitive",
              "ignored"}
# Fields every state component has; the block reads them (see src/state).
STATE_FIELDS = ("keyPrefix", "primaryEncryptionKey", "secondaryEncryptionKey")
# Fields every pubsub component has; the block reads them (see src/pubsub).
PUBSUB_FIELDS = ("consumerID", "publishingScopes", "subscriptionScopes", "allowedTopics",
                 "protectedTopics")
BLOCK_FIELDS = {"state": STATE_FIELDS, "pubsub": PUBSUB_FIELDS}
# A field every state component has even when its component.yaml does not say so.
STATE_TTL = {"name": "ttlInSeconds", "type": "integer",
             "description": "Lifetime of values written without one of their own; kept for ever "
                            "when absent"}


def fail(path, message):
    sys.exit(f"{path}: {message}")


def load_all(paths):
    """The infos of some component.yaml files: each one's own version, then its others."""
    return [info for path in map(pathlib.Path, paths) for info in load_versions(path)]


def load_versions(path):
    whole = read_mapping(path)
    others = whole.pop("versions", [])
    infos = [check(path, whole)]
    for other in others:
        if not isinstance(other, dict) or "version" not in other or set(other) - VERSION_KEYS:
            fail(path, f"an entry of versions has the keys {', '.join(sorted(VERSION_KEYS))}")
        fields = [field for field in whole["fields"] if field["name"] not in
                  other.get("without", [])]
        merged = {**whole, **other, "fields": [*fields, *other.get("fields", [])],
                  "capabilities": {**whole["capabilities"], **other.get("capabilities", {})}}
        merged.pop("without", None)
        infos.append(check(path, merged))
    return infos


def check(path, info):
    """Checks what one version says; adds `type` from the path."""
    info = dict(info)
    unknown = set(info) - TOP_KEYS
    if unknown:
        fail(path, f"unknown key {sorted(unknown)[0]}; known: {', '.join(sorted(TOP_KEYS))}")
    for key in ("version", "status", "description", "execution", "capabilities", "fields"):
        if key not in info:
            fail(path, f"missing {key}")
    if info["status"] not in STATUSES:
        fail(path, f"status is one of {', '.join(STATUSES)}")
    if info["execution"] not in EXECUTION:
        fail(path, f"execution is one of {', '.join(EXECUTION)}")
    for key, kind, word in (("capabilities", dict, "mapping"), ("fields", list, "list")):
        if not isinstance(info[key], kind):
            fail(path, f"{key} is a {word}, may be empty")
    for name, support in info["capabilities"].items():
        if support not in SUPPORT:
            fail(path, f"capability {name} is one of {', '.join(SUPPORT)}")
    for field in info["fields"]:
        check_field(path, field)
    info["type"] = f"{path.parent.parent.name}.{path.parent.name}"
    names = [field["name"] for field in info["fields"]]
    has_ttl = info["capabilities"].get("ttl", "none") != "none"
    if info["type"].startswith("state.") and has_ttl and STATE_TTL["name"] not in names:
        info["fields"] = [*info["fields"], STATE_TTL]
    info.setdefault("aliases", [])
    info.setdefault("embedded", False)
    return info


def read_mapping(path):
    try:
        info = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        fail(path, f"is no YAML: {error}")
    if not isinstance(info, dict):
        fail(path, f"is no mapping; it needs the keys {', '.join(sorted(TOP_KEYS))}")
    return info


def check_field(path, field):
    if not isinstance(field, dict) or not field.get("name"):
        fail(path, f"a field is a mapping with a name, not {field!r}")
    unknown = set(field) - FIELD_KEYS
    if unknown:
        fail(path, f"field {field.get('name')}: unknown key {sorted(unknown)[0]}")
    if field.get("type") not in FIELD_TYPES:
        fail(path, f"field {field.get('name')}: type is one of {', '.join(FIELD_TYPES)}")
    if not field.get("description"):
        fail(path, f"field {field.get('name')}: missing description")


def quoted(value):
    if isinstance(value, bool):
        value = "true" if value else "false"
    return json.dumps(str(value))


def flag(value):
    return "true" if value else "false"


def field_cpp(index, field):
    values = f"kValues{index}" if field.get("values") else "{}"
    return ("    {.name = %s, .type = FieldType::%s, .default_text = %s, .unit = %s,\n"
            "     .description = %s,\n"
            "     .values = %s, .is_required = %s, .is_sensitive = %s, .is_ignored = %s},\n") % (
        quoted(field["name"]), FIELD_TYPES[field["type"]], quoted(field.get("default", "")),
        quoted(field.get("unit", "")), quoted(field["description"]), values,
        flag(field.get("required")), flag(field.get("sensitive")), flag(field.get("ignored")))


def infos_cpp(infos):
    """kComponentInfo for the first; kComponentInfoV1 and the like for other versions."""
    out = ["// Generated from component.yaml by scripts/generate_components.py. Do not edit.\n",
           '#include "contract/component_info.h"\n']
    for index, info in enumerate(infos):
        out.append(info_cpp(info, info["version"].capitalize() if index else ""))
    return "".join(out)


def info_cpp(info, suffix):
    fields = info["fields"]
    out = [f"\nnamespace MECHA_COMPONENT {{\nnamespace tables{suffix} {{\nnamespace {{\n\n"]
    for index, field in enumerate(fields):
        if field.get("values"):
            values = ", ".join(quoted(value) for value in field["values"])
            out.append(f"constexpr std::string_view kValues{index}[] = {{{values}}};\n")
    spans = {"fields": "{}", "capabilities": "{}", "aliases": "{}"}
    if fields:
        out.append("constexpr FieldInfo kFields[] = {\n")
        out += [field_cpp(index, field) for index, field in enumerate(fields)]
        out.append("};\n")
        spans["fields"] = "kFields"
    if info["capabilities"]:
        out.append("constexpr CapabilityInfo kCapabilities[] = {\n")
        out += [f"    {{{quoted(name)}, Support::{SUPPORT[support]}}},\n"
                for name, support in info["capabilities"].items()]
        out.append("};\n")
        spans["capabilities"] = "kCapabilities"
    if info["aliases"]:
        aliases = ", ".join(quoted(alias) for alias in info["aliases"])
        out.append(f"constexpr std::string_view kAliases[] = {{{aliases}}};\n")
        spans["aliases"] = "kAliases"
    spans = {name: span if span == "{}" else f"tables{suffix}::{span}"
             for name, span in spans.items()}
    out.append(f"\n}}  // namespace\n}}  // namespace tables{suffix}\n\n")
    out.append(f"extern const ComponentInfo kComponentInfo{suffix};\n")
    out.append(f"constexpr ComponentInfo kComponentInfo{suffix} = {{\n"
               f"    .type = MECHA_COMPONENT_TYPE,\n    .version = {quoted(info['version'])},\n"
               f"    .status = {quoted(info['status'])},\n"
               f"    .description = {quoted(info['description'])},\n"
               f"    .aliases = {spans['aliases']},\n"
               f"    .execution = Execution::{EXECUTION[info['execution']]},\n"
               f"    .is_embedded = {flag(info['embedded'])},\n"
               f"    .fields = {spans['fields']},\n    .capabilities = {spans['capabilities']},\n"
               "};\n\n}  // namespace MECHA_COMPONENT\n")
    return "".join(out)


def modules_cpp(infos):
    out = ["// Generated from component.yaml by scripts/generate_components.py. Do not edit.\n",
           '#include "contract/registration.h"\n\nnamespace mecha {\n']
    rows = []
    for index, info in enumerate(infos):
        aliases = "{}"
        if info["aliases"]:
            aliases = f"kAliases{index}"
            names = ", ".join(quoted(alias) for alias in info["aliases"])
            out.append(f"static constexpr std::string_view {aliases}[] = {{{names}}};\n")
        rows.append(f"    {{{quoted(info['type'])}, {aliases}}},\n")
    if rows:
        out += ["static constexpr ModuleInfo kModules[] = {\n", *rows, "};\n"]
    table = "kModules" if rows else "{}"
    out.append("\nMECHA_RUNS_AT_START void RegisterModuleTypes(Registry& registry) { "
               f"registry.SetModules({table}); }}\n\n}}  // namespace mecha\n")
    return "".join(out)


def field_schema(field):
    kinds = {"integer": ["integer", "string"], "number": ["number", "string"],
             "boolean": ["boolean", "string"], "duration": ["string", "integer"],
             "bytes": ["string", "integer"], "text": ["string", "number", "boolean"]}
    value = {"type": kinds[field["type"]], "description": field["description"]}
    if field.get("values"):
        value = {"enum": field["values"], "description": field["description"]}
    if "default" in field:
        value["default"] = field["default"]
    return {
        "if": {"properties": {"name": {"const": field["name"]}}},
        "then": {"properties": {"value": value}},
    }


def component_schema(info, is_only_version):
    types = [info["type"], *info["aliases"]]
    names = [field["name"] for field in info["fields"]]
    block = info["type"].split(".")[0]
    names += [name for name in BLOCK_FIELDS.get(block, ()) if name not in names]
    item = {"properties": {"name": {"enum": names}},
            "allOf": [field_schema(field) for field in info["fields"]]}
    metadata = {"items": item}
    required = [field["name"] for field in info["fields"] if field.get("required")]
    if required:
        metadata["allOf"] = [
            {"contains": {"properties": {"name": {"const": name}}, "required": ["name"]}}
            for name in required]
    spec = {"properties": {"type": {"enum": types}}}
    if not is_only_version:
        # A document without a version means v1.
        spec["properties"]["version"] = {"const": info["version"]}
        spec["required"] = [] if info["version"] == "v1" else ["version"]
    return {
        "if": {"properties": {"spec": spec}},
        "then": {"properties": {"spec": {"properties": {"metadata": metadata}}}},
    }


def schema(infos):
    reference = {"type": "object", "required": ["name"],
                 "properties": {"name": {"type": "string"}, "key": {"type": "string"}}}
    metadata = {"type": "array", "items": {
        "type": "object", "required": ["name"], "additionalProperties": False,
        "properties": {"name": {"type": "string"}, "value": {}, "secretKeyRef": reference,
                       "envRef": {"type": "string"}}}}
    types = sorted({name for info in infos for name in [info["type"], *info["aliases"]]})
    versions = [info["type"] for info in infos]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Component", "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "apiVersion": {"const": "dapr.io/v1alpha1"},
            "kind": {"const": "Component"},
            "metadata": {"type": "object", "required": ["name"],
                         "properties": {"name": {"type": "string"},
                                        "namespace": {"type": "string"}}},
            "spec": {"type": "object", "required": ["type"], "properties": {
                "type": {"enum": types}, "version": {"type": "string"},
                "ignoreErrors": {"type": "boolean"}, "initTimeout": {"type": "string"},
                "metadata": metadata}},
            "auth": {"type": "object", "properties": {"secretStore": {"type": "string"}}},
            "scopes": {"type": "array", "items": {"type": "string"}},
        },
        "allOf": [component_schema(info, versions.count(info["type"]) == 1) for info in infos],
    }


def field_list(names):
    return "`" + "`, `".join(names[:-1]) + f"` and\n`{names[-1]}`"


def docs(infos):
    out = ["# Components\n\nGenerated from each component.yaml by scripts/generate_components.py; "
           "do not edit.\n\nA document without `spec.version` means v1, also where a type has a "
           "v2 with another layout.\nEvery state store also has the fields "
           f"{field_list(STATE_FIELDS)}: [settings](settings.md).\n"
           f"Every pubsub component also has the fields {field_list(PUBSUB_FIELDS)}: "
           "[pubsub](pubsub.md).\n"]
    for info in infos:
        out.append(f"\n## {info['type']} ({info['version']}, {info['status']})\n\n"
                   f"{info['description']}\n")
        if info["aliases"]:
            out.append(f"\nAlso written: {', '.join(info['aliases'])}.\n")
        if info["capabilities"]:
            out.append("\n| capability | support |\n|---|---|\n")
            out += [f"| {name} | {support} |\n" for name, support in info["capabilities"].items()]
        if info["fields"]:
            out.append("\n| field | type | default | meaning |\n|---|---|---|---|\n")
            out += [field_row(field) for field in info["fields"]]
    return "".join(out)


def field_row(field):
    notes = [word for word in ("required", "sensitive", "ignored") if field.get(word)]
    note = f" ({', '.join(notes)})" if notes else ""
    unit = f" (bare number: {field['unit']})" if field.get("unit") else ""
    default = field.get("default", "")
    default = str(default).lower() if isinstance(default, bool) else default
    return (f"| {field['name']} | {field['type']}{unit} | {default} "
            f"| {field['description']}{note} |\n")


def write(path, text):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def main(arguments):
    if len(arguments) < (2 if arguments[:1] == ["modules"] else 3):
        sys.exit(__doc__)
    command, first, *rest = arguments
    if command == "info":
        write(rest[0], infos_cpp(load_all([first])))
    elif command == "modules":
        write(first, modules_cpp([load_versions(pathlib.Path(path))[0] for path in rest]))
    elif command == "schema":
        write(first, json.dumps(schema(load_all(rest)), indent=2) + "\n")
    elif command == "docs":
        write(first, docs(load_all(rest)))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
