"""A message of a few segments, converted: what the tests of meaning share."""

from typing import Any

from shared.fhir import check
from shared.hl7 import parse
from shared.issue import ERROR_CONDITION
from shared.mapping.guide import Converted, convert

PID = "PID|1||9990000018^^^NHS^NH||Enghraifft^Ann||19700101|F"
ISSUE_TYPES = {*ERROR_CONDITION, "conflict"}  # those of FHIR that the hub uses
OBR = "OBR|1|P1|F1|CRP^Test^L|||20260115093000|||||||||||||||20260115100000||CH|F"


def message(*segments: str, kind: str = "ORU^R01^ORU_R01", sent: str = "20260115103000", charset: str = "UNICODE UTF-8") -> str:
    header = f"MSH|^~\\&|LAB|7A3|HUB|CDR|{sent}||{kind}|M1|P|2.5.1||||||{charset}"
    return "\r".join([header, *segments]) + "\r"


def converted(*segments: str, kind: str = "ORU^R01^ORU_R01", sent: str = "20260115103000") -> Converted:
    """The conversion, whose bundle has passed our own check, and whose issues have all that a sender needs."""
    found = convert(parse(message(*segments, kind=kind, sent=sent)))
    assert not [issue for issue in check(found.bundle) if issue.is_error]
    assert not [issue for issue in found.issues if issue.code not in ISSUE_TYPES or not issue.text or not issue.rule]
    return found


def resources(found: Converted, kind: str) -> list[Any]:
    every = [entry["resource"] for entry in found.bundle["entry"]]
    return [each for each in every if each["resourceType"] == kind]


def only(found: Converted, kind: str) -> Any:
    (one,) = resources(found, kind)
    return one


def rules(found: Converted) -> set[tuple[str, str]]:
    """Rule and place of each issue."""
    return {(issue.rule, issue.where) for issue in found.issues}
