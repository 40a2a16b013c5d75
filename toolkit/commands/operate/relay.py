"""``./hub relay``: MLLP in, HTTP to the hub."""

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.say import stop

if TYPE_CHECKING:
    from toolkit.relay import Relay

Url = Annotated[str, typer.Argument(help="The hub's address for this sender: https://.../api/v1/<name>.")]
Key = Annotated[str, typer.Option(envvar="HUB_KEY", help="The partner's key; safer in the environment than on the command line.")]
Port = Annotated[int, typer.Option(help="Listen on this port.")]
Host = Annotated[str, typer.Option(help="Listen on this address; 0.0.0.0 for all.")]
Certificate = Annotated[Path | None, typer.Option(exists=True, help="PEM: turns TLS on.")]
PrivateKey = Annotated[Path | None, typer.Option(exists=True, help="PEM: the certificate's key.")]
Authority = Annotated[Path | None, typer.Option(exists=True, help="PEM: senders need a certificate issued by this authority.")]
Failure = Annotated[str, typer.Option(help="If the hub gives no answer: close the connection, or answer AE (ae).")]
Timeout = Annotated[float, typer.Option(help="Seconds to wait for the hub.")]


def relay(
    url: Url,
    key: Key = "",
    port: Port = 2575,
    host: Host = "127.0.0.1",
    certificate: Certificate = None,
    private_key: PrivateKey = None,
    authority: Authority = None,
    on_failure: Failure = "close",
    timeout: Timeout = 60,
) -> None:
    """Receive HL7 v2 over MLLP and forward it to the hub over HTTP."""
    from toolkit.relay import Relay, Settings, server_context

    if on_failure not in ("close", "ae"):
        stop("--on-failure is close or ae", 2)
    if authority and not certificate:
        stop("--authority needs --certificate", 2)
    tls = server_context(certificate, private_key, authority) if certificate else None
    try:
        settings = Settings(url, key, host, port, "ae" if on_failure == "ae" else "close", timeout)
    except ValueError as error:
        stop(str(error), 2)
    asyncio.run(_run(Relay(settings, tls)))


async def _run(server: "Relay") -> None:
    try:
        await server.start()
    except OSError as error:
        stop(f"cannot listen on port {server.settings.port}: {error.strerror}", 1)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    typer.echo(f"MLLP on {server.settings.host}:{server.port}, to {server.settings.url}")
    await stopped.wait()
    await server.stop()
    typer.echo(f"{server.relayed} answered, {server.failed} not answered")
