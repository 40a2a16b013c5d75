"""VXU^V04: vaccinations."""

from shared.fhir.reference import reference
from shared.hl7.segment import Segment
from shared.mapping.elements import merge
from shared.mapping.messages.common import COMMON, observation
from shared.mapping.messages.conversion import Conversion, Handler
from shared.mapping.messages.participations import join
from shared.mapping.segments.orders.vaccination import orc_vaccination_request, rxa_immunization, rxr_immunization


def orc(conversion: Conversion, segment: Segment) -> None:
    conversion.orc = segment
    conversion.immunization = {}


def rxa(conversion: Conversion, segment: Segment) -> None:
    """A vaccination, and the order behind it."""
    if conversion.read.is_empty(segment, since=3):
        conversion.immunization, conversion.orc = {}, conversion.read.none("ORC")
        return
    read, orc = conversion.read, conversion.take_orc()
    conversion.immunization = rxa_immunization(read, orc, segment)
    conversion.add_focus(conversion.immunization)
    conversion.add_resource(orc_vaccination_request(read, orc))
    join(conversion)
    conversion.annotated = conversion.immunization


def rxr(conversion: Conversion, segment: Segment) -> None:
    if conversion.immunization:
        merge(conversion.immunization, rxr_immunization(conversion.read, segment))


def obx(conversion: Conversion, segment: Segment) -> None:
    """An observation at a vaccination, or about the person."""
    made = observation(conversion, segment)
    if not made:
        return
    if conversion.immunization:
        made["partOf"] = [reference("Immunization", conversion.immunization["id"])]
    conversion.add_focus(made)


VACCINATIONS: dict[str, Handler] = {**COMMON, "ORC": orc, "RXA": rxa, "RXR": rxr, "OBX": obx}
