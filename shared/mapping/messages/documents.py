"""MDM^T02 and its kin: documents."""

from shared.hl7.segment import Segment
from shared.mapping.messages.common import COMMON
from shared.mapping.messages.orders import close, obr, orc
from shared.mapping.messages.results import tq1
from shared.mapping.messages.story import Handler, Story
from shared.mapping.reading import merge
from shared.mapping.segments.document import finish, obx_content, txa_document_reference, txa_provenance
from shared.mapping.segments.note import nte_annotation


def txa(story: Story, segment: Segment) -> None:
    """The document; the orders before it are related to it."""
    read = story.read
    close(story)
    if read.is_empty(segment):
        return
    requests = [{"reference": f"urn:uuid:{each['id']}", "type": each["resourceType"]} for each in _orders(story)]
    story.report = txa_document_reference(read, segment)
    told = story.tell(story.report)
    if requests:
        merge(story.report, {"context": {"related": requests}})
    story.also(txa_provenance(read, segment, told))


def _orders(story: Story) -> list[dict[str, str]]:
    return [each for each in story.read.resources if each["resourceType"] == "ServiceRequest"]


def obx(story: Story, segment: Segment) -> None:
    for content in obx_content(story.read, segment) if story.report else ():
        story.add(story.report, "content", content)


def nte(story: Story, segment: Segment) -> None:
    """A note on an order, or a text of the document."""
    note = nte_annotation(story.read, segment)
    if story.noted:
        story.add(story.noted, "note", note)
    elif story.report and note:
        words = [story.report.get("description", ""), note["text"]]
        story.report["description"] = "\n".join(filter(None, words))


def finish_document(story: Story) -> None:
    close(story)
    if story.report:
        finish(story.report)
    story.report = {}


DOCUMENTS: dict[str, Handler] = {**COMMON, "ORC": orc, "OBR": obr, "TQ1": tq1, "TXA": txa, "OBX": obx, "NTE": nte}
