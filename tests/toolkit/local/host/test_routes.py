"""Route templates."""

import pytest

from toolkit.local.host.triggers.routes import RouteError, match, route


@pytest.mark.parametrize(
    ("template", "path", "found"),
    [
        ("a/{id}", "api/a/7", {"id": "7"}),
        ("a/{id}", "api/A/b%20c", {"id": "b c"}),
        ("a/{id}", "api/a", None),
        ("a/{id?}", "api/a", {}),
        ("a/{id=5}", "api/a", {"id": "5"}),
        ("a/{*rest}", "api/a/b/c", {"rest": "b/c"}),
        ("a/{*rest}", "api/a", {}),
        ("a/{id:int}", "api/a/x", None),
        ("a/{id:int:range(1,9)}", "api/a/12", None),
        ("a/{id:length(2,3)}", "api/a/ab", {"id": "ab"}),
        ("a/{id:length(2)}", "api/a/abc", None),
        ("a/{id:guid}", "api/a/0f8fad5b-d9cb-469f-a165-70867728950e", {"id": "0f8fad5b-d9cb-469f-a165-70867728950e"}),
        ("a/{id:bool}", "api/a/TRUE", {"id": "TRUE"}),
        ("a/{id:alpha}", "api/a/a1", None),
        ("a/{id:datetime}", "api/a/2026-05-01", {"id": "2026-05-01"}),
        ("a/{id:decimal}", "api/a/1.5", {"id": "1.5"}),
        ("a/{id:min(3)}", "api/a/2", None),
        ("a/{id:max(3)}", "api/a/2", {"id": "2"}),
        ("a/{id:minlength(2)}", "api/a/x", None),
        ("a/{id:maxlength(2)}", "api/a/xyz", None),
        ("a/{id:regex(^\\d{{2}}$)}", "api/a/xx", None),
        ("a/{id:long}", "api/a/9999999999", {"id": "9999999999"}),
        ("a/{id:int}", "api/a/9999999999", None),
        ("a/{name}.json", "api/a/b.json", {"name": "b"}),
    ],
)  # fmt: skip
def test_templates(template: str, path: str, found: dict[str, str] | None) -> None:
    result = match([route(template, (), "f")], "GET", path)
    assert (result[1] if result else None) == found


def test_literal_beats_constrained_beats_plain_beats_catch_all() -> None:
    routes = [route(t, (), t) for t in ("a/{*rest}", "a/{id}", "a/{id:int}", "a/7")]
    for path, expected in (("api/a/7", "a/7"), ("api/a/8", "a/{id:int}"), ("api/a/x", "a/{id}"), ("api/a/x/y", "a/{*rest}")):
        found = match(routes, "GET", path)
        assert found is not None
        assert found[0].name == expected


def test_methods_choose_between_equal_routes() -> None:
    routes = [route("a", ("GET",), "get"), route("a", ("POST",), "post")]
    found = match(routes, "post", "api/a")
    assert found is not None
    assert found[0].name == "post"
    assert match(routes, "PUT", "api/a") is None


@pytest.mark.parametrize(("template", "prefix"), [("admin/x", ""), ("x", "runtime"), ("a/{id:nonsense}", "api"), ("a/{", "api")])
def test_routes_that_are_refused(template: str, prefix: str) -> None:
    with pytest.raises(RouteError):
        route(template, (), "f", prefix)
