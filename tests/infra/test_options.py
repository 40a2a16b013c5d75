"""What the three environments do not use: every option at once, the longest legal names, one integration more."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.infra.invariants import INVARIANTS
from tests.infra.resources import NETWORK, ROLE, SITE, World
from tests.infra.world import world, world_of_a_copy
from toolkit.generate.scaffold import LONGEST
from toolkit.release import bicep

pytestmark = pytest.mark.slow
EVERY_OPTION = Path(__file__).with_name("every_option.bicepparam")
NAMES = [f"{'a' * 20}-{'b' * 20}-{end}" for end in ("to", "in")]  # alike until their last letters


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A copy of infra/ under a name of its own."""

    def copy(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name) / "infra"
        shutil.copytree(bicep.INFRA, folder)
        return folder

    return copy


def with_more(infra: Path, names: list[str]) -> Path:
    """Integrations like the first of the manifest, under other names."""
    manifest = json.loads((infra / "manifest.json").read_bytes())
    first = manifest["integrations"][0]
    manifest["integrations"] += [renamed(first, name) for name in names]
    manifest["integrations"].sort(key=lambda one: one["name"])
    (infra / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return infra


def renamed(one: dict[str, Any], name: str) -> dict[str, Any]:
    text = json.dumps(one).replace(one["name"], name).replace(one["name"].replace("-", ""), name.replace("-", ""))
    changed: dict[str, Any] = json.loads(text.replace(one["package"], name.replace("-", "_")))
    return changed


def broken(seen: World) -> dict[str, list[str]]:
    return {invariant.__name__: found for invariant in INVARIANTS if (found := list(invariant(seen)))}


@pytest.fixture(scope="module")
def with_every_option(copied: Callable[[str], Path]) -> World:
    infra = copied("every")
    shutil.copy2(EVERY_OPTION, infra / "environments" / "prod.bicepparam")
    return world_of_a_copy("prod", infra)


def test_every_option_holds_every_invariant(with_every_option: World) -> None:
    assert broken(with_every_option) == {}


def test_a_partner_gets_its_queue_or_folder_and_no_more(with_every_option: World) -> None:
    given = [r for r in with_every_option.of(ROLE) if r["properties"].get("description") == "partner"]
    assert len(given) == 6
    assert sum("documents-to-cdr/" in r["properties"].get("condition", "") for r in given) == 2  # the inbox, acknowledgements


def test_the_gateway_asks_for_a_certificate_and_leads_to_every_app_with_a_way_in(with_every_option: World) -> None:
    [gateway] = with_every_option.of("Microsoft.Network/applicationGateways")
    properties = gateway["properties"]
    [profile] = properties["sslProfiles"]
    assert profile["properties"]["trustedClientCertificates"]
    assert properties["httpListeners"][0]["properties"]["sslProfile"]["id"].endswith("/sslProfiles/partners")
    rules = {rule["name"] for rule in properties["urlPathMaps"][0]["properties"]["pathRules"]}
    assert rules == {one["name"] for one in with_every_option.integrations if one["http"]}
    assert properties["sku"]["tier"] == "WAF_v2"


def test_the_longest_legal_names_are_ones_that_azure_accepts(copied: Callable[[str], Path]) -> None:
    assert {len(name) for name in NAMES} == {LONGEST - 1}
    longest = [f"{name}x" for name in NAMES]
    seen = world_of_a_copy("prod", with_more(copied("longest"), longest))
    assert broken(seen) == {}
    assert sum(seen.settings(site).get("HUB_INTEGRATIONS") in longest for site in seen.of(SITE)) == 2


def test_one_integration_more_moves_no_subnet(copied: Callable[[str], Path]) -> None:
    more = world_of_a_copy("prod", with_more(copied("more"), ["aaa-to-mpi"]))
    assert broken(more) == {}
    assert [r["properties"] for r in more.of(NETWORK)] == [r["properties"] for r in world("prod").of(NETWORK)]


def test_a_region_where_only_the_public_address_is_there_is_tried_from_outside(copied: Callable[[str], Path]) -> None:
    infra = copied("tried")
    parameters = infra / "environments" / "dev.bicepparam"
    text = parameters.read_text("utf-8")
    assert "param triedFromOutside = false" in text
    parameters.write_text(text.replace("param triedFromOutside = false", "param triedFromOutside = true"), "utf-8")
    seen = world_of_a_copy("dev", infra)
    assert broken(seen) == {}
    assert len(seen.of("Microsoft.Insights/webtests")) == len(seen.integrations)
