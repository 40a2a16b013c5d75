"""What the hub and its tools know of one source format: a value that each format declares as ``FORMAT`` in its package.

A package under ``shared/formats`` is imported to look at these facts alone, on every cold start and by the smoke test, which
runs with the standard library only. So it imports its reader inside the functions that need it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.leaves import Leaf

if TYPE_CHECKING:
    from shared.envelope import Envelope, Outgoing
    from shared.formats.batch import Batch

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def _never(body: bytes) -> bool:
    return False


def _always(body: bytes) -> bool:
    return True


def _no_code(answer: bytes) -> str:
    return ""


def _unchanged(body: bytes) -> bytes:
    return body


def _as_text(body: bytes, media: str) -> Any:
    return body.decode()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Format:
    """One format of messages. ``document`` is what a source of this format reads from a body.

    Args:
        name: the ``format`` of a source.
        extension: of a sample's file, without the dot.
        media_types: media types that name this format, in lower case; the usual one first.
        also_sent_as: other types that senders put on such a body; ``""``: a body without a type.
        assumed_type: the type given to a body that was sent without one.
        assumed_if: a test of a body, and the type given to those that pass it in place of ``assumed_type``.
        answers: media types that a sender can be answered in; the usual one first.
        answers_by_status: the HTTP status shows whether a message was accepted (202 or 422); otherwise the answer's body does.
        verdicts: the HTTP statuses of a verdict, each with the media types of the answers that have it; empty: 202 and 422, all.
        statuses: what an HTTP status means in an answer of this format, where that differs from the usual meaning.
        begins: how a body begins, after blanks and a byte order mark; empty when it may begin in any way.
        recognises: whether a body that begins so is of this format; needed where formats begin alike. Standard library only.
        identifies: first parts of the paths that name the message itself and not a person; the text of no other may be logged.
        schemas: the body in OpenAPI: a JSON Schema for each media type shown there.
        example: a small synthetic message.
        holds: whether a document, or what a mapping made, is of this format.
        parse: the document of a body, without the checks of a source. ``ValueError``: the body is not of this format.
        write: what is sent for a document under this control id.
        leaves: every place of a document that holds a text.
        text: the text at a path that a rule names, ``""`` if there is none; ``None``: it is looked for among the leaves.
        tree: a body as a tree, for comparisons (``shared/compare``); ``None``: its leaves by their paths.
        test_mark: path of the mark of a test message.
        mark_test: a body as a test message with another control id. Standard library only.
        acknowledged: the code (AA, AE or AR) in an answer, for tools; ``""`` if the answer has none. Standard library only.
        is_batch: whether a body is a file of several messages, which the hub splits.
        batch: opens such a file, given the source and the envelope. ``Unsupported``: it cannot be read. ``None``: there are none.
        readable: a body as a reviewer reads it in a golden file.
        shown: a body as OpenAPI shows an example of it in one of the media types of ``schemas``.
    """

    name: str
    extension: str
    media_types: tuple[str, ...]
    also_sent_as: tuple[str, ...] = ()
    assumed_type: str
    assumed_if: tuple[Callable[[bytes], bool], str] = (_never, "")
    answers: tuple[str, ...]
    answers_by_status: bool = True
    verdicts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    begins: tuple[bytes, ...] = ()
    recognises: Callable[[bytes], bool] = _always
    identifies: tuple[str, ...] = ()
    schemas: Mapping[str, Mapping[str, str]]
    example: bytes
    holds: Callable[[object], bool]
    parse: Callable[[bytes], Any]
    write: "Callable[[Any, str], Outgoing]"
    leaves: Callable[[Any], Iterator[Leaf]]
    text: Callable[[Any, str], str] | None = None
    tree: Callable[[bytes], Any] | None = None
    test_mark: str
    mark_test: Callable[[bytes, str], bytes]
    acknowledged: Callable[[bytes], str] = _no_code
    is_batch: Callable[[bytes], bool] = _never
    batch: "Callable[[Any, Envelope], Batch] | None" = None
    readable: Callable[[bytes], bytes] = _unchanged
    shown: Callable[[bytes, str], Any] = _as_text

    @property
    def answered_as(self) -> Mapping[str, tuple[str, ...]]:
        """The HTTP statuses of a verdict, each with the media types of the answers that have it."""
        return self.verdicts or {"202": self.answers, "422": self.answers}

    def takes(self, content_type: str) -> bool:
        """Whether a body of this type may be of this format; parameters of the type do not count."""
        return content_type.partition(";")[0].strip().lower() in (*self.also_sent_as, *self.media_types)

    def assume(self, body: bytes) -> str:
        """The type of a body that was sent without one."""
        test, other = self.assumed_if
        return other if test(body) else self.assumed_type

    def begins_like(self, body: bytes) -> bool:
        """Whether a body begins as this format does: a quick look, for every message."""
        return not self.begins or body.removeprefix(BYTE_ORDER_MARK).lstrip().startswith(self.begins)
