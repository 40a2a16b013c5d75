"""Keys: master, host, function and system, and who passes with which."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

EVENT_GRID = "eventgrid_extension"


@dataclass
class Keys:
    """The host's keys. ``enforce`` false: every caller counts as an administrator, as ``func start`` does."""

    enforce: bool = False
    master: str = field(default_factory=lambda: secrets.token_urlsafe(40))
    host: dict[str, str] = field(default_factory=lambda: {"default": secrets.token_urlsafe(40)})
    system: dict[str, str] = field(default_factory=lambda: {EVENT_GRID: secrets.token_urlsafe(40)})
    functions: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def kept_in(cls, path: Path, enforce: bool) -> "Keys":
        """The keys of this file; made and written when it is not there, so that they outlive a restart."""
        if path.exists():
            return cls(enforce=enforce, **json.loads(path.read_text()))
        keys = cls(enforce)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(keys.document(), indent=2))
        path.chmod(0o600)
        return keys

    def document(self) -> dict[str, Any]:
        return {"master": self.master, "host": self.host, "system": self.system, "functions": self.functions}

    def of_function(self, name: str) -> dict[str, str]:
        return self.functions.setdefault(name, {"default": secrets.token_urlsafe(40)})

    def allow(self, level: str, function: str, given: str) -> bool:
        """Whether this key opens a function of this level."""
        level = level.lower()
        if not self.enforce or level == "anonymous":
            return True
        accepted = [self.master]
        if level == "function":
            accepted += [*self.host.values(), *self.of_function(function).values()]
        if level == "system":
            accepted += self.system.values()
        return _is_one_of(given, accepted)

    def allow_admin(self, given: str) -> bool:
        return not self.enforce or _is_one_of(given, [self.master])


def _is_one_of(given: str, accepted: list[str]) -> bool:
    return any(secrets.compare_digest(given.encode(), key.encode()) for key in accepted)


def given_key(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    """``x-functions-key``, else the query's ``code``: the header wins."""
    return headers.get("x-functions-key") or query.get("code", "")
