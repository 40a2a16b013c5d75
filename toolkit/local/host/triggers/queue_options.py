"""``extensions.queues`` of host.json: one set for every queue function of the app."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.local.host.settings import SettingError, timespan


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """With the host's own defaults."""

    batch_size: int = 16
    new_batch_threshold: int = 8  # half a batch; one core, as on the consumption plans
    max_polling_interval: float = 60
    visibility_timeout: float = 0
    max_dequeue_count: int = 5
    encoding: str = "base64"

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> "QueueOptions":
        """Read and check a section; ``SettingError`` says which value is out of range."""
        batch = _whole(section, "batchSize", 16, 1, 32)
        options = cls(
            batch_size=batch,
            new_batch_threshold=_whole(section, "newBatchThreshold", batch // 2, 0, 2**31),
            max_polling_interval=_interval(section.get("maxPollingInterval", "00:01:00")),
            visibility_timeout=timespan(str(section.get("visibilityTimeout", "00:00:00"))) or 0,
            max_dequeue_count=_whole(section, "maxDequeueCount", 5, 1, 2**31),
            encoding=str(section.get("messageEncoding", "base64")).lower(),
        )
        if options.encoding not in ("base64", "none"):
            raise SettingError("extensions.queues.messageEncoding must be base64 or none")
        return options


def _whole(section: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    value = int(section.get(name, default))
    if not low <= value <= high:
        raise SettingError(f"extensions.queues.{name} must be from {low} to {high}")
    return value


def _interval(value: Any) -> float:
    """A time span, or a number of milliseconds; 100 ms at least."""
    seconds = value / 1000 if isinstance(value, (int, float)) else timespan(str(value)) or 0
    if seconds < 0.1:
        raise SettingError("extensions.queues.maxPollingInterval must be 100 ms or more")
    return float(seconds)
