"""Every az command in the runbooks, the deployment page and the workflows names what the template creates."""

import json
import re
import shlex
from itertools import pairwise, takewhile
from pathlib import Path

import pytest

from tests.infra.world import PAGES, world
from toolkit.release import bicep

# Group of commands -> the type of resource that it works on; "" is none of the template's.
KINDS = {
    "functionapp": "Microsoft.Web/sites",
    "storage queue": "Microsoft.Storage/storageAccounts/queueServices/queues",
    "storage table": "Microsoft.Storage/storageAccounts/tableServices/tables",
    "keyvault secret": "Microsoft.KeyVault/vaults",  # pragma: allowlist secret
    "identity": "Microsoft.ManagedIdentity/userAssignedIdentities",
    "monitor log-analytics": "Microsoft.OperationalInsights/workspaces",
    "network vnet": "Microsoft.Network/virtualNetworks",
    "storage message": "",
    "storage blob": "",
    "rest": "",
    "keyvault list-deleted": "",
    "deployment group": "",
    "provider": "",
    "group": "",
    "account": "",
    "bicep": "",
    "acr": "",
}
# Options whose value is the name of a resource; the pipeline's own identity is made before the template.
NAMES = ("--vault-name", "--account-name", "--workspace-name", "--vnet-name", "--queue-name", "--container-name")
MADE_BEFORE = ("inthub-prod-pipeline", "github-prod")
CHILDREN = ("network vnet",)  # the name is that of a part of the resource


# What each command takes, from ``az ... --help`` (the file names the version).
ACCEPTS = json.loads((Path(__file__).parent / "az_commands.json").read_text("utf-8"))["commands"]
EVERYWHERE = {"--output", "--query", "--subscription"}


def commands(text: str) -> list[list[str]]:
    """The words of each az command on a line of its own."""
    found = re.findall(r"^\s*(az (?:\\\n|[^\n])*)$", text, re.M)
    found += re.findall(r"\$\((az [^\n]*)\)(?:; do)?$", text, re.M)
    found += re.findall(r"`(az [^`]*)`", text)
    return [shlex.split(each.replace("\\\n", " ")) for each in found]


TEXT = "\n".join(path.read_text("utf-8") for path in PAGES)
IN_DOCS = commands(TEXT)
WORKFLOWS = "\n".join(path.read_text("utf-8") for path in (bicep.ROOT / ".github" / "workflows").glob("*.yml"))
SCRIPTS = "\n".join(path.read_text("utf-8") for path in bicep.INFRA.glob("*.sh"))


def group(words: list[str]) -> str:
    return next((each for each in (" ".join(words[1:3]), words[1]) if each in KINDS), "unknown")


@pytest.mark.parametrize("words", [*IN_DOCS, *commands(WORKFLOWS), *commands(SCRIPTS)], ids=lambda words: " ".join(words[:5]))
def test_command_works_on_a_type_of_resource_in_the_template(words: list[str]) -> None:
    kind = KINDS.get(group(words))
    assert kind is not None, f"unknown command group: {' '.join(words[:3])}"
    assert not kind or world("prod").of(kind)


@pytest.mark.parametrize("words", [*IN_DOCS, *commands(WORKFLOWS), *commands(SCRIPTS)], ids=lambda words: " ".join(words[:5]))
def test_command_and_its_options_are_those_of_the_command_line(words: list[str]) -> None:
    verb = " ".join(takewhile(lambda word: not word.startswith("-"), words[1:]))
    assert verb in ACCEPTS
    given = {word.split("=")[0] for word in words if word.startswith("--")}
    assert given - set(ACCEPTS[verb].split()) - EVERYWHERE == set()


@pytest.mark.parametrize("words", IN_DOCS, ids=lambda words: " ".join(words[:5]))
def test_names_are_those_of_the_template(words: list[str]) -> None:
    made = {part for each in world("prod").resources for part in each["name"].split("/")}
    unique = world("prod").of("Microsoft.KeyVault/vaults")[0]["name"].removeprefix("ih-prod-")
    given = {option: value.replace("$UNIQUE", unique) for option, value in pairwise(words)}
    assert given.get("--resource-group", "inthub-prod") == "inthub-prod"
    assert given.get("--workspace", "$WORKSPACE") == "$WORKSPACE", "expected the id from the command before"
    asked = [given[option] for option in NAMES if option in given]
    if KINDS[group(words)] and "--name" in given and group(words) not in ("keyvault secret", "monitor log-analytics", *CHILDREN):
        asked.append(given["--name"])
    assert [name for name in asked if name not in made and name not in MADE_BEFORE] == []


def test_secrets_in_the_pages_are_those_that_apps_refer_to() -> None:
    referred = set(
        re.findall(
            r"secrets/([a-z-]+)\)", str([world("prod").settings(site) for site in world("prod").of("Microsoft.Web/sites")])
        )
    )
    named = {words[words.index("--name") + 1] for words in IN_DOCS if words[1:3] == ["keyvault", "secret"]}
    assert named == referred


def test_parameter_files_exist() -> None:
    for words in IN_DOCS:
        for path in (word for word in words if word.startswith("infra/")):
            assert (bicep.ROOT / path).exists()


def test_modules_and_workflows_named_in_the_pages_exist() -> None:
    for path in re.findall(r"`((?:toolkit|infra|integrations|shared)/[\w./-]+)`", TEXT):
        assert (bicep.ROOT / path).exists(), path
    known = " ".join(re.findall(r"^name: (.*)$", WORKFLOWS, re.M))
    assert all(name in known for name in re.findall(r"workflow \*([a-z ]+)\*", TEXT))
