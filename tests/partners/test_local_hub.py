"""The hub as a partner meets it: each answer is in the document, and generated clients, Schemathesis and the collection work."""

import asyncio
import json
import os
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from integrations import load_all
from shared.partner_docs.openapi import document
from shared.partner_docs.openapi.clients import python_client
from shared.partner_docs.samples import samples
from shared.partner_docs.site import bruno, postman
from shared.partner_docs.site.requests import requests
from tests.partners.contract import Answered, breaches
from tests.partners.provocations import NAMES, PARTNERS, every_call
from tests.waiting import LONGEST
from toolkit.local.stack import Stack
from toolkit.say import HOME, ROOT

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
TOOLS = HOME / "partner-tools" / ("Scripts" if os.name == "nt" else "bin")
NEWMAN = HOME / "node_modules" / "newman" / "bin" / "newman.js"
INTEGRATIONS = load_all(NAMES)
DOCUMENT = document(INTEGRATIONS)
BRUNO = HOME / "bruno" / "node_modules" / "@usebruno" / "cli" / "bin" / "bru.js"
WITH_BRUNO = "npm install --prefix .hub/bruno @usebruno/cli@4.1.0"  # 275 MB, so ./hub setup --all does not install it
# What a hub that is well does not answer (tests/partners/test_unwell_hub.py provokes 500 and 503), or not without a parallel run.
NOT_HERE = {"429", "500", "503"}
NOT_CERTAIN = {("legacy", "202"), ("legacy", "413"), ("legacy", "422"), ("status", "202")}  # the last: it may be delivered


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    with pytest.MonkeyPatch.context() as settings:
        settings.setenv("HUB_PARTNERS", PARTNERS)
        async with Stack(INTEGRATIONS, tmp_path_factory.mktemp("stack")) as running:
            yield running


def tool(name: str) -> str:
    """A program of ``./hub setup --all``."""
    path = TOOLS / name
    return str(path) if path.exists() else pytest.skip(f"{name} is not here: ./hub setup --all")


async def run(*command: str, folder: Path, **environment: str) -> str:
    """Run a program to its end; what it printed. Fails with that if it fails."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=pipe, stderr=asyncio.subprocess.STDOUT, env={**os.environ, **environment}
    )
    out, _ = await asyncio.wait_for(process.communicate(), LONGEST)
    assert process.returncode == 0, out.decode()[-6000:]
    return out.decode()


async def test_each_answer_is_in_the_document_and_each_answer_of_the_document_is_given(stack: Stack) -> None:
    wrong, seen, message = list[str](), defaultdict[str, set[str]](set), "none.0"
    async with aiohttp.ClientSession() as session:
        for call in every_call():
            path = (call.path or call.route).replace("{message}", message)
            headers = {"accept": "*/*", **call.headers}
            async with session.request(call.method, stack.url + path, data=call.body or None, headers=headers) as answer:
                got = Answered(answer.status, dict(answer.headers), await answer.read())
            message = got.headers.get("x-message-id", message)
            seen[f"{call.method.lower()} {call.route}"].add(str(got.status))
            wrong += breaches(DOCUMENT, call.method, call.route, got)
    assert wrong == []
    assert {route: left for route, left in not_given(seen).items() if left} == {}


def not_given(seen: dict[str, set[str]]) -> dict[str, set[str]]:
    """The statuses of each route of the document that no call was answered with."""
    left = {}
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            kind = operation["operationId"].partition("-")[0]
            expected = {status for status in operation["responses"] if (kind, status) not in NOT_CERTAIN}
            expected -= {"413"} if "phw" not in path else set()  # a body of 100 MB takes a second: for one integration
            expected = expected if "phw" in path or kind not in ("legacy", "agreement") else set()
            left[f"{method} {path}"] = expected - seen[f"{method} {path}"] - NOT_HERE
    return left


CLIENT = """
import sys
from pathlib import Path
from io import BytesIO
from integration_hub_client import AuthenticatedClient
from integration_hub_client.types import File
from integration_hub_client.api.phw_to_mpi import check_phw_to_mpi, send_phw_to_mpi, status_phw_to_mpi
from integration_hub_client.api.referrals_to_pas import send_referrals_to_pas
from integration_hub_client.models import FhirResource
import json
url, sample, referral = sys.argv[1], Path(sys.argv[2]).read_bytes(), json.loads(Path(sys.argv[3]).read_bytes())
client = AuthenticatedClient(base_url=url, token="tool", prefix="", auth_header_name="x-hub-key")
checked = check_phw_to_mpi.sync(client=client, body=File(BytesIO(sample)))
sent = send_phw_to_mpi.sync_detailed(client=client, body=File(BytesIO(sample)))
state = status_phw_to_mpi.sync(sent.headers["X-Message-Id"], client=client)
fhir = send_referrals_to_pas.sync_detailed(client=client, body=FhirResource.from_dict(referral))
print(json.dumps([checked.accepted, int(sent.status_code), sent.content.decode().split("MSA|")[1][:2], str(state.id),
                  int(fhir.status_code), fhir.parsed.resource_type]))
"""


async def test_a_client_generated_by_openapi_python_client_sends_messages(stack: Stack, tmp_path: Path) -> None:
    program = tool("openapi-python-client")
    (tmp_path / "openapi.json").write_text(json.dumps(DOCUMENT), "utf-8")
    (tmp_path / "config.yml").write_text(f"post_hooks: []\n{python_client()}", "utf-8")
    (tmp_path / "send.py").write_text(CLIENT, "utf-8")
    made = await run(
        program, "generate", "--path", "openapi.json", "--output-path", "made", "--config", "config.yml", folder=tmp_path
    )
    assert "WARNING" not in made, made
    # The last ones: those that another partner sent before have that partner's id.
    by_name = {each.name: [one for one in samples(each) if not one.is_rejected][-1] for each in INTEGRATIONS}
    for name in ("phw-to-mpi", "referrals-to-pas"):
        (tmp_path / name).write_bytes(by_name[name].body)
    command = [str(TOOLS / "python"), "send.py", stack.url, "phw-to-mpi", "referrals-to-pas"]
    printed = await run(*command, folder=tmp_path, PYTHONPATH=str(tmp_path / "made"))
    accepted, status, code, id, of_fhir, outcome = json.loads(printed.strip().splitlines()[-1])
    assert (accepted, status, of_fhir, outcome) == (True, 200, 202, "OperationOutcome")
    assert code in ("AA", "CA")
    assert "." in id


async def test_schemathesis_finds_no_answer_that_is_not_in_the_document(stack: Stack, tmp_path: Path) -> None:
    """With few examples and a fixed seed: status, media type, headers and schema of each answer, and no 5xx."""
    program = tool("schemathesis")
    (tmp_path / "openapi.json").write_text(json.dumps(DOCUMENT), "utf-8")
    shutil.copy(ROOT / "tests" / "partners" / "schemathesis_hooks.py", tmp_path / "hooks.py")
    checks = "status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"
    command = [program, "run", "openapi.json", "--url", stack.url, "--header", "x-hub-key: tool", "--checks", checks]
    command += ["--phases", "examples,fuzzing", "--max-examples", "1", "--seed", "1", "--generation-database", "none"]
    tags = [word for name in NAMES[:2] for word in ("--include-tag", name)]
    command += ["--workers", "1", "--no-color", *tags]
    await run(*command, folder=tmp_path, SCHEMATHESIS_HOOKS="hooks", PYTHONPATH=str(tmp_path))


def here(stack: Stack) -> dict[str, Any]:
    """The document with the hub that runs as its server."""
    return document(INTEGRATIONS, [{"url": stack.url, "description": "This hub"}])


async def test_every_request_of_the_postman_collection_is_answered_as_the_document_says(stack: Stack, tmp_path: Path) -> None:
    if not NEWMAN.exists() or not shutil.which("node"):
        pytest.skip("newman is not here: ./hub setup --all")
    (tmp_path / "hub.json").write_text(json.dumps(postman.collection(here(stack))), "utf-8")
    command = ["node", str(NEWMAN), "run", "hub.json", "--env-var", "key=tool", "--reporters", "json", "--suppress-exit-code"]
    await run(*command, "--reporter-json-export", "report.json", folder=tmp_path)
    report: dict[str, Any] = json.loads((tmp_path / "report.json").read_text("utf-8"))["run"]
    assert [(each["source"].get("name"), each["error"]["message"]) for each in report["failures"]] == []
    assert report["stats"]["requests"]["total"] > 3 * len(INTEGRATIONS)


async def test_the_requests_of_the_bruno_collection_are_answered_as_the_document_says(stack: Stack, tmp_path: Path) -> None:
    if not BRUNO.exists() or not shutil.which("node"):
        pytest.skip(f"bru is not here: {WITH_BRUNO}")
    for path, content in bruno.collection(here(stack)).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    folders = ("phw-to-mpi", "referrals-to-pas")  # HL7 v2 and FHIR: bru needs a quarter of a second of processor time for each
    command = ["node", str(BRUNO), "run", *folders, "-r", "--env", "this-hub", "--env-var", "key=tool"]
    await run(*command, "--reporter-json", "report.json", folder=tmp_path)  # fails if an assertion or a test in it fails
    (report,) = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert len(report["results"]) == len([each for each in requests(DOCUMENT) if each.folder in folders])
    # The bytes of HL7 v2 arrive as they are in the sample: a line end that was changed is a finding.
    assert [each["test"]["filename"] for each in report["results"] if "line-ends" in json.dumps(each["response"])] == []
