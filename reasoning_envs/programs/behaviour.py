"""What a program does, as a key: equal for programs that no probe tells apart, on every machine.

It is what "held out" means for programs: two programs that behave alike are one problem, however they are written, and
stand on one side of the split (:func:`reasoning_envs.problems.split_of` of the key).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from itertools import permutations

from reasoning_envs.programs.inputs import Arguments, probe_arguments
from reasoning_envs.programs.interpreter import ERRORS, compile_program
from reasoning_envs.programs.trees import Program
from reasoning_envs.programs.values import Value, encode

__all__ = ["behaviour_key", "outputs"]


def outputs(program: Program, inputs: Sequence[Arguments]) -> tuple[Value | None, ...]:
    """The value that a program returns on each of the inputs; None where it raises an error."""
    compute = compile_program(program)
    found: list[Value | None] = []
    for args in inputs:
        try:
            found.append(compute(args)[-1])
        except ERRORS:
            found.append(None)
    return tuple(found)


def behaviour_key(program: Program) -> str:
    """The key of a program's behaviour.

    It does not depend on names, on the order of the parameters, on how the result is computed, or on which error an
    input leads to. Two programs that differ on none of the 40 probes of their signature share it.
    """
    kinds = [kind for _, kind in program.parameters]
    places = range(len(kinds))
    ordered = sorted(kinds)
    found = []
    for order in permutations(places):
        # Parameter i of the program is number order[i] of the reordered one.
        if [kinds[order.index(place)] for place in places] == ordered:
            probes = [tuple(probe[place] for place in order) for probe in probe_arguments(tuple(ordered))]
            found.append(encode(outputs(program, probes)))
    head = f"({', '.join(kind.value for kind in ordered)}) -> {program.result.type.value}"
    return f"{head} {blake2b(min(found).encode(), digest_size=16).hexdigest()}"
