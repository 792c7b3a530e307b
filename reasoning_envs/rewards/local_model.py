"""A judge in this process: a causal language model of the ``transformers`` library.

::

    judge = LocalModel.open("HuggingFaceTB/SmolLM2-135M-Instruct")   # pip install "reasoning-envs[language]"
    prm = LanguageModelPRM(judge)

What the model writes is shown and never run, and code that a model's own folder brings along is not loaded.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from reasoning_envs.rewards.language import JudgeError, Messages, Reply

if TYPE_CHECKING:
    import torch

__all__ = ["LocalModel"]

_TOLD = 20  # of the likeliest first words, as an endpoint tells them


class LocalModel:
    """Answers conversations with a model that is in memory. Thread-safe: one conversation at a time.

    Args:
        model: called with ``input_ids`` [1, n], gives ``.logits`` [1, n, vocabulary], as causal models of
            ``transformers`` do.
        tokenizer: with ``apply_chat_template`` and ``decode``, as tokenizers of ``transformers`` have.
        longest: tokens that a conversation may take, above 0; a longer one is refused.

    Raises:
        ValueError: ``longest`` below 1.
    """

    def __init__(self, model: Any, tokenizer: Any, *, longest: int = 2048) -> None:
        if longest < 1:
            raise ValueError(f"longest must be 1 token or more, got {longest}")
        self.model, self.tokenizer = model, tokenizer
        self._longest = longest
        self._lock = threading.Lock()

    @classmethod
    def open(cls, name: str, *, longest: int = 2048, **more: Any) -> Self:
        """Load a model and its tokenizer.

        Args:
            name: a folder, or a name that ``transformers`` knows.
            longest: see the class.
            **more: for ``from_pretrained`` of both, such as ``gguf_file``.

        Raises:
            JudgeError: ``transformers`` is not installed, or cannot load the model; the cause is attached.
        """
        try:
            from transformers import AutoModelForCausalLM, AutoTokenizer  # type: ignore[import-not-found, unused-ignore]
        except ImportError as error:
            raise JudgeError('a local model needs transformers: pip install "reasoning-envs[language]"') from error
        try:
            tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False, **more)
            model = AutoModelForCausalLM.from_pretrained(name, trust_remote_code=False, **more).eval()
        except (OSError, ValueError) as error:
            raise JudgeError(f"the model {name} cannot be loaded: {error}") from error
        return cls(model, tokenizer, longest=longest)

    def ask(self, messages: Messages, max_tokens: int) -> Reply:
        """The likeliest answer, token by token, and how likely its first words are.

        Raises:
            JudgeError: the conversation is too long, or the model failed.
        """
        import torch

        with self._lock, torch.inference_mode():
            tokens = self._encoded(messages)
            read = tokens.shape[1]
            if read > self._longest:
                raise JudgeError(f"the conversation takes {read} tokens; at most {self._longest} are read")
            first: Mapping[str, float] = {}
            written: list[int] = []
            while len(written) < max_tokens:
                logits = self._logits(tokens)
                if not written:
                    first = self._likeliest(logits)
                token = int(logits.argmax())
                if token in self._ends:
                    break
                written.append(token)
                tokens = torch.cat([tokens, torch.tensor([[token]])], dim=1)
            return Reply(str(self.tokenizer.decode(written, skip_special_tokens=True)), first, read, len(written))

    @property
    def _ends(self) -> Sequence[int]:
        end = getattr(self.tokenizer, "eos_token_id", None)
        return () if end is None else (int(end),)

    def _encoded(self, messages: Messages) -> torch.Tensor:
        import torch

        conversation = [dict(message) for message in messages]
        found = self.tokenizer.apply_chat_template(conversation, add_generation_prompt=True, tokenize=True)
        rows = found["input_ids"] if isinstance(found, Mapping) else found
        return torch.as_tensor(rows, dtype=torch.long).reshape(1, -1)

    def _logits(self, tokens: torch.Tensor) -> torch.Tensor:
        """Of the next token, [vocabulary].

        Raises:
            JudgeError: they are no numbers.
        """
        logits: torch.Tensor = self.model(input_ids=tokens).logits[0, -1].float()
        if bool(logits.isnan().any()):
            raise JudgeError("the model answered with what is no number")
        return logits

    def _likeliest(self, logits: torch.Tensor) -> dict[str, float]:
        """Log-probabilities of words; those of tokens that read alike are added up."""
        import torch

        logs = torch.log_softmax(logits, dim=0)
        best = torch.topk(logs, min(_TOLD, len(logs)))
        found: dict[str, float] = {}
        for log, token in zip(best.values.tolist(), best.indices.tolist(), strict=True):
            word = str(self.tokenizer.decode([token]))
            known = found.get(word)
            found[word] = log if known is None else float(torch.logaddexp(torch.tensor(known), torch.tensor(log)))
        return found
