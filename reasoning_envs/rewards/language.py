"""The PRM that asks a language model: the score is p("yes"), and the critique is what it writes.

The model is reached through a *judge*, which answers one conversation; :class:`ChatEndpoint` speaks the chat
completions of OpenAI's API, which most servers of language models offer (vLLM, llama.cpp, Ollama, SGLang, ...). What
the model writes is shown and never run. The text of a problem or of a step may hold instructions to the model: its
scores are worth no more than the model's resistance to them, and they never decide an outcome.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from reasoning_envs.rewards.protocol import PRMError, ProcessRewardModel, Scorer
from reasoning_envs.types import Problem, Step, StepScore, Trace

__all__ = ["ChatEndpoint", "Cost", "Judge", "JudgeError", "LanguageModelPRM", "Reply"]

Messages = Sequence[Mapping[str, str]]
_CACHE = 200_000

INSTRUCTIONS = (
    "You judge one step of a solution. You are shown the problem, the lines so far, and the next line. "
    "A step is right if the next line follows from the lines before it and loses no solution."
)
QUESTION = "Is the next line right? Answer with one word, yes or no."
WHY = "Say in one sentence why."


class JudgeError(RuntimeError):
    """A judge that could not be reached, or answered with something that is no answer. The message says what."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a judge answers.

    Attributes:
        text: what it wrote.
        first: the log-probabilities of words that it could have begun with, by word; empty where it does not tell.
        tokens_in, tokens_out: what it read and wrote.
    """

    text: str
    first: Mapping[str, float]
    tokens_in: int
    tokens_out: int


class Judge(Protocol):
    """A language model that answers a conversation. Thread-safe."""

    def ask(self, messages: Messages, max_tokens: int) -> Reply:
        """The answer, with at most ``max_tokens`` tokens, the most likely one (temperature 0).

        Raises:
            JudgeError: there is none.
        """


@dataclass(slots=True)
class Cost:
    """What was spent: calls, tokens read and written, and the seconds of all calls added up."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, reply: Reply, seconds: float) -> None:
        """One call more."""
        with self._lock:
            self.calls += 1
            self.tokens_in += reply.tokens_in
            self.tokens_out += reply.tokens_out
            self.seconds += seconds


class ChatEndpoint:
    """A judge behind ``POST <url>/chat/completions``.

    Args:
        url: such as ``http://localhost:8000/v1``.
        model: its name there.
        key_variable: name of the environment variable that holds the key; it is read at each call and stored nowhere.
        seconds: that one call may take, above 0.
        retries: further tries after a lost connection or an answer of 429 or 5xx, 0 or more.

    Raises:
        ValueError: a URL that is no http or https, or a number out of range.
    """

    def __init__(
        self, url: str, model: str, *, key_variable: str | None = None, seconds: float = 60.0, retries: int = 2
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url must be http://... or https://..., got {url!r}")
        if not seconds > 0.0 or retries < 0:
            raise ValueError(f"seconds must be above 0 and retries 0 or more, got {seconds!r} and {retries}")
        self.url, self.model = url, model
        self._parts = parts
        self._key_variable = key_variable
        self._seconds = seconds
        self._retries = retries

    def ask(self, messages: Messages, max_tokens: int) -> Reply:
        """See :class:`Judge`."""
        body = json.dumps(
            {
                "model": self.model,
                "messages": [dict(message) for message in messages],
                "max_tokens": max_tokens,
                "temperature": 0,
                "logprobs": True,
                "top_logprobs": 20,
            }
        ).encode()
        headers = {"Content-Type": "application/json"}
        if self._key_variable is not None:
            key = os.environ.get(self._key_variable)
            if not key:
                raise JudgeError(f"the environment variable {self._key_variable} holds no key for {self.url}")
            headers["Authorization"] = f"Bearer {key}"
        for turn in range(self._retries + 1):
            try:
                status, answer = self._post(body, headers)
            except (OSError, http.client.HTTPException) as error:
                fault = f"{self.url} cannot be reached: {type(error).__name__}: {error}"
            else:
                if status == 200:
                    return _read(answer, self.url)
                fault = f"{self.url} answered {status}: {answer[:200].decode(errors='replace')}"
                if status != 429 and status < 500:
                    break
            if turn < self._retries:
                time.sleep(min(0.1 * 2**turn, 2.0))
        raise JudgeError(fault)

    def _post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._parts.hostname or "", self._parts.port, timeout=self._seconds)
        try:
            connection.request("POST", f"{self._parts.path.rstrip('/')}/chat/completions", body, dict(headers))
            response = connection.getresponse()
            return response.status, response.read(1 << 22)
        finally:
            connection.close()


def _read(answer: bytes, url: str) -> Reply:
    try:
        data = json.loads(answer)
        choice = data["choices"][0]
        text = choice["message"]["content"] or ""
        content = (choice.get("logprobs") or {}).get("content") or []
        first = {str(item["token"]): float(item["logprob"]) for item in content[0]["top_logprobs"]} if content else {}
        usage = data.get("usage") or {}
        return Reply(str(text), first, int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0)))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        shown = answer[:200].decode(errors="replace")
        raise JudgeError(f"{url} answered with what is no chat completion ({error!r}): {shown}") from None


class LanguageModelPRM(ProcessRewardModel):
    """A language model's opinion of each step (a generative verifier: Zhang et al., arXiv 2408.15240).

    ``p_correct`` is p("yes") / (p("yes") + p("no")) of the first word of its answer; from a judge that gives no
    probabilities 1 or 0 by the word, and ``uncertainty`` 1 where it says neither. ``value`` is the least p_correct of
    the episode so far. ``critique`` is one more sentence that it writes, where it is asked for.

    Args:
        judge: that is asked.
        critiques: ask for them: a second call a step.
        workers: calls at the same time when whole traces are scored; 1 or more.
        instructions, question: what it is told and asked.

    Attributes:
        cost: what was spent since it was made.

    Raises:
        ValueError: workers below 1.
    """

    name = "language model"
    reads_states = False

    def __init__(
        self,
        judge: Judge,
        *,
        critiques: bool = False,
        workers: int = 8,
        instructions: str = INSTRUCTIONS,
        question: str = QUESTION,
    ) -> None:
        if workers < 1:
            raise ValueError(f"workers must be 1 or more, got {workers}")
        self.judge = judge
        self.critiques = critiques
        self.instructions, self.question = instructions, question
        self.cost = Cost()
        self._workers = workers
        self._known: dict[tuple[str, ...], StepScore] = {}

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        """One score a step; steps are judged side by side.

        Raises:
            PRMError: the judge gave no answer.
        """
        wanted: dict[tuple[str, ...], Problem] = {}
        for trace in traces:
            lines = [trace.problem.statement, *(step.text for step in trace.steps)]
            for count in range(2, len(lines) + 1):
                wanted[trace.problem.prompt, *lines[:count]] = trace.problem
        if len(self._known) > _CACHE:
            self._known.clear()
        new = [key for key in wanted if key not in self._known]
        with ThreadPoolExecutor(max_workers=min(self._workers, max(len(new), 1))) as pool:
            for key, opinion in zip(new, pool.map(self._opinion, new), strict=True):
                self._known[key] = opinion
        rows = []
        for trace in traces:
            scorer = _LanguageScorer(self, trace.problem)
            rows.append([scorer.follow(step.text) for step in trace.steps])
        return rows

    def begin(self, problem: Problem, state: Any) -> Scorer:
        return _LanguageScorer(self, problem)

    def opinion(self, problem: Problem, lines: Sequence[str]) -> StepScore:
        """Of the last line, given those before it; ``value`` is that of the step alone.

        Raises:
            PRMError: the judge gave no answer.
        """
        key = (problem.prompt, *lines)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._opinion(key)
        return found

    def _opinion(self, key: tuple[str, ...]) -> StepScore:
        prompt, *lines = key
        *before, after = lines
        shown = "\n".join([f"Problem: {prompt}", "Lines so far:", *before, f"Next line: {after}"])
        messages = [
            {"role": "system", "content": self.instructions},
            {"role": "user", "content": f"{shown}\n\n{self.question}"},
        ]
        reply = self._asked(messages, 1)
        chance = _chance_of_yes(reply)
        said = "yes" if (chance or 0.0) >= 0.5 else "no"
        critique = (
            f"the model says {said}" if chance is not None else f"the model says neither yes nor no: {reply.text!r}"
        )
        if self.critiques and chance is not None:
            more = [*messages, {"role": "assistant", "content": said}, {"role": "user", "content": WHY}]
            critique = self._asked(more, 80).text.strip() or critique
        if chance is None:
            return StepScore(0.5, critique, p_correct=0.5, uncertainty=1.0)
        return StepScore(chance, critique, p_correct=chance)

    def _asked(self, messages: Messages, max_tokens: int) -> Reply:
        start = time.perf_counter()
        try:
            reply = self.judge.ask(messages, max_tokens)
        except JudgeError as error:
            raise PRMError(f"{self.name}: {error}") from error
        self.cost.add(reply, time.perf_counter() - start)
        return reply


def _chance_of_yes(reply: Reply) -> float | None:
    """p("yes") among yes and no; None where the answer is neither."""
    shares = {"yes": 0.0, "no": 0.0}
    for word, logarithm in reply.first.items():
        name = word.strip().strip(".,!\"'").lower()
        if name in shares and logarithm <= 0.0:
            shares[name] += math.exp(logarithm)
    total = sum(shares.values())
    if total > 0.0:
        return round(shares["yes"] / total, 6)
    word = reply.text.strip().split(" ")[0].strip(".,!\"'").lower()
    return {"yes": 1.0, "no": 0.0}.get(word)


class _LanguageScorer(Scorer):
    def __init__(self, prm: LanguageModelPRM, problem: Problem) -> None:
        self._prm = prm
        self._problem = problem
        self._lines = [problem.statement]
        self._least = 1.0
        self.initial = StepScore(1.0, "nothing has been done yet")

    def step(self, step: Step, state: Any) -> StepScore:
        return self.follow(step.text)

    def follow(self, line: str) -> StepScore:
        """The score of the step to ``line``."""
        self._lines.append(line)
        found = self._prm.opinion(self._problem, self._lines)
        before = self._least
        self._least = min(self._least, found.value)
        return StepScore(
            self._least, found.critique, found.p_correct, self._least - before, found.uncertainty, found.error_type
        )
