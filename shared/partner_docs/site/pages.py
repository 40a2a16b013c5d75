"""The pages for partners: escaped templates, in English or Welsh. The texts of a declaration are in English."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared import formats
from shared.envelope import Answer, language_headers
from shared.formats.documented import profiles
from shared.integration import Integration
from shared.ops.frame import HTML, SECURE
from shared.partner_docs.openapi import is_open
from shared.partner_docs.samples import samples
from shared.partner_docs.sheet import sections, statuses
from shared.partner_docs.site import guide
from shared.partner_docs.site.markdown import html
from shared.partner_docs.site.words import TITLES, words
from shared.voices import Language
from shared.voices.texts import text_of

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent
BASE = "/api/docs"
RULES = "../rules.md"  # how a sheet refers to the texts of the rules


@dataclass(frozen=True, slots=True)
class Request:
    """What a page depends on; ``address``: the hub as the caller named it, ``""`` if that is not known."""

    query: Mapping[str, str]
    headers: Mapping[str, str]
    address: str

    @property
    def language(self) -> Language:
        """The language in the address, otherwise the browser's first choice of the two."""
        language = self.query.get("lang") or self.headers.get("accept-language", "")[:2]
        return "cy" if language == "cy" else "en"


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined)


def page(
    request: Request, template: str, heading: str, status: int = 200, *, name: str = "", here: str = "", **values: Any
) -> Answer:
    """A page. ``name``: of the integration that it is about, ``""``: of none; ``here``: the path of the page below it."""
    language = request.language
    base = f"{BASE}/{name}" if name else BASE
    frame = {"w": words(language), "lang": language, "other": "en" if language == "cy" else "cy", "heading": heading}
    body = _environment().get_template(template).render(**frame, base=base, home=BASE, name=name, here=here, **values)
    return Answer(status=status, content_type=HTML, body=body.encode(), headers=SECURE | language_headers(language))


def message(request: Request, what: str, status: int) -> Answer:
    """A page with one text, such as why a call is refused. It names nothing of the hub."""
    return page(request, "message.html", words(request.language)[what], status, what=what)


def catalogue(request: Request, integrations: Iterable[Integration]) -> Answer:
    """The integrations that the caller may call."""
    listed = sorted(integrations, key=lambda each: each.name)
    return page(request, "catalogue.html", words(request.language)["integrations"], integrations=listed)


def overview(request: Request, integration: Integration) -> Answer:
    """The interface sheet, without the table of rules."""
    base = f"{BASE}/{integration.name}"

    def address(target: str) -> str:
        return f"{base}/rules?lang={request.language}" if target == RULES else target

    found = sections(integration, lambda path: f"{base}/files/{path.name}", rules=False)
    shown = [(TITLES.get(each.title) if request.language == "cy" else each.title, html(each.text, address)) for each in found]
    return page(request, "overview.html", integration.name, name=integration.name, integration=integration, sections=shown)


def samples_page(request: Request, integration: Integration) -> Answer:
    """The samples, and how to send one."""
    listed = samples(integration)
    first = next((each for each in listed if not each.is_rejected), None)
    form = formats.recognise(first.body) if first and is_open(integration) else None
    kind = form.media_types[0] if form else ""
    shown: dict[str, Any] = {"samples": listed, "first": first, "kind": kind, "address": request.address}
    return page(request, "samples.html", words(request.language)["samples"], name=integration.name, here="samples", **shown)


def rules(request: Request, integration: Integration) -> Answer:
    """Every rule: severity, example, and the texts in both languages."""
    order: tuple[Language, Language] = ("cy", "en") if request.language == "cy" else ("en", "cy")
    both = {language: words(language) for language in order}
    listed = [each for one in profiles(integration.profile) if hasattr(one, "listed") for each in one.listed()]
    shown = [(each, text_of(each.rule)) for each in listed]
    heading = words(request.language)["rules"]
    return page(request, "rules.html", heading, name=integration.name, here="rules", rules=shown, order=order, both=both)


def answers(request: Request, integration: Integration) -> Answer:
    """How to read an acknowledgement, with real ones; what each status means."""
    found = [
        (each.title, guide.rows(each, request.language), guide.shown(integration, each)) for each in guide.guides(integration)
    ]
    shown: dict[str, Any] = {"guides": found, "statuses": statuses(integration) if is_open(integration) else {}}
    return page(request, "answers.html", words(request.language)["answers"], name=integration.name, here="answers", **shown)


PAGES: Mapping[str, Callable[[Request, Integration], Answer]] = {
    "": overview,
    "samples": samples_page,
    "rules": rules,
    "answers": answers,
}
