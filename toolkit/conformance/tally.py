"""What was found in a folder of messages, added up one message at a time. Counts, rules and paths; never a value of a message."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from shared import formats
from shared.check import read_or_none
from shared.envelope import LARGEST, Envelope
from shared.formats.documented import type_of
from shared.integration import Content, Integration
from shared.issue import Issue, Severity
from toolkit.conformance.folder import File, files
from toolkit.conformance.judges import Judge, Judgement
from toolkit.conformance.messages import Part, messages
from toolkit.samples import RECEIVED_AT, REJECTED

REFUSED_ON_PURPOSE = REJECTED  # how the name of a file begins whose messages must be refused
LETTERS = frozenset("ŵŷŴŶ")  # of Welsh names; not in Latin-1, so that a wrong character set shows
PATHS = 20  # of a rule that a report lists
EXAMPLES = 5  # messages of a rule that a report names


class Breach(NamedTuple):
    """A rule that messages break, by severity."""

    rule: str
    severity: Severity


@dataclass(slots=True, eq=False, repr=False)
class Found:
    """How often a rule was broken, in how many messages, at which paths; ``examples``: where the first of them are."""

    count: int = 0
    messages: int = 0
    paths: dict[str, None] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    issue: Issue | None = None

    def add(self, issues: list[Issue], place: str) -> None:
        """The findings of one message by this rule."""
        self.count += len(issues)
        self.messages += 1
        self.paths.update(dict.fromkeys(each.where for each in issues))
        self.examples += [place] if len(self.examples) < EXAMPLES else []
        self.issue = self.issue or issues[0]


@dataclass(eq=False, repr=False)
class Tally:
    """All that a report is made of."""

    integration: Integration
    names: list[str] = field(default_factory=list)  # of the files, by number; a pair has one
    messages: int = 0
    accepted: int = 0
    as_expected: int = 0
    refused_on_purpose: int = 0
    files_refused: int = 0
    reused_ids: int = 0
    has_letters: bool = False
    synthetic: int = 0
    types: Counter[str] = field(default_factory=Counter)
    accepted_types: Counter[str] = field(default_factory=Counter)
    breaches: dict[Breach, Found] = field(default_factory=dict)
    not_read: list[tuple[int, str]] = field(default_factory=list)
    _ids: dict[bytes, bytes] = field(default_factory=dict)  # hash of an identity -> of its body
    _digests: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """SHA-256 of the SHA-256 of every file, sorted: the same files give the same digest, whatever their names."""
        return sha256("\n".join(sorted(self._digests)).encode()).hexdigest()

    def add_file(self, file: File, judge: Judge) -> None:
        """The messages of one file."""
        self.names.append(file.path.name)
        if file.body is None:
            self.not_read.append((file.number, file.reason))
            return
        self._digests.append(sha256(b"".join((file.body, file.partner))).hexdigest())
        is_refused_on_purpose = file.path.name.startswith(REFUSED_ON_PURPOSE)
        for part in messages(self.integration, file):
            place = f"file {file.number}" + (f", message {part.number}" if part.number else "")
            if part.number:
                self._add(part, place, judge, is_refused_on_purpose=is_refused_on_purpose)
            else:
                self.files_refused += any(issue.is_error for issue in part.issues)
                self._breaches(part.issues, place)

    def _add(self, part: Part, place: str, judge: Judge, *, is_refused_on_purpose: bool) -> None:
        verdict = Judgement(accepted=False, issues=part.issues) if part.issues else judge(part.body, part.content_type)
        self.messages += 1
        self.accepted += verdict.accepted
        self.as_expected += verdict.accepted != is_refused_on_purpose
        self.refused_on_purpose += is_refused_on_purpose and not verdict.accepted
        self._breaches(verdict.issues, place)
        envelope = Envelope(
            integration=self.integration.name, body=part.body, received_at=RECEIVED_AT, content_type=part.content_type
        )
        content = read_or_none(self.integration, envelope) if len(part.body) <= LARGEST else None
        self._read(content, envelope, is_accepted=verdict.accepted)

    def _read(self, content: Content | None, envelope: Envelope, *, is_accepted: bool) -> None:
        source = self.integration.source
        kind = "" if content is None else type_of(source, content)
        self.types[kind] += 1
        if content is None:
            return
        self.accepted_types[kind] += is_accepted
        self.synthetic += source.is_synthetic(content)
        self._identify(content, envelope)
        if is_accepted and not self.has_letters:
            self.has_letters = any(LETTERS.intersection(leaf.text) for leaf in formats.leaves(content))

    def _identify(self, content: Content, envelope: Envelope) -> None:
        """Two different messages under one identity: the second would be taken for a changed message of the first."""
        who = self.integration.source.identity(content, envelope)
        if who.control_id:
            body = sha256(envelope.body).digest()
            self.reused_ids += self._ids.setdefault(sha256("\0".join(who).encode()).digest(), body) != body

    def _breaches(self, issues: Iterable[Issue], place: str) -> None:
        grouped: dict[Breach, list[Issue]] = {}
        for issue in issues:
            grouped.setdefault(Breach(issue.rule or issue.code, issue.severity), []).append(issue)
        for breach, each in grouped.items():
            self.breaches.setdefault(breach, Found()).add(each, place)


def tally(integration: Integration, folder: Path, judge: Judge) -> Tally:
    """Every message of a folder, judged."""
    from shared.intake.inbox.files import file_trigger

    trigger, made = file_trigger(integration), Tally(integration)
    for file in files(folder, trigger.pairs if trigger else ()):
        made.add_file(file, judge)
    return made
