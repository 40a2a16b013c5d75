"""Both workers run a sample app, and refuse what Azure's worker refuses when it loads one."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent.parent.parent
WORKERS = ["plain", *(["runtime"] if sys.version_info >= (3, 13) else [])]

APP = """
import azure.functions as func

app = func.FunctionApp()


@app.route("hello/{name}", methods=["POST"])
async def hello(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    text = f"{req.method} {req.route_params['name']} {req.params['q']} {len(req.get_body())} {req.headers['x-a']}"
    return func.HttpResponse(text, status_code=201, headers={"x-trace": context.trace_context.trace_parent})


@app.route("plain")
def plain(req: func.HttpRequest) -> str:
    return "text"


@app.route("nothing")
async def nothing(req: func.HttpRequest) -> func.HttpResponse:
    return None


@app.queue_trigger("message", "q", "AzureWebJobsStorage", data_type=func.DataType.BINARY)
async def queue(message: func.QueueMessage) -> None:
    raise ValueError(f"{message.id} {message.dequeue_count} {message.get_body()!r}")


@app.event_grid_trigger("event")
async def event(event: str) -> None:
    raise ValueError(event)


@app.timer_trigger("timer", "0 * * * * *")
async def timer(timer: func.TimerRequest) -> None:
    raise ValueError(timer.past_due)
"""

CALLS = """
import asyncio, json, sys
from pathlib import Path
from toolkit.local.host import worker
from toolkit.local.host.functions import Value
from toolkit.local.host.invoker import make_call

loaded = worker.load(Path(sys.argv[1]))
functions = {f.name: f for f in loaded.functions}
HTTP = {"method": "POST", "url": "", "headers": {"x-a": "1"}, "params": {"name": "n"}, "query": {"q": "2"}, "body": b"abc"}
META = {"Id": Value("string", "i"), "DequeueCount": Value("json", "3"), "PopReceipt": Value("string", "p")}
VALUES = {
    "hello": Value("http", HTTP), "plain": Value("http", HTTP), "nothing": Value("http", HTTP), "queue": Value("bytes", b"\\x00"),
    "event": Value("json", '{"id": 1}'), "timer": Value("json", '{"IsPastDue": true}'),
}

async def main():
    results = {"class": type(loaded).__name__, "kinds": {name: f.kind for name, f in functions.items()}}
    for name, value in VALUES.items():
        metadata = META if name == "queue" else {}
        done = await loaded.invoke(make_call(functions[name], value, "", metadata=metadata, traceparent="tp"))
        results[name] = [done.ok, repr(done.returned.value) if done.returned else None, done.error]
    print(json.dumps(results))

asyncio.run(main())
"""


def run(tmp_path: Path, app: str, worker: str) -> "subprocess.CompletedProcess[str]":
    (tmp_path / "function_app.py").write_text(textwrap.dedent(app))
    environment = {"PYTHONPATH": str(ROOT), "HUB_HOST_WORKER": worker, "PATH": ""}
    return subprocess.run(
        [sys.executable, "-c", CALLS, str(tmp_path)], capture_output=True, text=True, env=environment, cwd=tmp_path
    )


@pytest.mark.parametrize("worker", WORKERS)
def test_a_sample_app(tmp_path: Path, worker: str) -> None:
    ran = run(tmp_path, APP, worker)
    assert ran.stdout, ran.stderr
    results: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    assert results["class"] == {"plain": "PlainWorker", "runtime": "RuntimeWorker"}[worker]
    assert results["kinds"]["hello"] == "httpTrigger"
    ok, reply, _ = results["hello"]
    assert ok
    assert "status=201" in reply
    assert "x-trace': 'tp'" in reply
    assert "POST n 2 3 1" in reply
    assert results["plain"] == [True, "'text'", ""]
    assert results["queue"][2].startswith("ValueError(\"i 3 b'\\\\x00'")
    assert results["event"][2] == "ValueError('{\"id\": 1}')"
    assert results["timer"][2] == "ValueError(True)"


@pytest.mark.parametrize("worker", WORKERS)
@pytest.mark.parametrize(
    "broken",
    [
        "import no_such_module\nimport azure.functions as func\napp = func.FunctionApp()",
        "import azure.functions as func\napp = func.FunctionApp()\nother = func.FunctionApp()",
        'import azure.functions as func\napp = func.FunctionApp()\n@app.route("x")\ndef f(wrong: func.HttpRequest) -> str: ...',
    ],
    ids=["import error", "two apps", "parameter without binding"],
)
def test_what_fails_the_whole_app(tmp_path: Path, worker: str, broken: str) -> None:
    ran = run(tmp_path, broken, worker)
    assert ran.returncode != 0
    assert not ran.stdout
