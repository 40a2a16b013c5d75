"""Answers in SOAP: the acknowledgement in the body, or a fault with the acknowledgement in its detail.

SOAP 1.1 section 4.4 has the codes with their parts after a dot; SOAP 1.2 part 1 section 5.4 has codes with subcodes.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple
from xml.sax.saxutils import escape

from shared.formats.soap.envelope import V11, Version
from shared.issue import Issue, Verdict

Who = Literal["Client", "Server", "MustUnderstand", "VersionMismatch"]
SENDER_OR_RECEIVER = {"Client": "Sender", "Server": "Receiver"}
OWN_CODES: dict[str, Who] = {"soap-must-understand": "MustUnderstand", "soap-version": "VersionMismatch"}
OF_THE_HUB = ("exception", "transient", "throttled")
PERMISSION = ("sender-not-the-callers", "soap-authorization", "soap-expired")
OF_THE_REQUEST = (  # rules of the call as a whole; any other rule is about the message
    "soap-",
    "xml-",
    "content-",
    "not-acceptable",
    "not-gzip",
    "too-large",
    "empty",
)


class Code(NamedTuple):
    """Who caused a fault, and what is wrong: ``""``, ``Validation`` or ``Authorization``."""

    who: Who
    part: str = ""


class Terms(NamedTuple):
    """The names of the answer that an integration declares."""

    namespace: str
    response: str


def code_of(issues: tuple[Issue, ...]) -> Code:
    """The code of a rejection.

    >>> code_of((Issue(severity="error", code="required", text="x", rule="patient-name"),))
    Code(who='Client', part='Validation')
    """
    errors = [issue for issue in issues if issue.is_error]
    if any(issue.code in OF_THE_HUB for issue in errors):
        return Code("Server")
    rules = [issue.rule for issue in errors]
    if own := next((OWN_CODES[rule] for rule in rules if rule in OWN_CODES), None):
        return Code(own)
    if any(rule in PERMISSION for rule in rules):
        return Code("Client", "Authorization")
    return Code("Client") if any(rule.startswith(OF_THE_REQUEST) for rule in rules) else Code("Client", "Validation")


def response(version: Version, terms: Terms, status: str, control_id: str) -> bytes:
    """The answer to a message that was accepted."""
    return _envelope(version, _acknowledgement(terms, status, control_id, ()))


def rejection(version: Version, terms: Terms, verdict: Verdict, control_id: str) -> bytes:
    """The fault for a message that was rejected."""
    errors = tuple(issue for issue in verdict.issues if issue.is_error)
    reason = errors[0].text if errors else "the message was rejected"
    return fault(version, terms, code_of(errors), reason, _acknowledgement(terms, verdict.acknowledgement, control_id, errors))


def fault(version: Version, terms: Terms, code: Code, reason: str, detail: str = "") -> bytes:
    """A fault. ``detail``: the element in it."""
    return _envelope(version, (_fault_1_1 if version is V11 else _fault_1_2)(terms, code, escape(reason), detail))


def _fault_1_1(terms: Terms, code: Code, reason: str, detail: str) -> str:
    name = ".".join(filter(None, code))
    detail = f"<detail>{detail}</detail>" if detail else ""
    return f"<soap:Fault><faultcode>soap:{name}</faultcode><faultstring>{reason}</faultstring>{detail}</soap:Fault>"


def _fault_1_2(terms: Terms, code: Code, reason: str, detail: str) -> str:
    value = SENDER_OR_RECEIVER.get(code.who, code.who)
    subcode = f'<soap:Subcode><soap:Value xmlns:hub="{escape(terms.namespace)}">hub:{code.part}</soap:Value></soap:Subcode>'
    return (
        f"<soap:Fault><soap:Code><soap:Value>soap:{value}</soap:Value>{subcode if code.part else ''}</soap:Code>"
        f'<soap:Reason><soap:Text xml:lang="en">{reason}</soap:Text></soap:Reason>'
        f"{f'<soap:Detail>{detail}</soap:Detail>' if detail else ''}</soap:Fault>"
    )


def _envelope(version: Version, body: str) -> bytes:
    start = f'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="{version.namespace}">'
    return f"{start}<soap:Body>{body}</soap:Body></soap:Envelope>".encode()


def _acknowledgement(terms: Terms, status: str, control_id: str, issues: tuple[Issue, ...]) -> str:
    name = terms.response
    return (
        f'<{name} xmlns="{escape(terms.namespace)}"><Status>{status}</Status>'
        f"<MessageControlId>{escape(_in_xml(control_id))}</MessageControlId>{''.join(_listed(issues))}</{name}>"
    )


def _listed(issues: tuple[Issue, ...]) -> Iterator[str]:
    for issue in issues:
        parts = (("Rule", issue.rule), ("Where", issue.where), ("Text", issue.text))
        yield f"<Issue>{''.join(f'<{name}>{escape(_in_xml(text))}</{name}>' for name, text in parts)}</Issue>"


def _in_xml(text: str) -> str:
    """The text without characters that XML cannot have."""
    return "".join(each for each in text if each.isprintable())
