"""The visit of an in-patient transfer: PV1 and PV2. One line per field, in the order of the segment."""

import re
from collections.abc import Iterator

from shared.hl7 import Message, Segment, segment
from shared.mapping.wales.codes import is_title
from shared.wpas.codes import ADMISSION, LOCAL
from shared.wpas.transaction import Transaction, moment

SITE = re.compile(r"(7A[1-7]|RQF|RT4|RYT)[0-9A-Z]{1,6}")
GMC = re.compile(r"C?(\d{7})")
Fields = tuple[str | tuple[str, ...], ...]


def no_visit(like: Message) -> Segment:
    """Class N (not applicable): the structure of a registration needs the segment."""
    return segment("PV1", {"1": "1", "2": "N"}, like=like)


def pv1(sent: Transaction, like: Message) -> Segment:
    """The visit: the ward after and before the transfer, who is responsible, admission and discharge."""
    return segment(
        "PV1",
        {
            "1": "1",
            "2": "I",
            "3": place(sent.first("NEW_WARD", "WARD"), sent.first("NEW_WARD_NAME", "WARD_NAME"), sent["CURLOC_PROVIDER_CODE"]),
            "4": ADMISSION.get(first_word(sent["SPELL_NO"]), ""),
            "6": place(sent.first("OLD_WARD", "ADM_WARD"), sent.first("OLD_WARD_NAME", "ADM_WARD_NAME")),
            "7": list(registered(sent["CONS_GMC"], sent["CONS_NAME"])),
            "8": practitioner(sent["REFERRING_GP"], authority="GMP"),
            "9": list(consultants(sent["CONS_GMC"], sent["CONS"], sent["CONS_NAME"], sent["SYSTEM_ID"])),
            "10": sent["SPEC"],
            "14": first_word(sent["SOURCE_ADMISSION"]),
            "17": list(consultants(sent["ADM_CONS_GMC"], sent["ADM_CONS"], sent["ADM_CONS_NAME"], sent["SYSTEM_ID"])),
            "18": sent["TRT_TYPE"],
            "19": (sent["UNIQUE_ID"], "", "", sent["SYSTEM_ID"], "VN") if sent["UNIQUE_ID"] else "",
            "36": sent["DISMETHOD"],
            "37": sent["DISDEST"] or site(sent["DISLOCATION"]),
            "44": moment(sent["TRT_DATE"], sent["TRT_TIME"]),
            "45": moment(sent["DIS_DATE"], sent["DIS_TIME"]),
            "50": (sent["UPI"], "", "", sent["SYSTEM_ID"], "U") if sent["UPI"] else "",
        },
        like=like,
    )


def pv2(sent: Transaction, like: Message) -> Segment:
    """The reason for admission is the admission method with its text, which WPAS has in SPELL_NO."""
    method = first_word(sent["SPELL_NO"])
    return segment(
        "PV2",
        {
            "3": (method, sent["SPELL_NO"][len(method) :].strip()) if method else "",
            "12": sent["SPEC_NAME"],
            "24": sent["OUTCOME"],
        },
        like=like,
    )


def first_word(text: str) -> str:
    return text.split(maxsplit=1)[0] if text else ""


def place(ward: str, name: str, facility: str = "") -> Fields:
    """A ward of a hospital, with its name."""
    return (ward, "", "", facility, "", "", "", "", name) if ward or name else ("", "", "", facility)


def site(code: str) -> str:
    """The code of a hospital of NHS Wales; ``""`` for anything else.

    >>> site("7A3C7"), site("HOME")
    ('7A3C7', '')
    """
    return code if SITE.fullmatch(code) else ""


def consultants(gmc: str, local_code: str, name: str, authority: str) -> Iterator[Fields]:
    """A consultant by the number of the GMC, then by the code of WPAS; by name alone if there is neither."""
    yield from registered(gmc, name if gmc or not local_code else "")
    if local_code:
        family, given, title = person(name)
        yield local_code, family, given, "", "", title, "", LOCAL, authority


def registered(gmc: str, name: str) -> Iterator[Fields]:
    if gmc or name:
        family, given, title = person(name)
        yield gmc_number(gmc), family, given, "", "", title, "", "", "GMC" if gmc else ""


def gmc_number(code: str) -> str:
    """A GMC number, which the code of a consultant has after a C.

    >>> gmc_number("C1234567"), gmc_number("1234567"), gmc_number("X1")
    ('1234567', '1234567', 'X1')
    """
    found = GMC.fullmatch(code)
    return found[1] if found else code


def practitioner(code: str, authority: str) -> Fields:
    return (code, *[""] * 7, authority) if code else ()


def person(name: str) -> tuple[str, str, str]:
    """Family name, given name and title, where a name has that plain shape; otherwise all of it is the family name.

    >>> person("Mr A Jones"), person("JONES A")
    (('Jones', 'A', 'Mr'), ('JONES A', '', ''))
    """
    words = name.split()
    if len(words) == 3 and is_title(words[0]):
        return words[2], words[1], words[0]
    return name, "", ""
