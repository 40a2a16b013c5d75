"""Ports on this machine: free ones for tests, and one clear line when a requested one is in use."""

import socket
from contextlib import closing

from toolkit.say import stop


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def is_free(port: int) -> bool:
    with closing(socket.socket()) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def must_be_free(port: int, purpose: str, option: str) -> None:
    if port and not is_free(port):
        stop(f"port {port} ({purpose}) is in use: stop what uses it, is another ./hub up running? Or choose one with {option}")
