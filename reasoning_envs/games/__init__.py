"""Games between roles that reason, on the PettingZoo interface, each role also a Gymnasium environment of its own.

==========================================================  ==========================  ===============================
game                                                        roles                       over
==========================================================  ==========================  ===============================
:class:`~reasoning_envs.games.proposer_solver.ProposerSolver`  proposer, solver         equations, programs
:class:`~reasoning_envs.games.code_triad.CodeTriad`         proposer, solver            deduction, abduction, induction
:class:`~reasoning_envs.games.bugs.InjectorFixer`           injector, fixer             programs
:class:`~reasoning_envs.games.alice_bob.AliceBobReverse`    alice, bob                  what a maker makes
:class:`~reasoning_envs.games.alice_bob.AliceBobRepeat`     alice, bob                  any domain with moves
:class:`~reasoning_envs.games.prover_verifier.ProverVerifier`  helpful, sneaky, verifier  any domain with moves
:class:`~reasoning_envs.games.race.Race`                    two solvers                 any domain with moves
==========================================================  ==========================  ===============================

They need the extra ``games`` (PettingZoo). A game of your own is a subclass of :class:`~reasoning_envs.games.game.Game`
in one file; :func:`reasoning_envs.testing.check_game` proves it.
"""
