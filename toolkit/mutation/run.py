"""A run: which mutants, what becomes of each, and the figures."""

import difflib
import json
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.mutation.baseline import accepted, survivor
from toolkit.mutation.chosen import USUAL, Chooser
from toolkit.mutation.copied import environment
from toolkit.mutation.covered import Covered
from toolkit.mutation.operators import Mutant, mutants

HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
SURVIVED = ("survived", "not covered")
CAUGHT = ("caught", "timed out")
BECOMES = {"element": "left out", "condition": "left out", "swapped": "in each other's place"}
TOGETHER = 400  # mutants for which tests are collected together


class Tried(NamedTuple):
    """A mutant of a file and what became of it."""

    path: str
    mutant: Mutant
    fate: str  # caught, timed out, survived, not covered, accepted (in the baseline) or broken
    diff: str
    by: str = ""  # the test that failed
    tests: int = 0  # how many ran
    of: int = 0  # how many run the line


class Planned(NamedTuple):
    path: str
    source: str
    mutant: Mutant


def planned(folder: Path, paths: Iterable[str], lines: dict[str, set[int]] | None = None) -> list[Planned]:
    """Every mutant of these files; with ``lines``, those that change one of them."""
    found = []
    for path in paths:
        source = (folder / path).read_text(encoding="utf-8")
        touched = lines.get(path, set()) if lines is not None else None
        found += [
            Planned(path, source, each)
            for each in mutants(source)
            if touched is None or touched & set(range(each.lines[0], each.lines[1] + 1))
        ]
    return found


def sampled(plans: list[Planned], number: int, seed: int) -> list[Planned]:
    """That many at random of each package, or all in random order."""
    by_package: dict[str, list[Planned]] = {}
    for each in plans:
        by_package.setdefault(package(each.path), []).append(each)
    chosen = []
    for name, group in sorted(by_package.items()):
        random.Random(f"{seed} {name}").shuffle(group)
        chosen += group[: number or None]
    random.Random(seed).shuffle(chosen)
    return chosen


def package(path: str) -> str:
    """``shared/hl7`` for what is in it or below it; a file of ``shared`` itself is its own."""
    return "/".join(path.split("/")[:2])


def tried(folder: Path, covered: Covered, plans: list[Planned], *, bound: float, minutes: float = 0) -> Iterator[Tried]:
    """What becomes of each mutant; the rest is not tried when the minutes are over."""
    known, chooser = accepted(), Chooser(covered, bound)
    job: list[dict[str, Any]] = []
    end = time.monotonic() + 60 * minutes if minutes else float("inf")
    for number, (path, source, mutant) in enumerate(plans):
        shown = diff(path, source, mutant)
        if survivor(path, source, mutant) in known:
            yield Tried(path, mutant, "accepted", shown)
            continue
        choice = chooser.choose(path, mutant)
        if not choice.tests:
            yield Tried(path, mutant, "not covered", shown)
            continue
        job.append(
            {
                "number": number,
                "filename": str(folder / path),
                "before": source,
                "after": mutant.planted(source),
                "tests": {test: covered.seconds.get(test, USUAL) for test in choice.tests},
                "of": choice.of,
                "anew": choice.anew,
                "at_import": choice.at_import,
            }
        )
    for start in range(0, len(job), TOGETHER):
        part = {each["number"]: each for each in job[start : start + TOGETHER]}
        for result in _warm(folder, list(part.values()), end):
            path, source, mutant = plans[result["number"]]
            tests = part[result["number"]]
            yield Tried(path, mutant, result["fate"], diff(path, source, mutant), result["by"], len(tests["tests"]), tests["of"])


def tried_again(
    folder: Path, covered: Covered, plans: list[Planned], *, bounds: tuple[float, float], minutes: float = 0
) -> Iterator[Tried]:
    """The same, but what survives the nearest tests is tried with more of them, so that a survivor is one."""
    end = time.monotonic() + 60 * minutes if minutes else 0
    doubtful = []
    by_place = {(each.path, each.mutant): each for each in plans}
    for each in tried(folder, covered, plans, bound=bounds[0], minutes=minutes):
        if each.fate == "survived" and each.tests < each.of and bounds[1] > bounds[0]:
            doubtful.append(by_place[each.path, each.mutant])
        else:
            yield each
    left = max(0.01, (end - time.monotonic()) / 60) if end else 0
    if doubtful:
        yield from tried(folder, covered, doubtful, bound=bounds[1], minutes=left)


def _warm(folder: Path, job: list[dict[str, Any]], end: float) -> Iterator[dict[str, Any]]:
    """Results as the process reports them; the process is stopped when the time is over."""
    if time.monotonic() >= end:
        return
    given, results = folder / ".mutation-job", folder / ".mutation-results"
    given.write_text(json.dumps(job), encoding="utf-8")
    results.write_text("", encoding="utf-8")
    command = [sys.executable, "-m", "toolkit.mutation.warm", str(given), str(results)]
    with (folder / ".mutation-log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(folder), stdout=log, stderr=log, start_new_session=True, stdin=subprocess.DEVNULL
        )
    try:
        with results.open(encoding="utf-8") as read:
            while True:
                is_over = process.poll() is not None
                while line := read.readline():
                    yield json.loads(line)
                if is_over or time.monotonic() >= end:
                    return
                time.sleep(0.1)
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    import os
    import signal
    from contextlib import suppress

    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def diff(path: str, source: str, mutant: Mutant) -> str:
    """What differs; in a long text, the lines of the piece and what becomes of it."""
    first, last = mutant.lines
    if mutant.first < mutant.last and (first, last) != (mutant.first, mutant.last):
        piece = "".join(f"-{line}\n" for line in source.splitlines()[first - 1 : last])
        return f"--- {path}\n+++ {path}\n@@ -{first} @@\n{piece}+ ({BECOMES.get(mutant.operator, mutant.operator)})\n"
    before, after = (text.splitlines(keepends=True) for text in (source, mutant.planted(source)))
    return "".join(difflib.unified_diff(before, after, path, path, n=1))


def figures(results: Iterable[Tried]) -> list[tuple[str, int, int, Counter[str]]]:
    """By package: its name, how many were caught, of how many that are not accepted, and the count of each fate."""
    count: dict[str, Counter[str]] = {}
    for each in results:
        count.setdefault(package(each.path), Counter())[each.fate] += 1
    return [
        (name, sum(fates[each] for each in CAUGHT), sum(fates.values()) - fates["accepted"], fates)
        for name, fates in sorted(count.items())
    ]


def changed(base: str, root: Path) -> dict[str, set[int]]:
    """The lines of each Python file of the product that differ from a commit."""
    command = ["git", "diff", "-U0", "--diff-filter=AMR", base, "--", "shared/*.py", "integrations/*.py", "function_app.py"]
    text = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return dict(_file(part) for part in text.split("\n+++ b/")[1:])


def base(root: Path) -> str:
    """Where a change begins: the merge base with ``main``; on ``main`` itself, the commit before. Empty when there is none."""
    head = _git(root, "rev-parse", "HEAD")
    for name in ("main", "origin/main"):
        if (found := _git(root, "merge-base", name, "HEAD")) and found != head:
            return found
    return _git(root, "rev-parse", "--verify", "--quiet", "HEAD~1")


def _git(root: Path, *command: str) -> str:
    return subprocess.run(["git", *command], cwd=root, capture_output=True, text=True, check=False).stdout.strip()


def _file(part: str) -> tuple[str, set[int]]:
    path, _, rest = part.partition("\n")
    hunks = ((int(first), int(count or 1)) for first, count in HUNK.findall(rest))
    return path, {line for first, count in hunks for line in range(first, first + count)}
