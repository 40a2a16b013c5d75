"""The file that a carrier adds to, on a developer's machine: a simulator that only a test has."""

from pathlib import Path
from tempfile import TemporaryDirectory


class CarrierFile:
    """``await start()``; then ``path`` is the file."""

    def __init__(self) -> None:
        self.folder = TemporaryDirectory()

    @property
    def path(self) -> Path:
        return Path(self.folder.name, "messages")

    @property
    def settings(self) -> dict[str, str]:
        """What points a destination at this simulator."""
        return {"PATH": str(self.path)}

    async def start(self) -> None:
        self.path.touch()

    async def stop(self) -> None:
        self.folder.cleanup()
