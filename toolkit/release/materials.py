"""The bill of materials of a zip (CycloneDX 1.6): every package that is really in it, with its version and licence.

Its hashes are in ``requirements.lock``, which is in the zip too.
"""

import json
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

FILE = "bom.cdx.json"
Component = dict[str, Any]


def bill(site_packages: Path, name: str, version: str) -> str:
    """The bill of one app: a component for each package in a folder of wheels. The same wheels give the same text."""
    found = sorted(site_packages.glob("*.dist-info/METADATA"), key=lambda path: path.parent.name.lower())
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": name, "name": name, "version": version}},
        "components": [component(Parser().parsestr(path.read_text("utf-8"), headersonly=True)) for path in found],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def component(metadata: Message) -> Component:
    """One package, from the metadata of its wheel.

    >>> metadata = Parser().parsestr("Name: Azure_Core\\nVersion: 1.2\\nLicense-Expression: MIT\\n\\n")
    >>> component(metadata)["purl"], component(metadata)["licenses"]
    ('pkg:pypi/azure-core@1.2', [{'license': {'name': 'MIT'}}])
    """
    name, version = str(metadata["Name"]).lower().replace("_", "-").replace(".", "-"), str(metadata["Version"])
    purl = f"pkg:pypi/{name}@{version}"
    made: Component = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    licence = str(metadata["License-Expression"] or "") or _classified(metadata)
    return made | ({"licenses": [{"license": {"name": licence}}]} if licence else {})


def _classified(metadata: Message) -> str:
    """The licence out of the classifiers; ``""`` when there is none."""
    named = [str(each).rpartition(" :: ")[2] for each in metadata.get_all("Classifier", ()) if str(each).startswith("License ::")]
    return " or ".join(named)
