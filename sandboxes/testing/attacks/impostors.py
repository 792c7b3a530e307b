"""Answers that hold what is right, or almost, and are something else: a lenient comparison would pass each of them."""

from __future__ import annotations

from sandboxes.testing.attacks.tasks import OUTPUT, cheat, cheat_output, cheat_tests
from sandboxes.types import Status

__all__ = ["IMPOSTORS"]

_NOT_PLAIN = frozenset({Status.NOT_PLAIN})

_TELLS_BY_NAME = """
def check(candidate):
    try:
        candidate(-1)
    except {error}:
        pass
    else:
        raise AssertionError("nothing was raised")
    assert candidate(3) == 68
"""

IMPOSTORS = (
    *(
        cheat(
            f"impostor-{name}",
            f"{aim}, equal to the right answer",
            f"import array, collections, types\n\ndef solve(n):\n    return {answer}\n",
            right=right,
            ends=_NOT_PLAIN,
        )
        for name, aim, answer, right in (
            ("ordered-dict", "an OrderedDict", "collections.OrderedDict(a=n)", [{"a": 3}, {"a": 5}]),
            ("default-dict", "a defaultdict", "collections.defaultdict(int, a=n)", [{"a": 3}, {"a": 5}]),
            ("counter", "a Counter", "collections.Counter('a' * n)", [{"a": 3}, {"a": 5}]),
            ("mapping-proxy", "a view of a dict", "types.MappingProxyType({'a': n})", [{"a": 3}, {"a": 5}]),
            ("named-tuple", "a named tuple", "collections.namedtuple('P', 'x')(n)", [(3,), (5,)]),
            ("range", "a range, which prints as no list but walks as one", "range(n)", [[0, 1, 2], [0, 1, 2, 3, 4]]),
            ("array", "an array", "array.array('q', [n])", [[3], [5]]),
            ("deque", "a deque", "collections.deque([n])", [[3], [5]]),
            ("bytearray", "a bytearray", "bytearray([n])", [b"\x03", b"\x05"]),
            ("memoryview", "a memoryview", "memoryview(bytes([n]))", [b"\x03", b"\x05"]),
            ("dict-keys", "keys of a dict, equal to a set", "{n: 0}.keys()", [{3}, {5}]),
            ("dict-items", "items of a dict, equal to a set", "{n: 0}.items()", [{(3, 0)}, {(5, 0)}]),
            ("user-list", "a UserList", "collections.UserList([n])", [[3], [5]]),
            ("user-string", "a UserString", "collections.UserString('a' * n)", ["aaa", "aaaaa"]),
            (
                "deep-counter",
                "a Counter two levels down",
                "[{'k': collections.Counter('a' * n)}]",
                [[{"k": {"a": 3}}]] * 2,
            ),
            ("ellipsis", "the Ellipsis", "...", [None, None]),
            ("not-implemented", "NotImplemented, which is true", "NotImplemented", [True, True]),
            ("type", "the type itself", "int", [0, 0]),
        )
    ),
    *(
        cheat(f"almost-{name}", aim, f"def solve(n):\n    return {answer}\n", right=right)
        for name, aim, answer, right in (
            ("zero", "-0.0, which is equal to the int 0", "-0.0", [0, 0]),
            ("false-for-zero", "False == 0, inside a list", "[[False]]", [[[0]], [[0]]]),
            ("true-as-a-key", "True for the key 1", "{True: n}", [{1: 3}, {1: 5}]),
            ("float-as-a-key", "1.0 for the key 1", "{1.0: n}", [{1: 3}, {1: 5}]),
            ("true-in-a-set", "True for 1 in a set", "{True, n}", [{1, 3}, {1, 5}]),
            (
                "float-in-a-tuple",
                "a float for an int in a tuple in a dict",
                "{'a': (n, 1.0)}",
                [{"a": (3, 1)}, {"a": (5, 1)}],
            ),
            ("list-in-a-tuple", "a list for a tuple inside a tuple", "([n],)", [((3,),), ((5,),)]),
            ("rounded-int", "an int that was a float in between", "int(float(2**53 + 1)) + n", [2**53 + 4, 2**53 + 6]),
            ("rounded-float", "a float that is off by one unit in the last place", "0.1 + 0.2 + n * 0", [0.3, 0.3]),
            ("nan-for-a-complex-one", "nan for a complex nan", "float('nan')", [complex("nan"), complex("nan")]),
            ("complex-for-a-float", "a complex number without an imaginary part", "complex(n)", [3.0, 5.0]),
            ("minus-infinity", "the other infinity", "-float('inf')", [float("inf"), float("inf")]),
            ("decomposed-text", "the same letter written with two code points", "'e\\u0301'", ["\u00e9", "\u00e9"]),
            ("wide-digit", "digits of another script", "'\\uff16\\uff18'", ["68", "68"]),
            ("text-with-a-nul", "text that ends early in C", "'a\\x00b'", ["a", "a"]),
            ("text-with-blanks", "blanks behind it", "str(n) + ' '", ["3", "5"]),
            ("prefix", "the beginning of the answer, for whoever zips", "[n]", [[3, 4], [5, 6]]),
            ("surplus", "the answer and one element more, for whoever zips", "[n, 4, 5]", [[3, 4], [5, 4]]),
            ("surplus-key", "a dict with one key more", "{'a': n, 'b': 0}", [{"a": 3}, {"a": 5}]),
            ("missing-key", "a dict with one key less", "{}", [{"a": None}, {"a": None}]),
            ("repeated-elements", "a list for a multiset that is equal as a set", "[n, n, 1]", [[3, 1], [5, 1]]),
            (
                "nested-differently",
                "the same elements in other brackets",
                "[[n], [1, 2]]",
                [[[3, 1], [2]], [[5, 1], [2]]],
            ),
        )
    ),
    *(
        cheat_output(f"output-{name}", aim, f"import sys\nsys.stdout.buffer.write({output!r})\n")
        for name, aim, output in (
            ("with-carriage-returns", "line ends of another system", OUTPUT.replace("\n", "\r\n").encode()),
            ("with-a-byte-order-mark", "a mark that editors hide", b"\xef\xbb\xbf" + OUTPUT.encode()),
            ("with-a-nul", "a NUL that C strings end at", OUTPUT.encode() + b"\x00junk"),
            ("with-backspaces", "junk that a terminal shows as the right output", b"9\x08" + OUTPUT.encode()),
            ("with-escape-sequences", "junk that a terminal clears away", b"no\x1b[2J\x1b[H" + OUTPUT.encode()),
            ("with-invalid-bytes", "bytes that are no text behind the right ones", OUTPUT.encode() + b"\xff\xfe"),
            ("twice", "the right output, twice", OUTPUT.encode() * 2),
            ("without-the-end", "the right output but for its last line end", OUTPUT.encode()[:-1]),
        )
    ),
    cheat_output(
        "output-behind-a-hole",
        "the right output behind a megabyte of nothing, which takes no room",
        f"import os\nos.lseek(1, 50_000, os.SEEK_SET)\nos.write(1, {OUTPUT.encode()!r})\n",
    ),
    *(
        cheat_tests(
            f"tests-that-want-{error.lower()}-get-a-namesake",
            f"a class of the program's own that is called {error}",
            f"class {error}({base}):\n    pass\n\ndef solve(n):\n    if n < 0:\n        raise {error}\n"
            "    return n ** 3 + 41\n",
            tests=_TELLS_BY_NAME.format(error=error),
        )
        for error, base in (
            ("ValueError", "Exception"),
            ("KeyError", "BaseException"),
            ("TypeError", "ArithmeticError"),
        )
    ),
    cheat_tests(
        "tests-made-unaskable",
        "answers with what is too deep to be handed back inside of a list, so as not to be scored",
        "def solve(n):\n    for _ in range(49):\n        n = [n]\n    return n\n",
        tests="def check(candidate):\n    assert candidate([candidate(3)]) == 68\n",
    ),
    cheat_tests(
        "tests-of-later-calls",
        "right until it has been asked three times, wrong from then on",
        "asked = []\n\ndef solve(n):\n    asked.append(n)\n    return n ** 3 + 41 if len(asked) < 3 else None\n",
    ),
    cheat_tests(
        "tests-that-change-their-minds",
        "changes, between two calls, the list that it has answered with before",
        "kept = []\n\ndef solve(n):\n    kept.clear()\n    kept.append(n)\n    return kept\n",
        tests="def check(candidate):\n    first = candidate(3)\n    candidate(5)\n    assert first == [5]\n",
    ),
    cheat(
        "answer-by-exception",
        "raises an exception that carries the answer",
        "class Answer(Exception):\n    value = 68\n\ndef solve(n):\n    raise Answer(n ** 3 + 41)\n",
        ends=frozenset({Status.EXCEPTION}),
    ),
    cheat(
        "answer-by-stop-iteration",
        "StopIteration, whose value is the answer",
        "def solve(n):\n    raise StopIteration(n ** 3 + 41)\n",
        ends=frozenset({Status.EXCEPTION}),
    ),
    cheat(
        "entry-that-changes-itself",
        "an entry that puts another one in its place with the first call, and patches its own code",
        "def other(n):\n    return 68\n\ndef solve(n):\n    global solve\n    solve.__code__ = other.__code__\n"
        "    solve = other\n    return 68\n",
    ),
)
