"""A policy over candidate afterstates: one bag of features a candidate, one logit and one value each.

The network is small on purpose: an embedding of some 20,000 or 30,000 buckets, summed over the bag, and a few layers.
Every candidate is scored alone and the softmax over the candidates of a state makes the policy, so that the number of
candidates may vary.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from agents.bag_sum import bag_sum
from agents.features import FEATURES_VERSION, Encoded, Featuriser
from agents.line_features import LineFeaturiser
from agents.repair_features import RepairFeaturiser
from agents.run_folder import write_whole
from agents.tree import Evaluation, Node
from reasoning_envs.domains.protocol import Action, MoveDomain
from reasoning_envs.symbolic.syntax.tokens import VOCABULARY_VERSION

__all__ = ["CandidateNetwork", "CandidatePolicy", "PolicyConfig", "PolicyError", "padded_log_softmax"]

FORMAT = "reasoning_envs candidate policy"

_UNREADABLE = (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, TypeError, AttributeError, OSError)
"""What torch's reader raises over a file that is none of its own."""


class PolicyError(RuntimeError):
    """A file that holds no policy for these environments. The message names the file, what it holds and the cure."""


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    """Sizes of the network.

    Attributes:
        width: of the embedding. hidden: of the layers above it.
        layers: how many; all but the first add to what is there.
    """

    width: int = 64
    hidden: int = 64
    layers: int = 1


class CandidateNetwork(nn.Module):
    """Bags of buckets to logits and values.

    Args:
        config: sizes.
        buckets: that the bags' numbers lie below.
        generator: of the initial weights.
    """

    def __init__(self, config: PolicyConfig, buckets: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.embedding = nn.EmbeddingBag(buckets, config.width, mode="sum")
        self.norm = nn.LayerNorm(config.width)
        self.hidden = nn.Linear(config.width, config.hidden)
        more = [nn.Linear(config.hidden, config.hidden) for _ in range(config.layers - 1)]
        self.more = nn.ModuleList(more)
        self.heads = nn.Linear(config.hidden, 2)
        with torch.no_grad():
            nn.init.normal_(self.embedding.weight, std=0.1, generator=generator)
            nn.init.kaiming_uniform_(self.hidden.weight, nonlinearity="relu", generator=generator)
            nn.init.zeros_(self.hidden.bias)
            for layer in more:
                nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
                nn.init.zeros_(layer.bias)
            # All candidates start alike: an untrained policy is the uniform one.
            nn.init.zeros_(self.heads.weight)
            nn.init.zeros_(self.heads.bias)

    def forward(self, buckets: Tensor, offsets: Tensor) -> tuple[Tensor, Tensor]:
        """Score candidates.

        Args:
            buckets: int32 ``[total]``, the bags one after the other.
            offsets: int32 ``[n_candidates]``, where each bag begins.

        Returns:
            Logits of the policy and of the value, ``[n_candidates]`` each.
        """
        bags = bag_sum(self.embedding.weight, buckets, offsets)
        seen = torch.relu(self.hidden(torch.relu(self.norm(bags))))
        for layer in self.more:
            seen = seen + torch.relu(layer(seen))
        both = self.heads(seen)
        return both[:, 0], both[:, 1]


def padded_log_softmax(logits: Tensor, counts: NDArray[np.int64]) -> tuple[Tensor, NDArray[np.int64]]:
    """The softmax within each group of consecutive logits.

    Args:
        logits: ``[total]``.
        counts: members of each group, ``[n_groups]``, adding up to ``total``.

    Returns:
        Log-probabilities ``[n_groups, max(counts)]``, -inf beyond a group's members, and for each logit its place in
        the flattened table, ``[total]``.
    """
    largest = int(counts.max())
    padding = np.arange(len(counts)) * largest - (np.cumsum(counts) - counts)
    place = np.arange(int(counts.sum())) + np.repeat(padding, counts)
    table = logits.new_full((len(counts) * largest,), float("-inf")).index_put((torch.from_numpy(place),), logits)
    return torch.log_softmax(table.view(len(counts), largest), dim=1), place


class CandidatePolicy:
    """The network with its featuriser: an :class:`agents.tree.Evaluator`.

    Args:
        domain: whose candidates it scores.
        config: sizes.
        seed: of the initial weights.
        keep_encoded: let evaluations carry the features, for training.
    """

    def __init__(
        self, domain: MoveDomain, config: PolicyConfig | None = None, *, seed: int = 0, keep_encoded: bool = False
    ) -> None:
        self.config = config or PolicyConfig()
        self.domain = domain
        self.keep_encoded = keep_encoded
        self.featuriser = _FEATURISERS.get(domain.name, Featuriser)(domain)
        self.network = CandidateNetwork(self.config, self.featuriser.buckets, torch.Generator().manual_seed(seed))

    def evaluate(self, nodes: Sequence[Node]) -> list[Evaluation]:
        """Probabilities and values of the candidates of each node, in one forward pass."""
        encoded = [self.featuriser.encode(node.state, node.actions) for node in nodes]
        logits, values = self._forward(encoded)
        evaluations = []
        start = 0
        for item in encoded:
            end = start + len(item.lengths)
            part = logits[start:end]
            part = part - part.max()
            log_probs = part - np.log(np.exp(part).sum())
            evaluations.append(Evaluation(log_probs, values[start:end], None, item if self.keep_encoded else None))
            start = end
        return evaluations

    def log_probs(self, state: Any, actions: Sequence[Action]) -> NDArray[np.float64]:
        """Log of the policy over the candidates of one state, ``[n_actions]``: for play outside of searches."""
        logits, _ = self._forward([self.featuriser.encode(state, actions)])
        part = logits - logits.max()
        found: NDArray[np.float64] = part - np.log(np.exp(part).sum())
        return found

    def _forward(self, encoded: Sequence[Encoded]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if not encoded:
            return np.zeros(0), np.zeros(0)
        buckets, offsets = batch(encoded)
        with torch.inference_mode():
            logits, values = self.network(buckets, offsets)
            return logits.double().numpy(), torch.sigmoid(values).double().numpy()

    # ------------------------------------------------------------------------------------------------- persistence

    def state(self) -> dict[str, Any]:
        """Everything that :meth:`from_state` needs: plain data and tensors, safe for ``weights_only`` loading."""
        return {
            "format": FORMAT,
            "config": asdict(self.config),
            "versions": versions(self.domain),
            "network": self.network.state_dict(),
        }

    @classmethod
    def from_state(
        cls, state: Mapping[str, Any], domain: MoveDomain, *, source: str = "the state", keep_encoded: bool = False
    ) -> Self:
        """The inverse of :meth:`state`.

        Raises:
            PolicyError: it is of another kind, vocabulary, set of features or domain; both are named.
        """
        if state.get("format") != FORMAT:
            raise PolicyError(f"{source} holds no candidate policy: its format is {state.get('format')!r}")
        for name, wanted in versions(domain).items():
            found = state["versions"].get(name)
            if found != wanted and name != "reasoning_envs":
                raise PolicyError(
                    f"{source} was trained with {name} {found!r}, and this is {wanted!r}: "
                    "train it again, or use the release that it was trained with"
                )
        policy = cls(domain, PolicyConfig(**state["config"]), keep_encoded=keep_encoded)
        try:
            policy.network.load_state_dict(state["network"])
        except RuntimeError as error:
            raise PolicyError(f"{source} does not fit the network that its configuration describes: {error}") from error
        return policy

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the policy to one file, as a whole or not at all."""
        write_whole(Path(path), lambda draft: torch.save({"policy": self.state()}, draft))

    @classmethod
    def load(cls, path: str | os.PathLike[str], domain: MoveDomain) -> Self:
        """Read a policy from a file of :meth:`save`, from a checkpoint, or from the folder of a run.

        Raises:
            PolicyError: no such file, or no policy for this domain in it.
        """
        file = Path(path)
        if file.is_dir():
            if not (file / "checkpoint.pt").is_file():
                raise PolicyError(f"{file} is a folder without checkpoint.pt: is it a run that finished an iteration?")
            file = file / "checkpoint.pt"
        if not file.is_file():
            raise PolicyError(f"there is no policy at {file}")
        return cls.from_state(read_checkpoint(file)["policy"], domain, source=str(file))


def read_checkpoint(file: Path) -> dict[str, Any]:
    """A checkpoint with a policy in it, read without running any code of the file.

    Raises:
        PolicyError: the file cannot be read as one.
    """
    try:
        data = torch.load(file, map_location="cpu", weights_only=True)
    except _UNREADABLE as error:
        raise PolicyError(f"{file} is no checkpoint that can be read: {_fault(file, error)}") from error
    if not isinstance(data, dict) or not isinstance(data.get("policy"), dict):
        raise PolicyError(f"{file} holds no policy")
    return data


def _fault(file: Path, error: Exception) -> str:
    """In one line: torch's own words are advice on how to let a file run its code."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    with file.open("rb") as start:
        archive = start.read(2) == b"PK"
    if archive:
        return "it was cut off or damaged, or holds more than tensors and plain data"
    return "it is not a file of torch.save"


def batch(encoded: Sequence[Encoded]) -> tuple[Tensor, Tensor]:
    """Buckets int32 ``[total]`` and offsets int32 ``[n_candidates]`` for :class:`CandidateNetwork`."""
    buckets = np.frombuffer(b"".join([item.bags for item in encoded]), dtype=np.uint16).astype(np.int32)
    lengths = np.fromiter((length for item in encoded for length in item.lengths), dtype=np.int64)
    offsets = (np.cumsum(lengths) - lengths).astype(np.int32)
    return torch.from_numpy(buckets), torch.from_numpy(offsets)


_FEATURISERS: dict[str, Any] = {"synthesis": LineFeaturiser, "repair": RepairFeaturiser}
"""By the name of the domain, where it is none of expressions."""


def versions(domain: MoveDomain) -> dict[str, str]:
    """What must agree between a policy and the environments that it plays in, and the package's own version."""
    try:
        package = version("reasoning_envs")
    except PackageNotFoundError:
        package = "not installed"
    return {
        "domain": domain.name,
        "moves": str(getattr(domain, "moves", "")),
        "vocabulary": str(VOCABULARY_VERSION),
        "features": str(getattr(_FEATURISERS.get(domain.name), "version", FEATURES_VERSION)),
        "reasoning_envs": package,
    }
