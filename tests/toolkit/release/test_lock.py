"""requirements.lock, offline: it agrees with requirements.txt, is complete, and has a hash for every package."""

import re
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from toolkit.release.lock import LOCK, MACHINE, PINS, Locked, lines, locked
from toolkit.release.package import RUNNING
from toolkit.say import ROOT

PYTHONS = ("3.11", "3.12", "3.13")


def pinned(python: str) -> dict[str, str]:
    """Name and version of what requirements.txt names for this version of Python."""
    found = [Requirement(line) for line in PINS.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    environment = {**MACHINE, "python_version": python, "python_full_version": f"{python}.0"}
    kept = [each for each in found if each.marker is None or each.marker.evaluate(environment)]
    return {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in kept}


def versions(python: str) -> dict[str, str]:
    return {each.name: each.version for each in locked() if each.holds(python)}


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_has_what_is_pinned(python: str) -> None:
    assert pinned(python).items() <= versions(python).items()


@pytest.mark.parametrize("python", PYTHONS)
def test_a_package_is_locked_once(python: str) -> None:
    names = [each.name for each in locked() if each.holds(python)]
    assert len(names) == len(set(names))


def test_the_lock_is_complete() -> None:
    """Every package that one of its packages needs is in it, so that pip installs it without looking for more."""
    found, missing = versions(RUNNING), []
    environment = {**MACHINE, "python_version": RUNNING, "python_full_version": f"{RUNNING}.0", "extra": ""}
    looked_at = 0
    for name in found:
        try:
            needed = requires(name) or []
        except PackageNotFoundError:
            continue  # of another machine
        looked_at += 1
        required = [each for each in map(Requirement, needed) if each.marker is None or each.marker.evaluate(environment)]
        missing += [f"{name} needs {each}" for each in required if not fits(each, found)]
    assert missing == []
    assert looked_at >= len(pinned(RUNNING))


def fits(wanted: Requirement, found: dict[str, str]) -> bool:
    version = found.get(canonicalize_name(wanted.name))
    return version is not None and wanted.specifier.contains(version, prereleases=True)


def test_every_package_has_its_hash_and_none_a_place_to_come_from() -> None:
    text = LOCK.read_text("utf-8")
    read = locked()
    assert len(read) == len(re.findall("^[^ #]", text, re.M))  # no line that this reader passes over
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", each) for one in read for each in one.hashes)
    assert not re.search("://|--(extra-)?index|--find-links|--trusted|-e |@", text)


def test_a_line_for_pip_has_no_marker() -> None:
    one = Locked("a", "1", "python_full_version < '3.13' and sys_platform == 'linux'", ("sha256:0",))
    assert (one.holds("3.12"), one.holds("3.13")) == (True, False)
    assert one.line() == "a==1 --hash=sha256:0"
    assert not Locked("b", "1", "sys_platform == 'win32'", ("sha256:0",)).holds("3.13")
    assert all(" ; " not in line and "--hash=sha256:" in line for line in lines("3.13"))


def test_what_is_deployed_is_imported() -> None:
    """Each pinned package is imported by what is deployed: one that nothing imports is only an attack surface."""
    modules = {"azure-functions": "azure.functions", "fhir-resources": "fhir.resources", "azure-eventgrid": "azure.eventgrid"}
    sources = [ROOT / "function_app.py", *(ROOT / "shared").rglob("*.py")]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    names = {name: modules.get(name, name.replace("-", ".") if name.startswith("azure") else name) for name in pinned(RUNNING)}
    unused = [name for name, module in names.items() if not re.search(rf"\b(import|from) {re.escape(module)}\b", text)]
    assert unused == []
