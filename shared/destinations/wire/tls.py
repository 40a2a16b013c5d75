"""TLS of a destination, from the settings under its name: ``MPI__TLS``, ``MPI__CA``, ``MPI__CERT``, ``MPI__KEY``."""

import ssl
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from shared.destinations.kinds.kind import Setting
from shared.problems import Undelivered
from shared.settings import flag, number, setting

PEM = "-----BEGIN"
TIMEOUT = Setting("TIMEOUT", "seconds to wait for an answer; 30 if absent")
TLS = Setting("TLS", "`true` for TLS")
TLS_FILES = (
    Setting("CA", "certificate authority of the receiver: a path, or the PEM text; the system's authorities if absent"),
    Setting("CERT", "our certificate for mutual TLS: a path, or the PEM text"),
    Setting("KEY", "our key for mutual TLS: a path, or the PEM text"),
)


def client_context(name: str) -> ssl.SSLContext | None:
    """The context for ``<name>__TLS=true``; ``None`` when TLS is off.

    Each of CA, CERT and KEY is a path, or the PEM text itself as a Key Vault reference gives it. The server's certificate is
    always checked: against CA if it is set, otherwise against the system's authorities. CERT and KEY make it mutual TLS.
    """
    return https_context(name) if flag(f"{name}__TLS") else None


def time_limit(name: str) -> float:
    """Seconds of ``<name>__TIMEOUT``, 30 if absent. ``Undelivered``: the setting is not a number."""
    try:
        return number(f"{name}__TIMEOUT", 30)
    except ValueError:
        raise Undelivered(kind="misconfigured", code="bad-setting", text=f"setting {name}__TIMEOUT is not a number") from None


def https_context(name: str) -> ssl.SSLContext:
    """The context for an address that begins with https, where no setting turns TLS on."""
    return context_for(setting(f"{name}__CA"), setting(f"{name}__CERT"), setting(f"{name}__KEY"))


@lru_cache(maxsize=16)
def context_for(authority: str = "", certificate: str = "", key: str = "") -> ssl.SSLContext:
    """The context with these, each a path or the PEM text; ``""``: absent. ``OSError``, ``ValueError``: one cannot be read."""
    context = ssl.create_default_context()
    if authority:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(**{"cadata" if PEM in authority else "cafile": authority})
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate:
        load_certificate(context, certificate, key)
    return context


def load_certificate(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """Load our certificate. The library reads files only, so PEM text passes through a private folder."""
    with TemporaryDirectory() as folder:
        context.load_cert_chain(_as_file(certificate, folder, "certificate"), _as_file(key, folder, "key") if key else None)


def _as_file(text: str, folder: str, name: str) -> str:
    if PEM not in text:
        return text
    path = Path(folder, name)
    path.touch(mode=0o600)
    path.write_text(text)
    return str(path)
