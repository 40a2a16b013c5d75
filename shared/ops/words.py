"""The texts of the ops page, in English and in Welsh."""

from shared.ops.words_of_desk import DESK
from shared.ops.words_of_integration import INTEGRATION
from shared.voices import Language, in_language

WORDS: dict[str, tuple[str, str]] = (
    INTEGRATION
    | DESK
    | {
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
        "waiting": ("Waiting", "Yn aros"),
        "oldest": ("Oldest waiting", "Hynaf yn aros"),
        "dead": ("Dead letters", "Llythyrau marw"),
        "dead_now": ("Dead letters that need action", "Llythyrau marw sydd angen sylw"),
        "breaker": ("Destination", "Cyrchfan"),
        "breaker_closed": ("reachable", "ar gael"),
        "breaker_open": ("not reachable", "ddim ar gael"),
        "breaker_half-open": ("being tested", "yn cael ei brofi"),
        "integration": ("Integration", "Integreiddiad"),
        "integrations": ("Integrations", "Integreiddiadau"),
        "volumes": ("Messages over time", "Negeseuon dros amser"),
        "latency_over_time": ("Time to delivery", "Amser i gyflwyno"),
        "as_table": ("The same figures as a table", "Yr un ffigurau fel tabl"),
        "time": ("Time", "Amser"),
        "search": ("Find a message", "Dod o hyd i neges"),
        "search_hint": (
            "By control id, correlation id or NHS Number. The NHS Number is hashed before the search, which is recorded.",
            "Yn ôl dynodydd rheoli, dynodydd cydberthynas neu Rif GIG. Stwnsir y Rhif GIG cyn chwilio, a chofnodir y chwiliad.",
        ),
        "kind": ("Search by", "Chwilio yn ôl"),
        "control_id": ("Control id", "Dynodydd rheoli"),
        "correlation_id": ("Correlation id", "Dynodydd cydberthynas"),
        "nhs_number": ("NHS Number", "Rhif GIG"),
        "value": ("Value", "Gwerth"),
        "find": ("Find", "Chwilio"),
        "found_none": (
            "No message found. The hub keeps the record of a message for a limited time.",
            "Ni ddaethpwyd o hyd i neges. Dim ond am gyfnod penodol y cedwir hanes neges.",
        ),
        "results": ("Messages found", "Negeseuon a ganfuwyd"),
        "outcome": ("Outcome", "Canlyniad"),
        "received": ("Received", "Cyrhaeddodd"),
        "attempts": ("Attempts", "Ymgeisiau"),
        "reason": ("Reason", "Rheswm"),
        "journey": ("Message history", "Hanes y neges"),
        "written_by_newer": (
            "A newer version of the hub wrote the record of this message, and this version cannot read it. "
            "Finish the deployment or deploy the newer version again, then open this page again.",
            "Fersiwn mwy newydd o'r hyb a ysgrifennodd gofnod y neges hon, ac ni all y fersiwn hon ei ddarllen. "
            "Gorffennwch y gosod neu rhowch y fersiwn mwy newydd ar waith eto, wedyn agorwch y dudalen hon eto.",
        ),
        "when": ("When", "Pryd"),
        "replay": ("Replay", "Ailchwarae"),
        "discard": ("Discard", "Gwaredu"),
        "replay_title": ("Replay a dead letter", "Ailchwarae llythyr marw"),
        "discard_title": ("Discard a dead letter", "Gwaredu llythyr marw"),
        "why": ("Reason (recorded in the audit)", "Rheswm (cofnodir yn yr archwiliad)"),
        "why_hint": ("For example: mapping corrected in release 12", "Er enghraifft: mapio wedi'i drwsio yn fersiwn 12"),
        "confirm": ("I confirm", "Rwy'n cadarnhau"),
        "why_missing": ("Enter a reason", "Rhowch reswm"),
        "confirm_missing": ("Select the box to confirm", "Dewiswch y blwch i gadarnhau"),
        "value_missing": ("Enter what to search for", "Rhowch beth i chwilio amdano"),
        "there_is_a_problem": ("There is a problem", "Mae problem"),
        "done_replay": ("A new attempt was made and linked to the first.", "Gwnaed ymgais newydd a'i chysylltu â'r gyntaf."),
        "done_discard": ("The dead letter was discarded; its record stays.", "Gwaredwyd y llythyr marw; erys ei gofnod."),
        "none": ("None", "Dim"),
        "codes": ("Codes that no table has", "Codau nad ydynt mewn unrhyw dabl"),
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
            "Mae negeseuon yn aros. Ychwanegwch y cod at y tabl a rhowch y fersiwn ar waith; wedyn cyflwynir hwy yn eu trefn.",
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
            "Mae gwerth y tu hwnt i'w drothwy yn codi rhybudd. Cofnodir pob newid gyda'i reswm.",
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
        "rule_quiet": ("No message received for longer than", "Dim neges wedi dod ers mwy na"),
        "newest_shown": ("Only the newest are shown.", "Dim ond y rhai diweddaraf a ddangosir."),
        "newest_dead": (
            "Only the newest are shown; ./hub dead list names them all.",
            "Dim ond y rhai diweddaraf a ddangosir; mae ./hub dead list yn enwi pob un.",
        ),
        "parallel": ("Parallel runs", "Rhediadau cyfochrog"),
        "parallel_hint": (
            "The hub next to the engine that it replaces: nothing is delivered by the hub. Paths, causes and counts only.",
            "Yr hyb ochr yn ochr â'r peiriant a ddisodlir: nid yw'r hyb yn cyflwyno dim. Llwybrau, achosion a chyfrifon yn unig.",
        ),
        "parallel_none": ("No integration runs in parallel.", "Nid oes integreiddiad yn rhedeg yn gyfochrog."),
        "mode": ("Mode", "Modd"),
        "mode_observe": ("observe", "arsylwi"),
        "mode_live": ("live", "byw"),
        "agreement": ("Agreement", "Cytundeb"),
        "pairs": ("Pairs", "Parau"),
        "same": ("The same", "Yr un fath"),
        "agreed": ("Agreed differences", "Gwahaniaethau y cytunwyd arnynt"),
        "different": ("Different", "Gwahanol"),
        "unpaired": ("Unpaired", "Heb bâr"),
        "cause": ("Cause", "Achos"),
        "rule": ("Rule", "Rheol"),
        "places": ("Places", "Lleoedd"),
        "agreement_over_time": ("Agreement by hour", "Cytundeb fesul awr"),
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
)
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
    "newer-version": ("not known: a newer version wrote it", "anhysbys: fersiwn mwy newydd a'i hysgrifennodd"),
}


def words(language: Language) -> dict[str, str]:
    """Every phrase in one language.

    >>> words("cy")["delivered"]
    'Cyflwynwyd'
    """
    return in_language(WORDS, language)


def outcome_word(outcome: str, language: Language) -> str:
    """An outcome in words; one without a translation is shown unchanged."""
    return in_language(OUTCOMES, language).get(outcome, outcome)
