"""Checkov over the resources of an environment, as a plain template: it sees nothing in Bicep files or in symbolic templates."""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any, NamedTuple

from tests.waiting import LONGEST
from toolkit.say import HOME

VERSION = "3.1.47"
ABSENT = "Checkov is not installed and could not be installed into .hub/checkov: its checks are skipped"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"

# Every check that is not held, and why.
WAIVED = {
    "CKV_AZURE_13": "sign-in is the child authsettingsV2, which it does not read; apps_stand_alone_and_ask_who_calls does",
    "CKV_AZURE_17": "the ops app is for people: a browser has no client certificate, Entra asks who they are",
    "CKV_AZURE_63": "App Service's HTTP log is no part of Flex Consumption; every request is a span",
    "CKV_AZURE_65": "detailed error pages are no part of Flex Consumption, and would say too much",
    "CKV_AZURE_66": "failed request tracing is no part of Flex Consumption; every failure is a span",
    "CKV_AZURE_80": "of .NET",
    "CKV_AZURE_88": "Flex Consumption has no file share",
}


class Looked(NamedTuple):
    """What it saw and what it found."""

    resources: int
    passed: int
    failed: frozenset[str]


def program() -> str:
    """Its program: next to this Python, else in its own environment, created when first needed; empty if not available."""
    neighbour, own = Path(sys.executable).with_name("checkov"), HOME / "checkov" / "bin" / "checkov"
    for path in (neighbour, own):
        if path.exists():
            return str(path)
    return str(own) if _installed() else ""


def _installed() -> bool:
    """It needs many things at versions that would quarrel with ours, hence an environment of its own."""
    home = HOME / "checkov"
    try:
        venv.create(home, with_pip=True)
        pip = [str(home / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", f"checkov=={VERSION}"]
        done = subprocess.run(pip, capture_output=True, timeout=LONGEST, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        done = False
    if not done:
        shutil.rmtree(home, ignore_errors=True)
    return done


def look(resources: list[dict[str, Any]], scratch: Path) -> Looked:
    """One run over the resources of an environment."""
    template = scratch / "template.json"
    whole = [{**each, "name": unique(each)} for each in resources]
    template.write_text(json.dumps({"$schema": SCHEMA, "contentVersion": "1.0.0.0", "parameters": {}, "resources": whole}))
    command = [program(), "--framework", "arm", "--skip-download", "--compact", "--quiet", "--output", "json", "--file"]
    environment = {**os.environ, "BC_SKIP_MAPPING": "TRUE"}
    done = subprocess.run([*command, str(template)], capture_output=True, text=True, env=environment, check=False)
    report = json.loads(done.stdout)
    report = report[0] if isinstance(report, list) else report
    failed = frozenset(each["check_id"] for each in report["results"]["failed_checks"])
    return Looked(report["summary"]["resource_count"], report["summary"]["passed"], failed)


def unique(resource: dict[str, Any]) -> str:
    """It knows a resource by type and name: two of the same name on different parents would be one."""
    return str(resource["id"]).split("/providers/", 1)[-1]
