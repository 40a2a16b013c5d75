"""The patient of a transaction: PID, PD1, NK1, and alerts as OBX. One line per field, in the order of the segment."""

import re
from collections.abc import Iterator

from shared.hl7 import Message, Segment, segment
from shared.hl7.compose import Value
from shared.wpas.codes import ETHNIC_CATEGORIES, LANGUAGE_NOT_KNOWN, LOCAL, MARITAL_STATUS, NOT_SENSITIVE, NULL, SEX
from shared.wpas.transaction import Transaction, changed_at, digits, given_names

NUMBER = re.compile(r"[+\d][\d\s()+-]*")  # the number at the start of a telephone element; words may follow
HOME = ("ADDRESS_1", "ADDRESS_2", "ADDRESS_3", "ADDRESS_4", "ADDRESS_5", "POSTCODE")
CONTACT = tuple(f"CONTACT_ADDRESS_{n}" for n in range(1, 7))
KIN = {prefix: tuple(f"{prefix}_{part}" for part in ("ADDR1", "ADDR2", "ADDR3", "ADDR4")) for prefix in ("NEXT_KIN", "OTHER_KIN")}
ALERTS = ("EVENT_CODES", "EVENT_DESCS", "KEY_NOTE_TYPES", "EVENT_VALUES")
Fields = tuple[str | tuple[str, ...], ...]


def own_number(sent: Transaction) -> str:
    """The number of the patient in WPAS; after a change of number, the new one."""
    return sent.first("NEW_UNIT_NUMBER", "UNIT_NUMBER") if sent["MSG_ID"] == "MPR" else sent["UNIT_NUMBER"]


def nhs_number(sent: Transaction) -> str:
    return sent["NHS_NUMBER"].replace(" ", "")


def pid(sent: Transaction, like: Message) -> Segment:
    """The patient: numbers, names, addresses, codes and death."""
    return segment(
        "PID",
        {
            "1": "1",
            "3": list(identifiers(sent)),
            "5": list(names(sent)),
            "7": digits(sent["BIRTHDATE"]),
            "8": SEX.get(sent["SEX"], ""),
            "9": list(aliases(sent)),
            "11": list(addresses(sent)),
            "13": list(telecoms(sent)),
            "15": language(sent["PREFERRED_LANGUAGE"]),
            "16": marital_status(sent["MARITAL_STATUS"]),
            "17": local(sent["RELIGION_STATUS"]),
            "18": sent["LINK_ID"] if sent["MSG_ID"] == "IPT" else "",
            "22": ethnic_group(sent["ETHNIC_ORIGIN"]),
            "29": date_of_death(sent),
            "30": is_dead(sent),
            "32": sent["NHS_CERTIFICATION"],
            "33": changed_at(sent["UPDATE_DATE"]),
        },
        like=like,
    )


def identifiers(sent: Transaction) -> Iterator[Fields]:
    """The NHS Number, then the number of WPAS; one may be absent, and leaves no empty repetition."""
    if number := nhs_number(sent):
        yield number, "", "", "NHS", "NH"
    if number := own_number(sent):
        yield number, "", "", sent["SYSTEM_ID"], "PI"


def names(sent: Transaction) -> Iterator[Fields]:
    """The legal name, the name in use, the name before marriage, an alias."""
    yield name(sent["SURNAME"], sent["FORENAME"], "L", sent["TITLE"])
    if requested := sent["REQUESTED_NAME"]:
        yield name("", requested, "N")
    if maiden := sent["MAIDEN_NAME"]:
        yield name(maiden, "", "M")
    if sent.any(("ALIAS_SURNAME", "ALIAS_FORENAME")):
        yield name(sent["ALIAS_SURNAME"], sent["ALIAS_FORENAME"], "A")


def name(surname: str, forename: str, use: str, title: str = "") -> Fields:
    first, more = given_names(forename)
    return surname, first, more, "", title, "", use if surname or first or title else ""


def aliases(sent: Transaction) -> Iterator[Fields]:
    """PID-9, which old receivers read; later versions of HL7 have aliases in PID-5."""
    if sent.any(("ALIAS_SURNAME", "ALIAS_FORENAME")):
        yield sent["ALIAS_SURNAME"], *given_names(sent["ALIAS_FORENAME"])
    if other := sent["OTHER_ALIAS"]:
        yield (other,)


def addresses(sent: Transaction) -> Iterator[Fields]:
    if sent.any(HOME):
        yield address([sent[each] for each in HOME], "H")
    if sent.any(CONTACT):
        yield address([sent[each] for each in CONTACT], "M")


def address(parts: list[str], use: str) -> Fields:
    """Five lines and a postcode; HL7 has four places for the lines, so the last two are joined."""
    one, two, three, four, five, postcode = parts
    return one, two, three, ", ".join(filter(None, (four, five))), postcode, "", use


def telecoms(sent: Transaction) -> Iterator[Fields]:
    """Day, night, mobile and email, each a repetition of its own; a second day or night number only if it is another one."""
    yield from telephone(sent["TELEPHONE_DAY"], "DAY")
    yield from telephone(sent["TELEPHONE_NIGHT"], "NIGHT")
    yield from telephone(sent["MOBILE"], "MOBILE", use="PRS", equipment="CP")
    if email := sent["EMAIL"]:
        yield "", "NET", "Internet", email
    if sent["PAT_TEL_DAY"] != sent["TELEPHONE_DAY"]:
        yield from telephone(sent["PAT_TEL_DAY"], "DAY")
    if sent["PAT_TEL_NIGHT"] != sent["TELEPHONE_NIGHT"]:
        yield from telephone(sent["PAT_TEL_NIGHT"], "NIGHT")


def telephone(text: str, when: str, use: str = "PRN", equipment: str = "PH") -> Iterator[Fields]:
    """The number, and the words after or instead of it in component 9.

    >>> list(telephone("01792 000111 ask for Mair", "DAY"))
    [('01792 000111', 'PRN', 'PH', '', '', '', '', '', 'DAY ask for Mair')]
    """
    if text:
        found = NUMBER.match(text)
        number = found[0].strip() if found else ""
        words = text[len(found[0]) :].strip() if found else text
        yield number, use, equipment, "", "", "", "", "", f"{when} {words}".strip()


def local(code: str) -> Fields:
    """A code of WPAS, marked as local."""
    return (code, "", LOCAL) if code else ()


def language(code: str) -> Fields:
    """Local: no list is published, and a code of two letters may not be that of ISO 639."""
    return () if code == LANGUAGE_NOT_KNOWN else local(code)


def marital_status(digit: str) -> Fields:
    """The digit of WPAS, with the letter that it is inferred to be."""
    letter, text = MARITAL_STATUS.get(digit, ("", ""))
    return (*local(digit), letter, text, "HL70002") if letter else local(digit)


def ethnic_group(letters: str) -> Fields:
    """Both letters of WPAS, with the national category that the first is inferred to be."""
    category = ethnic_category(letters)
    return (*local(letters), category, "", "UKCore-EthnicCategoryWales") if category else local(letters)


def ethnic_category(letters: str) -> str:
    """The national category of a code of two letters; ``""`` if it is not in the list.

    >>> ethnic_category("AZ"), ethnic_category("QZ")
    ('A', '')
    """
    return letters[:1] if len(letters) == 2 and letters[0] in ETHNIC_CATEGORIES else ""


def date_of_death(sent: Transaction) -> str:
    """A date; a null only where a change of demographics withdraws a death that was recorded by mistake."""
    return NULL if withdraws_death(sent) else digits(sent["DEATHDATE"])


def withdraws_death(sent: Transaction) -> bool:
    return sent["MSG_ID"] == "MPA" and "DEATHDATE" in sent.nulls


def is_dead(sent: Transaction) -> str:
    """N only where WPAS sent the element without a date."""
    if sent["DEATHDATE"]:
        return "Y"
    return "N" if "DEATHDATE" in sent.sent else ""


def pd1(sent: Transaction, like: Message) -> Segment:
    """The practice, the practitioner, a disability, and whether the record is protected."""
    doctor = (sent["REGISTERED_GP"], sent["GP_SURNAME"], sent["GP_INITS"])
    values: dict[str, Value] = {
        "3": (sent["GP_ADDR1"], *[""] * 8, sent["GP_PRACTICE"]),
        "4": (*doctor, *[""] * 5, "GMP" if doctor[0] else "") if any(doctor) else "",
        "6": sent["DISABLED_STATUS"],
        "12": protection(sent["HIGH_SENSITIVE"]),
    }
    return segment("PD1", values, like=like)


def protection(text: str) -> str:
    """Y for every value that does not say no: a record is protected when in doubt."""
    return "" if not text else "N" if text.upper() in NOT_SENSITIVE else "Y"


def next_of_kin(sent: Transaction, like: Message) -> Iterator[Segment]:
    """A segment for each of the two that has a value. The whole name is the surname: to split it would be a guess."""
    for number, (kin, lines) in enumerate(KIN.items(), 1):
        values = {
            "2": sent[kin],
            "3": (sent[f"{kin}_REL_CODE"], sent[f"{kin}_REL"], LOCAL if sent[f"{kin}_REL_CODE"] else ""),
            "4": (*(sent[line] for line in lines), sent[f"{kin}_POSTCODE"]),
            "5": [each for when in ("DAY", "NIGHT") for each in telephone(sent[f"{kin}_TEL_{when}"], when)],
        }
        if any(any(value) for value in values.values()):
            yield segment("NK1", {"1": str(number), **values}, like=like)


def alerts(sent: Transaction) -> Iterator[tuple[Fields, str]]:
    """Code and value of each alert. The lists of WPAS run in step; if they do not, each is sent whole under its own name."""
    if risk := sent["CURRENT_HEALTH_RISK_FACTOR"]:
        yield ("CURRENT_HEALTH_RISK_FACTOR", "", LOCAL), risk
    lists = [split(sent[each]) for each in ALERTS]
    if not in_step(sent):
        yield from (((each, "", LOCAL), sent[each]) for each in ALERTS if sent[each])
        return
    count = max(map(len, lists))
    for code, text, kind, value in zip(*(each or [""] * count for each in lists), strict=True):
        yield (code, text, LOCAL, *((kind, "", LOCAL) if kind else ())), value


def split(text: str) -> list[str]:
    """The items of a list of WPAS."""
    return [each.strip() for each in text.split(",")] if text else []


def in_step(sent: Transaction) -> bool:
    """Whether the lists of alerts that were sent have the same length."""
    return len({len(split(sent[each])) for each in ALERTS if sent[each]}) <= 1


def observations(sent: Transaction, like: Message) -> Iterator[Segment]:
    for number, (code, value) in enumerate(alerts(sent), 1):
        fields: dict[str, Value] = {"1": str(number), "2": "ST" if value else "", "3": code, "5": value, "11": "F"}
        yield segment("OBX", fields, like=like)
