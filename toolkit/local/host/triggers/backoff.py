"""How long a queue listener waits between polls (RandomizedExponentialBackoffStrategy of the WebJobs SDK)."""

import random

FIRST = 0.1


class Backoff:
    """0.1 s after work; then 0.1 s + rand(0.8..1.2) x 2^(n-1) x 0.1 s, never over ``longest``."""

    def __init__(self, longest: float, chance: random.Random | None = None) -> None:
        self.longest, self.chance, self.failures = longest, chance or random.Random(), 0

    def after_work(self) -> float:
        self.failures = 0
        return FIRST

    def after_nothing(self) -> float:
        if self.failures < 32:
            self.failures += 1
        wait = FIRST + self.chance.uniform(0.8, 1.2) * 2 ** (self.failures - 1) * FIRST
        return min(self.longest, wait) if self.failures > 1 else FIRST
