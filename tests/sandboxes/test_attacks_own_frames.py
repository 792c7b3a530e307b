"""Programs that write their answers themselves, with the token: nothing they write is taken for more than it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandboxes import Limits, Sandbox, SandboxUnavailable, Status, Tier, open_sandbox, same
from sandboxes.zygote import ZygoteSandbox

FORGER = """
import os, struct, sys

def say(kind, body):
    frame = sys._getframe()
    while type(frame.f_locals.get("token")) is not bytes:
        frame = frame.f_back
    token = frame.f_locals["token"]
    data = struct.pack(">IB", len(token) + len(body) + 1, ord(kind)) + token + body
    while data:
        data = data[os.write(3, data):]
"""
ANSWERS = {
    "digits": b"9" * 50_000,
    "a float that is no JSON": b"NaN",
    "an infinity that is none": b"1e999",
    "a long float": b"0." + b"7" * 60_000,
    "an object": b'{"value": 68}',
    "an object in a list": b'["l", {"__class__": "int"}]',
    "nothing": b"",
    "a byte order mark": b"\xef\xbb\xbf68",
    "two numbers": b"68 68",
    "a number and a bracket": b"68]",
    "half a character": b'"\\ud800"',
    "no ASCII": '"é"'.encode(),
    "too deep": b'["l",' * 60 + b"68" + b"]" * 60,
    "brackets in texts": b'["l","[[[[[["' * 60 + b"]" * 60,
    "quotes without an end": b"[" * 60 + b'"' + b'\\"' * 30_000,
    "a backslash at the end": b"[" * 60 + b'"' + b'\\"' * 30_000 + b"\\",
    "an element that cannot be hashed": b'["s",["l",68]]',
    "a key without a value": b'["d",68]',
    "the same key twice": b'["d",1,68,1.0,68]',
    "the same element twice": b'["s",68,68.0]',
    "an int in Python's spelling": b'["i","0x44"]',
    "an int in wide digits": b'["i","\\uff14\\uff14"]',
    "an int and a line": b'["i","44\\n"]',
    "bytes and a line": b'["b","44\\n"]',
    "a float and a line": b'["f","nan\\n"]',
    "a float by name": b'["f","68.0"]',
    "a complex number of ints": b'["c",68,0]',
    "a tag that is none": b'["x",68]',
    "a tag that is a list": b'[["l"],68]',
    "an answer that is true": b"true",
    "an answer that is a text": b'"68"',
    "an answer that is a float": b"68.0",
    "an answer with an exponent": b"6.8e1",
}
KINDS = "RDF!CQPJLMNEX\x00\xff"


@pytest.fixture(scope="module", params=["namespaces", "landlock", "bubblewrap"])
def box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    try:
        if request.param == "bubblewrap":
            opened: Sandbox = open_sandbox("bubblewrap")
        else:
            opened = ZygoteSandbox(minimum_tier=Tier(request.param), maximum_tier=Tier(request.param))
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    with opened:
        yield opened


LIMITS = Limits(cpu_seconds=4.0, wall_seconds=20.0, output_bytes=1 << 16)


@pytest.mark.parametrize("name", ANSWERS)
def test_answers(box: Sandbox, name: str) -> None:
    source = f"{FORGER}\ndef solve(n):\n    say('A', {ANSWERS[name]!r})\n    os._exit(0)\n"
    execution = box.run(source, entry="solve", calls=[((3,), {}), ((5,), {})], limits=LIMITS)
    assert execution.scored, execution
    assert not same(execution.values, [68, 166])
    assert not same(execution.values[:1], [68]), "only what the sandbox writes for 68 is 68"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_loading", [True, False])
def test_kinds(box: Sandbox, kind: str, is_loading: bool) -> None:
    deed = f"say({kind!r}, b'68')\nos._exit(0)\n"
    source = f"{FORGER}\n{deed}" if is_loading else f"{FORGER}\ndef solve(n):\n    {deed.replace(chr(10), '; ')}"
    execution = box.run(source, entry="solve", calls=[((3,), {})], limits=LIMITS)
    assert execution.scored, execution
    assert not execution.ok
    verdict = box.run_tests(source, "candidate(3)", entry="solve", limits=LIMITS)
    assert (verdict.ok, verdict.scored) == (False, True), verdict


@pytest.mark.parametrize(
    "name", ["SystemExit", "ExceptionGroup", "UnicodeDecodeError", "", "__debug__", "Warning: \xff"]
)
def test_errors(box: Sandbox, name: str) -> None:
    source = f"{FORGER}\ndef solve(n):\n    say('E', {name.encode('latin-1')!r} + b': no')\n    os._exit(0)\n"
    verdict = box.run_tests(source, "assert candidate(3) == 68", entry="solve", limits=LIMITS)
    assert verdict.status in (Status.FAILED, Status.EXITED), verdict
