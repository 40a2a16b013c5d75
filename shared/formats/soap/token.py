"""The UsernameToken of WS-Security in a call: read before the caller is known, so from a bounded beginning of the body alone.

WS-Security UsernameToken Profile 1.1.1 section 3. The password is the partner's key as text; the hub keeps only its hash, so it
cannot check a password digest.
"""

from collections.abc import Iterator

from lxml import etree

from shared.formats.soap.envelope import SECURITY, UTILITY, VERSIONS
from shared.security import Named

LONGEST = 64 * 1024  # bytes up to the end of the header; a token behind them is not read
STEP = 4096
TEXT = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"
IN = f"{{{SECURITY}}}"
HEADERS = {version.name("Header") for version in VERSIONS}
ENVELOPES = {version.name("Envelope") for version in VERSIONS}
BODIES = {version.name("Body") for version in VERSIONS}
EXPIRES = f"{{{UTILITY}}}Timestamp/{{{UTILITY}}}Expires"
WRONG = Named("", "")  # a token that no partner has


def token_of(body: bytes) -> Named | None:
    """Name and key of a call; ``None`` without a token; ``WRONG`` if there are several, or the token is malformed."""
    header = _header(body)
    if header is None:
        return None
    tokens = header.findall(f"{IN}Security/{IN}UsernameToken")
    if not tokens:
        return None
    return _named(tokens[0]) if len(tokens) == 1 else WRONG


def _named(token: etree._Element) -> Named:
    names, passwords = token.findall(f"{IN}Username"), token.findall(f"{IN}Password")
    if len(names) != 1 or len(passwords) != 1 or len(names[0]) or len(passwords[0]):
        return WRONG
    if passwords[0].get("Type", TEXT) != TEXT:
        return WRONG
    return Named((names[0].text or "").strip(), passwords[0].text or "")


def _header(body: bytes) -> etree._Element | None:
    """The header of an envelope; ``None`` if there is none, or the beginning of the body is not XML or has a document type."""
    parser = etree.XMLPullParser(("start", "end"), resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True)
    try:
        for event, element in _events(parser, body[:LONGEST]):
            if event == "start" and element.tag in BODIES:
                return None
            if event == "end" and element.tag in HEADERS and _is_of_envelope(element):
                return None if element.getroottree().docinfo.doctype else element
    except etree.XMLSyntaxError:
        return None
    return None


def _is_of_envelope(element: etree._Element) -> bool:
    envelope = element.getparent()
    return envelope is not None and envelope.getparent() is None and envelope.tag in ENVELOPES


def _events(parser: etree.XMLPullParser, body: bytes) -> "Iterator[tuple[str, etree._Element]]":
    for start in range(0, len(body), STEP):
        parser.feed(body[start : start + STEP])
        for event, element in parser.read_events():
            if isinstance(element, etree._Element):
                yield str(event), element
