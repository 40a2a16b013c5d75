"""What the tests of the flows share: their samples, and what the hub makes of a body."""

from integrations import load
from shared import check
from shared.envelope import Envelope
from shared.hl7 import Message, parse
from toolkit.samples import RECEIVED_AT, samples

TO_MPI = ("phw-to-mpi", "pims-to-mpi", "chemocare-to-mpi", "paris-to-mpi", "mosaiq-to-mpi", "wds-to-mpi")
UNCHANGED = ("paris-to-mpi", "mosaiq-to-mpi", "wds-to-mpi", "mpi-outbound", "mpi-to-phw", "mpi-to-chemocare")
BODIES = {name: {each.name: each.body for each in samples(load(name))} for name in (*TO_MPI, *UNCHANGED[3:])}


def ran(name: str, body: bytes) -> check.Ran:
    return check.run(load(name), Envelope(integration=name, body=body, received_at=RECEIVED_AT))


def sent(name: str, sample: str) -> Message:
    """What leaves for a sample."""
    return parse(ran(name, BODIES[name][sample]).outgoing[0].body)


def findings(name: str, body: bytes) -> tuple[str, set[tuple[str, str]]]:
    """The acknowledgement, and each finding's severity-free face: code of table 0357 and place."""
    verdict = ran(name, body).verdict
    return verdict.acknowledgement, {(issue.condition, issue.where) for issue in verdict.issues}
