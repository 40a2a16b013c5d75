"""The Bicep compiler as one process that stays open: for a hundred copies of the template, its start is paid once.

It speaks JSON-RPC on its standard input and output, each message after a ``Content-Length`` header.
"""

import atexit
import json
import os
import subprocess
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from toolkit.release import bicep

Json = dict[str, Any]


class OpenCompiler:
    """``bicep jsonrpc``, until standard input is closed."""

    def __init__(self) -> None:
        environment = dict(os.environ, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="1")
        command = [bicep.compiler(), "jsonrpc", "--stdio"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
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
        self._process.wait(30)


@cache
def opened() -> OpenCompiler:
    compiler = OpenCompiler()
    atexit.register(compiler.close)
    return compiler


def compiled(environment: str, infra: Path) -> tuple[list[Json], Json]:
    """The resources and the compiled template of an environment. Raises ``Refused`` for any diagnostic, a warning too."""
    path = str(infra / "environments" / f"{environment}.bicepparam")
    built = opened().call("bicep/compileParams", path=path, parameterOverrides={})
    if built["diagnostics"] or not built["success"]:
        raise bicep.Refused(json.dumps(built["diagnostics"]))
    where = {
        "tenantId": bicep.NOWHERE,
        "subscriptionId": bicep.NOWHERE,
        "resourceGroup": f"inthub-{environment}",
        "location": bicep.LOCATIONS.get(environment, "uksouth"),
        "deploymentName": None,
    }
    snapshot = json.loads(opened().call("bicep/getSnapshot", path=path, metadata=where, externalInputs=None)["snapshot"])
    if snapshot["diagnostics"]:
        raise bicep.Refused(json.dumps(snapshot["diagnostics"]))
    return snapshot["predictedResources"], json.loads(built["template"])
