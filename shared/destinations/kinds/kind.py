"""What the hub and its tools know of one kind of destination: a value that each protocol declares as ``KIND`` in its module."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from shared.destinations.kinds import modules
from shared.destinations.kinds.failures import Failure


class Setting(NamedTuple):
    """One setting of a destination: ``<NAME>__<key>``, where NAME is the name that the integration gives the destination.

    ``is_address``: it points the destination at a system.
    """

    key: str
    text: str
    is_address: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Kind:
    """One protocol.

    Args:
        label: its name on a screen and in generated pages.
        settings: what the protocol reads under the destination's name.
        failures: each way in which a delivery fails; see ``failures``. HTTP statuses are not repeated here.
        answers_with_status: a failed delivery may be reported by an HTTP status.
        simulator: the class that replaces the destination on a developer's machine, as ``module:class``. The module belongs
            to the toolkit, which is never deployed, so it is named here and not imported. Empty: there is none.
        publishes: the destination announces messages that others take from the outbox.
        reads_texts: the destination reads long texts where they are (``Outgoing.texts``).
    """

    label: str
    settings: tuple[Setting, ...] = ()
    failures: tuple[Failure, ...] = ()
    answers_with_status: bool = False
    simulator: str = ""
    publishes: bool = False
    reads_texts: bool = False

    def is_set(self, name: str, values: Mapping[str, str]) -> bool:
        """Whether the settings point the destination of this name at a system."""
        return any(values.get(f"{name}__{setting.key}") for setting in self.settings if setting.is_address)


def every() -> Iterator[Kind]:
    """Every kind."""
    return (module.KIND for module in modules())


def kind_of(destination: object) -> Kind:
    """The kind of a destination; of one that declares none, such as a test's, a kind with the name of its class.

    >>> kind_of(object()).label
    'object'
    """
    own = getattr(destination, "kind", None)
    return own if isinstance(own, Kind) else Kind(label=type(destination).__name__)
