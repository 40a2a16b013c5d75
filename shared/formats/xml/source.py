"""XML as a source: which documents an integration accepts."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.envelope import Answer, Envelope, Identity
from shared.formats.json.body import answer
from shared.formats.xml import FORMAT
from shared.formats.xml.document import XmlDocument, document, local, namespace
from shared.issue import Issue, Verdict
from shared.problems import Unsupported

MEDIA_TYPE = Issue(severity="fatal", code="not-supported", text="this media type is not supported; XML is", rule="content-type")
ROOT = Issue(
    severity="fatal", code="not-supported", text="the root is not the one expected, or is of another namespace", rule="xml-root"
)
TYPE = Issue(severity="error", code="not-supported", text="this type of message is not accepted here", rule="message-type")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Xml:
    """Documents with this root.

    Args:
        namespace: of the root and everything in it; ``""`` for none. root: its name.
        content: the one element that the root has; ``""``: any number of any.
        control_id, sender, facility: paths of the identity; of the last two ``""`` when a document does not say.
        message_type: path of the type of message; ``""`` when there is one type only. messages: the types that are accepted.
    """

    namespace: str
    root: str
    control_id: str
    content: str = ""
    sender: str = ""
    facility: str = ""
    message_type: str = ""
    messages: tuple[str, ...] = ()
    format: str = FORMAT.name

    def read(self, envelope: Envelope) -> XmlDocument:
        """The document. ``Unsupported``: not XML, or another root, content or type of message."""
        if not FORMAT.takes(envelope.content_type):
            raise Unsupported(MEDIA_TYPE)
        found = document(envelope.body, envelope.received_at)
        issues = [issue for check in (self._root, self._content, self._type) if (issue := check(found))]
        if issues:
            raise Unsupported(*issues[:1])
        return found

    def _root(self, found: XmlDocument) -> Issue | None:
        named = (namespace(found.root), local(found.root)) == (self.namespace, self.root)
        return None if named else ROOT._replace(where=self.root)

    def _content(self, found: XmlDocument) -> Issue | None:
        """A second one would be lost, and one of another namespace is another system's."""
        if not self.content or [each.tag for each in found.root] == [f"{{{self.namespace}}}{self.content}"]:
            return None
        text = f"{self.root} has exactly one {self.content}, and nothing else"
        return Issue(severity="fatal", code="structure", text=text, where=self.content, rule="xml-content")

    def _type(self, found: XmlDocument) -> Issue | None:
        """An absent type is left to the profile, which knows whether it is required."""
        sent = found.text(self.message_type) if self.message_type else ""
        return TYPE._replace(where=self.message_type, hl7="200") if sent and sent not in self.messages else None

    def repairs(self, content: XmlDocument) -> Sequence[Issue]:
        return content.issues

    def identity(self, content: XmlDocument, envelope: Envelope) -> Identity:
        """The mark of a test brings its own control id."""
        facility = content.text(self.facility) if self.facility else ""
        sender = content.text(self.sender) if self.sender else envelope.partner
        return Identity(sender=sender, facility=facility, control_id=content.test_id or content.text(self.control_id))

    def places(self, content: object) -> Identity:
        return Identity(sender=self.sender, facility=self.facility, control_id=self.control_id)

    def is_synthetic(self, content: XmlDocument) -> bool:
        return bool(content.test_id)

    def types(self) -> tuple[str, ...]:
        """The types of message; the root where there is one type only."""
        return self.messages or (self.root,)

    def type_of(self, content: XmlDocument) -> str:
        """The type of a document."""
        return content.text(self.message_type) if self.message_type else self.root

    def described(self) -> list[str]:
        """What is accepted, for the interface sheet."""
        types = f": {', '.join(self.messages)} ({self.message_type})" if self.messages else ""
        return [f"XML, root {self.root} of namespace {self.namespace or '(none)'}{types}"]

    def acknowledge(self, envelope: Envelope, content: XmlDocument | None, verdict: Verdict) -> Answer:
        return answer(envelope, verdict)
