"""Our own domain and PRM pass the kit that we ship."""

import pytest

from reasoning_envs.testing import check_domain, check_prm

ALGEBRA = "reasoning_envs.domains.algebra:AlgebraDomain"


@pytest.mark.slow
@pytest.mark.parametrize("moves", ["explicit", "curated", "wide", "axioms"])
def test_algebra(moves: str) -> None:
    check_domain(ALGEBRA, domain_kwargs={"moves": moves}, seeds=range(1), steps=3, rewrites=rewritten)


def rewritten(answer: str) -> list[str]:
    """The alternatives the other way round, the sides too, and the signs of other writers."""
    parts = answer.split(" or ")
    return [" or ".join(parts[::-1]), answer.replace("-", "\u2212"), answer.replace("*", "\u00b7")]


@pytest.mark.parametrize("env", ["reasoning_envs/Algebra-v0", "reasoning_envs/AlgebraText-v0"])
def test_the_oracle(env: str) -> None:
    check_prm("reasoning_envs.rewards:OraclePRM", env=env)
