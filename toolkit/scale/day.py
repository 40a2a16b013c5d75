"""A day of messages: how many each integration gets in each step, with the shape of a hospital's day and bursts.

The shape is an assumption, as is the share of each integration: a few are large, most are small.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

DAY = 86400
SHAPE = (22, 18, 15, 14, 15, 20, 38, 74, 128, 168, 182, 176, 158, 160, 168, 162, 142, 112, 82, 64, 52, 44, 36, 28)
"""Messages in each hour of the day, in parts of 2078: the busiest hour has 2.1 times the average."""
STEEPNESS = 0.8  # of the shares: the largest of 200 integrations has about a tenth of all messages


@dataclass(frozen=True)
class Burst:
    """The rate of one integration, times ``factor``, from ``start`` for ``seconds``."""

    start: float
    seconds: float
    factor: float

    def is_on(self, at: float) -> bool:
        return self.start <= at < self.start + self.seconds


@dataclass(frozen=True)
class Day:
    """Messages of all integrations together, and how many integrations. ``seed``: when each integration has its own burst.

    Args:
        spike: factor for all integrations together, in the ten minutes after 10:30, the busiest time.
        burst: factor for one integration, for ten minutes a day, each at its own time: a batch, or a sender that was away.
    """

    messages: float
    integrations: int
    spike: float = 2.0
    burst: float = 5.0
    seed: int = 1

    def shares(self) -> list[float]:
        """The part of all messages that each integration has, the largest first.

        >>> [round(share, 2) for share in Day(1e6, 4).shares()]
        [0.43, 0.25, 0.18, 0.14]
        """
        weights = [(number + 1) ** -STEEPNESS for number in range(self.integrations)]
        whole = sum(weights)
        return [weight / whole for weight in weights]

    def bursts(self) -> list[Burst]:
        """One of each integration."""
        chosen = random.Random(self.seed)
        return [Burst(chosen.uniform(0, DAY - 600), 600, self.burst) for _ in range(self.integrations)]

    def rates(self, step: float) -> Iterator[tuple[float, list[float]]]:
        """For each step of the day: its start in seconds, and the messages a second of each integration."""
        shares, bursts, everywhere = self.shares(), self.bursts(), Burst(10.5 * 3600, 600, self.spike)
        for number in range(int(DAY / step)):
            at = number * step
            together = self.messages / DAY * shape(at) * (everywhere.factor if everywhere.is_on(at) else 1)
            yield (
                at,
                [together * share * (own.factor if own.is_on(at) else 1) for share, own in zip(shares, bursts, strict=True)],
            )


def shape(at: float) -> float:
    """The rate at this second of the day against the average, on straight lines between the middles of the hours.

    >>> round(shape(10.5 * 3600), 2), round(shape(3.5 * 3600), 2)
    (2.1, 0.16)
    """
    hour = at / 3600 - 0.5
    before, part = int(hour // 1) % 24, hour % 1
    here = SHAPE[before] * (1 - part) + SHAPE[(before + 1) % 24] * part
    return here * 24 / sum(SHAPE)
