"""The policy sees candidates and not slots, and learns nothing from what nobody could judge."""

from itertools import chain
from typing import Any

import numpy as np
import pytest
import torch as th
from gymnasium import spaces
from numpy.typing import NDArray
from sb3_contrib import MaskablePPO
from stable_baselines3.common.vec_env import DummyVecEnv
from torch import nn

from agents.bag_sum import bag_sum
from agents.candidate_policy import CandidatePolicy, ScoredRolloutBuffer, TokenEncoder
from tests.agents.toy_env import ACTIONS, LENGTH, Countdown

SPACE = Countdown().observation_space


def lines(*texts: bytes) -> th.Tensor:
    rows = np.zeros((len(texts), LENGTH), np.uint8)
    for row, text in zip(rows, texts, strict=True):
        row[: len(text)] = np.frombuffer(text, np.uint8)
    return th.from_numpy(rows)


def observation(state: bytes, *candidates: bytes) -> dict[str, th.Tensor]:
    rows = th.zeros((ACTIONS, LENGTH), dtype=th.uint8)
    rows[: len(candidates)] = lines(*candidates)
    mask = th.arange(ACTIONS) < len(candidates)
    return {"state": lines(state), "candidates": rows.view(1, -1), "action_mask": mask.view(1, -1).to(th.int8)}


def policy() -> CandidatePolicy:
    th.manual_seed(0)
    made = CandidatePolicy(SPACE, spaces.Discrete(ACTIONS), lambda _: 1e-3)
    nn.init.normal_(made.scorer[2].weight)  # type: ignore[arg-type]  # it begins near uniform
    return made


def probabilities(made: CandidatePolicy, seen: dict[str, th.Tensor]) -> NDArray[np.float32]:
    with th.no_grad():
        found: NDArray[np.float32] = made.get_distribution(seen).distribution.probs[0].numpy()  # type: ignore[union-attr]
    return found


@pytest.mark.parametrize("buckets", [3, 50])
def test_the_quick_gradient_is_that_of_torch(buckets: int) -> None:
    generator = th.Generator().manual_seed(0)
    members = th.randint(0, buckets, (40,), generator=generator)
    starts = th.tensor([0, 5, 5, 17])  # the second bag is empty
    towards = th.randn(4, 6, generator=generator)
    gradients = []
    for ours in (True, False):
        weight = th.arange(buckets * 6, dtype=th.float32).view(buckets, 6).requires_grad_()
        theirs = nn.functional.embedding_bag(members, weight, starts, mode="sum")
        out = bag_sum(weight, members, starts) if ours else theirs
        (gradient,) = th.autograd.grad(out, weight, towards)
        gradients.append((out.detach(), gradient))
    for one, other in zip(*gradients, strict=True):
        th.testing.assert_close(one, other)


def test_a_line_is_encoded_by_itself() -> None:
    encoder = TokenEncoder(SPACE)
    texts = (b"abc", b"a", b"abcabcabcab", b"ca")
    with th.no_grad():
        together = encoder(lines(*texts))
        for row, text in zip(together, texts, strict=True):
            th.testing.assert_close(row, encoder(lines(text))[0])


@pytest.mark.parametrize(("one", "other"), [(b"ab", b"ba"), (b"aab", b"aba"), (b"a", b"aa"), (b"abcab", b"cabab")])
def test_order_and_length_tell_lines_apart(one: bytes, other: bytes) -> None:
    with th.no_grad():
        first, second = TokenEncoder(SPACE)(lines(one, other))
    assert (first - second).abs().max() > 1e-3


def test_an_empty_line_is_the_empty_bag() -> None:
    with th.no_grad():
        assert TokenEncoder(SPACE)(lines(b"", b"ab"))[0].abs().max() == 0


def test_another_observation_space_is_refused() -> None:
    with pytest.raises(ValueError, match="Dict of state, candidates and action_mask"):
        TokenEncoder(spaces.Box(0, 1, (3,)))


def test_moving_candidates_moves_their_probabilities() -> None:
    made = policy()
    forth = probabilities(made, observation(b"abc", b"ab", b"c", b"abcd"))
    back = probabilities(made, observation(b"abc", b"abcd", b"c", b"ab"))
    assert forth[:3] == pytest.approx(back[:3][::-1], abs=1e-6)
    assert len(set(np.round(forth[:3], 4))) == 3


def test_what_is_no_candidate_is_never_chosen() -> None:
    found = probabilities(policy(), observation(b"abc", b"ab", b"c"))
    assert found[2:].max() == 0
    assert found.sum() == pytest.approx(1)


def test_tokens_of_masked_slots_do_not_matter() -> None:
    made = policy()
    seen = observation(b"abc", b"ab", b"c")
    littered = {**seen, "candidates": seen["candidates"].clone()}
    littered["candidates"][0, 3 * LENGTH :] = 7
    assert probabilities(made, seen) == pytest.approx(probabilities(made, littered))


def test_both_shapes_of_candidates_are_read() -> None:
    made = policy()
    seen = observation(b"abc", b"ab", b"c")
    square = {**seen, "candidates": seen["candidates"].view(1, ACTIONS, LENGTH)}
    assert probabilities(made, seen) == pytest.approx(probabilities(made, square))


def test_evaluating_actions_agrees_with_acting() -> None:
    made = policy()
    seen = observation(b"abc", b"ab", b"c")
    masks = seen["action_mask"].bool()
    actions, values, log_prob = made(seen, action_masks=masks.numpy())
    again_values, again_log_prob, entropy = made.evaluate_actions(seen, actions, masks)
    th.testing.assert_close(values, again_values)
    th.testing.assert_close(values, made.predict_values(seen))
    th.testing.assert_close(log_prob, again_log_prob)
    found = probabilities(made, seen)[:2]
    assert entropy is not None
    assert entropy.item() == pytest.approx(float(-(found * np.log(found)).sum()), abs=1e-5)


def model(**kwargs: Any) -> MaskablePPO:
    envs = DummyVecEnv([Countdown, Countdown])
    return MaskablePPO(
        CandidatePolicy, envs, n_steps=4, rollout_buffer_class=ScoredRolloutBuffer, device="cpu", seed=0, **kwargs
    )


def filled(buffer: ScoredRolloutBuffer, leave_out: dict[int, tuple[int, int]]) -> ScoredRolloutBuffer:
    """Eight steps; before that at position p is added, ``leave_out[p]`` = (env, first) are."""
    seen = {key: np.stack([space.sample()] * 2) for key, space in SPACE.spaces.items()}  # type: ignore[attr-defined]
    buffer.reset()
    for position in range(4):
        if position in leave_out:
            buffer.leave_out(*leave_out[position])
        names = np.array([[10.0 * position], [10.0 * position + 1]])
        nothing = th.zeros(2)
        buffer.add(seen, names, np.zeros(2), np.zeros(2), nothing, nothing, action_masks=np.ones((2, ACTIONS)))
    return buffer


def drawn(buffer: ScoredRolloutBuffer, size: int | None) -> list[list[int]]:
    return [[int(action) for action in batch.actions.flatten()] for batch in buffer.get(size)]


def test_left_out_steps_are_not_drawn() -> None:
    buffer = filled(model().rollout_buffer, {2: (1, 0), 3: (0, 3)})  # type: ignore[arg-type]
    batches = drawn(buffer, 2)
    assert sorted(chain.from_iterable(batches)) == [0, 10, 20, 31]
    buffer.reset()
    assert sorted(*drawn(filled(buffer, {}), None)) == [0, 1, 10, 11, 20, 21, 30, 31]


def test_no_batch_holds_a_single_step() -> None:
    # One step's advantages have no deviation: sb3-contrib would divide by nan.
    buffer = filled(model().rollout_buffer, {0: (0, 0)})  # type: ignore[arg-type]
    assert sorted(map(len, drawn(buffer, 3))) == [3, 4]
    assert sorted(map(len, drawn(buffer, 1))) == [2, 2, 3]


def test_nothing_left_to_learn_from_is_said() -> None:
    buffer = filled(model().rollout_buffer, {3: (0, 0), 2: (1, 0)})  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="nobody could judge"):
        drawn(buffer, 2)


def test_the_order_of_steps_follows_its_own_seed() -> None:
    np.random.seed(1)  # noqa: NPY002  # the global generator that sb3-contrib's own buffer draws from
    first = drawn(filled(model(rollout_buffer_kwargs={"seed": 5}).rollout_buffer, {}), 3)  # type: ignore[arg-type]
    np.random.seed(2)  # noqa: NPY002
    assert drawn(filled(model(rollout_buffer_kwargs={"seed": 5}).rollout_buffer, {}), 3) == first  # type: ignore[arg-type]
    assert drawn(filled(model(rollout_buffer_kwargs={"seed": 6}).rollout_buffer, {}), 3) != first  # type: ignore[arg-type]
