"""A destination that keeps what it receives and fails on request: for tests, and to see what would be sent."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from shared.destinations.kinds.kind import Kind
from shared.envelope import Outgoing, Receipt
from shared.problems import Undelivered

KIND = Kind(label="memory")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Memory:
    """Keeps every body in ``received``. Each delivery gets the next of ``answers``; with none left it is accepted.

    An ambiguous ``Undelivered`` keeps the body and raises: the body was accepted and the answer was lost.
    """

    kind: ClassVar[Kind] = KIND
    name: str = "MEMORY"
    takes_synthetic: bool = True
    received: list[Outgoing] = field(default_factory=list)
    answers: list[Receipt | Undelivered] = field(default_factory=list)

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        answer = self.answers.pop(0) if self.answers else Receipt()
        if isinstance(answer, Receipt) or answer.ambiguous:
            self.received.append(outgoing)
        if isinstance(answer, Undelivered):
            raise answer
        return answer

    def will(self, answers: Iterable[Receipt | Undelivered]) -> None:
        """Give these answers to the next deliveries."""
        self.answers.extend(answers)

    async def close(self) -> None:
        """Nothing to close; ``received`` stays."""
