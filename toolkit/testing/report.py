"""What is printed about a run of both tiers: how the fast tests went, and how busy the processors were with the slow ones."""

import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import pytest

from toolkit.testing import lengths
from toolkit.testing.order import SLOW, group


class Progress:
    """Reports the fast tests at the first result of a slow one; another worker may still run its last fast ones."""

    def __init__(self, config: pytest.Config) -> None:
        self.config, self.began, self.counted = config, time.monotonic(), {"passed": 0, "failed": 0, "skipped": 0}
        self.busy: tuple[float, float] | None = None  # seconds of all processors when the slow tests began: at work, at rest
        self.seconds = defaultdict[str, float](float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if SLOW[0] in dict(report.user_properties):
            self.seconds[group(report.nodeid)] += report.duration
            if self.busy is None:
                self.busy = processors()
                self._say_fast()
        elif self.busy is None and (report.when == "call" or report.outcome != "passed"):
            self.counted[report.outcome] += 1

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Keep the seconds of each file where all tests ran."""
        option = session.config.option
        is_whole = session.config.args_source is pytest.Config.ArgsSource.TESTPATHS and not (option.keyword or option.markexpr)
        if is_whole and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            lengths.keep(self.seconds)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.busy:
            worked, rested = (now - before for now, before in zip(processors(), self.busy, strict=True))
            share = f"{rested / (worked + rested):.0%}" if worked + rested > 0 else "unknown"
            terminalreporter.write_line(f"processors at rest while the slow tests ran: {share}")

    def _say_fast(self) -> None:
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter:
            text = ", ".join(f"{number} {what}" for what, number in self.counted.items() if number) or "none"
            reporter.write_line("")
            reporter.write_line(f"fast tests: {text} in {time.monotonic() - self.began:.0f} s; the slow tests have begun")


def processors() -> tuple[float, float]:
    """Ticks in which the processors of this machine worked, and in which they rested, since it started; 0 where unknown."""
    with suppress(OSError, ValueError):
        ticks = [int(each) for each in Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()[1:]]
        rested = sum(ticks[3:5])  # idle, and waiting for a disk
        return sum(ticks[:8]) - rested, rested
    return 0.0, 0.0
