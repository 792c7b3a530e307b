"""The conformance kit: run it on your own domain, verifier or PRM; ours pass the same checks.

    >>> from reasoning_envs.testing import check_domain
    >>> check_domain("yours.module:YourDomain")

Each check raises an :class:`AssertionError` whose message names the law, the case and what came instead.
"""

from reasoning_envs.testing.answers import HOSTILE_ANSWERS, check_answer_judge
from reasoning_envs.testing.domains import check_domain
from reasoning_envs.testing.games import check_game
from reasoning_envs.testing.prms import check_prm, random_traces
from reasoning_envs.testing.verifiers import check_verifier

__all__ = [
    "HOSTILE_ANSWERS",
    "check_answer_judge",
    "check_domain",
    "check_game",
    "check_prm",
    "check_verifier",
    "random_traces",
]
