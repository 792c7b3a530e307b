"""What a learned PRM consists of: its settings, its weights, and the one file that holds both."""

from __future__ import annotations

import json
import pickle
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isnan, nan
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile, is_zipfile

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.rewards.encoders import StepEncoder, encoder_for
from reasoning_envs.rewards.encoding import ENCODING_VERSION, Track
from reasoning_envs.rewards.fitting import Fitting
from reasoning_envs.rewards.network import BagNetwork
from reasoning_envs.rewards.program_encoding import PROGRAM_DOMAINS, ProgramEncoder
from reasoning_envs.rewards.protocol import PRMError
from reasoning_envs.symbolic.syntax.tokens import VOCABULARY_VERSION

__all__ = [
    "LearnedConfig",
    "TrainedModel",
    "chances",
    "check_shapes",
    "family_of",
    "plain_metrics",
    "read_model",
    "read_networks",
    "write_model",
    "write_networks",
]

_FORMAT = 3
_PARTS = ("judge", "namer", "forecast")
_FAMILY = "learned"
_UNREADABLE = (
    pickle.UnpicklingError,
    BadZipFile,
    RuntimeError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
)


@dataclass(frozen=True, slots=True)
class LearnedConfig:
    """What a learned PRM is made of, and how it is trained.

    Attributes:
        track: ``"arithmetic"`` shows the residues of the lines modulo 7, 11 and 13, and of programs what they compute
            on the visible examples; ``"text"`` the writing alone.
        discount: chance in (0, 1] that a further step does not fail; the forecast's target is
            outcome * discount^(steps to go).
        after_error: the steps after the first error of a trace are dropped (``"drop"``) from what the judge learns
            from, or keep their own verdicts as labels (``"keep"``).
        held_out: share of the problems on which training is stopped and calibrated, and again as many on which the
            metrics are measured.
        lasting: steps for which the threshold is chosen as well as for traces as they are.
        change_buckets, line_buckets: codes of the n-grams. width: of an embedding. hidden: of a layer.
        judge, namer, forecast: how each network is trained.

    Raises:
        ValueError: a setting out of range.
    """

    track: Track = "arithmetic"
    discount: float = 0.95
    after_error: Literal["drop", "keep"] = "drop"
    held_out: float = 0.1
    lasting: int = 20
    change_buckets: int = 32_768
    line_buckets: int = 4_096
    width: int = 48
    hidden: int = 64
    judge: Fitting = field(default_factory=Fitting)
    namer: Fitting = field(default_factory=Fitting)
    forecast: Fitting = field(default_factory=Fitting)

    def __post_init__(self) -> None:
        if self.track not in ("arithmetic", "text"):
            raise ValueError(f"track must be 'arithmetic' or 'text', got {self.track!r}")
        if self.after_error not in ("drop", "keep"):
            raise ValueError(f"after_error must be 'drop' or 'keep', got {self.after_error!r}")
        if not 0.0 < self.discount <= 1.0:
            raise ValueError(f"discount must be in (0, 1], got {self.discount!r}")
        if not 0.0 < self.held_out < 0.5:
            raise ValueError(f"held_out must be between 0 and 0.5, got {self.held_out!r}")
        for name in ("lasting", "change_buckets", "line_buckets", "width", "hidden"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, got {getattr(self, name)}")

    def encoder(self, domains: Collection[str]) -> StepEncoder:
        """Of the lines of these domains.

        Raises:
            PRMError: no one encoder reads them all.
        """
        return encoder_for(domains, self.track, self.change_buckets, self.line_buckets)

    def new_networks(self, codes: Sequence[int], kinds: int, seed: int) -> tuple[BagNetwork, BagNetwork, BagNetwork]:
        """Fresh judge (1 output) and namer (one a kind) over bags of so many codes, and forecast (1 output)."""
        rng = np.random.default_rng(seed)
        return (
            BagNetwork.new(codes, self.width, self.hidden, 1, rng),
            BagNetwork.new(codes, self.width, self.hidden, kinds, rng),
            BagNetwork.new([self.line_buckets], self.width, self.hidden, 1, rng),
        )


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What training leaves behind.

    Attributes:
        judge: its output is the logit of "this step is right".
        namer: of a wrong step, one output for each of ``kinds``; a network of its own, since what is best learned early
            and what late differs from the judge's.
        forecast: its output is the logit of "this ends right".
        kinds: names of the kinds of error that were met.
        judge_temperature, forecast_temperature: logits are divided by these.
        threshold: a step with less chance than this is called wrong.
        repaired: share in [0, 1] of the episodes with an error that ended right all the same.
        domains: of the problems that it was trained on.
        metrics: by name, what was measured on problems that no training saw.
    """

    judge: BagNetwork
    namer: BagNetwork
    forecast: BagNetwork
    kinds: tuple[str, ...]
    judge_temperature: float
    forecast_temperature: float
    threshold: float
    repaired: float
    domains: tuple[str, ...]
    metrics: dict[str, float]


def chances(logits: NDArray[Any], temperature: float) -> list[float]:
    """Probabilities, to six decimals: beyond them the size of a batch would show."""
    scaled = np.clip(logits.astype(np.float64) / temperature, -30.0, 30.0)
    return [round(float(chance), 6) for chance in 1.0 / (1.0 + np.exp(-scaled))]


def write_model(path: str | PathLike[str], model: TrainedModel, config: LearnedConfig, seed: int) -> None:
    """Write one file: plain tensors, and one JSON text for the rest."""
    rest = {
        "config": asdict(config),
        "seed": seed,
        "kinds": model.kinds,
        "judge_temperature": model.judge_temperature,
        "forecast_temperature": model.forecast_temperature,
        "threshold": model.threshold,
        "repaired": model.repaired,
        "domains": model.domains,
        "metrics": plain_metrics(model.metrics),
    }
    write_networks(path, _FAMILY, rest, {part: getattr(model, part) for part in _PARTS})


def plain_metrics(metrics: Mapping[str, float]) -> dict[str, float | None]:
    """For JSON, which has no NaN."""
    return {name: None if isnan(value) else value for name, value in metrics.items()}


def write_networks(
    path: str | PathLike[str], family: str, rest: Mapping[str, Any], networks: Mapping[str, BagNetwork]
) -> None:
    """Write one file of a family of PRM: its networks by name, and plain data beside them."""
    import torch

    header = {
        "format": _FORMAT,
        "family": family,
        "vocabulary": VOCABULARY_VERSION,
        "encoding": _encoding(rest),
        **rest,
    }
    tensors = {
        f"{part}/{name}": torch.from_numpy(array)
        for part, network in networks.items()
        for name, array in network.arrays().items()
    }
    torch.save({"header": json.dumps(header, allow_nan=False), "tensors": tensors}, fspath(path))


def _encoding(header: object) -> int | str:
    """The version that lines of the domains in a header are encoded by."""
    domains = header.get("domains", ()) if isinstance(header, Mapping) else ()
    return ProgramEncoder.version if PROGRAM_DOMAINS.intersection(domains) else ENCODING_VERSION


def read_model(path: str | PathLike[str]) -> tuple[TrainedModel, LearnedConfig, int]:
    """The inverse of :func:`write_model`: the model, its settings and its seed.

    Only tensors and plain data are read; nothing in the file is run.

    Raises:
        OSError: the file cannot be opened.
        PRMError: it is no checkpoint, or of another family, format, vocabulary or encoding; both are named.
    """
    name = fspath(path)
    header, networks = read_networks(path, _FAMILY, _PARTS)
    try:
        settings = dict(header["config"])
        config = LearnedConfig(**{**settings, **{part: Fitting(**settings[part]) for part in _PARTS}})
        model = TrainedModel(
            networks["judge"],
            networks["namer"],
            networks["forecast"],
            tuple(header["kinds"]),
            float(header["judge_temperature"]),
            float(header["forecast_temperature"]),
            float(header["threshold"]),
            float(header["repaired"]),
            tuple(header["domains"]),
            {key: nan if value is None else float(value) for key, value in header["metrics"].items()},
        )
        seed = int(header["seed"])
    except (KeyError, TypeError, ValueError) as error:
        raise PRMError(f"{name}: a damaged checkpoint ({_name(error)})") from error
    fresh = config.new_networks(config.encoder(model.domains).step_codes, len(model.kinds), seed)
    for part, expected in zip(_PARTS, fresh, strict=True):
        check_shapes(name, part, networks[part], expected)
    return model, config, seed


def read_networks(
    path: str | PathLike[str], family: str, parts: Sequence[str]
) -> tuple[dict[str, Any], dict[str, BagNetwork]]:
    """The inverse of :func:`write_networks`: the header with the plain data, and the networks by name.

    Raises:
        OSError: the file cannot be opened.
        PRMError: it is no checkpoint, or of another family, format, vocabulary or encoding; both are named.
    """
    import torch

    name = fspath(path)
    with Path(name).open("rb") as file:
        if not is_zipfile(file):  # torch also reads bare pickles, which this never was
            raise PRMError(f"{name}: no checkpoint of a learned PRM (another kind of file)")
    try:
        data = torch.load(name, weights_only=True, map_location="cpu")
        if not isinstance(data, dict):
            raise TypeError(f"it holds a {type(data).__name__}")
        header = json.loads(data["header"])
        tensors = {key: tensor.numpy() for key, tensor in data["tensors"].items()}
    except _UNREADABLE as error:
        raise PRMError(f"{name}: no checkpoint of a learned PRM ({_name(error)})") from error
    for label, wanted in (
        ("family", family),
        ("format", _FORMAT),
        ("vocabulary", VOCABULARY_VERSION),
        ("encoding", _encoding(header)),
    ):
        given = header.get(label) if isinstance(header, dict) else None
        if given != wanted:
            raise PRMError(f"{name}: the {label} of the file is {given!r}, this version reads {wanted!r}")
    try:
        networks = {
            part: BagNetwork.of_arrays(
                {key.removeprefix(f"{part}/"): array for key, array in tensors.items() if key.startswith(f"{part}/")}
            )
            for part in parts
        }
    except (KeyError, TypeError, ValueError) as error:
        raise PRMError(f"{name}: a damaged checkpoint ({_name(error)})") from error
    return header, networks


def family_of(path: str | PathLike[str]) -> str:
    """The family of PRM that a checkpoint is of; empty where that cannot be told.

    Raises:
        OSError: the file cannot be opened.
    """
    import torch

    name = fspath(path)
    with Path(name).open("rb") as file:
        if not is_zipfile(file):
            return ""
    try:
        return str(json.loads(torch.load(name, weights_only=True, map_location="cpu")["header"])["family"])
    except _UNREADABLE:
        return ""


def check_shapes(name: str, part: str, found: BagNetwork, expected: BagNetwork) -> None:
    """That the weights in a file are those that its settings ask for.

    Raises:
        PRMError: they are not.
    """
    shapes = [{key: array.shape for key, array in network.arrays().items()} for network in (found, expected)]
    if shapes[0] != shapes[1]:
        raise PRMError(f"{name}: the weights of the {part} are {shapes[0]}, the settings ask for {shapes[1]}")


def _name(error: Exception) -> str:
    first_line = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {first_line:.120}"
