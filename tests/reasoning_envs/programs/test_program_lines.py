"""The space of next lines: complete, exact, in a fixed order, and blind to what nobody can see."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest

from reasoning_envs.programs.behaviour import outputs
from reasoning_envs.programs.grammar import GRAMMARS, LARGE, SMALL, Grammar
from reasoning_envs.programs.inputs import Arguments, draw_arguments, draw_edge, parameter_names
from reasoning_envs.programs.interpreter import trace
from reasoning_envs.programs.lines import Candidate, LineSpace, State, Step
from reasoning_envs.programs.trees import Parameter
from reasoning_envs.programs.values import Type, Value, encode, same, type_of

XS = (Parameter("xs", Type.LIST),)


def make_space(grammar: Grammar, types: tuple[Type, ...], seed: int) -> LineSpace:
    rng = np.random.default_rng(seed)
    visible = [draw_arguments(rng, types) for _ in range(4)]
    probes = [draw_edge(rng, types, edge) for edge in ("empty", "negative", "duplicates", "big")]
    return LineSpace(grammar, tuple(map(Parameter, parameter_names(types), types)), visible, probes)


def walk_state(space: LineSpace, seed: int, lines: int) -> State:
    rng = np.random.default_rng(seed)
    state: State = ()
    for _ in range(lines):
        candidates = space.candidates(state)
        state = (*state, candidates[int(rng.integers(len(candidates)))].step)
    return state


def naive_candidates(space: LineSpace, state: State) -> list[Step]:
    """Every line there is, run by the interpreter on every input, and compared with all that stand before it."""
    grammar = space.grammar
    kinds = [kind for _, kind in space.parameters] + [grammar.productions[step.production].result for step in state]
    rows = [
        (*args, *(outcome.value for outcome in trace(space.program(state), args)[:-1])) if state else args
        for args in space.inputs
    ]
    columns = list(zip(*rows, strict=True))
    seen = {(kind, encode(column)) for kind, column in zip(kinds, columns, strict=True)}
    found = []
    for index, production in enumerate(grammar.productions):
        options = []
        for hole, pool in zip(production.holes, production.pools, strict=True):
            constants = [
                -1 - number for number, value in enumerate(grammar.constants) if any(same(value, each) for each in pool)
            ]
            options.append(sorted(constants) + [number for number, kind in enumerate(kinds) if kind is hole])
        for arguments in itertools.product(*options):
            if all(ref < 0 for ref in arguments):
                continue
            if production.symmetric and arguments[1] >= 0 and arguments[0] > arguments[1]:
                continue
            step = Step(index, arguments)
            values = one_line(space, state, step)
            if None in values[: space.visible]:
                continue
            key = (production.result, encode(values))
            if key not in seen:
                seen.add(key)
                found.append(step)
    return found


def one_line(space: LineSpace, state: State, step: Step) -> tuple[Value | None, ...]:
    program = space.program((*state, step))
    return outputs(program, space.inputs)


@pytest.mark.parametrize(
    ("name", "types", "lines", "seed"),
    [
        ("small", (Type.LIST,), 0, 1),
        ("small", (Type.LIST, Type.INT), 1, 2),
        ("small", (Type.LIST, Type.LIST), 2, 3),
        ("small", (Type.INT, Type.INT), 2, 4),
        ("large", (Type.LIST, Type.INT), 1, 5),
        ("large", (Type.STR, Type.INT), 2, 6),
        ("large", (Type.INT,), 2, 7),
    ],
)
def test_candidates_are_what_trying_everything_gives(name: str, types: tuple[Type, ...], lines: int, seed: int) -> None:
    space = make_space(GRAMMARS[name], types, seed)
    state: State = ()
    rng = np.random.default_rng(seed)
    for _ in range(lines + 1):
        candidates = space.candidates(state)
        assert [candidate.step for candidate in candidates] == naive_candidates(space, state)
        # An error on a probe of one line would hide the others' values from the naive way.
        whole = [c for c in candidates if None not in space.all_values(c.column)]
        state = (*state, whole[int(rng.integers(len(whole)))].step)


@pytest.mark.parametrize("name", list(GRAMMARS))
def test_values_are_the_interpreters(name: str) -> None:
    for seed in range(8):
        space = make_space(GRAMMARS[name], (Type.LIST, Type.INT), seed)
        state = walk_state(space, seed, 3)
        for candidate in space.candidates(state):
            values = one_line(space, state, candidate.step)
            assert encode(space.values(candidate.column)) == encode(values[: space.visible])
            kind = space.type(candidate.column)
            assert all(type_of(value) is kind for value in space.values(candidate.column))


def test_the_order_of_questions_changes_nothing() -> None:
    asked = make_space(SMALL, (Type.LIST, Type.INT), 0)
    for seed in range(20):
        asked.candidates(walk_state(asked, seed, 2))
    fresh = make_space(SMALL, (Type.LIST, Type.INT), 0)
    state = walk_state(asked, 3, 2)

    def shown(space: LineSpace) -> list[tuple[Step, tuple[Value | None, ...]]]:
        return [(c.step, space.all_values(c.column)) for c in space.candidates(state)]

    assert shown(fresh) == shown(asked)


def sources(space: LineSpace, state: State = ()) -> list[str]:
    return [str(space.line(state, candidate.step).expr) for candidate in space.candidates(state)]


def test_lines_that_agree_on_visible_inputs_by_chance_are_told_apart_by_probes() -> None:
    sorted_already: Arguments = ((1, 2, 3),)
    assert "sorted(xs)" not in sources(LineSpace(SMALL, XS, [sorted_already]))
    assert "sorted(xs)" in sources(LineSpace(SMALL, XS, [sorted_already], [((2, 1),)]))
    # The same on visible inputs, and both there: xs[2:] would be unreachable otherwise.
    few = LineSpace(SMALL, XS, [((5, 5, 5),)], [((1, 2, 3),)])
    assert {"min(xs)", "max(xs)", "xs[0]", "xs[-1]"} & set(sources(few)) == {"min(xs)", "max(xs)"}


def test_errors_on_visible_inputs_are_left_out_and_errors_on_probes_are_not_told() -> None:
    hidden_error = LineSpace(SMALL, XS, [((3, 1, 2),)], [((),)])
    assert "min(xs)" in sources(hidden_error)
    (least,) = [c for c in hidden_error.candidates(()) if str(hidden_error.line((), c.step).expr) == "min(xs)"]
    assert hidden_error.values(least.column) == (1,)
    assert hidden_error.all_values(least.column) == (1, None)
    # What is computed from it goes wrong on the probe as well.
    after = (least.step,)
    errors = {
        str(hidden_error.line(after, c.step).expr): hidden_error.all_values(c.column)[1]
        for c in hidden_error.candidates(after)
    }
    assert errors["v1 + 1"] is None
    assert errors["xs.count(0)"] == 0
    assert "min(xs)" not in sources(LineSpace(SMALL, XS, [((3, 1, 2),), ((),)]))


def naive_distance(space: LineSpace, state: State, target: tuple[Value | None, ...], within: int) -> int | None:
    """Trying all programs, shortest first."""
    states = [state]
    for lines in range(within + 1):
        for each in states:
            last = space.columns(each)[-1]
            if each and encode(space.all_values(last)) == encode(target):
                return lines
        if lines < within:
            states = [(*each, c.step) for each in states for c in space.candidates(each)]
    return None


@pytest.mark.parametrize("seed", range(6))
def test_distances_are_exact(seed: int) -> None:
    types = ((Type.LIST,), (Type.INT, Type.INT), (Type.LIST, Type.INT))[seed % 3]
    space = make_space(SMALL, types, seed)
    # A grammar of a few kinds of lines, so that trying everything takes no hours.
    grammar = Grammar("few", tuple(p for i, p in enumerate(SMALL.productions) if i % 3 != seed % 2), ())
    space = LineSpace(grammar, space.parameters, space.inputs[:4], space.inputs[4:])
    for walk in range(4):
        goal = walk_state(space, 10 * seed + walk, 1 + walk % 2)
        target = space.all_values(space.columns(goal)[-1])
        if None in target:
            continue
        start = walk_state(space, walk, walk % 2)
        expected = naive_distance(space, start, target, 2)
        if any(encode(space.all_values(c)) == encode(target) for c in space.columns(start)[:-1]):
            expected = None
        assert space.distance(start, target, 2) == expected


def test_three_lines_are_found_with_three_and_not_with_two() -> None:
    space = make_space(SMALL, (Type.LIST,), 3)
    plan = ["[x + 1 for x in xs]", "sorted(v1)", "v2[::-1]"]
    state: State = ()
    for source in plan:
        index = sources(space, state).index(source)
        state = (*state, space.candidates(state)[index].step)
    target = space.all_values(space.columns(state)[-1])
    assert [space.distance(state[:k], target, 3 - k) for k in range(4)] == [3, 2, 1, 0]
    assert space.distance((), target, 2) is None
    assert space.distance(state[:2], target, 0) is None
    anywhere = (None, *target[1:])
    assert space.distance((), anywhere, 3) == 3


def test_lines_that_do_not_build_on_each_other_are_found_in_any_order() -> None:
    """Sums of any two of four one-line values: the search tries the two in one order only."""
    few = Grammar("few", tuple(p for p in SMALL.productions if p.name in NAMES), ())
    made = make_space(SMALL, (Type.LIST,), 3)
    space = LineSpace(few, made.parameters, made.inputs[:4], made.inputs[5:])
    firsts = space.candidates(())
    assert len(firsts) == 4
    for one, other in itertools.permutations(firsts, 2):
        pairs = zip(space.all_values(one.column), space.all_values(other.column), strict=True)
        target = tuple(left - right for left, right in pairs)  # type: ignore[operator]  # these are integers
        assert space.distance((), target, 3) == naive_distance(space, (), target, 3) == 3
        assert space.distance((), target, 2) is None


NAMES = ("subtract", "length", "total", "smallest", "largest")


def test_a_target_that_was_passed_is_out_of_reach() -> None:
    space = make_space(SMALL, (Type.LIST,), 3)
    first, second = space.candidates(())[:2]
    target = space.all_values(first.column)
    assert space.distance((first.step,), target, 1) == 0
    assert space.distance((first.step, second.step), target, 2) is None


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(ValueError, match="one visible input"):
        LineSpace(SMALL, XS, [])
    with pytest.raises(TypeError, match="takes"):
        LineSpace(SMALL, XS, [(3,)])
    space = make_space(SMALL, (Type.LIST,), 0)
    with pytest.raises(ValueError, match="no legal line"):
        space.candidates((Step(0, (0, 0)),))
    with pytest.raises(ValueError, match="without a line"):
        space.program(())
    with pytest.raises(ValueError, match="8 values"):
        space.distance((), (1,), 1)
    with pytest.raises(ValueError, match="8 values"):
        space.distance((), (None,) * 8, 1)


def test_states_and_candidates_are_small_and_travel() -> None:
    space = make_space(LARGE, (Type.STR, Type.STR), 0)
    state = walk_state(space, 0, 3)
    assert hash(pickle.loads(pickle.dumps(state))) == hash(state)  # noqa: S301  # our own bytes
    assert isinstance(space.candidates(state)[0], Candidate)
    assert len(pickle.dumps(state)) < 300


@pytest.mark.parametrize("grammar", GRAMMARS.values(), ids=lambda grammar: grammar.name)
def test_grammars_are_sound_data(grammar: Grammar) -> None:
    names = [production.name for production in grammar.productions]
    assert len(set(names)) == len(names)
    templates = [production.template for production in grammar.productions]
    assert len(set(templates)) == len(templates)
    for production in grammar.productions:
        assert len(production.pools) == len(production.holes)
        for kind, pool in zip(production.holes, production.pools, strict=True):
            assert all(type_of(value) is kind for value in pool)
        if production.symmetric:
            assert production.holes[0] is production.holes[1]


def test_grammars_travel_to_other_processes() -> None:
    copy = pickle.loads(pickle.dumps(LARGE))  # noqa: S301  # our own bytes
    here, there = (make_space(grammar, (Type.STR, Type.INT), 1) for grammar in (LARGE, copy))
    assert here.candidates(()) == there.candidates(())
    assert copy.constants == LARGE.constants


def test_symmetric_lines_are_symmetric() -> None:
    rng = np.random.default_rng(0)
    for production in LARGE.productions:
        if production.symmetric:
            for _ in range(20):
                left, right = draw_arguments(rng, production.holes)
                assert production.evaluate(left, right) == production.evaluate(right, left), production.name


def test_the_large_grammar_begins_with_the_small_one() -> None:
    assert LARGE.productions[: len(SMALL.productions)] == SMALL.productions
    assert LARGE.constants[: len(SMALL.constants)] == SMALL.constants
