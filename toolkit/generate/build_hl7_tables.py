"""Builds shared/validation/standard/*.tsv: fields, data types and tables of HL7 v2.3 to 2.5.1, from hl7apy's reference.

    python -m toolkit.generate.build_hl7_tables [--lengths node_modules/hl7-dictionary]

Lengths and usage are not in hl7apy: they come from the npm package hl7-dictionary (MIT) when its folder is given, else they
are kept as they are in the committed files. One line each, parts between tabs:

    S  PID  SI,O,1,4,  CX,O,1,20,  CX,R,*,250,      data type, usage, repetitions, length, table
    D  CX   ST,        ST,         ID,0061          data type, table
    T  0001 A  F  M

And shared/formats/hl7_xml/groups/*.tsv: the structures that have groups, each with the names of its groups, which only the XML
encoding has. The signs are those of HL7 chapter 2.12, with ``(NAME ...)`` for a group:

    ADT_A39  MSH [{SFT}] EVN {(PATIENT PID [PD1] MRG [PV1])}
"""

import argparse
import json
import subprocess
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

VERSIONS = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1")
SHARED = Path(__file__).resolve().parents[2] / "shared"
OUT = SHARED / "validation" / "standard"
GROUPS = SHARED / "formats" / "hl7_xml" / "groups"
USAGE = {1: "O", 2: "R", 3: "B", 4: "C", 5: "X", 6: "W"}
OPEN = ("...", "<", "_", "(")  # a table with such an entry lists no codes but describes them
MOST_CODES = 400
Lengths = Mapping[str, tuple[str, str]]  # PID_3 -> usage, length


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lengths", type=Path)
    dictionary = options.parse_args().lengths
    OUT.mkdir(exist_ok=True)
    for version in VERSIONS:
        path = OUT / f"{version}.tsv"
        lengths = of_dictionary(dictionary, version) if dictionary else of_committed(path)
        path.write_text("".join(f"{line}\n" for line in lines(version, lengths)), encoding="utf-8")
        print(path.name, path.stat().st_size)
        groups = GROUPS / path.name
        groups.parent.mkdir(exist_ok=True)
        groups.write_text("".join(f"{line}\n" for line in group_lines(version)), encoding="utf-8")
        print(groups.name, groups.stat().st_size)


def lines(version: str, lengths: Lengths) -> Iterator[str]:
    package = "hl7apy.v" + version.replace(".", "_")
    types = import_module(f"{package}.datatypes")
    yield from _segments(import_module(f"{package}.segments").SEGMENTS, lengths)
    yield from _types(types.DATATYPES)
    tables = package if version != "2.3" else "hl7apy.v2_3_1"  # hl7apy carries no tables of 2.3
    yield from _tables(import_module(f"{tables}.tables").TABLES)


def group_lines(version: str) -> Iterator[str]:
    """The structures that have groups."""
    messages = import_module(f"hl7apy.v{version.replace('.', '_')}.messages").MESSAGES
    for name, structure in sorted(messages.items()):
        text = _content(name, structure)
        if "(" in text:
            yield f"{name}\t{text}"


def _content(name: str, structure: Any) -> str:
    return " ".join(_part(name, *part) for part in structure[1])


def _part(name: str, part: str, content: Any, cardinality: tuple[int, int], kind: str) -> str:
    text = part if kind == "SEG" else f"({part.removeprefix(f'{name}_')} {_content(name, content)})"
    text = text if cardinality[1] == 1 else f"{{{text}}}"
    return text if cardinality[0] else f"[{text}]"


def _segments(segments: Mapping[str, Any], lengths: Lengths) -> Iterator[str]:
    for name, (_, fields) in sorted(segments.items()):
        if len(name) == 3 and fields and fields[0][1]:
            yield "\t".join(("S", name, *(_field(field, lengths) for field in fields)))


def _field(field: Any, lengths: Lengths) -> str:
    name, (_, _, kind, _, table, _), (least, most), _ = field
    usage, length = lengths.get(name, ("R" if least else "O", ""))
    return ",".join((kind or "varies", usage, "*" if most == -1 else str(most), length, _table(table)))


def _table(name: str | None) -> str:
    return (name or "").removeprefix("HL7")


def _types(parts: Mapping[str, Any]) -> Iterator[str]:
    """The components of each data type; a name such as CX_10 is its tenth."""
    types: dict[str, dict[int, str]] = {}
    for name, (_, _, kind, _, table, _) in parts.items():
        owner, _, number = name.rpartition("_")
        types.setdefault(owner, {})[int(number)] = f"{kind or 'varies'},{_table(table)}"
    for owner, components in sorted(types.items()):
        yield "\t".join(("D", owner, *(components.get(n, ",") for n in range(1, max(components) + 1))))


def _tables(tables: Mapping[str, Any]) -> Iterator[str]:
    for name, (_, codes) in sorted(tables.items()):
        if not any(sign in code for code in codes for sign in OPEN) and len(codes) <= MOST_CODES:
            yield "\t".join(("T", _table(name), *sorted(code.strip() for code in codes)))


def of_dictionary(package: Path, version: str) -> Lengths:
    """Usage and length of each field in hl7-dictionary, which is JavaScript: Node.js prints it as JSON."""
    program = f"console.log(JSON.stringify(require({json.dumps(str(package.resolve()))}).definitions['{version}'].segments))"
    printed = subprocess.run(["node", "-e", program], check=True, capture_output=True).stdout
    return {
        f"{name}_{number}": (USAGE.get(field["opt"], "O"), str(field.get("len") or ""))
        for name, segment in json.loads(printed).items()
        for number, field in enumerate(segment["fields"], 1)
    }


def of_committed(path: Path) -> Lengths:
    found: dict[str, tuple[str, str]] = {}
    for kind, name, *fields in (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()):
        if kind == "S":
            for number, field in enumerate(fields, 1):
                _, usage, _, length, _ = field.split(",")
                found[f"{name}_{number}"] = (usage, length)
    return found


if __name__ == "__main__":
    main()
