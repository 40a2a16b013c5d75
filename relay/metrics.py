"""What the relay counts, in the text format of Prometheus. Never a value out of a message."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

ANSWERS = ("AA", "AE", "AR", "CA", "CE", "CR", "none", "batch", "unanswered")


class Metrics:
    """The counts of one process; ``listener`` is the name in its settings.

    ``answer`` is MSA-1 of the hub's answer, ``none`` if the sender requested none, ``batch`` for the answer to a batch file,
    ``other``, or ``unanswered``. ``reason`` of a closed connection is one of ``cut``, ``slow``, ``bad-frame``, ``peer``,
    ``full``, ``tls``, ``hub``, ``idle``.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        one, answers, reasons = ["listener"], ["listener", "answer"], ["listener", "reason"]
        self.messages = Counter("relay_messages", "Messages by answer", answers, registry=self.registry)
        self.closed = Counter("relay_closed", "Connections that the relay closed", reasons, registry=self.registry)
        self.connections = Gauge("relay_connections", "Open connections", one, registry=self.registry)
        self.seconds = Histogram("relay_seconds", "From a whole message to its answer", one, registry=self.registry)
        self.hub = Gauge("relay_hub_open", "1 while the hub takes messages, else 0", one, registry=self.registry)

    def answered(self, listener: str, code: str) -> None:
        """Count a message by the MSA-1 of the hub's answer, or ``none`` or ``unanswered``."""
        self.messages.labels(listener, code if code in ANSWERS else "other").inc()

    def count(self, listener: str, answer: str) -> int:
        """How many messages had this answer."""
        return int(self.registry.get_sample_value("relay_messages_total", {"listener": listener, "answer": answer}) or 0)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return bytes(generate_latest(self.registry))
