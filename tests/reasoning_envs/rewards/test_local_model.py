"""A judge in this process, with a model and a tokenizer made by hand: words are tokens, and the answer is looked up."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from reasoning_envs.rewards import LanguageModelPRM, PRMError
from reasoning_envs.rewards.language import JudgeError
from reasoning_envs.rewards.local_model import LocalModel
from reasoning_envs.types import Problem, Status, Step, Trace, Verdict

WORDS = ["<end>", "yes", "Yes", " no", "because", "of", "x", "wrong:"]


class WordTokenizer:
    """Each word of :data:`WORDS` is a token; all others are ``x``."""

    eos_token_id = 0

    def apply_chat_template(self, messages: Sequence[dict[str, str]], **how: Any) -> Any:
        assert how == {"add_generation_prompt": True, "tokenize": True}
        words = [word for message in messages for word in message["content"].split()]
        return {"input_ids": [WORDS.index(word) if word in WORDS else 6 for word in words]}

    def decode(self, tokens: Sequence[int], skip_special_tokens: bool = False) -> str:
        return " ".join(WORDS[token] for token in tokens)


class WordModel:
    """Says yes with .6 (in two spellings), no with .2; after a word of its own it says two more, then the end."""

    def __init__(self, shares: dict[str, float] | None = None) -> None:
        self.shares = shares or {"yes": 0.4, "Yes": 0.2, " no": 0.2, "because": 0.2}

    def __call__(self, input_ids: torch.Tensor) -> Any:
        follow = {1: "because", 4: "of", 5: "<end>"}.get(int(input_ids[0, -1]))
        shares = {follow: 1.0} if follow is not None else self.shares
        row = torch.full((len(WORDS),), -30.0)
        for word, share in shares.items():
            row[WORDS.index(word)] = math.log(share)
        return SimpleNamespace(logits=row.repeat(1, input_ids.shape[1], 1))


def judge(**more: Any) -> LocalModel:
    return LocalModel(WordModel(), WordTokenizer(), **more)


def one_step() -> Trace:
    problem = Problem("p", "algebra", "Solve for x: x + 1 = 2", "x + 1 = 2")
    return Trace("", {}, {}, "solver", None, problem, (Step(0, "x = 1", "x = 1", Verdict(Status.VERIFIED)),), None)


def test_the_score_is_the_chance_of_yes_among_yes_and_no() -> None:
    prm = LanguageModelPRM(judge())
    ((score,),) = prm.score([one_step()])
    assert score.p_correct == pytest.approx(0.6 / 0.8, abs=1e-5)
    assert score.critique == "the model says yes"
    assert (prm.cost.calls, prm.cost.tokens_out) == (1, 1)
    assert prm.cost.tokens_in > 10


def test_it_writes_until_its_end_or_the_limit() -> None:
    messages = [{"role": "user", "content": "is it right"}]
    assert judge().ask(messages, 10).text == "yes because of"
    assert judge().ask(messages, 2).text == "yes because"


def test_what_is_too_long_or_no_number_is_a_clear_error() -> None:
    with pytest.raises(PRMError, match=r"language model: the conversation takes .* tokens; at most 5 are read"):
        LanguageModelPRM(judge(longest=5)).score([one_step()])
    broken = LocalModel(WordModel({"yes": float("nan")}), WordTokenizer())
    with pytest.raises(PRMError, match="what is no number"):
        LanguageModelPRM(broken).score([one_step()])
    with pytest.raises(ValueError, match="longest must be 1 token or more"):
        judge(longest=0)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(JudgeError, match=r"reasoning-envs\[language\]"):
        LocalModel.open("anything")


def test_no_code_of_a_model_folder_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []

    class Opener:
        @staticmethod
        def from_pretrained(name: str, **more: Any) -> Any:
            seen.append((name, more))
            if name == "none":
                raise OSError("no such folder")
            return SimpleNamespace(eval=WordModel)

    library = SimpleNamespace(AutoModelForCausalLM=Opener, AutoTokenizer=Opener)
    monkeypatch.setitem(sys.modules, "transformers", library)
    LocalModel.open("some/model", gguf_file="m.gguf")
    assert seen == [("some/model", {"trust_remote_code": False, "gguf_file": "m.gguf"})] * 2
    with pytest.raises(JudgeError, match="the model none cannot be loaded: no such folder"):
        LocalModel.open("none")
