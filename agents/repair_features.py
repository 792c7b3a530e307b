"""Candidates of ``CodeRepair`` as bags of integers: what an edit changes, and what the program gives after it.

An edit is described by its kind, what it puts for what, where it stands, and by what the program gives after it: how
many visible tests pass, and the *signature* of its results beside what is wanted. Only what an
agent may see is looked at: visible examples.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from agents.features import Encoded
from agents.program_bags import PROGRAM_BUCKETS, PROGRAM_FEATURES_VERSION, Buckets, word
from reasoning_envs.domains.code.repair_states import EditAction, RepairState
from reasoning_envs.domains.repair import RepairDomain
from reasoning_envs.programs.edits import Insert, Remove, Replace, expression_at
from reasoning_envs.programs.signatures import Signature, signature
from reasoning_envs.programs.trees import at
from reasoning_envs.programs.values import Value

__all__ = ["RepairFeaturiser"]


class RepairFeaturiser:
    """Bags of the candidates of ``CodeRepair``.

    Args:
        domain: of the states.
    """

    version = PROGRAM_FEATURES_VERSION
    buckets = PROGRAM_BUCKETS

    def __init__(self, domain: RepairDomain) -> None:
        self._domain = domain
        self._buckets = Buckets()

    def encode(self, state: RepairState, actions: Sequence[EditAction]) -> Encoded:
        """The bags of all candidates; each holds at least one bucket."""
        runs = self._domain.runs(state.spec, state.program)
        wanted = [case.output for case in state.spec.shown]
        now = signature(state.program.result.type, runs.results, state.spec.result, wanted)
        found: list[int] = []
        lengths: list[int] = []
        for action in actions:
            before = len(found)
            if action.edit is None:
                self._choice(found, state, action, now, runs.passes)
            else:
                self._edit(found, state, action, now, wanted, runs.passes)
            lengths.append(len(found) - before)
        return Encoded(array("H", found).tobytes(), tuple(lengths))

    def _choice(self, found: list[int], state: RepairState, action: EditAction, now: Signature, passes: bool) -> None:
        of = self._buckets.of
        group = action.group
        what = word(action.rule if group is None else str(group[0]))
        detail = 0 if group is None else word(" ".join(map(str, group[2:])))
        where = 0 if group is None else len(state.program.lines) - int(group[1])
        found += (of[20, what, passes], of[21, what, state.left, passes], of[22, what, detail], of[28, what, where])
        found += self._buckets.held(now, 23, what)

    def _edit(
        self,
        found: list[int],
        state: RepairState,
        action: EditAction,
        now: Signature,
        wanted: Sequence[Value],
        passes: bool,
    ) -> None:
        of, held = self._buckets.of, self._buckets.held
        left = state.left
        results = self._domain.runs(state.spec, action.state.program).results
        then = signature(action.state.program.result.type, results, state.spec.result, wanted)
        kind, *codes = self._codes(state, action)
        gain = then.equal - now.equal
        found += held(then, 30)
        found += held(then, 31, left)
        found += (
            of[32, then.equal == len(wanted), left],
            of[33, gain, left],
            of[34, gain, kind],
            of[35, list(results) == list(wanted), then.pair],
            of[25, left, passes, kind],
            of[24, 0, kind],
        )
        found += [of[24, 1 + number, code] for number, code in enumerate(codes)]
        found += held(now, 26, kind)
        if now.pair == then.pair:
            lost = now._replace(everywhere=now.everywhere & ~then.everywhere, somewhere=now.somewhere & ~then.somewhere)
            found += held(lost, 27)

    def _codes(self, state: RepairState, action: EditAction) -> list[int]:
        """An edit from coarse to fine: its kind; what for what; where; with what is around it."""
        edit = action.edit
        assert edit is not None
        program = state.program
        from_end = len(program.lines) - edit.line
        expr = expression_at(program, edit.line)
        if isinstance(edit, Replace):
            before, after = _label(edit.before), _label(edit.after)
            around = at(expr, edit.path[:-1]).op if edit.path else "line"
            place = edit.path[-1] if edit.path else -1
            what = f"{edit.kind} {before} {after}"
            more = [f"{what} in {around} {place}", f"{after} in {around} {place}", f"{before} in {around} {place}"]
            more.append(f"{edit.kind} {edit.before} {edit.after}")
        elif isinstance(edit, Insert):
            what = f"insert {edit.statement.expr.op}"
            more = [f"{what} above {expr.op}"]
        elif isinstance(edit, Remove):
            what = f"remove {edit.statement.expr.op}"
            more = [what]
        else:
            what = f"swap {expr.op}"
            more = [what]
        texts = [edit.kind, f"{edit.kind} {from_end}", what, f"{what} {from_end}", *more]
        return [word(text) for text in texts]


def _label(expr: Any) -> str:
    """An operation, a constant with its value, or that it is a variable."""
    return str(expr.value) if expr.op == "const" else str(expr.op)
