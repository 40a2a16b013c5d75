"""The texts of the pages for partners, in English and in Welsh. A Welsh speaker of the integration team must confirm them."""

from shared.voices import Language, in_language

WORDS: dict[str, tuple[str, str]] = {
    "title": ("Integration Hub for partners", "Hyb Integreiddio i bartneriaid"),
    "skip": ("Skip to main content", "Neidio i'r prif gynnwys"),
    "language": ("Cymraeg", "English"),
    "integrations": ("Your integrations", "Eich integreiddiadau"),
    "none": ("You may not call an integration of this app.", "Ni chewch alw integreiddiad yr ap hwn."),
    "pages": ("Pages", "Tudalennau"),
    "overview": ("Interface sheet", "Taflen rhyngwyneb"),
    "samples": ("Samples", "Samplau"),
    "rules": ("Rules", "Rheolau"),
    "answers": ("Answers", "Atebion"),
    "owner": ("Owner", "Perchennog"),
    # Shown on a Welsh page alone. The parts that are in English have lang="en".
    "sheet_in_english": ("The interface sheet is in English.", "Mae'r daflen rhyngwyneb yn Saesneg."),
    "partly_in_english": ("Some texts on this page are in English.", "Mae rhai o'r testunau ar y dudalen hon yn Saesneg."),
    "downloads": ("For your tools", "Ar gyfer eich offer"),
    "openapi": ("OpenAPI document", "Dogfen OpenAPI"),
    "config": ("Settings for openapi-python-client", "Gosodiadau ar gyfer openapi-python-client"),
    "postman": ("Collection for Postman", "Casgliad ar gyfer Postman"),
    "bruno": ("Collection for Bruno", "Casgliad ar gyfer Bruno"),
    "synthetic": (
        "Every sample is synthetic: no person is in it. Send it to a test system, or check it first.",
        "Mae pob sampl yn synthetig: nid oes unrhyw berson ynddo. Anfonwch ef i system brawf, neu gwiriwch ef yn gyntaf.",
    ),
    "sample": ("Sample", "Sampl"),
    "expected": ("Expected", "Disgwylir"),
    "accepted": ("accepted", "derbynnir"),
    "rejected": ("rejected", "gwrthodir"),
    "size": ("Size", "Maint"),
    "bytes": ("bytes", "beit"),
    "try": ("Try it", "Rhowch gynnig arni"),
    "check_first": ("Check it: nothing is stored.", "Gwiriwch ef: ni chedwir dim."),
    "then_send": ("Then send it.", "Yna anfonwch ef."),
    "rules_intro": (
        "A rule of severity error refuses the message. With the others it is accepted, and the acknowledgement names the rule.",
        "Mae rheol â difrifoldeb error yn gwrthod y neges. Nid yw'r lleill: derbynnir y neges ac mae'r gydnabyddiaeth yn enwi'r "
        "rheol.",
    ),
    "severity": ("Severity", "Difrifoldeb"),
    "class": ("Class", "Dosbarth"),
    "requirement": ("Requirement", "Gofyniad"),
    "wrong": ("What is wrong", "Beth sydd o'i le"),
    "right": ("What is expected", "Beth a ddisgwylir"),
    "example": ("Example of a breach", "Enghraifft o dorri'r rheol"),
    "why": ("Why", "Pam"),
    "example_accepted": ("Answer to a message that is accepted", "Ateb i neges a dderbynnir"),
    "example_rejected": ("Answer to a message that is rejected", "Ateb i neges a wrthodir"),
    "part": ("Part", "Rhan"),
    "meaning": ("Meaning", "Ystyr"),
    "statuses": ("HTTP statuses", "Statws HTTP"),
    "status": ("Status", "Statws"),
    "unknown": ("You are not recognised", "Nid ydych yn cael eich adnabod"),
    "unknown_text": (
        "These pages are for partners. Call them as you call the hub: with your key in the header x-hub-key, with your client "
        "certificate, or with an Entra token of your application.",
        "Ar gyfer partneriaid y mae'r tudalennau hyn. Galwch hwy fel yr ydych yn galw'r hyb: gyda'ch allwedd yn y pennyn "
        "x-hub-key, gyda'ch tystysgrif cleient, neu gyda thocyn Entra eich ap.",
    ),
    "key": ("Your key", "Eich allwedd"),
    "key_hint": (
        "It stays in this browser tab until you close or reload it. It is sent to this hub alone.",
        "Mae'n aros yn y tab hwn nes i chi ei gau neu ei ail-lwytho. Dim ond i'r hyb hwn y caiff ei hanfon.",
    ),
    "open": ("Open", "Agor"),
    "forbidden": ("Not your integration", "Nid eich integreiddiad chi"),
    "forbidden_text": (
        "You may not call this integration. Contact the integration team if you need it.",
        "Ni chewch alw'r integreiddiad hwn. Cysylltwch â'r tîm integreiddio os oes ei angen arnoch.",
    ),
    "none_here": ("There is no such page", "Nid oes tudalen o'r fath"),
}
TITLES = {  # of the sections of a sheet
    "How to send": "Sut i anfon",
    "What is accepted": "Beth a dderbynnir",
    "What is checked": "Beth a wirir",
    "Variants that are accepted": "Amrywiadau a dderbynnir",
    "What is answered": "Beth a atebir",
    "What you can expect": "Beth y gallwch ei ddisgwyl",
    "Limits": "Terfynau",
}


def words(language: Language) -> dict[str, str]:
    """Every text in a language."""
    return in_language(WORDS, language)
