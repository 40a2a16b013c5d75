"""The workflows as their invariants see them: parsed, with jobs, steps and conditions by name."""

from pathlib import Path
from typing import Any, NamedTuple

import yaml

Job = dict[str, Any]
Workflow = dict[str, Any]


class Workflows(NamedTuple):
    """Every workflow of a folder ``.github``, by the name of its file, and the text of each."""

    parsed: dict[str, Workflow]
    texts: dict[str, str]

    def job(self, workflow: str, name: str) -> Job:
        """A job; empty when it is not there."""
        found: Job = self.parsed.get(workflow, {}).get("jobs", {}).get(name, {})
        return found

    def steps(self, workflow: str, job: str) -> list[dict[str, Any]]:
        return list(self.job(workflow, job).get("steps", ()))

    def jobs(self) -> list[tuple[str, str, Job]]:
        """Workflow, name and content of every job."""
        return [(file, name, job) for file, each in self.parsed.items() for name, job in each["jobs"].items()]


def read(github: Path) -> Workflows:
    """YAML 1.1 reads the key ``on`` as true."""
    paths = sorted((github / "workflows").glob("*.yml"))
    parsed = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in paths}
    for each in parsed.values():
        each["on"] = each.pop(True, each.get("on"))
    return Workflows(parsed, {path.stem: path.read_text("utf-8") for path in paths})


def needs(job: Job) -> set[str]:
    """The jobs that it waits for."""
    named = job.get("needs", [])
    return {named} if isinstance(named, str) else set(named)


def condition(job: Job) -> str:
    """When it runs; ``""`` always."""
    return " ".join(str(job.get("if", "")).split())


def place(steps: list[dict[str, Any]], text: str) -> int:
    """Where the last step that uses or runs something is; -1 when there is none."""
    found = [
        i
        for i, step in enumerate(steps)
        if text in str(step.get("uses", "")) + str(step.get("run", "")) + str(step.get("with", ""))
    ]
    return found[-1] if found else -1
