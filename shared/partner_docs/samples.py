"""The samples of an integration that a partner may read and send: synthetic messages, in its folder ``samples``."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

from shared import formats
from shared.envelope import Envelope
from shared.integration import Integration

INTEGRATIONS = Path(__file__).resolve().parents[2] / "integrations"
RECEIVED_AT = "2026-05-01T09:30:00.000Z"  # the time of receipt in each example of an answer
REJECTED = "rejected"  # how the name of a sample begins that is rejected


class Sample(NamedTuple):
    """One message, named by its file without ``.in``."""

    name: str
    extension: str
    body: bytes

    @property
    def file(self) -> str:
        """The name under which it is downloaded."""
        return f"{self.name}.{self.extension}"

    @property
    def is_rejected(self) -> bool:
        """Whether the hub is expected to reject it."""
        return self.name.startswith(REJECTED)

    @property
    def is_utf8(self) -> bool:
        """Whether it is UTF-8: a body in another character set cannot be shown in a page or in JSON."""
        return self.body.decode("utf-8", "replace").encode() == self.body


def folder(integration: Integration) -> Path:
    """Where the samples of an integration are; a folder that is not there has none."""
    return INTEGRATIONS / integration.package / "samples"


@cache
def samples(integration: Integration) -> tuple[Sample, ...]:
    """Every sample, by name."""
    paths = sorted(folder(integration).glob("*.in.*"))
    return tuple(Sample(path.name.partition(".in.")[0], path.suffix[1:], path.read_bytes()) for path in paths)


def as_sent(integration: Integration, sample: Sample, accept: str = "") -> Envelope:
    """A sample as a request for an answer in a media type; ``""``: the usual one."""
    return Envelope(
        integration=integration.name,
        body=sample.body,
        received_at=RECEIVED_AT,
        content_type=formats.content_type(integration.source, sample.body),
        headers={"accept": accept} if accept else {},
    )
