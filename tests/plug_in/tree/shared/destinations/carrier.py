"""A file that messages are added to: a destination that only a test has."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from shared.destinations.kinds.failures import Failure
from shared.destinations.kinds.kind import Kind, Setting
from shared.envelope import Outgoing, Receipt
from shared.problems import Undelivered
from shared.settings import setting

KIND = Kind(
    label="carrier",
    settings=(Setting("PATH", "the file", is_address=True),),
    failures=(
        Failure("no-carrier", "no file is set", "set-up", True, "no"),
        Failure("carrier-full", "the file cannot be written", "message", True, "no"),
    ),
    simulator="toolkit.local.simulators.carrier:CarrierFile",
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Carrier:
    """The file of ``<name>__PATH``."""

    kind: ClassVar[Kind] = KIND
    name: str
    takes_synthetic: bool = True

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        """Add it to the file; raises ``Undelivered``."""
        path = setting(f"{self.name}__PATH")
        if not path:
            raise Undelivered(kind="misconfigured", code="no-carrier", text="no file is set")
        try:
            add(Path(path), outgoing.body)
        except OSError:
            raise Undelivered(kind="transient", code="carrier-full", text="the file cannot be written") from None
        return Receipt("carried")

    async def close(self) -> None:
        """Nothing is open."""


def add(path: Path, body: bytes) -> None:
    """Add a body at the end of a file."""
    with path.open("ab") as file:
        file.write(body)
