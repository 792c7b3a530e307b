"""``python -m agents.self_play``: a proposer and a solver learn algebra from each other, from no data but their own.

Four parts, one after the other:

1. proposer and solver play (:mod:`agents.proposer_solver`); the true outcome is all that the solver is paid for;
2. a process reward model is trained on the traces of that play;
3. held-out problems are searched with the policy alone and with that PRM's help, at equal expansions; and PPO learns an
   easy level with the sparse reward and with the PRM as a potential, at equal steps;
4. the tables and ``runs/<name>/report.html``.

The run is checkpointed after each iteration; ``--resume`` goes on from there, after Ctrl-C as after a kill.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, replace

import gymnasium as gym

import reasoning_envs  # noqa: F401 - registers the environments
from agents import phases, ppo
from agents.actors import Job, weights_of
from agents.derivations import pick_derivations
from agents.policies import CandidatePolicy, PolicyError
from agents.processes import ProcessEndedError
from agents.progress import Progress, clock
from agents.proposer_solver import ProposerSolver
from agents.report import build_tables, render_table, write_report
from agents.results import AFTER, FLOORS, LevelResult, RunResults, ShapingCurve
from agents.rollouts import scored
from agents.run_folder import DamagedRunError, RunFolder, damaged
from agents.search import METHODS
from agents.self_play_config import MAY_CHANGE, Config, parse_arguments
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.rewards.protocol import PRMError
from reasoning_envs.types import Trace

__all__ = ["Config", "SelfPlay", "main"]

_JUDGED = 150
"""Derivations of held-out problems, at most, that the PRM is judged on and the report chooses from."""

_QUICK = (AFTER, FLOORS[2])
"""Players whose episodes are short: they know where to go, or are soon stuck."""


class SelfPlay:
    """One run: the game, then what is measured after it.

    Args:
        config, folder: of the run.
        progress: where a person watches.
    """

    def __init__(self, config: Config, folder: RunFolder, progress: Progress) -> None:
        self.config = config
        self.folder = folder
        self.progress = progress
        self._seconds: dict[str, float] = {}
        self._notes: list[str] = []
        self._derivations: list[Trace] = []

    def run(self) -> RunResults:
        """Play what is left to play, measure, and write the report."""
        with ProposerSolver(self.config, self.folder) as game:
            self._play(game)
            results = self._measure(game)
        with self._phase("report"):
            write_report(self.folder, results, pick_derivations(self._derivations))
        return results

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        self.progress.say(f"-- {name}")
        yield
        self._seconds[name] = time.monotonic() - began

    def _play(self, game: ProposerSolver) -> None:
        if game.iteration:
            self.progress.say(f"resumed after iteration {game.iteration}, {clock(game.seconds)} of play")
        config = self.config
        whole = f"{config.iterations} iterations" if config.iterations else clock(config.minutes * 60)
        self.progress.say(f"-- self-play, {game.left:.0%} of {whole} to go")
        while game.left:
            self.progress.show(game.iterate())
        self.progress.settle()
        self._seconds["self-play"] = game.seconds

    def _measure(self, game: ProposerSolver) -> RunResults:
        config = self.config
        levels = config.level_names or tuple(game.domain.levels)
        problems = phases.held_out(game.domain, levels, config.evaluation_problems, config.seed)
        after = weights_of(game.policy)
        before = weights_of(CandidatePolicy(game.domain, game.policy.config, seed=config.seed))
        everyone = phases.players(before, after, config.expansions)
        judged = problems[:: max(1, len(problems) // _JUDGED)]
        # One process trains the PRM; meanwhile the actors let those play who need no longer than that.
        alone = [player for player in everyone if player.name in _QUICK]
        found: dict[str, list[LevelResult]] = {}
        with self._phase("process reward model, trained on the play"):
            jobs = [Job(problems, player.method, player.weights) for player in alone]
            game.crew.begin([*jobs, Job(judged, METHODS["greedy"], after, record=tuple(range(len(judged))))])
            prm_file = self.folder.path / "prm.pt"
            try:
                trained = phases.trained_prm(self._last_traces(), game.domain, prm_file, config.seed)
            except PRMError as error:
                trained = None
                self._notes.append(f"No PRM could be trained on the traces of the play: {error}.")
            *reports, derived = game.crew.finish()
            for player, report in zip(alone, reports, strict=True):
                found[player.name] = phases.level_results(player.name, problems, report.records)
        with self._phase("held-out problems"):
            for player in everyone:
                if player.name not in found:
                    report = game.crew.do(Job(problems, player.method, player.weights))
                    found[player.name] = phases.level_results(player.name, problems, report.records)
        results = RunResults(
            title=f"Self-play on algebra: {self.folder.path.name}",
            levels=[result for player in everyone for result in found[player.name]],
            episodes=game.episodes,
            unscored=game.unscored,
        )
        if trained is not None:
            prm, trained_on, metrics = trained
            wrong = phases.spoiled(derived.traces, game.domain, config.seed)
            derivations = scored([*derived.traces, *wrong, *self._last_traces()[-_JUDGED:]], prm)
            self._derivations = derivations[::-1]  # the report prefers what comes last
            with self._phase("search with the policy alone and with the PRM's help"):
                problems = phases.held_out(game.domain, levels, config.search_problems, config.seed + 1)
                searched = phases.compare_search(
                    game.crew, problems, after, prm_file, prm.name, config.search_expansions
                )
            results = replace(
                results,
                prm=[phases.judged_prm(prm, [*derived.traces, *wrong], trained_on, metrics)],
                search=searched,
                shaping=self._compare_shaping(str(prm_file)),
            )
        else:
            self._derivations = list(derived.traces)
        return replace(results, seconds=dict(self._seconds), notes=self._notes)

    def _compare_shaping(self, prm: str) -> list[ShapingCurve]:
        config = self.config
        with self._phase("PPO with the sparse reward and with the PRM as a potential"):
            return ppo.compare_shaping(
                prm,
                env_id=config.env,
                env_kwargs={**config.more_kwargs, "level": config.ppo_level},
                steps=config.ppo_steps,
                seeds=(config.seed,),
                config=ppo.Config(problems=config.ppo_problems),
                on_point=lambda arm, seed, point: self.progress.say(f"{arm:>10} {point}"),
            )

    def _last_traces(self) -> list[Trace]:
        with self.folder.traces.open(encoding="utf-8", newline="\n") as file:
            lines = deque(enumerate(file, start=1), maxlen=self.config.prm_traces)
        traces = []
        for number, line in lines:
            try:
                traces.append(Trace.from_json(line))
            except ValueError as error:
                raise damaged(self.folder.traces, f"holds no trace in line {number} ({error})") from error
        return traces


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    The exit code is 0, 1 where a part failed, 2 for what cannot be done as it was asked for, 130 after Ctrl-C.
    """
    with ExitStack() as held:
        try:
            config, path, resume = parse_arguments(arguments)
            _check_environments(config)  # a mistake shows before a folder is made, and before minutes of play
            folder = RunFolder(path, asdict(config), resume=resume, may_change=MAY_CHANGE)
            held.enter_context(folder.held())
        except (OSError, ValueError, TypeError, ImportError, gym.error.Error, DamagedRunError) as error:
            print(f"self-play: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print("\nstopped before it began.", file=sys.stderr)
            return 130
        return _run(config, folder)


def _run(config: Config, folder: RunFolder) -> int:
    """The run itself; the exit code."""
    progress = Progress()
    try:
        results = SelfPlay(config, folder, progress).run()
    except (DamagedRunError, PolicyError) as error:
        progress.close()
        print(f"self-play: {error}", file=sys.stderr)
        return 2
    except ProcessEndedError as error:
        progress.close()
        print(f"self-play: {error}\n{_how_to_go_on(folder)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        progress.close()
        print(f"\nstopped. {_how_to_go_on(folder)}", file=sys.stderr)
        return 130
    finally:
        progress.close()
    for table in build_tables(results):
        if not table.long:
            print(render_table(table, colour=sys.stdout.isatty()))
    print(f"the whole of it: {folder.report}")
    return 0


def _check_environments(config: Config) -> None:
    """Open what the play and PPO will open.

    Raises:
        ValueError, TypeError, ImportError, gymnasium.error.Error: there is no such environment, keyword or level.
    """
    with closing(gym.make(config.env, **config.more_kwargs)) as env:
        if not isinstance(env.unwrapped, ReasoningEnv):
            known = "python -m reasoning_envs list"
            raise ValueError(f"{config.env} is none of the environments of reasoning_envs, which {known} shows")
        if env.unwrapped.interface != "moves":
            raise ValueError(f"{config.env} takes text; self-play needs an environment with the moves interface")
    for levels in (config.level_names, config.ppo_level_names):
        level = {"level": levels} if levels else {}
        gym.make(config.env, **{**config.more_kwargs, **level}).close()


def _how_to_go_on(folder: RunFolder) -> str:
    if not folder.checkpoint.exists():
        return "No iteration was finished: the same command starts the run anew."
    again = f"python -m agents.self_play --name {folder.path.name} --out {folder.path.parent} --resume"
    return f"The last finished iteration is in {folder.checkpoint}; go on with: {again}"


if __name__ == "__main__":
    sys.exit(main())
