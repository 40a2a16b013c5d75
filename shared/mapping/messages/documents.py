"""MDM^T02 and its kin: documents."""

from shared.hl7.segment import Segment
from shared.mapping.elements import merge
from shared.mapping.messages.common import COMMON
from shared.mapping.messages.conversion import Conversion, Handler
from shared.mapping.messages.orders import close, obr, orc
from shared.mapping.messages.results import tq1
from shared.mapping.segments.document import finish, obx_content, txa_document_reference, txa_provenance
from shared.mapping.segments.note import nte_annotation


def txa(conversion: Conversion, segment: Segment) -> None:
    """The document; the orders before it are related to it."""
    read = conversion.read
    finish_document(conversion)
    if read.is_empty(segment):
        return
    requests = [{"reference": f"urn:uuid:{each['id']}", "type": each["resourceType"]} for each in _orders(conversion)]
    conversion.report = txa_document_reference(read, segment)
    link = conversion.add_focus(conversion.report)
    if requests:
        merge(conversion.report, {"context": {"related": requests}})
    conversion.add_resource(txa_provenance(read, segment, link))


def _orders(conversion: Conversion) -> list[dict[str, str]]:
    return [each for each in conversion.read.resources if each["resourceType"] == "ServiceRequest"]


def obx(conversion: Conversion, segment: Segment) -> None:
    for content in obx_content(conversion.read, segment) if conversion.report else ():
        conversion.append(conversion.report, "content", content)


def nte(conversion: Conversion, segment: Segment) -> None:
    """A note on an order, or a text of the document."""
    note = nte_annotation(conversion.read, segment)
    if conversion.annotated:
        conversion.append(conversion.annotated, "note", note)
    elif conversion.report and note:
        words = [conversion.report.get("description", ""), note["text"]]
        conversion.report["description"] = "\n".join(filter(None, words))


def finish_document(conversion: Conversion) -> None:
    close(conversion)
    if conversion.report:
        finish(conversion.report)
    conversion.report = {}


DOCUMENTS: dict[str, Handler] = {**COMMON, "ORC": orc, "OBR": obr, "TQ1": tq1, "TXA": txa, "OBX": obx, "NTE": nte}
