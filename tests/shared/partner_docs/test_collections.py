"""The collections for Postman and Bruno: they hold every request of the document, and what is sent is what the document says."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from integrations import load, load_all
from shared.partner_docs.openapi import document
from shared.partner_docs.site import bruno, postman
from shared.partner_docs.site.requests import NOT_RUN, addresses, requests
from toolkit.commands.generate import collection as command

ALL = document(load_all())
# What has a meaning in a .bru file: ends of blocks, of lists and of texts, variables, notes, and each kind of line end.
HOSTILE = "}\n}\r\n'''\n{{key}}\r]\n~a: b\n@file(x) @contentType(y)\n  tests {\n\x0b\x0c\x85\u2028}"
texts = st.text(st.sampled_from("{}[]':~@()\r\n\x85\u2028 \\\"/.abA0é"), max_size=30)


def blocks(content: bytes) -> dict[str, str]:
    """The blocks of a .bru file as Bruno's grammar has them: each ends at the first line that begins with its bracket."""
    text = content.decode()
    found = re.findall(r"^([a-z:-]+) ([{\[])\n(.*?)\r?\n[}\]]$", text, re.DOTALL | re.MULTILINE)
    return {name: "\n".join(line.removeprefix("  ") for line in body.split("\n")) for name, _, body in found}


def pairs(block: str) -> dict[str, str]:
    """The values of a block of pairs."""
    return dict(line.split(": ", 1) for line in block.split("\n"))


def sent(files: dict[str, bytes]) -> list[tuple[str, str, str, bytes]]:
    """Method, URL, media type and bytes of each request of a Bruno collection, in the order in which they are sent."""
    found = []
    for path, content in files.items():
        read = blocks(content) if path.endswith(".bru") else {}
        if "assert" not in read:
            continue
        method = next(name for name in read if name in ("get", "post"))
        body, media = b"", ""
        if "body:file" in read:
            file, _, media = pairs(read["body:file"])["file"].removesuffix(")").partition(") @contentType(")
            body = files[file.removeprefix("@file(")]
        found.append((int(pairs(read["meta"])["seq"]), (method, pairs(read[method])["url"], media, body)))
    return [each for _, each in sorted(found)]


def test_every_operation_of_a_partner_is_in_both_collections() -> None:
    operations = {
        (method, path)
        for path, methods in ALL["paths"].items()
        for method, each in methods.items()
        if each["operationId"].partition("-")[0] not in NOT_RUN
    }
    made = {(each.method, each.path.replace("{{message}}", "{id}")) for each in requests(ALL)}
    assert made == operations
    expected = [(each.method, "{{url}}" + each.path, each.media, each.body.encode()) for each in requests(ALL)]
    assert sent(bruno.collection(ALL)) == expected
    items = [item["request"] for folder in postman.collection(ALL)["item"] for item in folder["item"]]
    of_postman = [(each["method"].lower(), each["url"], each.get("body", {}).get("raw", "").encode()) for each in items]
    assert sorted(of_postman) == sorted((method, url, body) for method, url, _, body in expected)


def test_each_sample_is_expected_to_be_accepted_or_rejected_and_no_refused_call_passes() -> None:
    for each in requests(ALL):
        assert not {"400", "401", "403", "413", "415", "429", "503"} & each.answers.keys(), each.title
        assert each.sample == "rejected" or not {"422", "500"} & each.answers.keys(), each.title
        assert each.answers, each.title


def test_a_bru_file_is_written_as_bruno_writes_it() -> None:
    made = bruno.collection(document([load("phw-to-mpi")]))
    assert made["phw-to-mpi/check-phw-to-mpi-accepted-sample-as-application-hl7-v2.bru"].decode() == CHECK
    assert made["environments/local.bru"] == b"vars {\n  url: http://127.0.0.1:7071\n}\nvars:secret [\n  key\n]\n"
    assert set(addresses(ALL)) == {"local", "test", "production"}
    assert made["bodies/phw-to-mpi/accepted.hl7-v2"].count(b"\r") > 1
    assert b"\n" not in made["bodies/phw-to-mpi/accepted.hl7-v2"]


CHECK = """\
meta {
  name: check-phw-to-mpi: accepted sample as application/hl7-v2
  type: http
  seq: 3
}

post {
  url: {{url}}/api/v1/phw-to-mpi/check
  body: file
  auth: inherit
}

body:file {
  file: @file(bodies/phw-to-mpi/accepted.hl7-v2) @contentType(application/hl7-v2)
}

assert {
  res.status: in [200]
}

script:post-response {
  const id = res.getHeader("x-message-id");
  if (id) bru.setVar("message", id);
}

tests {
  const expected = {"200":["application/json"]};
  test("the media type is in the document", function () {
    const type = (res.getHeader("content-type") || "").split(";")[0];
    if (type) expect(expected[String(res.getStatus())]).to.include(type);
  });
}
"""


def hostile(about: str, names: list[str], bodies: list[str]) -> dict[str, Any]:
    """A document with texts that a partner's tool must not read as syntax."""
    examples = {name: {"value": body} for name, body in zip(names, bodies, strict=False)}
    content = {media: {"examples": examples} for media in ("application/hl7-v2", "text/plain")}
    operation = {"operationId": "send-a", "tags": ["a"], "requestBody": {"content": content}, "responses": {"200": {}}}
    servers = [{"url": "http://hub.test", "description": "This hub"}]
    return {"info": {"title": about, "description": about}, "servers": servers, "paths": {"/a": {"post": operation}}}


@given(texts, st.lists(texts, min_size=3, max_size=3, unique=True), st.lists(texts, min_size=3, max_size=3))
@example(HOSTILE, [HOSTILE, "A/b", "a b"], [HOSTILE, HOSTILE, "\r"])
def test_texts_that_look_like_syntax_change_no_request(about: str, names: list[str], bodies: list[str]) -> None:
    made = bruno.collection(hostile(about, names, bodies))
    assert [body for *_, body in sent(made)] == [body.encode() for body in bodies] * 2
    titles = [pairs(blocks(content)["meta"])["name"] for path, content in made.items() if path.startswith("a/")]
    expected = [f"send-a: {name} sample as {media}" for media in ("application/hl7-v2", "text/plain") for name in names]
    assert titles == [" ".join(each.split()) for each in expected]
    assert blocks(made["collection.bru"]).keys() - {"docs"} == {"auth", "auth:apikey"}
    assert blocks(made["collection.bru"])["docs"] == about.replace("\r\n", "\n").replace("\r", "\n")
    assert json.loads(made["bruno.json"])["name"] == about


@pytest.mark.parametrize("names", [["A/b", "a b", "a-B"]])
def test_names_that_differ_in_signs_or_case_alone_have_files_of_their_own(names: list[str]) -> None:
    made = bruno.collection(hostile("", names, ["1", "2", "3"]))
    assert len({path.lower() for path in made}) == len(made)
    assert [body for *_, body in sent(made)] == [b"1", b"2", b"3"] * 2
    assert all(re.fullmatch(r"[A-Za-z0-9._+/-]+", path) for path in made)


def test_the_archive_is_the_same_each_time_and_has_one_folder() -> None:
    files = bruno.collection(hostile("About", ["one"], ["1"]))
    made = bruno.archive(files, "a-bruno")
    assert made == bruno.archive(files, "a-bruno")
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert {path.removeprefix("a-bruno/"): archive.read(path) for path in archive.namelist()} == files


def test_the_command_writes_a_collection_for_either_tool_and_overwrites_no_folder(tmp_path: Path) -> None:
    command.collection(["phw-to-mpi"], to=tmp_path / "made.json", at="http://hub.test")
    made = json.loads((tmp_path / "made.json").read_text("utf-8"))
    assert {each["key"]: each["value"] for each in made["variable"]} == {"url": "http://hub.test", "key": ""}
    command.collection(["phw-to-mpi"], tool=command.Tool.BRUNO, to=tmp_path / "made", at="http://hub.test")
    assert "http://hub.test" in (tmp_path / "made" / "environments" / "this-hub.bru").read_text("utf-8")
    with pytest.raises(SystemExit) as stopped:
        command.collection(["phw-to-mpi"], tool=command.Tool.BRUNO, to=tmp_path / "made")
    assert stopped.value.code == 2
