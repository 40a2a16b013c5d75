"""local.settings.json, host.json and app settings, read as the host reads them."""

import json
import os
import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

ROOT_SECTION = "AzureFunctionsJobHost__"
AZURITE = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    # pragma: allowlist nextline secret
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
    "TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;"
)


class SettingError(Exception):
    """A setting or host.json that the host cannot work with; the text names it."""


def apply_local_settings(folder: Path, environment: MutableMapping[str, str] = os.environ) -> dict[str, Any]:
    """Put ``Values`` into the environment, which wins where it has the name already; give back the ``Host`` section."""
    environment.setdefault("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
    path = folder / "local.settings.json"
    document = json.loads(path.read_text("utf-8-sig")) if path.exists() else {}
    for name, value in document.get("Values", {}).items():
        if not isinstance(value, str):
            raise SettingError(f"local.settings.json: the value of {name} must be a string")
        environment.setdefault(name, value)
    host = document.get("Host", {})
    return host if isinstance(host, dict) else {}


def host_json(folder: Path, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """host.json with the overrides ``AzureFunctionsJobHost__a__b=value``; its version must be 2.0."""
    path = folder / "host.json"
    document: dict[str, Any] = json.loads(path.read_text("utf-8-sig")) if path.exists() else {}
    if document.get("version") != "2.0":
        raise SettingError('host.json must be there and say "version": "2.0"')
    for name, value in environment.items():
        if name.lower().startswith(ROOT_SECTION.lower()):
            _override(document, name[len(ROOT_SECTION) :].split("__"), value)
    return document


def _override(document: dict[str, Any], path: list[str], value: str) -> None:
    """Names are compared without case, as .NET configuration does."""
    for part in path[:-1]:
        document = document.setdefault(_same(document, part), {})
    document[_same(document, path[-1])] = value


def _same(document: Mapping[str, Any], name: str) -> str:
    return next((key for key in document if key.lower() == name.lower()), name)


def section(document: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """A section of host.json; empty when absent."""
    for part in path:
        document = document.get(part) or {}
    return dict(document)


def timespan(text: str) -> float | None:
    """Seconds of ``[d.]hh:mm:ss[.fff]``; ``None`` for ``-1``, which means unlimited.

    >>> timespan("00:05:00"), timespan("1.00:00:00"), timespan("00:00:00.100"), timespan("-1")
    (300.0, 86400.0, 0.1, None)
    """
    if text == "-1":
        return None
    found = re.fullmatch(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?", text)
    if not found:
        raise SettingError(f"{text!r} is not a time span such as 00:05:00")
    days, hours, minutes, seconds = found.groups()
    return int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(seconds or 0)


def resolved(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """A binding's text with each ``%NAME%`` replaced; one that is not set fails the function.

    >>> resolved("%PREFIX%-in", {"PREFIX": "phw"})
    'phw-in'
    """

    def value(found: re.Match[str]) -> str:
        if found[1] not in environment:
            raise SettingError(f"'%{found[1]}%' does not resolve to a value.")
        return environment[found[1]]

    return re.sub(r"%([^%]+)%", value, text)


def connection(name: str, environment: Mapping[str, str] = os.environ) -> str | dict[str, str]:
    """A connection string, or the section of an identity-based connection (``serviceUri``, ``credential`` ...).

    ``AzureWebJobs<name>`` comes before ``<name>``; an empty name means the host's own storage.
    """
    name = name or "AzureWebJobsStorage"
    for candidate in (f"AzureWebJobs{name}", name):
        if text := environment.get(candidate):
            return AZURITE if text.strip().rstrip(";").lower() == "usedevelopmentstorage=true" else text
        prefix = f"{candidate}__"
        if found := {key[len(prefix) :]: value for key, value in environment.items() if key.startswith(prefix)}:
            return found
    raise SettingError(f"Storage account connection string '{name}' does not exist: set {name} or {name}__queueServiceUri")


def is_disabled(function: str, environment: Mapping[str, str] = os.environ) -> bool:
    """``AzureWebJobs.<function>.Disabled`` (or with ``__``, where a name may not hold a dot)."""
    names = (f"AzureWebJobs.{function}.Disabled", f"AzureWebJobs__{function}__Disabled")
    return any(environment.get(name, "").lower() in ("1", "true") for name in names)
