"""Which problem comes next: levels by learnability, replay of single problems, and sub-goals of long ones.

How a dense reward is annealed away, linearly or with success, is :class:`reasoning_envs.rewards.Annealed`.
"""

from reasoning_envs.curriculum.goals import GoalDomain, links, prefixes
from reasoning_envs.curriculum.levels import LevelCurriculum
from reasoning_envs.curriculum.protocol import Curriculum, Draw
from reasoning_envs.curriculum.replay import ProblemReplay
from reasoning_envs.curriculum.wrapper import CurriculumWrapper

__all__ = [
    "Curriculum",
    "CurriculumWrapper",
    "Draw",
    "GoalDomain",
    "LevelCurriculum",
    "ProblemReplay",
    "links",
    "prefixes",
]
