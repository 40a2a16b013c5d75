"""The files of a folder, in the order of their names. One that is not regular, or cannot be read, is reported and not opened."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from shared.envelope import LARGEST
from toolkit.say import stop

# What stands next to a sample in this repository: its output, its findings, its routing.
NOT_MESSAGES = (".issues.json", ".properties.json")
OUTPUT = ".out."
CANNOT = {errno.EACCES: "no permission to read it", errno.EPERM: "no permission to read it", errno.ELOOP: "a link"}


class File(NamedTuple):
    """One file of the folder. Its name may be a patient's: no report has it.

    Args:
        number: its place among the files, from 1. body: ``None`` if it was not read, and ``reason`` is why.
        partner: the other file of a pair, such as a letter; empty without one.
    """

    number: int
    path: Path
    body: bytes | None
    reason: str = ""
    partner: bytes = b""

    @property
    def extension(self) -> str:
        return self.path.suffix.removeprefix(".").lower()


def files(folder: Path, pairs: tuple[str, ...] = ()) -> Iterator[File]:
    """Each file, one at a time. ``pairs``: extensions of a document and of its sidecar, which are one message."""
    known = paths(folder)
    if not pairs:
        yield from (read(number, path) for number, path in enumerate(known, 1))
        return
    document, sidecar = (f".{each}" for each in pairs)
    present = set(known)
    alone = [path for path in known if path.suffix.lower() != document or path.with_suffix(sidecar) not in present]
    for number, path in enumerate(alone, 1):  # a document is read with its sidecar
        file = read(number, path)
        other = path.with_suffix(document)
        is_pair = path.suffix.lower() == sidecar and other in present
        yield joined(file, read(number, other)) if is_pair else file


def joined(file: File, other: File) -> File:
    return file._replace(partner=other.body) if other.body is not None else file._replace(body=None, reason=other.reason)


def paths(folder: Path) -> list[Path]:
    """Every path that may hold messages. Links to folders are not followed, so that a loop has an end."""
    found = []
    for here, folders, names in os.walk(folder, onerror=cannot(folder), followlinks=False):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(here) / name for name in names if is_message(name)]
        found += [Path(here) / name for name in folders if (Path(here) / name).is_symlink()]
    return sorted(found)


def cannot(folder: Path) -> Callable[[OSError], None]:
    """What to do with a folder that cannot be listed: the first one ends the command, one below it is a path as well."""

    def report(error: OSError) -> None:
        if error.filename == str(folder):
            stop(f"cannot read the folder: {error.strerror}", 2)

    return report


def is_message(name: str) -> bool:
    """Whether a file may hold messages.

    >>> [is_message(name) for name in ("a.in.hl7", "a.out.hl7", "a.issues.json", ".DS_Store", "monday.csv")]
    [True, False, False, False, True]
    """
    return not (name.startswith(".") or OUTPUT in name or name.endswith(NOT_MESSAGES))


def read(number: int, path: Path) -> File:
    """One file. Of one that is larger than the hub takes, one byte more than the limit is read, which the door then refuses."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        return File(number, path, None, CANNOT.get(error.errno or 0, "it cannot be opened"))
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return File(number, path, None, "not a file")
        try:
            return File(number, path, file.read(LARGEST + 1))
        except OSError:
            return File(number, path, None, "it cannot be read")
