"""Is a deployed app up in the version just deployed, does it refuse an unknown caller, and does it deliver a message?

``HUB_TOKEN=... python -m toolkit.release.smoke https://HOST NAME [VERSION]``; without a version any will do. The message is a
sample of the integration, marked as a test under a fresh control id. It is delivered where the destination takes tests, and
refused for being one where it does not: either proves the way in.
"""

import base64
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from shared import formats  # this and what it imports need no installed package: the release runs this file as it is checked out

ROOT = Path(__file__).resolve().parents[2]
SETTLED_WITHIN = 60
TO_SIGN_IN = (301, 302, 303, 401, 403)
THERE_WITHIN = 180  # seconds until no instance answers with the version before
REFUSED_AS_A_TEST = "a test message, and this destination takes none"


class Answer(NamedTuple):
    status: int
    body: bytes
    location: str = ""


class Failed(Exception):
    """What was not as it should be."""


class AsItIs(urllib.request.HTTPRedirectHandler):
    """A redirection is an answer too: to sign in, for an unknown caller."""

    def redirect_request(self, *_: object) -> None:
        return None


OPENER = urllib.request.build_opener(AsItIs)


def call(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
    """One call; an HTTP error is an answer too."""
    request = urllib.request.Request(url, body, headers or {})  # noqa: S310 - the address is the operator's
    try:
        with OPENER.open(request, timeout=30) as answer:
            return Answer(answer.status, answer.read(), location=answer.headers.get("Location", ""))
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read())


def marked(body: bytes, control_id: str) -> tuple[bytes, str]:
    """A sample as a test message under a control id of its own, and its content type. Its format says how."""
    form = formats.recognise(body)
    if form is None:
        raise Failed("the sample is of no known format")
    return form.mark_test(body, control_id), form.assumed_type


def sample(package: str) -> bytes:
    """The first sample that is accepted."""
    folder = ROOT / "integrations" / package / "samples"
    accepted = [path for path in sorted(folder.glob("*.in.*")) if not path.name.startswith("rejected")]
    return accepted[0].read_bytes()


class Target(NamedTuple):
    """The app that is looked at, and the version that it must answer with; empty: any."""

    base: str
    name: str
    version: str = ""


def smoke(target: Target, token: str, report: Callable[[str], None] = print) -> None:
    """The three looks; raises ``Failed`` at the first that is not as it should be."""
    base, name, version = target
    report(f"up, version {health(base, version)}")
    if name == "ops":
        if call(f"{base}/api/ops").status not in TO_SIGN_IN:
            raise Failed("the page opens to an unknown caller")
        refuses_forgeries(f"{base}/api/ops", token, None, TO_SIGN_IN)
        report("the page sends an unknown caller to sign in, also with forged headers")
        return
    refuses_unknown_callers(target, token)
    report("an unknown caller is refused, also with forged headers")
    report(message(base, name, token) if has_door(name) else known_caller(target, token))


def forgeries(token: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each header that only the platform may set, as an attacker would forge it, by name.

    The sign-in is forged in the name of our own application, which is a partner: an app that believed it would let it in. The
    certificate is a partner's public one where ``HUB_CERTIFICATE`` names its file (DER), else bytes that no app knows.
    """
    own = application(token) or "00000000-0000-0000-0000-000000000000"
    roles = [{"typ": "roles", "val": role} for role in ("Hub.Partner", "Hub.Admin")]
    app = [{"typ": name, "val": own} for name in ("azp", "oid")] + [{"typ": "idtyp", "val": "app"}, *roles]
    for what, claims in (("an application", app), ("a person", [{"typ": "oid", "val": own}, *roles])):
        principal = base64.b64encode(json.dumps({"auth_typ": "aad", "claims": claims}).encode()).decode()
        yield f"the sign-in of {what}", {"x-ms-client-principal": principal, "x-ms-client-principal-id": own}
    shown = os.environ.get("HUB_CERTIFICATE", "")
    yield "a certificate", {"x-arr-clientcert": base64.b64encode(Path(shown).read_bytes() if shown else b"forged").decode()}
    yield "another host", {"x-forwarded-host": "localhost", "x-forwarded-proto": "http", "x-forwarded-for": "127.0.0.1"}


def application(token: str) -> str:
    """The application id in our own token (``azp`` or ``appid``); ``""`` when it is no JWT."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        return str(claims.get("azp") or claims.get("appid") or "")
    except (IndexError, ValueError, AttributeError):
        return ""


def refuses_forgeries(url: str, token: str, body: bytes | None, refused: tuple[int, ...]) -> None:
    """Raises ``Failed`` at the first forged header that opens the app."""
    for what, headers in forgeries(token):
        status = call(url, body, headers).status
        if status not in refused:
            raise Failed(f"an unknown caller who forges {what} gets {status}, not 401")


def has_door(name: str) -> bool:
    """Whether messages come over HTTP; others come by queue, event or file, and none is sent from here."""
    manifest = json.loads((ROOT / "infra" / "manifest.json").read_text("utf-8"))
    return any(each["name"] == name and each["http"] for each in manifest["integrations"])


def refuses_unknown_callers(target: Target, token: str) -> None:
    door = f"{target.base}/api/v1/{target.name}"
    url, body = (door, b"anything") if has_door(target.name) else (f"{door}/messages/none", None)
    stranger = call(url, body)
    if stranger.status not in (401, 403):
        raise Failed(f"an unknown caller gets {stranger.status}, not 401")
    refuses_forgeries(url, token, body, (401, 403))
    refuses_forgeries(f"{door}/dead", token, None, (401, 403))


def known_caller(target: Target, token: str) -> str:
    """Without an HTTP trigger: a known caller gets an answer: there is no such message."""
    answer = call(f"{target.base}/api/v1/{target.name}/messages/none", headers={"Authorization": f"Bearer {token}"})
    if answer.status != 404:
        raise Failed(f"a known caller gets {answer.status}, not 404")
    return "a known caller may ask; no message was sent: they come by queue, event or file"


def health(base: str, expected: str) -> str:
    """The version that answers, once it is the expected one."""
    until = time.monotonic() + THERE_WITHIN
    while True:
        answer = call(f"{base}/api/health")
        if answer.status == 200 and (found := str(json.loads(answer.body).get("version", ""))) and expected in ("", found):
            return found
        if not expected or time.monotonic() > until:
            raise Failed("health is not 200" if answer.status != 200 else "the version that answers is not the one deployed")
        time.sleep(1)


def message(base: str, name: str, token: str) -> str:
    """One synthetic message to its end."""
    body, kind = marked(sample(name.replace("-", "_")), f"SMOKE{int(time.time())}")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
    answer = call(f"{base}/api/v1/{name}", body, headers)
    if REFUSED_AS_A_TEST.encode() in answer.body:
        return "a test message is refused for being one"
    if answer.status not in (200, 202) or not answer.location:
        raise Failed(f"a test message gets {answer.status} and no place to ask for it")
    return outcome(base + answer.location, headers)


def outcome(url: str, headers: dict[str, str]) -> str:
    """What became of it, within a minute."""
    until = time.monotonic() + SETTLED_WITHIN
    state = ""
    while time.monotonic() < until:
        state = str(json.loads(call(url, headers=headers).body or b"{}").get("outcome", ""))
        if state in ("delivered", "observed"):  # the second in a parallel run
            return f"a test message is {state}"
        time.sleep(1)
    raise Failed(f"a test message is {state or 'nowhere'} after {SETTLED_WITHIN} s")


def main(base: str, name: str, version: str = "") -> int:
    try:
        smoke(Target(base.rstrip("/"), name, version), os.environ.get("HUB_TOKEN", ""))
    except Failed as failed:
        print(f"{name}: {failed}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
