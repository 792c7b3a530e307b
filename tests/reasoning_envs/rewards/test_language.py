"""A language model as a PRM, against a real server on this machine that speaks the chat completions of OpenAI's API."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import gymnasium as gym
import pytest

from reasoning_envs import verify_step
from reasoning_envs.rewards import ChatEndpoint, LanguageModelPRM, PRMError, judge_prm
from reasoning_envs.rewards.language import JudgeError, Reply
from reasoning_envs.testing import check_prm, random_traces

Answer = Callable[[dict[str, Any]], "tuple[int, Any]"]


def completion(text: str, logprobs: dict[str, float] | None = None) -> dict[str, Any]:
    choice: dict[str, Any] = {"message": {"role": "assistant", "content": text}}
    if logprobs is not None:
        choice["logprobs"] = {"content": [{"top_logprobs": [{"token": w, "logprob": p} for w, p in logprobs.items()]}]}
    return {"choices": [choice], "usage": {"prompt_tokens": 50, "completion_tokens": 1}}


def knows(request: dict[str, Any]) -> tuple[int, Any]:
    """A model that is right about algebra, and sure of it."""
    last = request["messages"][-1]["content"]
    if last.startswith("Say in one sentence"):
        return 200, completion("because I looked.")
    lines = [line for line in last.splitlines() if "=" in line or "solution" in line or "reals" in line]
    before, after = lines[-2].removeprefix("Problem: "), lines[-1].removeprefix("Next line: ")
    right = verify_step(before, after, unknown="x").verified
    return 200, completion(
        "Yes" if right else "No", {" Yes": math.log(0.9 if right else 0.1), "no": math.log(0.1 if right else 0.9)}
    )


class Server:
    def __init__(self) -> None:
        self.answer: Answer = knows
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append((self.path, dict(self.headers), body))
                status, data = outer.answer(body)
                payload = data if isinstance(data, bytes) else json.dumps(data).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *args: Any) -> None:
                return

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def test_the_conformance_kit_and_the_score_of_a_model_that_knows(server: Server) -> None:
    prm = LanguageModelPRM(ChatEndpoint(server.url, "small"))
    traces = random_traces(gym.make("reasoning_envs/Algebra-v0", level="brackets-1", max_steps=6), 8)
    check_prm(prm, env=gym.make("reasoning_envs/Algebra-v0", level="brackets-1", max_steps=6), traces=traces)
    found = judge_prm(prm, traces)
    assert found.auc == 1.0
    steps = sum(len(trace.steps) for trace in traces)
    assert prm.cost.calls == len(server.requests) <= steps, "each step was asked about once"
    assert prm.cost.tokens_in == 50 * prm.cost.calls
    path, _, body = server.requests[0]
    assert path == "/v1/chat/completions"
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("small", 0, 1)


def test_scores_are_the_share_of_yes_and_values_the_least_so_far(server: Server) -> None:
    prm = LanguageModelPRM(ChatEndpoint(server.url, "small"), critiques=True)
    trace = random_traces("reasoning_envs/Algebra-v0", 1)[0]
    row = prm.score([trace])[0]
    chances = [0.9 if step.verdict.verified else 0.1 for step in trace.steps]
    assert [score.p_correct for score in row] == pytest.approx(chances)
    assert row[-1].value == pytest.approx(min(chances))
    assert row[0].critique == "because I looked."


@pytest.mark.parametrize(
    ("reply", "chance", "uncertainty"),
    [
        (completion("Yes."), 1.0, None),
        (completion("no, since"), 0.0, None),
        (completion("Perhaps"), 0.5, 1.0),
        (completion("?", {"maybe": -0.1}), 0.5, 1.0),
        (completion("Yes", {"yes": math.log(0.6), " YES": math.log(0.2), "No": math.log(0.2)}), 0.8, None),
    ],
)
def test_what_is_made_of_an_answer(server: Server, reply: Any, chance: float, uncertainty: float | None) -> None:
    server.answer = lambda request: (200, reply)
    prm = LanguageModelPRM(ChatEndpoint(server.url, "small"))
    trace = random_traces("reasoning_envs/Algebra-v0", 1)[0]
    score = prm.opinion(trace.problem, ["x = 1", "x = 2"])
    assert score.p_correct == pytest.approx(chance)
    assert score.uncertainty == uncertainty


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((400, b"no such model"), "answered 400: no such model"),
        ((200, b"<html>"), "no chat completion"),
        ((200, {"choices": []}), "no chat completion"),
        ((200, [1, 2]), "no chat completion"),
        ((200, {"choices": [{"message": None}]}), "no chat completion"),
        ((503, b"busy"), "answered 503: busy"),
    ],
)
def test_an_answer_that_is_none_is_an_error_and_never_a_score(server: Server, answer: Any, message: str) -> None:
    server.answer = lambda request: answer
    prm = LanguageModelPRM(ChatEndpoint(server.url, "small", retries=1))
    with pytest.raises(PRMError, match=message):
        prm.score(random_traces("reasoning_envs/Algebra-v0", 1))
    assert prm.cost.calls == 0


def test_a_server_that_is_busy_once_is_asked_again(server: Server) -> None:
    turns = iter([(503, b"busy"), (429, b"slower")])
    server.answer = lambda request: next(turns, (200, completion("yes")))
    reply = ChatEndpoint(server.url, "small").ask([{"role": "user", "content": "?"}], 1)
    assert reply == Reply("yes", {}, 50, 1)
    assert len(server.requests) == 3


def test_the_key_comes_from_the_environment_at_the_call(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answer = lambda request: (200, completion("yes"))
    judge = ChatEndpoint(server.url, "small", key_variable="A_KEY_FOR_TESTS")
    with pytest.raises(JudgeError, match="A_KEY_FOR_TESTS holds no key"):
        judge.ask([], 1)
    monkeypatch.setenv("A_KEY_FOR_TESTS", "secret")
    judge.ask([], 1)
    assert server.requests[0][1]["Authorization"] == "Bearer secret"
    assert "secret" not in repr(vars(judge))


def test_nobody_there(server: Server) -> None:
    server.close()
    with pytest.raises(JudgeError, match="cannot be reached"):
        ChatEndpoint(server.url, "small", retries=0).ask([], 1)
    server.__init__()  # type: ignore[misc]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"url": "ftp://x"}, "url must be"),
        ({"url": "x"}, "url"),
        ({"seconds": 0.0}, "seconds"),
        ({"retries": -1}, "retries"),
    ],
)
def test_bad_arguments(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ChatEndpoint(**{"url": "http://localhost", "model": "small", **kwargs})
    with pytest.raises(ValueError, match="workers"):
        LanguageModelPRM(ChatEndpoint("http://localhost", "small"), workers=0)
