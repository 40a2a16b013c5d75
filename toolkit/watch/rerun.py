"""One run: the integration as it is now, each of its samples, and how it differs from the golden files."""

import importlib
import sys
import traceback
from collections.abc import Iterator
from importlib.util import cache_from_source
from pathlib import Path
from typing import NamedTuple

from integrations import CATALOGUE
from shared import check
from shared.compare import trees
from shared.compare.differences import Difference, compare
from shared.integration import Integration
from shared.issue import Issue
from toolkit.samples import Sample, files_of, samples

KINDS = ("out", "properties", "issues")


class Broken(Exception):
    """The integration cannot be loaded. The text is for the developer: file, line, what is wrong."""


class Golden(NamedTuple):
    """A file next to a sample that is not as it should be; ``missing``: there is none, ``extra``: there should be none."""

    file: str
    differences: tuple[Difference, ...] = ()
    missing: bool = False
    extra: bool = False


class Result(NamedTuple):
    """What one sample came to. ``faults``: the mapping broke, or its output does not pass its check."""

    sample: str
    goldens: tuple[Golden, ...] = ()
    faults: tuple[Issue, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.goldens and not self.faults


def load(name: str) -> Integration:
    """The integration from its files as they are now; everything else that is loaded stays. Raises ``Broken``."""
    package = CATALOGUE[name]
    for module in [each for each in sys.modules if each == package or each.startswith(f"{package}.")]:
        forget(sys.modules.pop(module).__file__)
    importlib.invalidate_caches()
    try:
        found = importlib.import_module(package).INTEGRATION
    except SyntaxError as error:
        raise Broken(f"{_short(error.filename or package)}:{error.lineno}: {error.msg}\n  {(error.text or '').strip()}") from None
    except Exception as error:  # noqa: BLE001 any code of a developer may run here
        raise Broken(f"{_place(error)}: {type(error).__name__}: {error}") from None
    if not isinstance(found, Integration):
        raise Broken(f"{package}: INTEGRATION is not an Integration")
    return found


def forget(file: str | None) -> None:
    """Remove the bytecode of a module: it has the time of its source to the second, so a second save in it would not be seen."""
    if file and file.endswith(".py"):
        Path(cache_from_source(file)).unlink(missing_ok=True)


def results(integration: Integration) -> Iterator[Result]:
    """The result of every sample, by name."""
    return (result(integration, sample) for sample in samples(integration))


def result(integration: Integration, sample: Sample) -> Result:
    """The result of one sample."""
    ran = check.run(integration, sample.envelope)
    if ran.faults:
        return Result(sample.name, faults=ran.faults)
    return Result(sample.name, tuple(_compared(expected(sample), files_of(sample.name, ran))))


def expected(sample: Sample) -> dict[str, bytes]:
    """The golden files next to a sample, by name."""
    paths = [path for kind in KINDS for path in sample.path.parent.glob(f"{sample.name}.{kind}.*")]
    return {path.name: path.read_bytes() for path in paths}


def _compared(old: dict[str, bytes], new: dict[str, bytes]) -> Iterator[Golden]:
    for file in sorted(old.keys() | new.keys()):
        if file not in old or file not in new:
            yield Golden(file, missing=file not in old, extra=file not in new)
        elif old[file] != new[file]:
            found = tuple(compare(old[file], new[file]))
            yield Golden(file, found or (Difference(trees.BODY, "value", "the same values", "written in another way"),))


def _short(file: str) -> str:
    """The path below the folder of the integrations."""
    return file.partition("integrations/")[2] or Path(file).name


def _place(error: Exception) -> str:
    """File and line of the innermost line of an integration."""
    steps = [each for each in traceback.extract_tb(error.__traceback__) if "integrations" in Path(each.filename).parts]
    last = [each for each in steps if Path(each.filename).parent.name != "integrations"][-1:] or steps[-1:]
    return f"{_short(last[0].filename)}:{last[0].lineno}" if last else "?"
