"""The Bicep compiler as one process that stays open: for a hundred copies of the template, its start is paid once.

It speaks JSON-RPC on its standard input and output, each message after a ``Content-Length`` header.
"""

import atexit
import json
import subprocess
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from tests.waiting import PATIENCE
from toolkit.release import bicep

Json = dict[str, Any]


class OpenCompiler:
    """``bicep jsonrpc``, until standard input is closed."""

    def __init__(self) -> None:
        command = [bicep.compiler(), "jsonrpc", "--stdio"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=bicep.environment())
        self._numbers = count(1)

    def call(self, method: str, **parameters: Any) -> Json:
        """The result of one call. Raises ``Refused``: the compiler answers with an error."""
        number = next(self._numbers)
        body = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()
        answer = self._read()
        while answer.get("id") != number:
            answer = self._read()
        if "error" in answer:
            raise bicep.Refused(answer["error"]["message"])
        result: Json = answer["result"]
        return result

    def _read(self) -> Json:
        assert self._process.stdout
        size = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
        assert size, "the Bicep compiler ended"
        read: Json = json.loads(self._process.stdout.read(size))
        return read

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(PATIENCE)


@cache
def opened() -> OpenCompiler:
    compiler = OpenCompiler()
    atexit.register(compiler.close)
    return compiler


def template(environment: str, infra: Path) -> Json:
    """The compiled template of an environment. Raises ``Refused`` for any diagnostic, a warning too."""
    built = opened().call("bicep/compileParams", path=_parameters(environment, infra), parameterOverrides={})
    if built["diagnostics"] or not built["success"]:
        raise bicep.Refused(json.dumps(built["diagnostics"]))
    made: Json = json.loads(built["template"])
    return made


def snapshot(environment: str, infra: Path) -> Json:
    """The outcome of an environment. Raises ``Refused`` for an error; of warnings only ``template`` knows."""
    where = {
        "tenantId": bicep.NOWHERE,
        "subscriptionId": bicep.NOWHERE,
        "resourceGroup": f"inthub-{environment}",
        "location": bicep.LOCATIONS.get(environment, "uksouth"),
        "deploymentName": None,
    }
    path = _parameters(environment, infra)
    made: Json = json.loads(opened().call("bicep/getSnapshot", path=path, metadata=where, externalInputs=None)["snapshot"])
    if made["diagnostics"]:
        raise bicep.Refused(json.dumps(made["diagnostics"]))
    return made


def resources(environment: str, infra: Path) -> list[Json]:
    """The resources of an environment. Raises ``Refused`` as ``snapshot`` does."""
    found: list[Json] = snapshot(environment, infra)["predictedResources"]
    return found


def _parameters(environment: str, infra: Path) -> str:
    return str(infra / "environments" / f"{environment}.bicepparam")
