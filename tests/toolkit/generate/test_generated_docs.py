"""Generated pages are fresh, complete, and lead somewhere."""

import re

import pytest

from integrations import load_all
from shared.integration import Http
from tests.test_function_app import functions
from toolkit.generate.generated_docs import FOLDER, openapi, pages

PAGES = pages(load_all())


@pytest.mark.slow
def test_every_page_is_fresh_and_none_is_left_over() -> None:
    """Run ``./hub docs --write`` and read the difference."""
    there = {path.relative_to(FOLDER).as_posix(): path.read_text("utf-8") for path in FOLDER.rglob("*") if path.is_file()}
    assert there == PAGES


@pytest.mark.parametrize("name", [name for name in PAGES if name.endswith(".md")])
def test_links_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGES[name]):
        assert (FOLDER / name).parent.joinpath(target).resolve().exists(), target


def test_openapi_has_every_http_integration_and_unique_names() -> None:
    document = openapi(load_all())
    operations = [
        method["operationId"] for path in document["paths"].values() for method in path.values() if "operationId" in method
    ]
    assert len(operations) == len(set(operations))
    assert "/api/v1/phw-to-mpi" in document["paths"]


def test_openapi_has_every_route_of_the_app_that_partners_call() -> None:
    """All that is not named here: the pages and the dead letters are for staff, and have no page for partners."""
    routes = {one["route"] for one in functions().values() if one["type"] == "httpTrigger"}
    staff = {route for route in routes if route.startswith("ops/") or "/dead/" in route}
    sources = {each.name: each.source for each in load_all()}
    described = {
        route for route in routes if route.startswith("v1/") and getattr(sources[route.split("/")[1]], "description", None)
    }
    assert (
        routes - staff - {path.removeprefix("/api/") for path in openapi(load_all())["paths"]} - described
        == status_without_http()
    )


def status_without_http() -> set[str]:
    """A message that came by queue or event alone is looked for by staff; its route is there, and no partner has its id."""
    http = {each.name for each in load_all() if any(isinstance(trigger, Http) for trigger in each.triggers)}
    return {f"v1/{each.name}/messages/{{id}}" for each in load_all() if each.name not in http}


@pytest.mark.parametrize(("name", "statuses"), [("clinic-appointments-to-cdr", {"207"}), ("phw-to-mpi", set())])
def test_a_status_of_one_format_is_in_its_sheet_and_in_openapi(name: str, statuses: set[str]) -> None:
    answered = openapi(load_all())["paths"][f"/api/v1/{name}"]["post"]["responses"]
    assert answered.keys() & {"207"} == statuses
    assert ("- `207` " in PAGES[f"interfaces/{name}.md"]) is bool(statuses)


def test_openapi_shows_an_accepted_sample_of_each_format() -> None:
    content = openapi(load_all())["paths"]["/api/v1/phw-to-mpi"]["post"]["requestBody"]["content"]
    assert content["application/hl7-v2"]["example"].startswith("MSH|")
    content = openapi(load_all())["paths"]["/api/v1/referrals-to-pas"]["post"]["requestBody"]["content"]
    assert {each["example"]["resourceType"] for each in content.values()} == {"Bundle"}


def test_openapi_names_the_statuses_that_ask_a_caller_to_wait() -> None:
    for path, methods in openapi(load_all())["paths"].items():
        for method in methods.values() if path.startswith("/api/v1/") else ():
            assert "Retry-After" in method["responses"]["429"]["headers"], path
            assert {"401", "403", "429"} <= method["responses"].keys(), path
    assert "- `429` " in PAGES["interfaces/phw-to-mpi.md"]


def test_a_sheet_names_every_rule_of_its_profile() -> None:
    text = PAGES["interfaces/phw-to-mpi.md"]
    for expected in ("nhs-number-check-digit", "252", "ADT^A40", "/api/v1/phw-to-mpi", "phw-to-mpi-in"):
        assert expected in text
