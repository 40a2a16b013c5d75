"""Generated pages are fresh, complete, and lead somewhere."""

import re
from functools import cache
from typing import Any

import pytest

from integrations import load_all
from shared.integration import Http
from shared.partner_docs.openapi import document
from shared.partner_docs.site.requests import resolved
from tests.test_function_app import functions
from toolkit.generate.generated_docs import FOLDER, pages


@cache
def made() -> dict[str, str]:
    return pages(load_all())


@cache
def described() -> dict[str, Any]:
    return document(load_all())


@pytest.mark.slow
def test_every_page_is_fresh_and_none_is_left_over() -> None:
    """Run ``./hub docs --write`` and read the difference."""
    there = {path.relative_to(FOLDER).as_posix(): path.read_text("utf-8") for path in FOLDER.rglob("*") if path.is_file()}
    assert there == made()


def test_links_lead_somewhere() -> None:
    links = [(name, to) for name, text in made().items() if name.endswith(".md") for to in re.findall(r"\]\(([^)#]+)\)", text)]
    assert len(links) > 30
    assert [(name, to) for name, to in links if not (FOLDER / name).parent.joinpath(to).resolve().exists()] == []


def test_openapi_has_every_http_integration_and_unique_names() -> None:
    operations = [
        method["operationId"] for path in described()["paths"].values() for method in path.values() if "operationId" in method
    ]
    assert len(operations) == len(set(operations))
    assert "/api/v1/phw-to-mpi" in described()["paths"]


def test_openapi_has_every_route_of_the_app_that_partners_call() -> None:
    """All that is not named here: pages are for people; the dead letters and what waits are for staff."""
    routes = {one["route"] for one in functions().values() if one["type"] == "httpTrigger"}
    staff = {route for route in routes if route.startswith(("ops/", "docs/")) or "/dead/" in route or "/delivery/" in route}
    sources = {each.name: each.source for each in load_all()}
    elsewhere = {
        route for route in routes if route.startswith("v1/") and getattr(sources[route.split("/")[1]], "description", None)
    }
    assert routes - staff - {path.removeprefix("/api/") for path in described()["paths"]} - elsewhere == status_without_http()


def status_without_http() -> set[str]:
    """A message that came by queue or event alone is looked for by staff; its route is there, and no partner has its id."""
    http = {each.name for each in load_all() if any(isinstance(trigger, Http) for trigger in each.triggers)}
    return {f"v1/{each.name}/messages/{{id}}" for each in load_all() if each.name not in http}


@pytest.mark.parametrize(("name", "statuses"), [("clinic-appointments-to-cdr", {"207"}), ("phw-to-mpi", set())])
def test_a_status_of_one_format_is_in_its_sheet_and_in_openapi(name: str, statuses: set[str]) -> None:
    answered = described()["paths"][f"/api/v1/{name}"]["post"]["responses"]
    assert answered.keys() & {"207"} == statuses
    assert ("- `207` " in made()[f"interfaces/{name}.md"]) is bool(statuses)


def test_openapi_shows_an_accepted_and_a_rejected_sample_in_each_media_type() -> None:
    """A FHIR resource as an object in JSON, and as a text in XML."""
    bodies = described()["components"]["requestBodies"]
    content = bodies["phw-to-mpi"]["content"]
    assert content["application/hl7-v2"]["examples"]["accepted"]["value"].startswith("MSH|")
    content = bodies["referrals-to-pas"]["content"]
    shown = {media: each["examples"]["accepted"]["value"] for media, each in content.items()}
    assert shown["application/fhir+xml"].startswith("<?xml")
    assert shown["application/fhir+json"]["resourceType"] == shown["application/json"]["resourceType"] == "Bundle"


def test_openapi_names_the_statuses_that_ask_a_caller_to_wait() -> None:
    for path, methods in described()["paths"].items():
        for method in methods.values() if path.startswith("/api/v1/") else ():
            assert "Retry-After" in resolved(described(), method["responses"]["429"])["headers"], path
            assert {"401", "403", "429"} <= method["responses"].keys(), path
    assert "- `429` " in made()["interfaces/phw-to-mpi.md"]


def test_a_sheet_names_every_rule_of_its_profile() -> None:
    text = made()["interfaces/phw-to-mpi.md"]
    for expected in ("nhs-number-check-digit", "252", "ADT^A40", "/api/v1/phw-to-mpi", "phw-to-mpi-in"):
        assert expected in text
