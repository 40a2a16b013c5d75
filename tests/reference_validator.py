"""HL7's reference validator, if it is next to the repository: a program in Java that starts, checks a folder and ends."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

LAUNCHER = Path(__file__).resolve().parents[2] / "shared" / "tools" / "fhir-validator"
# For a process of seconds: its code is compiled once and quickly, and one thread collects the garbage. Half the processor time.
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

needs_the_validator = pytest.mark.skipif(
    not LAUNCHER.exists() or not shutil.which("java"), reason=f"no reference validator: {LAUNCHER} or java is absent"
)


def java_environment() -> dict[str, str]:
    """The environment of a Java program that a test starts."""
    return os.environ | {"JDK_JAVA_OPTIONS": f"{os.environ.get('JDK_JAVA_OPTIONS', '')} {SHORT_LIVED}"}


def checked(folder: Path, *definitions: str) -> "subprocess.CompletedProcess[str]":
    """Every resource of a folder: a finding is a line of JSON; the last line of the errors says how many were checked."""
    named = [word for name in definitions for word in ("--definitions", name)]
    command = [str(LAUNCHER), *named, "--json", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, env=java_environment(), check=False)
    assert done.returncode in (0, 1), done.stderr
    return done
