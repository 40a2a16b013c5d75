"""The settings of a relay, from a TOML file. A mistake is one line that names its place."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MEBIBYTE = 1024 * 1024
Peers = tuple[IPv4Network | IPv6Network, ...]
OnFailure = Literal["close", "ae"]
T = TypeVar("T")
KINDS = {str: "a text", int: "a whole number"}


class BadSettings(ValueError):
    """The settings cannot be used; the text names the place and what to do."""


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """How the hub knows the sender: one key, one certificate, or one application of Entra. All absent: not at all.

    A key is in a file or in a variable of the environment, never in the settings, because settings are copied and shown.
    """

    key_file: str = ""
    key_env: str = ""
    certificate: str = ""
    private_key: str = ""
    entra_scope: str = ""  # such as api://<application>/.default; the credentials are those of the machine

    def __post_init__(self) -> None:
        if sum(map(bool, (self.key_file, self.key_env, self.certificate, self.entra_scope))) > 1:
            raise BadSettings("sign_in has more than one of key_file, key_env, certificate and entra_scope")
        if self.private_key and not self.certificate:
            raise BadSettings("sign_in.private_key needs sign_in.certificate")

    def key(self) -> str:
        """The key; ``""`` if the sender signs in otherwise. ``BadSettings``: it cannot be read."""
        if self.key_env:
            if not (key := os.environ.get(self.key_env, "").strip()):
                raise BadSettings(f"sign_in.key_env: the variable {self.key_env} is absent or empty")
            return key
        if not self.key_file:
            return ""
        try:
            key = Path(self.key_file).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            key = ""
        if not key or not key.isprintable():
            raise BadSettings(f"sign_in.key_file: {self.key_file} cannot be read as a line of ASCII")
        return key


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """The hub's address for one sender, and how long to try."""

    url: str
    timeout: float = 60  # seconds for one request
    patience: float = 25  # seconds for which a message is tried again; less than the sender waits for its answer
    longest_pause: float = 30  # seconds between two tries while the hub is busy or away
    authority: str = ""  # PEM: certificate authority of the hub; the system's if absent
    sign_in: SignIn = field(default_factory=SignIn)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise BadSettings("the hub's address must begin with https:// (http:// only on this machine)")
        if "@" in parts.netloc or parts.query or parts.fragment:  # the address is shown when the relay starts
            raise BadSettings("the hub's address has no user, password, query or fragment; a key belongs in sign_in")
        if not self.timeout > 0 or not self.patience >= 0 or not self.longest_pause > 0:
            raise BadSettings("timeout and longest_pause are more than 0 seconds, patience is 0 or more")


@dataclass(frozen=True, kw_only=True)
class Listener:
    """One port that a sender connects to."""

    endpoint: Endpoint
    name: str = "relay"
    host: str = "127.0.0.1"
    port: int = 2575  # 0: any free port
    certificate: str = ""  # PEM: turns TLS on
    private_key: str = ""
    authority: str = ""  # PEM: a sender needs a certificate issued by this authority
    peers: Peers = ()  # networks from which senders may connect; empty is any
    on_failure: OnFailure = "close"
    connections: int = 64
    idle: float = 0  # seconds without a message after which a connection is closed; 0 is never
    frame: float = 60  # seconds in which a message that has begun must be complete
    largest: int = 100 * MEBIBYTE

    def __post_init__(self) -> None:
        if (self.private_key or self.authority) and not self.certificate:
            raise BadSettings(f"listener {self.name}: private_key and authority need certificate")
        if self.on_failure not in ("close", "ae"):
            raise BadSettings(f"listener {self.name}: on_failure is close or ae")
        if not 0 <= self.port <= 65535 or self.connections < 1 or not self.frame > 0 or self.largest < 1 or not self.idle >= 0:
            raise BadSettings(f"listener {self.name}: port, connections, frame, idle or largest is out of range")


@dataclass(frozen=True, kw_only=True)
class Health:
    """Where the platform asks whether the relay lives. Absent: nowhere."""

    host: str = "127.0.0.1"
    port: int = 8080


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All listeners of a process."""

    listeners: tuple[Listener, ...]
    health: Health | None = None


def read(path: Path) -> Settings:
    """The settings in a file. ``BadSettings``: it is absent, no TOML, or says something that is not known."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadSettings(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path} is not TOML: {error}") from None
    return settings(values)


def settings(values: Mapping[str, Any]) -> Settings:
    """The settings of a parsed file; ``[hub]`` and ``[sign_in]`` hold for each listener that has no ``sign_in`` of its own."""
    _known(values, {"hub", "sign_in", "health", "listener"}, "")
    hub, sign_in, listeners = values.get("hub", {}), values.get("sign_in", {}), values.get("listener", [])
    if not isinstance(listeners, list) or not listeners:
        raise BadSettings("there is no [[listener]]")
    health = _made(Health, values["health"], "health") if "health" in values else None
    read_ones = tuple(_listener(one, hub, sign_in, f"listener[{place}]") for place, one in enumerate(listeners, 1))
    if len({one.name for one in read_ones}) < len(read_ones):
        raise BadSettings("two listeners have the same name")
    return Settings(listeners=read_ones, health=health)


def _listener(values: object, hub: object, sign_in: object, place: str) -> Listener:
    own = dict(_table(values, place))
    for needed in ("name", "integration"):
        if not own.get(needed):
            raise BadSettings(f"{place}.{needed} is missing")
    integration = str(own.pop("integration"))
    if not integration.replace("-", "").isalnum():
        raise BadSettings(f"{place}.integration is a name of letters, digits and hyphens, such as pims-to-mpi")
    shared = dict(_table(hub, "hub"))
    url = f"{str(shared.pop('url', '')).rstrip('/')}/api/v1/{integration}"
    signs_in = _made(SignIn, own.pop("sign_in", sign_in), f"{place}.sign_in")
    own["endpoint"] = _made(Endpoint, {**shared, "url": url, "sign_in": signs_in}, "hub")
    own["peers"] = _networks(own.get("peers", []), f"{place}.peers")
    return _made(Listener, own, place)


def _networks(values: object, place: str) -> Peers:
    if not isinstance(values, list):
        raise BadSettings(f"{place} is a list")
    try:
        return tuple(ip_network(str(one)) for one in values)
    except ValueError:
        raise BadSettings(f"{place}: each is an address or a network such as 10.1.0.0/16, without host bits") from None


def _made(kind: type[T], values: object, place: str) -> T:
    """The values as an instance of a settings class, each checked against the type of its default."""
    table = _table(values, place)
    known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]  # each is a dataclass
    _known(table, set(known), f"{place}.")
    for name, value in table.items():
        default = known[name].default
        wanted = (int, float) if known[name].type is float else type(default)
        if isinstance(default, str | int | float) and (isinstance(value, bool) or not isinstance(value, wanted)):
            raise BadSettings(f"{place}.{name} is {'a number' if known[name].type is float else KINDS[type(default)]}")
    return kind(**table)


def _table(values: object, place: str) -> Mapping[str, Any]:
    return values if isinstance(values, Mapping) else _bad(f"{place} is a table")


def _known(table: Mapping[str, Any], known: set[str], place: str) -> None:
    for name in table:
        if name not in known:
            raise BadSettings(f"{place}{name} is not a setting; it is one of: {', '.join(sorted(known))}")


def _bad(text: str) -> Any:
    raise BadSettings(text)
