"""From a message that fails to the smallest de-identified one that fails in the same way: safe to send to a vendor."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from shared.check import run
from shared.compare.trees import format_of
from shared.integration import Integration
from toolkit.migrate.reproduce import public
from toolkit.migrate.reproduce.failures import Failure, failures
from toolkit.migrate.reproduce.reduction import Holds, smallest
from toolkit.migrate.reproduce.synthetic import stand_ins
from toolkit.migrate.reproduce.texts import KEY, texts, with_texts
from toolkit.samples import RECEIVED_AT

LONG = 6  # characters from which an original text is looked for inside others too
MOST = 60  # stand-ins that are tried for one text
STRUCTURAL = ("MSH-", "EVN-1", KEY, "resourceType", "system", "url")


class Unsafe(ValueError):
    """No stand-in fails in the same way; the text says at which place, never the value."""


class Shrunk(NamedTuple):
    """The reproducer: its body, the failure, and the bytes of the message that it was made from."""

    body: bytes
    failure: Failure
    before: int

    @property
    def name(self) -> str:
        """The name of its sample: ``rejected_patient_name``."""
        words = self.failure.rule if self.failure.kind != "fault" else self.failure.rule.partition(" ")[0]
        slug = "".join(character if character.isalnum() else "_" for character in words.lower())
        return slug if self.failure.kind in ("fault", "warning") else f"rejected_{slug}"

    @property
    def extension(self) -> str:
        return format_of(self.body)


def shrink(integration: Integration, body: bytes, failure: Failure) -> Shrunk:
    """The smallest message without an original value. Raises ``Unsafe``."""
    allowed = set(_severe(failures(integration, body)))

    def holds(candidate: bytes) -> bool:
        found = failures(integration, candidate)
        return failure in found and set(_severe(found)) <= allowed

    small = smallest(body, holds)
    safe = _without_values(integration, small, texts(body), holds)
    return Shrunk(smallest(safe, holds), failure, len(body))


def _severe(found: Iterable[Failure]) -> Iterator[Failure]:
    return (each for each in found if each.kind != "warning")


def _without_values(integration: Integration, body: bytes, originals: Iterable[str], holds: Holds) -> bytes:
    """The body with a stand-in for each text; a text stays only where the failure needs it and the code itself names it."""
    known, samples = public.of_the_code(integration.package), public.of_the_samples(integration.name)
    originals = set(originals)
    for text, places in texts(body).items():
        is_public = text in known
        if is_public and all(where.startswith(STRUCTURAL) for where in places):
            continue
        synthetic = [other for where in places for other in samples.get(where, ())]
        others = [each for each in stand_ins(text, synthetic, known) if not _shows(each, originals - known)]
        fitting = _first_fitting(body, text, others, holds)
        if fitting is None and not is_public:
            raise Unsafe(f"the failure needs the text at {places[0]}, and no stand-in for it fails in the same way")
        body = fitting or body
    _look_through(body, originals - known)
    return body


def _first_fitting(body: bytes, text: str, others: Iterable[str], holds: Holds) -> bytes | None:
    for other in islice(dict.fromkeys(each for each in others if each != text), MOST):
        candidate = with_texts(body, {text: other})
        if candidate != body and holds(candidate):
            return candidate
    return None


def _look_through(body: bytes, originals: set[str]) -> None:
    """A last look: no original text is left, and no long one is part of another text."""
    for text, places in texts(body).items():
        if _shows(text, originals):
            raise Unsafe(f"the text at {places[0]} is an original one, or holds one")


def _shows(text: str, originals: Iterable[str]) -> bool:
    """Whether a text is one of the originals, in capitals or not, or holds a long one."""
    small = text.strip().lower()
    return any(small == each.strip().lower() or (len(each) >= LONG and each.lower() in small) for each in originals)


STUB = '''"""A message that {name} does not process: {failure}. Change the assertion once the cause is corrected."""

from pathlib import Path

from integrations import load
from {module} import run
from shared.envelope import Envelope

SAMPLE = Path(__file__).with_name("{sample}.in.{extension}")


def test_{sample}() -> None:
    envelope = Envelope(
        integration="{name}", body=SAMPLE.read_bytes(), received_at="{received_at}", content_type="{content_type}"
    )
    ran = run(load("{name}"), envelope)
    assert {assertion}
'''


def stub(integration: Integration, shrunk: Shrunk) -> str:
    """A test that fails as soon as the message no longer fails in this way."""
    from toolkit.migrate.reproduce.failures import envelope

    failure = shrunk.failure
    kind = "verdict.issues" if failure.kind in ("AE", "AR", "warning") else "faults"
    attribute = "text" if failure.kind == "fault" and " in " in failure.rule else "rule"
    return STUB.format(
        name=integration.name,
        failure=failure.text,
        module=run.__module__,
        sample=shrunk.name,
        extension=shrunk.extension,
        received_at=RECEIVED_AT,
        content_type=envelope(integration, shrunk.body).content_type,
        assertion=f'"{failure.rule}" in [issue.{attribute} or issue.code for issue in ran.{kind}]',
    )
