"""``./hub relay``: MLLP in, HTTP to the hub, by the options of one listener or a file of several."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from toolkit.say import stop

if TYPE_CHECKING:
    from relay.settings import Settings

Url = Annotated[str, typer.Argument(help="The hub's address for this sender: https://.../api/v1/<name>.")]
File = Annotated[Path | None, typer.Option(exists=True, help="Settings of several listeners, in TOML, instead of an address.")]
Key = Annotated[str, typer.Option(envvar="HUB_KEY", help="The partner's key; safer in the environment than on the command line.")]
Port = Annotated[int, typer.Option(help="Listen on this port.")]
Host = Annotated[str, typer.Option(help="Listen on this address; 0.0.0.0 for all.")]
Certificate = Annotated[Path | None, typer.Option(exists=True, help="PEM: turns TLS on.")]
PrivateKey = Annotated[Path | None, typer.Option(exists=True, help="PEM: the certificate's key.")]
Authority = Annotated[Path | None, typer.Option(exists=True, help="PEM: senders need a certificate issued by this authority.")]
Failure = Annotated[
    Literal["close", "ae"], typer.Option(help="If the hub gives no answer: close the connection, or answer AE (ae).")
]
Timeout = Annotated[float, typer.Option(help="Seconds to wait for the hub.")]
Patience = Annotated[float, typer.Option(help="Seconds for which a message is tried again while the hub is busy or away.")]


def relay(
    context: typer.Context,
    url: Url = "",
    settings: File = None,
    key: Key = "",
    port: Port = 2575,
    host: Host = "127.0.0.1",
    certificate: Certificate = None,
    private_key: PrivateKey = None,
    authority: Authority = None,
    on_failure: Failure = "close",
    timeout: Timeout = 60,
    patience: Patience = 25,
) -> None:
    """Receive HL7 v2 over MLLP and forward it to the hub over HTTP."""
    from relay.process import CannotStart, run
    from relay.settings import BadSettings, read

    if bool(url) == bool(settings):
        stop("give the hub's address, or --settings FILE", 2)
    # Only the command line: a key from the environment may be meant for the file.
    given = [name for name in context.params if "COMMANDLINE" in str(context.get_parameter_source(name))]
    if settings and (ignored := [f"--{name.replace('_', '-')}" for name in given if name != "settings"]):
        stop(f"with --settings, the file has every setting: remove {' '.join(ignored)}", 2)
    files = {"certificate": certificate, "private_key": private_key, "authority": authority}
    listener = {"host": host, "port": port, "on_failure": on_failure} | {name: str(path or "") for name, path in files.items()}
    endpoint = {"url": url, "timeout": timeout, "patience": patience}
    try:
        asyncio.run(run(read(settings) if settings else _one_listener(listener, endpoint, key), typer.echo))
    except BadSettings as error:
        stop(str(error), 2)
    except CannotStart as error:
        stop(str(error), 1)


def _one_listener(listener: dict[str, Any], endpoint: dict[str, Any], key: str) -> "Settings":
    from relay.settings import Endpoint, Listener, Settings, SignIn

    os.environ["HUB_KEY"] = key  # settings name the variable, so that no key is in what is shown
    sign_in = SignIn(key_env="HUB_KEY" if key else "")
    return Settings(listeners=(Listener(endpoint=Endpoint(**endpoint, sign_in=sign_in), **listener),))
