"""Compact tables from the official FHIR R4 4.0.1 definitions, UK Core STU1 and Data Standards Wales.

What is written (``shared/fhir/definitions/tables``) is committed; what is read is needed at build time only.

    r4/types.json, r4/<Resource>.json   {type: {element: [min, max or 0, type, ...]}}
    names.json                          [every type and property], for paths
    codes.json                          {value set: {code system: [code, ...]}}, for required bindings that can be listed
    profiles/<Type>.json                {url: node}; node = {min, max, fixed, codes, types, children, slices}

A type is written ``Name``, ``Name#value-set`` or ``Reference#Patient|Group``.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from toolkit.generate.value_sets import Json, ValueSets, tail

SYSTEM_STRING = "http://hl7.org/fhirpath/System."
SIMPLE_QUANTITY = "http://hl7.org/fhir/StructureDefinition/SimpleQuantity"


def resources(path: Path) -> Iterator[Json]:
    yield from (entry["resource"] for entry in json.loads(path.read_bytes())["entry"])


class R4:
    """The base definitions as rows."""

    def __init__(self, definitions: list[Json], national: list[Json]) -> None:
        self.definitions = definitions
        self.value_sets = ValueSets([*self.definitions, *national])

    def structures(self) -> Iterator[Json]:
        for r in self.definitions:
            is_type = r["resourceType"] == "StructureDefinition" and r["kind"] in ("resource", "complex-type")
            is_type = is_type and r["fhirVersion"] == "4.0.1"
            if is_type and not r["abstract"] and (r.get("derivation") == "specialization" or r["name"] == "SimpleQuantity"):
                yield r

    @cached_property
    def tables(self) -> dict[str, Json]:
        """File name -> types."""
        files: dict[str, Json] = {"types": {}}
        for structure in self.structures():
            types = files["types"] if structure["kind"] == "complex-type" else files.setdefault(structure["name"], {})
            types.update(self.types(structure))
        types = files["types"]
        types["Element"] = {name: types["Extension"][name] for name in ("id", "extension")}
        return files

    def types(self, structure: Json) -> dict[str, Json]:
        elements = structure["snapshot"]["element"]
        root = structure["name"]
        types: dict[str, Json] = {root: {}}
        for definition in elements[1:]:
            path = definition["path"].replace(elements[0]["path"], root, 1)
            parent, name = path.rsplit(".", 1)
            row = self.row(definition, path, structure["kind"] == "resource" and parent == root)
            if definition["max"] != "0":
                types.setdefault(parent, {})[name] = row
        return types

    def row(self, definition: Json, path: str, of_resource: bool) -> list[Any]:
        most = 0 if definition["max"] == "*" else int(definition["max"])
        if "contentReference" in definition:
            return [definition["min"], most, definition["contentReference"].split("#")[-1]]
        key = ""
        if definition.get("binding", {}).get("strength") == "required":
            key = self.value_sets.use(definition["binding"].get("valueSet", ""))
        return [definition["min"], most, *(self.type(t, path, of_resource, key) for t in definition["type"])]

    @staticmethod
    def type(declared: Json, path: str, of_resource: bool, key: str) -> str:
        code = declared["code"]
        if code.startswith(SYSTEM_STRING):
            return "uri" if path == "Extension.url" else "id" if of_resource and path.endswith(".id") else "string"
        if code in ("BackboneElement", "Element") and "." in path:
            return path
        if SIMPLE_QUANTITY in declared.get("profile", ()):
            return "SimpleQuantity"
        targets = sorted({tail(url) for url in declared.get("targetProfile", ())} - {"Resource"})
        if code == "Reference" and targets and len(targets) == len(set(map(tail, declared["targetProfile"]))):
            return f"Reference#{'|'.join(targets)}"
        return f"{code}#{key}" if key and code in ("code", "Coding", "CodeableConcept", "Quantity") else str(code)


class Profiles:
    """UK Core and Wales profiles, each merged with those that it builds on."""

    def __init__(self, definitions: list[Json], value_sets: ValueSets) -> None:
        self.by_url = {r["url"]: r for r in definitions if r["resourceType"] == "StructureDefinition"}
        self.value_sets = value_sets
        self.skipped: list[str] = []

    @cached_property
    def tables(self) -> dict[str, Json]:
        """Type -> its profiles' trees."""
        files: dict[str, Json] = {}
        for url, profile in sorted(self.by_url.items()):
            files.setdefault(profile["type"], {})[url] = self.tree(profile)
        return files

    def tree(self, profile: Json) -> Json:
        root: Json = {}
        for each in self.chain(profile):
            for definition in each["differential"]["element"]:
                self.constrain(node_at(root, definition["id"]), definition)
        self.settle(root, profile["url"], profile["type"])
        return pruned(root)

    def chain(self, profile: Json) -> list[Json]:
        """The profile and those that it builds on, the farthest first."""
        base = self.by_url.get(profile["baseDefinition"])
        return [*(self.chain(base) if base else []), profile]

    def constrain(self, node: Json, definition: Json) -> None:
        if definition.get("min"):
            node["min"] = max(node.get("min", 0), definition["min"])
        if definition.get("max", "*") != "*":
            node["max"] = min(node.get("max", 1 << 30), int(definition["max"]))
        if "slicing" in definition:
            node["by"] = [d["path"] for d in definition["slicing"].get("discriminator", [])]
        fixed = [value for name, value in definition.items() if name.startswith("fixed")]
        if fixed:
            node["fixed"] = fixed[0]
        binding = definition.get("binding", {})
        if "valueSet" in binding:
            node["bound"] = binding["valueSet"]
        if binding.get("strength") == "required":
            node["required"] = True
        if "type" in definition:
            node["types"] = sorted({t["code"] for t in definition["type"]})
            node["profiles"] = sorted({p for t in definition["type"] for p in t.get("profile", ())})

    def settle(self, node: Json, url: str, where: str) -> None:
        """Turns what was collected into what is checked."""
        self.settle_binding(node, url, where)
        self.settle_slices(node, url, where)
        for name, child in node.get("children", {}).items():
            self.settle(child, url, f"{where}.{name}")
        node.pop("profiles", None)
        if "types" in node and not where.endswith("[x]"):
            del node["types"]

    def settle_binding(self, node: Json, url: str, where: str) -> None:
        if node.pop("required", False) and node.get("bound"):
            key = self.value_sets.use(node["bound"])
            if key:
                node["codes"] = key
            else:
                self.skipped.append(f"{url} {where}: {node['bound']} cannot be listed")
        node.pop("bound", None)

    def settle_slices(self, node: Json, url: str, where: str) -> None:
        by = node.pop("by", ["url"] if where.endswith(".extension") else [])
        for name, part in list(node.get("slices", {}).items()):
            part["match"] = self.match(part, by, where, name)
            if part["match"] is None:
                self.skipped.append(f"{url} {where}:{name}: no discriminator that can be worked out")
                del node["slices"][name]
            else:
                self.with_extension(part)
                self.settle(part, url, f"{where}:{name}")

    def with_extension(self, part: Json) -> None:
        """An extension is also held to its own definition, where that is a national one."""
        definition = self.by_url.get(part["match"].get("url", ""))
        for each in self.chain(definition) if definition else ():
            for element in each["differential"]["element"][1:]:
                self.constrain(node_at(part, element["id"]), element)

    @staticmethod
    def match(part: Json, by: list[str], where: str, name: str) -> Json | None:
        """Path -> value that identifies the items of this slice."""
        if where.endswith("[x]"):
            return {"$name": name}
        values: Json = {}
        for path in by:
            at = part if path == "$this" else part.get("children", {}).get(path, {})
            value = at.get("fixed")
            if value is None and path == "url" and part.get("profiles"):
                value = part["profiles"][0]
            if value is not None:
                values[path] = value
        return values or None


def node_at(root: Json, element_id: str) -> Json:
    """The node of an element id such as ``Patient.identifier:nhsNumber.value``, made where it is not there."""
    node = root
    for step in element_id.split(".")[1:]:
        name, _, part = step.partition(":")
        node = node.setdefault("children", {}).setdefault(name, {})
        if part:
            node = node.setdefault("slices", {}).setdefault(part, {})
    return node


def pruned(node: Json) -> Json:
    """Without the nodes that constrain nothing."""
    for kind in ("children", "slices"):
        parts = {name: pruned(part) for name, part in node.pop(kind, {}).items()}
        parts = {name: part for name, part in parts.items() if set(part) - {"match"}}
        if parts:
            node[kind] = parts
    return node


def names(tables: Iterable[Json]) -> list[str]:
    """Every type and every JSON property in these tables, in order."""
    types = {name: elements for table in tables for name, elements in table.items()}
    spelt = {prop for elements in types.values() for element, row in elements.items() for prop in properties(element, row[2:])}
    return sorted(spelt | {name for name in types if "." not in name} | {"resourceType"})


def properties(element: str, types: Iterable[str]) -> Iterator[str]:
    """The JSON properties of an element, and its name in a path: of ``value[x]`` one for each type, and ``value``."""
    yield element.removesuffix("[x]")
    for spelt in types:
        name = spelt.partition("#")[0].removeprefix("Simple")
        yield element.replace("[x]", name[0].upper() + name[1:])


def write(path: Path, content: Json | list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8")


def write_folder(folder: Path, tables: dict[str, Json]) -> None:
    """One file for each table; a file of an earlier build that has no table any more is deleted."""
    for name, table in tables.items():
        write(folder / f"{name}.json", table)
    for path in folder.glob("*.json"):
        if path.stem not in tables:
            path.unlink()


def build(base: list[Path], national: list[Path], target: Path) -> list[str]:
    """Write all tables; return what could not be turned into a check.

    Args:
        base: the files of R4 4.0.1, each a FHIR Bundle of definitions.
        national: the files of the national profiles, each a FHIR Bundle of definitions.
    """
    definitions = [r for path in national for r in resources(path)]
    r4 = R4([r for path in base for r in resources(path)], definitions)
    profiles = Profiles(definitions, r4.value_sets)
    write_folder(target / "r4", r4.tables)
    write_folder(target / "profiles", profiles.tables)
    write(target / "codes.json", r4.value_sets.used)
    write(target / "names.json", names(r4.tables.values()))
    return profiles.skipped
