"""What a decision about a rule would change: each message of a folder is checked as things are, and as they would be."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from toolkit import screen
from toolkit.say import stop

Finding = dict[str, str]


class Change(NamedTuple):
    """One message whose verdict changes: its file, the acknowledgements before and after, and the findings that decide."""

    file: str
    before: str
    after: str
    findings: list[Finding]


def report(integration: Any, decisions: Sequence[str], folder: str, as_json: bool) -> None:
    """Print what would change; always exits with status 0."""
    path = Path(folder)
    if not path.is_dir():
        stop("--what-if needs a folder of messages", 2)
    files = sorted(each for each in path.iterdir() if each.is_file() and is_message(each))
    found = changes(integration, decided(integration, decisions), files)
    result = {"checked": len(files), "changed": [each._asdict() for each in found]}
    print(screen.as_json(result) if as_json else screen.plain(as_text(decisions, len(files), found)))


def is_message(path: Path) -> bool:
    """Whether a file is a message: any but the golden files of samples and what is hidden."""
    return not path.name.startswith(".") and not any(part in path.name for part in (".out.", ".issues.", ".properties."))


def decided(integration: Any, decisions: Sequence[str]) -> Any:
    """The integration with these decisions; one clear line for a rule that it does not have, or that must refuse."""
    from shared.validation.policy import with_refuses

    raised: list[str] = []
    lowered: list[str] = []
    rules = {each.rule: each.policy for each in listed(integration.profile)}
    for decision in decisions:
        named, _, severity = decision.rpartition("=")
        rule = named.partition("@")[0]
        if severity not in ("error", "warning") or not rule:
            stop(f"--what-if takes RULE=error or RULE=warning, not {decision}", 2)
        if rule not in rules:
            stop(f"{integration.name} has no rule {rule}; it has: {', '.join(sorted(rules))}", 2)
        if severity == "warning" and rules[rule].refuses:
            stop(f"{rule} is of class {rules[rule].rule_class}: it always refuses ({rules[rule].reason})", 2)
        (raised if severity == "error" else lowered).append(named)
    return replace(integration, profile=with_refuses(integration.profile, raised, lowered))


def listed(profile: Any) -> Iterable[Any]:
    """Every rule of a profile, of both formats where it takes two."""
    if hasattr(profile, "listed"):
        found: Iterable[Any] = profile.listed()
        return found
    return [each for name in ("hl7", "json") if hasattr(profile, name) for each in listed(getattr(profile, name))]


def changes(before: Any, after: Any, files: Iterable[Path]) -> list[Change]:
    """The messages whose verdict is another one."""
    found = []
    for path in files:
        was, would = (verdict(each, path) for each in (before, after))
        if was.acknowledgement != would.acknowledgement:
            issues = [issue for issue in (*would.issues, *was.issues) if issue.is_error]
            listed = {(i.rule, i.where): {"rule": i.rule, "where": i.where, "text": i.text} for i in issues}
            found.append(Change(path.name, was.acknowledgement, would.acknowledgement, list(listed.values())))
    return found


def verdict(integration: Any, path: Path) -> Any:
    from shared import check
    from toolkit.commands.develop.check import envelope

    return check.check(integration, envelope(integration.name, path.read_bytes())).verdict


def as_text(decisions: Sequence[str], checked: int, found: Sequence[Change]) -> str:
    """For a person: how many, then each message with the findings that decide."""
    refused = sum(each.before == "AA" for each in found)
    lines = [f"{', '.join(decisions)}: {refused} of {checked} messages would be refused, {len(found) - refused} taken instead"]
    for each in found:
        where = "; ".join(f"{one['where'] or '-'} {one['text']} ({one['rule']})" for one in each.findings)
        lines.append(f"  {each.before} -> {each.after}  {each.file}: {where}")
    return "\n".join(lines)
