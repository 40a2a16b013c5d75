"""The texts of the ops page, in English and in Welsh."""

from typing import Literal

Language = Literal["en", "cy"]

WORDS: dict[str, tuple[str, str]] = {
    "title": ("Integration Hub", "Hyb Integreiddio"),
    "skip": ("Skip to main content", "Neidio i'r prif gynnwys"),
    "language": ("Cymraeg", "English"),
    "signed_in": ("Signed in as", "Wedi mewngofnodi fel"),
    "overview": ("Service status", "Statws y gwasanaeth"),
    "all_well": ("No action needed", "Dim angen gweithredu"),
    "attention": ("Action needed", "Angen gweithredu"),
    "range": ("Time range", "Cyfnod"),
    "accepted": ("Accepted", "Derbyniwyd"),
    "delivered": ("Delivered", "Cyflwynwyd"),
    "rejected": ("Rejected", "Gwrthodwyd"),
    "duplicate": ("Duplicates", "Dyblygion"),
    "errors": ("Error rate", "Cyfradd gwallau"),
    "errors_count": ("Errors", "Gwallau"),
    "waiting": ("Waiting", "Yn aros"),
    "oldest": ("Oldest waiting", "Hynaf yn aros"),
    "dead": ("Dead letters", "Llythyrau marw"),
    "dead_now": ("Dead letters that need action", "Llythyrau marw sydd angen sylw"),
    "latency": ("Time to delivery", "Amser i gyflwyno"),
    "breaker": ("Destination", "Cyrchfan"),
    "breaker_closed": ("reachable", "ar gael"),
    "breaker_open": ("not reachable", "ddim ar gael"),
    "breaker_half-open": ("being tested", "yn cael ei brofi"),
    "integration": ("Integration", "Integreiddiad"),
    "integrations": ("Integrations", "Integreiddiadau"),
    "volumes": ("Messages over time", "Negeseuon dros amser"),
    "latency_over_time": ("Time to delivery over time (ms)", "Amser cyflwyno dros amser (ms)"),
    "as_table": ("The same figures as a table", "Yr un ffigurau fel tabl"),
    "time": ("Time", "Amser"),
    "search": ("Find a message", "Dod o hyd i neges"),
    "search_hint": (
        "By control id, correlation id or NHS Number. The NHS Number is hashed before the search, which is recorded.",
        "Yn ôl rhif rheoli, rhif cydberthyn neu Rif GIG. Caiff y Rhif GIG ei stwnsio cyn chwilio, a chofnodir y chwiliad.",
    ),
    "kind": ("Search by", "Chwilio yn ôl"),
    "control_id": ("Control id", "Rhif rheoli"),
    "correlation_id": ("Correlation id", "Rhif cydberthyn"),
    "nhs_number": ("NHS Number", "Rhif GIG"),
    "value": ("Value", "Gwerth"),
    "find": ("Find", "Chwilio"),
    "found_none": (
        "No message found. The hub keeps the record of a message for a limited time.",
        "Ni ddaethpwyd o hyd i neges. Dim ond am gyfnod penodol y cedwir hanes neges.",
    ),
    "results": ("Messages found", "Negeseuon a ganfuwyd"),
    "outcome": ("Outcome", "Canlyniad"),
    "received": ("Received", "Derbyniwyd ar"),
    "attempts": ("Attempts", "Ymgeisiau"),
    "reason": ("Reason", "Rheswm"),
    "journey": ("What became of the message", "Beth ddigwyddodd i'r neges"),
    "when": ("When", "Pryd"),
    "what": ("What", "Beth"),
    "replay": ("Replay", "Ailchwarae"),
    "discard": ("Discard", "Gwaredu"),
    "replay_title": ("Replay a dead letter", "Ailchwarae llythyr marw"),
    "discard_title": ("Discard a dead letter", "Gwaredu llythyr marw"),
    "why": ("Reason (recorded in the audit)", "Pam (cofnodir yn yr archwiliad)"),
    "why_hint": ("For example: mapping corrected in release 12", "Er enghraifft: mapio wedi'i drwsio yn fersiwn 12"),
    "confirm": ("I confirm", "Rwy'n cadarnhau"),
    "why_missing": ("Enter a reason", "Rhowch reswm"),
    "confirm_missing": ("Select the box to confirm", "Dewiswch y blwch i gadarnhau"),
    "value_missing": ("Enter what to search for", "Rhowch beth i chwilio amdano"),
    "there_is_a_problem": ("There is a problem", "Mae problem"),
    "done_replay": ("A new attempt was made and linked to the first.", "Gwnaed ymgais newydd a'i chysylltu â'r gyntaf."),
    "done_discard": ("The dead letter was discarded; its record stays.", "Gwaredwyd y llythyr marw; erys ei gofnod."),
    "not_done": (
        "This is not possible: the message is no longer a dead letter.",
        "Nid oedd modd: nid yw'r neges bellach yn llythyr marw.",
    ),
    "none": ("None", "Dim"),
    "codes": ("Codes that no table has", "Codau nad oes yr un tabl yn eu cynnwys"),
    "codes_hint": (
        "One row for each code and place. A value that may be free text is shown as a hash.",
        "Un rhes ar gyfer pob cod a lle. Dangosir gwerth a allai fod yn destun rhydd fel stwnsh.",
    ),
    "codes_waiting": ("Lanes waiting for a code", "Lonydd yn aros am god"),
    "path": ("Place in the message", "Lle yn y neges"),
    "code": ("Code", "Cod"),
    "count": ("Messages", "Negeseuon"),
    "first_seen": ("First seen", "Gwelwyd gyntaf"),
    "last_seen": ("Last seen", "Gwelwyd ddiwethaf"),
    "what_to_do": ("What to do", "Beth i'w wneud"),
    "action_wait": (
        "Messages wait. Add the code to the table and deploy; they are then delivered in order.",
        "Mae negeseuon yn aros. Ychwanegwch y cod at y tabl a'i gyflwyno; wedyn cyflwynir hwy yn eu trefn.",
    ),
    "action_add": ("Add the code to the table, or ask the sender", "Ychwanegwch y cod at y tabl, neu gofynnwch i'r anfonwr"),
    "action_review": (
        "Decide whether the integration needs a code table for this place",
        "Penderfynwch a oes angen tabl codau ar yr integreiddiad ar gyfer y lle hwn",
    ),
    "action_known": ("Nothing: this version has the code", "Dim: mae'r cod yn y fersiwn hon"),
    "action_others": ("Deal with the codes above first", "Deliwch â'r codau uchod yn gyntaf"),
    "thresholds": ("Thresholds", "Trothwyon"),
    "thresholds_hint": (
        "A value beyond its threshold raises an alert. Every change is recorded with its reason.",
        "Yr hyn sy'n rhoi rhybudd pan eir y tu hwnt iddo. Cofnodir pob newid gyda'i reswm.",
    ),
    "threshold_set": ("Set a threshold", "Gosod trothwy"),
    "threshold_remove": ("Remove", "Ei ddileu"),
    "measure": ("Measure", "Mesur"),
    "limit": ("Limit", "Terfyn"),
    "who": ("Set by", "Gosodwyd gan"),
    "limit_missing": ("Enter a limit: a number, 0 or more", "Rhowch derfyn: rhif, 0 neu fwy"),
    "done_threshold": (
        "The threshold was changed; the change is in the audit.",
        "Newidiwyd y trothwy; mae'r newid yn yr archwiliad.",
    ),
    "not_done_threshold": ("There is no such integration or measure.", "Nid oes integreiddiad na mesur o'r fath."),
    "rule_backlog-age": ("Oldest waiting message older than", "Y neges hynaf sy'n aros yn hŷn na"),
    "rule_backlog-size": ("More messages waiting than", "Mwy o negeseuon yn aros na"),
    "rule_error-rate": ("Rejected or dead in 15 minutes above", "Gwrthodwyd neu farw mewn 15 munud uwchlaw"),
    "rule_slow": ("95th percentile of 15 minutes above", "p95 15 munud uwchlaw"),
    "rule_quiet": ("No message received for longer than", "Dim wedi dod ers mwy na"),
    "newest_shown": ("Only the newest are shown.", "Dim ond y rhai diweddaraf a ddangosir."),
    "newest_dead": (
        "Only the newest are shown; ./hub dead list names them all.",
        "Dim ond y rhai diweddaraf a ddangosir; mae ./hub dead list yn enwi pob un.",
    ),
    "no_traffic": ("no traffic", "dim traffig"),
    "back": ("Back to the overview", "Yn ôl i'r trosolwg"),
    "updated": ("Updated", "Diweddarwyd"),
    "role_reader": ("reader", "darllenydd"),
    "role_operator": ("operator", "gweithredwr"),
    "role_admin": ("administrator", "gweinyddwr"),
    "try_as": ("On this machine, view as", "Ar y peiriant hwn, edrych fel"),
    "forbidden": ("You are not allowed to do this", "Nid oes hawl gennych wneud hyn"),
    "sign_in": ("Sign in with a role of the hub to see this page.", "Mewngofnodwch â rôl o'r hyb i weld y dudalen hon."),
    "minutes_15": ("15 minutes", "15 munud"),
    "minutes_60": ("1 hour", "1 awr"),
    "minutes_360": ("6 hours", "6 awr"),
    "minutes_1440": ("1 day", "1 diwrnod"),
    "minutes_10080": ("7 days", "7 diwrnod"),
}
OUTCOMES: dict[str, tuple[str, str]] = {
    "accepted": ("accepted", "derbyniwyd"),
    "waiting": ("waiting", "yn aros"),
    "sending": ("being sent", "yn cael ei anfon"),
    "delivered": ("delivered", "cyflwynwyd"),
    "rejected": ("rejected", "gwrthodwyd"),
    "duplicate": ("duplicate", "dyblyg"),
    "dead": ("dead letter", "llythyr marw"),
    "observed": ("observed", "arsylwyd"),
    "discarded": ("discarded", "gwaredwyd"),
    "expired": ("expired", "daeth i ben"),
    "replayed": ("replayed", "ailchwaraewyd"),
    "attempted": ("attempted", "ceisiwyd"),
}


def words(language: Language) -> dict[str, str]:
    """Every phrase in one language.

    >>> words("cy")["delivered"]
    'Cyflwynwyd'
    """
    index = 1 if language == "cy" else 0
    return {key: pair[index] for key, pair in WORDS.items()}


def outcome_word(outcome: str, language: Language) -> str:
    """An outcome in words; one without a translation is shown unchanged."""
    return OUTCOMES.get(outcome, (outcome, outcome))[1 if language == "cy" else 0]
