"""Two published HTTP services that run programs, and what they say as plain data.

SandboxFusion: ``POST /run_code``, https://bytedance.github.io/SandboxFusion/docs/api/run-code-run-code-post and
``sandbox/server/sandbox_api.py`` of https://github.com/bytedance/SandboxFusion.

E2B: ``POST /sandboxes`` and ``DELETE /sandboxes/{sandboxID}`` of the platform,
https://e2b.dev/docs/api-reference/sandboxes/create-sandbox, and ``POST /execute`` of the code interpreter inside a
sandbox, which answers with a line of JSON for each thing that happens: ``template/server`` and
``python/e2b_code_interpreter`` of https://github.com/e2b-dev/code-interpreter.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import math
import re
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from sandboxes.types import Limits

__all__ = ["E2B", "SERVICES", "Fault", "Report", "SandboxFusion", "Service", "TooMuch"]

_E2B_PORT = 49999
_DOMAIN = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]+)?")
_FUSION_KEEPS = 1 << 20
"""Bytes of each stream, see ``sandbox/runners/base.py`` of SandboxFusion; of what is beyond them nothing is said."""
_CHUNK = 1 << 16


class Fault(Exception):
    """The service is out of reach, or answers with something that it has not published."""


class TooMuch(Exception):
    """The answer is larger than any program may print."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a service says of one program.

    Attributes:
        stdout: what it printed.
        stderr: likewise, to standard error.
        exit_code: None where it was ended, or where the service does not tell.
        timed_out: whether the service ended it for its time.
        error: for services that tell exceptions apart: type, colon, message; "" for none.
        seconds: how long it ran, as the service says.
        files: path -> content, of those asked for and found.
    """

    stdout: str = ""
    stderr: str = ""
    exit_code: int | None = None
    timed_out: bool = False
    error: str = ""
    seconds: float = 0.0
    files: Mapping[str, bytes] = field(default_factory=dict)


class Service(Protocol):
    """A service that runs whole programs."""

    languages: Mapping[str, str]
    """Our names of languages -> the service's."""

    has_stdin: bool
    """Whether it gives programs standard input and tells their exit code."""

    def run(
        self, source: str, language: str, stdin: str, files: Mapping[str, bytes], fetch: Sequence[str], limits: Limits
    ) -> Report:
        """Run one program where nothing of another one is.

        Raises:
            Fault: the service failed.
            TooMuch: the program printed too much.
        """
        ...


class SandboxFusion:
    """The API of SandboxFusion.

    Args:
        url: where the service listens, such as ``http://localhost:8080``.
        api_key: sent as a bearer token, for services behind a gateway; None: not sent.
        patience: seconds that the service may take beyond the program's own.
    """

    languages: Mapping[str, str] = {"python": "python", "javascript": "nodejs", "bash": "bash"}
    has_stdin = True

    def __init__(self, url: str, *, api_key: str | None = None, patience: float = 30.0) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._patience = patience

    def run(
        self, source: str, language: str, stdin: str, files: Mapping[str, bytes], fetch: Sequence[str], limits: Limits
    ) -> Report:
        """See :class:`Service`."""
        body = {
            "code": source,
            "language": self.languages[language],
            "stdin": stdin,
            "compile_timeout": limits.wall_seconds,
            "run_timeout": limits.wall_seconds,
            "memory_limit_MB": max(1, limits.memory_bytes >> 20),
            "files": {path: base64.b64encode(content).decode() for path, content in files.items()},
            "fetch_files": list(fetch),
        }
        deadline = time.monotonic() + limits.wall_seconds + self._patience
        answer = _json(_request("POST", f"{self._url}/run_code", body, self._headers, deadline, _most(limits)))
        status, result = _field(answer, "status", str), answer.get("run_result")
        if status == "SandboxError" or status not in ("Success", "Failed"):
            raise Fault(f"the service failed: {answer.get('message') or status}"[:500])
        if not isinstance(result, dict):
            compiled = answer.get("compile_result")
            if status == "Failed" and isinstance(compiled, dict):
                return Report(
                    stderr=str(compiled.get("stderr") or ""),
                    exit_code=1,
                    timed_out=compiled.get("status") == "TimeLimitExceeded",
                    error="CompileError: it does not compile",
                )
            raise Fault("the service's answer has no run_result")
        ended = _field(result, "status", str)
        if ended not in ("Finished", "TimeLimitExceeded"):
            raise Fault(f"the service failed to run the program: {ended}"[:500])
        code = result.get("return_code")
        if ended == "Finished" and (type(code) is not int or (status == "Success") != (code == 0)):
            raise Fault(f"the service contradicts itself: {status}, and return_code {code!r}")
        stdout, stderr = _text(result, "stdout"), _text(result, "stderr")
        if any(len(text.encode(errors="replace")) >= _FUSION_KEEPS for text in (stdout, stderr)):
            raise TooMuch(f"the service keeps no more than {_FUSION_KEEPS} bytes of each stream")
        return Report(
            stdout=stdout,
            stderr=stderr,
            exit_code=code if ended == "Finished" else None,
            timed_out=ended == "TimeLimitExceeded",
            seconds=_seconds(result.get("execution_time")),
            files=_files(answer.get("files"), fetch),
        )


class E2B:
    """The API of E2B: a fresh sandbox for each program, deleted afterwards.

    Args:
        url: of the platform.
        api_key: of your account.
        domain: in which sandboxes are reached, where the platform does not say.
        execute_url: where a sandbox's code interpreter listens; ``{sandbox}``, ``{domain}`` are filled in.
        template: from which sandboxes are made.
        patience: seconds that the service may take beyond the program's own.
    """

    languages: Mapping[str, str] = {"python": "python"}
    has_stdin = False

    def __init__(
        self,
        url: str = "https://api.e2b.app",
        *,
        api_key: str | None = None,
        domain: str = "e2b.app",
        execute_url: str = f"https://{_E2B_PORT}-{{sandbox}}.{{domain}}",
        template: str = "code-interpreter-v1",
        patience: float = 30.0,
    ) -> None:
        self._url = url.rstrip("/")
        self._headers = {"X-API-Key": api_key} if api_key else {}
        self._domain = domain
        self._execute_url = execute_url.rstrip("/")
        self._template = template
        self._patience = patience

    def run(
        self, source: str, language: str, stdin: str, files: Mapping[str, bytes], fetch: Sequence[str], limits: Limits
    ) -> Report:
        """See :class:`Service`."""
        deadline = time.monotonic() + limits.wall_seconds + self._patience
        wanted = {
            "templateID": self._template,
            "timeout": math.ceil(limits.wall_seconds + self._patience),
            "secure": True,
            "allow_internet_access": False,
        }
        made = _json(_request("POST", f"{self._url}/sandboxes", wanted, self._headers, deadline, 1 << 20))
        name = _field(made, "sandboxID", str)
        if not name.replace("-", "").isalnum():
            raise Fault(f"the service names a sandbox {name!r}")
        try:
            headers = {
                header: made[key]
                for key, header in (
                    ("envdAccessToken", "X-Access-Token"),
                    ("trafficAccessToken", "E2B-Traffic-Access-Token"),
                )
                if isinstance(made.get(key), str)
            }
            domain = made.get("domain") or self._domain
            if not isinstance(domain, str) or not _DOMAIN.fullmatch(domain):
                raise Fault(f"the service names a domain {domain!r}"[:500])
            url = self._execute_url.format(sandbox=name, domain=domain)
            body = {"code": source, "language": self.languages[language], "context_id": None, "env_vars": None}
            begun = time.monotonic()
            deadline = begun + limits.wall_seconds
            said = bytearray()
            try:
                _request("POST", f"{url}/execute", body, headers, deadline, _most(limits), said)
            except TimeoutError:
                report = _read_events(bytes(said), is_late=True)
                return replace(report, seconds=time.monotonic() - begun)
            return _read_events(bytes(said))
        finally:
            # It ends by itself when its time is up.
            with contextlib.suppress(Fault, TooMuch, TimeoutError):
                late = time.monotonic() + self._patience
                _request("DELETE", f"{self._url}/sandboxes/{name}", None, self._headers, late, 1 << 20)


SERVICES: Mapping[str, type[SandboxFusion] | type[E2B]] = {"sandboxfusion": SandboxFusion, "e2b": E2B}
"""Name -> what speaks its API."""


def _read_events(data: bytes, *, is_late: bool = False) -> Report:
    """What has happened, a line of JSON each; ``is_late``: until the time was up, maybe in the middle of a line."""
    if is_late:
        data = data[: data.rfind(b"\n") + 1]
    streams: dict[str, list[str]] = {"stdout": [], "stderr": []}
    error, has_ended = "", False
    for line in data.splitlines():
        if not line.strip():
            continue
        event = _json(line)
        kind = _field(event, "type", str)
        if has_ended:
            raise Fault("the service goes on after its end_of_execution")
        if kind in streams:
            streams[kind].append(_field(event, "text", str))
        elif kind == "error":
            error = f"{_field(event, 'name', str)}: {event.get('value')}"
        elif kind == "end_of_execution":
            has_ended = True
    if not (has_ended or is_late):
        raise Fault("the service's answer has no end_of_execution: the connection was lost")
    stdout, stderr = "".join(streams["stdout"]), "".join(streams["stderr"])
    return Report(stdout=stdout, stderr=stderr, error=error[:2000], timed_out=not has_ended)


def _request(
    method: str,
    url: str,
    body: Mapping[str, Any] | None,
    headers: Mapping[str, str],
    deadline: float,
    most: int,
    said: bytearray | None = None,
) -> bytes:
    """One exchange, on a connection of its own.

    Args:
        method: of HTTP.
        url: with the path.
        body: is sent as JSON.
        headers: beside those that HTTP and JSON need.
        deadline: on the monotonic clock.
        most: bytes that are read.
        said: is given what was answered with success as it comes, so that it is there when the rest does not come.

    Raises:
        Fault: it came to nothing.
        TimeoutError: it took too long.
        TooMuch: more than ``most`` bytes.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"the address of a service begins with http:// or https://, got {url!r}")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=_left(deadline))
    data = bytearray()
    try:
        content = None if body is None else json.dumps(body).encode()
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        sent = {"Accept": "application/json", **({"Content-Type": "application/json"} if content else {}), **headers}
        connection.request(method, path or "/", content, sent)
        response = connection.getresponse()
        if said is not None and 200 <= response.status < 300:
            data = said
        while True:
            # A service that sends a byte now and then would never run into the time-out of its socket.
            left = _left(deadline)
            if connection.sock is not None:
                connection.sock.settimeout(left)
            chunk = response.read1(_CHUNK)
            if not chunk:
                break
            data += chunk
            if len(data) > most:
                raise TooMuch(f"an answer of more than {most} bytes")
        if response.length:
            raise Fault(f"{url}: the connection was lost in the middle of an answer")
    except TimeoutError:
        raise TimeoutError(f"{url}: no answer in time") from None
    except (OSError, http.client.HTTPException) as error:
        raise Fault(f"{url}: {type(error).__name__}: {error}") from None
    finally:
        connection.close()
    if not 200 <= response.status < 300:
        raise Fault(f"{url}: status {response.status} {response.reason}: {bytes(data[:300]).decode(errors='replace')}")
    return bytes(data)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no time left")
    return left


def _most(limits: Limits) -> int:
    # A byte of output takes up to six as JSON, and there are two streams; fetched files come on top.
    return 13 * limits.output_bytes + 2 * limits.file_bytes + (1 << 20)


def _json(data: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        raise Fault(f"the service answers with something that is no JSON: {data[:100]!r}") from None
    if not isinstance(answer, dict):
        raise Fault(f"the service answers with a {type(answer).__name__} instead of an object")
    return answer


def _field(answer: Mapping[str, Any], name: str, kind: type) -> Any:
    value = answer.get(name)
    if type(value) is not kind:
        raise Fault(f"the service's answer has no {name}")
    return value


def _text(result: Mapping[str, Any], name: str) -> str:
    value = result.get(name)
    if value is not None and not isinstance(value, str):
        raise Fault(f"the service's answer has a {name} that is no text")
    return value or ""


def _seconds(value: Any) -> float:
    return float(value) if type(value) in (int, float) and 0 <= value < math.inf else 0.0


def _files(answer: Any, wanted: Sequence[str]) -> dict[str, bytes]:
    if answer is not None and not isinstance(answer, dict):
        raise Fault("the service's answer has files that are no object")
    given: dict[str, Any] = answer or {}
    try:
        return {path: base64.b64decode(given[path], validate=True) for path in wanted if path in given}
    except (ValueError, TypeError):
        raise Fault("the service's answer has a file that is not in base64") from None
