"""A server that speaks two published APIs to the letter, and really runs what it is sent.

SandboxFusion: the models ``RunCodeRequest``, ``RunCodeResponse`` and ``CommandRunResult`` of ``sandbox/server`` and
``sandbox/runners`` in https://github.com/bytedance/SandboxFusion, and what ``run_command_bare`` there does: streams are
cut at a mebibyte, and what runs out of time has no exit code.

E2B: ``POST /sandboxes`` and ``DELETE /sandboxes/{sandboxID}`` of https://e2b.dev/docs/api-reference, and ``POST
/execute`` of ``template/server`` in https://github.com/e2b-dev/code-interpreter: a chunked answer, one line of JSON for
each event. Whoever sends what these would refuse is refused.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandboxes import Execution, Job, Limits, Status
from sandboxes.processes.sandbox import ProcessSandbox

__all__ = ["Handler", "Server", "serving"]

KEPT = 1 << 20
"""Bytes of a stream that SandboxFusion keeps."""
_NUMBER = (int, float)
_TEXT_OR_NOTHING = (str, type(None))
RUN_CODE: Mapping[str, tuple[Any, bool]] = {
    # field -> type, whether it must be there
    "compile_timeout": (_NUMBER, False),
    "run_timeout": (_NUMBER, False),
    "memory_limit_MB": (int, False),
    "code": (str, True),
    "stdin": (_TEXT_OR_NOTHING, False),
    "language": (str, True),
    "files": (dict, False),
    "fetch_files": (list, False),
    "args": (list, False),
}
FUSION_LANGUAGES = {"python": "python", "nodejs": "javascript", "bash": "bash"}
"""Those of its languages that this machine can run -> our names."""
NEW_SANDBOX: Mapping[str, tuple[Any, bool]] = {
    "templateID": (str, True),
    "timeout": (int, False),
    "autoPause": (bool, False),
    "secure": (bool, False),
    "allow_internet_access": (bool, False),
    "network": (dict, False),
    "metadata": (dict, False),
    "envVars": (dict, False),
}
EXECUTE: Mapping[str, tuple[Any, bool]] = {
    "code": (str, True),
    "context_id": (_TEXT_OR_NOTHING, False),
    "language": (_TEXT_OR_NOTHING, False),
    "env_vars": ((dict, type(None)), False),
}


def strange(body: Any, fields: Mapping[str, tuple[Any, bool]]) -> str:
    """What a service with these fields would not take; "" for nothing."""
    if not isinstance(body, dict):
        return "no object"
    missing = [name for name, (_, needed) in fields.items() if needed and name not in body]
    wrong = [name for name, value in body.items() if name not in fields or not isinstance(value, fields[name][0])]
    return " ".join([*missing, *wrong])


class Server(ThreadingHTTPServer):
    """Speaks both APIs.

    ``faults`` holds what is to happen to the next requests that run something: a status, or a function that writes what
    it likes; ``alter`` may change an honest answer.
    """

    daemon_threads = True

    def __init__(self, runner: ProcessSandbox) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.runner = runner
        self.faults: list[int | Callable[[Handler], None]] = []
        self.alter: Callable[[Any], Any] = lambda answer: answer
        self.requests: list[tuple[str, str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.alive: set[str] = set()
        self.api_key: str | None = None
        self.patience = 20.0
        """Seconds after which a program is taken to print nothing more, and to run until nobody listens."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that give up are what some tests are about."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name of the base class)
        """Say nothing."""

    def do_DELETE(self) -> None:
        self.server.requests.append(("DELETE", self.path, None))
        name = self.path.rpartition("/")[2]
        known = name in self.server.alive
        self.server.alive.discard(name)
        self.answer(204 if known else 404, b"")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(("POST", self.path, body))
        self.server.headers.append(dict(self.headers.items()))
        if self.path == "/sandboxes":
            self.make_sandbox(body)
        elif self.server.faults:
            fault = self.server.faults.pop(0)
            self.close_connection = True
            if isinstance(fault, int):
                self.answer(fault, {"detail": "no"})
            else:
                fault(self)
        elif self.path == "/run_code":
            self.run_code(body)
        elif self.path.endswith("/execute"):
            self.execute(body)
        else:
            self.answer(404, {"detail": "Not Found"})

    def run_program(
        self, code: str, language: str, seconds: float = 20.0, stdin: str = "", files: Mapping[str, str] | None = None
    ) -> Execution:
        limits = Limits(cpu_seconds=20.0, wall_seconds=seconds, files=16, processes=16, output_bytes=4 * KEPT)
        content = {path: base64.b64decode(text) for path, text in (files or {}).items()}
        return self.server.runner.run_job(Job(code, stdin=stdin, language=language, limits=limits, files=content))

    def run_code(self, body: Any) -> None:
        if (wrong := strange(body, RUN_CODE)) or body["language"] not in FUSION_LANGUAGES:
            self.answer(422, {"detail": [{"type": "value_error", "loc": ["body", wrong or "language"], "msg": "no"}]})
            return
        language = FUSION_LANGUAGES[body["language"]]
        ran = self.run_program(
            body["code"], language, body.get("run_timeout", 10), body.get("stdin") or "", body.get("files")
        )
        late = ran.status is Status.TIMEOUT
        result = {
            "status": "TimeLimitExceeded" if late else "Finished",
            "execution_time": ran.wall_seconds,
            "return_code": None if late else ran.exit_code,
            "stdout": ran.stdout.encode()[:KEPT].decode(),
            "stderr": ran.stderr.encode()[:KEPT].decode(),
        }
        answer = {
            "status": "Success" if ran.ok else "Failed",
            "message": "",
            "compile_result": None,
            "run_result": result,
            "executor_pod_name": None,
            "files": {},
        }
        self.answer(200, answer)

    def make_sandbox(self, body: Any) -> None:
        if self.server.api_key is not None and self.headers["X-API-Key"] != self.server.api_key:
            self.answer(401, {"code": 401, "message": "Unauthorized"})
            return
        if wrong := strange(body, NEW_SANDBOX):
            self.answer(400, {"code": 400, "message": wrong})
            return
        name = f"box{len(self.server.requests)}"
        self.server.alive.add(name)
        made = {
            "templateID": body["templateID"],
            "sandboxID": name,
            "clientID": "client",
            "envdVersion": "0.2.4",
            "envdAccessToken": f"token-{name}" if body.get("secure") else None,
            "trafficAccessToken": None,
            "domain": "example.org",
        }
        self.answer(201, made)

    def execute(self, body: Any) -> None:
        name = self.path.split("/")[2]
        if self.headers["X-Access-Token"] != f"token-{name}":
            self.answer(401, b"Unauthorized")
            return
        if wrong := strange(body, EXECUTE):
            self.answer(422, {"detail": [{"type": "value_error", "loc": ["body", wrong], "msg": "no"}]})
            return
        if body.get("context_id") and body.get("language"):
            self.answer(400, b"Only one of context_id or language can be provided")
            return
        ran = self.run_program(body["code"], body.get("language") or "python", self.server.patience)
        events: list[dict[str, Any]] = [{"type": "number_of_executions", "execution_count": 1}]
        events += [
            {"type": "stdout", "text": line, "timestamp": "2025-01-01T00:00:00.000000Z"}
            for line in ran.stdout.splitlines(keepends=True)
        ]
        if ran.stderr:
            events.append({"type": "stderr", "text": ran.stderr, "timestamp": "2025-01-01T00:00:00.000000Z"})
        is_late = ran.status is Status.TIMEOUT
        if not (ran.ok or is_late):
            events.append({"type": "error", "name": "SystemExit", "value": ran.reason, "traceback": ""})
        if not is_late:
            events.append({"type": "end_of_execution"})
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in events:
            line = json.dumps(event).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        if is_late:
            self.connection.recv(1)  # until whoever asked hangs up
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def answer(self, status: int, body: Any) -> None:
        data = body if isinstance(body, bytes) else json.dumps(self.server.alter(body)).encode()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def serving(runner: ProcessSandbox) -> Iterator[Server]:
    """A server that runs programs with this."""
    with Server(runner) as opened:
        thread = threading.Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()
