"""The steps of a tutorial, done as the page says: files are written, edits applied, commands run, and all of it is counted.

``sh``: commands, each run in a copy of the repository. ``diff`` with a title: an edit of a file, whose old lines are there once.
Any other block with a title is a new file. ``text``: what the commands before it must have printed. ``./hub up`` stays, so what
follows it on the page is done later, for all pages with one hub.
"""

import contextlib
import os
import resource
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.building.pages import FOLDER, Block, blocks, body
from tests.conftest import connection_string, free_ports
from tests.processes import ended, neighbours, started
from tests.waiting import LONGEST

PAGES = {page.stem: page for page in sorted((FOLDER / "tutorials").glob("*.md"))}
UP = "./hub up"
TRIES = 6  # times that a message is sent until its outcome is shown; the hub knows it again


@dataclass(eq=False)
class Tally:
    """What a tutorial took. ``seconds``: of the processor, of all commands."""

    commands: list[str] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    lines: int = 0
    seconds: float = 0.0

    def row(self, title: str) -> str:
        """The row of the table in ``cost.md``, without the seconds, which are of one machine."""
        return f"| {title} | {len(self.commands)} | {len(self.files)} | {self.lines} |"


@dataclass(eq=False)
class Follower:
    """Someone who does what the page says, in a folder that is a copy of the repository."""

    folder: Path
    tally: Tally = field(default_factory=Tally)
    printed: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    later: list[Block] = field(default_factory=list)

    def follow(self, page: Path) -> Tally:
        """Do every step of a page that needs no hub; those that do are counted, and kept for ``with_a_hub``."""
        for block in blocks(page):
            if self.later or UP in block.text.splitlines():
                self.later.append(block)
                self.tally.commands += block.text.splitlines() if block.language == "sh" else []
            elif block.language == "sh":
                self.printed = "".join(map(self.command, block.text.splitlines()))
            elif block.language == "text":
                assert self.missing(block) == [], self.printed
            elif block.language == "diff":
                self.edit(block)
            else:
                self.write(block)
        return self.tally

    def with_a_hub(self, settings: Mapping[str, str]) -> None:
        """The last steps, with a hub that runs. ``settings``: where it is; its ports are not those of the page."""
        self.settings = dict(settings)
        commands, expected = self.later
        for _ in range(TRIES):
            self.printed = "".join(self.run(each).stdout for each in commands.text.splitlines() if each != UP)
            if not self.missing(expected):
                return
        raise AssertionError(self.printed)

    def missing(self, block: Block) -> list[str]:
        """The lines of a block that the last commands did not print, whatever the spaces of a table."""
        printed = " ".join(self.printed.split())
        return [line for line in block.text.splitlines() if " ".join(line.split()) not in printed]

    def command(self, text: str) -> str:
        """Run one command; what it printed."""
        self.tally.commands.append(text)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        ran = self.run(text)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.tally.seconds += after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        assert ran.returncode == 0, f"{text}\n{ran.stdout[-3000:]}\n{ran.stderr[-2000:]}"
        return ran.stdout

    def run(self, text: str) -> "subprocess.CompletedProcess[str]":
        """``./hub`` in the copy, without the launcher, which would install its packages again."""
        program, *words = shlex.split(text)
        assert program == "./hub", text
        command = [sys.executable, "-m", "toolkit", *words]
        environment = self.environment()
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False
        )

    def environment(self) -> dict[str, str]:
        """Of each command. A person accepts golden files; a check in CI never does."""
        inherited = {name: value for name, value in os.environ.items() if name != "CI"}
        return {**inherited, "PYTHONPATH": str(self.folder), "COLUMNS": "250", **self.settings}

    def edit(self, block: Block) -> None:
        """Replace the lines of a ``diff`` in its file; they must be there exactly once."""
        path = self.folder / block.title
        old = "".join(f"{line[1:]}\n" for line in block.text.splitlines() if line[:1] != "+")
        new = "".join(f"{line[1:]}\n" for line in block.text.splitlines() if line[:1] != "-")
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"{block.title} has these lines {text.count(old)} times:\n{old}"
        path.write_text(text.replace(old, new), "utf-8")
        self.count(block.title, sum(line[:1] == "+" for line in block.text.splitlines()))

    def write(self, block: Block) -> None:
        """A new file, with the line ends of its format."""
        path = self.folder / block.title
        assert not path.exists(), block.title
        path.write_bytes(body(block))
        self.count(block.title, len(block.text.splitlines()))

    def count(self, file: str, lines: int) -> None:
        self.tally.files.add(file)
        self.tally.lines += lines


@contextlib.contextmanager
def hub_of_all(folder: Path) -> Iterator[dict[str, str]]:
    """``./hub up`` in a copy, on ports of its own, with the integrations of all tutorials; the settings by which it is found."""
    ports, [own] = neighbours(), free_ports(1)
    every = [block.text.split() for page in PAGES.values() for block in blocks(page)]
    named = [words[2] for words in every if words[:2] == ["./hub", "new"]]
    words = ["-m", "toolkit", "up", *named, "--port", str(own), "--storage-port", str(ports[0])]
    process, _ = started(words, "The hub is up", folder, Follower(folder).environment())
    try:
        yield {"HUB_URL": f"http://127.0.0.1:{own}", "AzureWebJobsStorage": connection_string(ports)}
    finally:
        assert ended(process) == 0
