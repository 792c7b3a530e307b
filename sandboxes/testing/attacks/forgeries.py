"""Programs that speak on the sandbox's own channel: forged, early, halved and late answers."""

from __future__ import annotations

from sandboxes.testing.attacks.tasks import HURRIED, OUTPUT, SLEEPY, cheat, cheat_output
from sandboxes.types import Status

__all__ = ["FORGERIES", "FORGERY_TOOLS"]

# Answers in several spellings, as bytes: who listens for something like them hears the right ones. They know the right
# values, so that a sandbox that takes them for answers scores the program as right, although solve() is wrong.
FORGERY_TOOLS = r"""
import os, struct

BODIES = [b"68", b'{"status":"ok","value":68,"error":""}', b'["ok",68]', b'{"ok":true,"result":68}', b'["v",68]']
FRAMES = []
for body in BODIES:
    later = body.replace(b"68", b"166")
    for head in ("", "<I", ">I", "<Q", ">Q", "<H", ">H", "B"):
        FRAMES.append(b"".join((struct.pack(head, len(one)) if head else b"") + one for one in (body, later)))
    FRAMES.append(body + b"\n" + later + b"\n")
    for tag in (b"A", b"R", b"V", b"\0", b"\1", b"\2"):
        FRAMES.append(b"".join(tag + struct.pack("<I", len(one)) + one for one in (body, later)))


def forge(frame):
    for descriptor in range(1, 64):
        try:
            os.set_blocking(descriptor, False)
            os.write(descriptor, frame)
        except OSError:
            pass

"""

FORGERIES = (
    cheat(
        "forged-reply-printed",
        "replies in many spellings on standard output",
        FORGERY_TOOLS
        + """
for frame in FRAMES:
    print(frame.decode("latin-1"))

def solve(n):
    return None
""",
    ),
    cheat(
        "early-reply",
        "both answers on every descriptor, before the first question",
        FORGERY_TOOLS
        + """
for frame in FRAMES:
    forge(frame)

def solve(n):
    return None
""",
    ),
    cheat(
        "early-reply-then-silence",
        "both answers before the first question, and no word after it",
        FORGERY_TOOLS
        + """
import time

forge(FRAMES[0])

def solve(n):
    time.sleep(60)
""",
        limits=SLEEPY,
    ),
    cheat(
        "early-second-reply",
        "the answer to the second question together with the one to the first",
        FORGERY_TOOLS
        + """
def solve(n):
    for frame in FRAMES:
        forge(frame)
    return n ** 3 + 41 if n == 3 else None
""",
    ),
    cheat(
        "reply-without-length-end",
        "the head of a reply that announces gigabytes, or less than nothing",
        r"""
import os

def solve(n):
    for head in (b"\xff\xff\xff\x7f", b"\x7f\xff\xff\xff", b"\xff" * 8, b"\x00" * 8, b"-1\n", b"99999999999\n"):
        for descriptor in range(3, 64):
            try:
                os.write(descriptor, head)
            except OSError:
                pass
    return None
""",
    ),
    cheat(
        "half-a-reply",
        "a few bytes, then silence with the channel open",
        r"""
import os, time

def solve(n):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"\x00")
        except OSError:
            pass
    time.sleep(60)
""",
        limits=SLEEPY,
    ),
    cheat(
        "noise-on-all-descriptors",
        "random bytes wherever they go, without end",
        r"""
import os

def solve(n):
    while True:
        noise = os.urandom(4096)
        for descriptor in range(3, 64):
            try:
                os.set_blocking(descriptor, False)
                os.write(descriptor, noise)
            except OSError:
                pass
""",
        limits=HURRIED,
    ),
    cheat(
        "thread-answers-first",
        "a thread that writes answers all the time, so that some stand there before the question",
        FORGERY_TOOLS
        + """
import threading

def speak():
    while True:
        for frame in FRAMES:
            forge(frame)

threading.Thread(target=speak, daemon=True).start()

def solve(n):
    return None
""",
    ),
    cheat(
        "answers-at-exit",
        "atexit handlers and a thread that outlives the main one write the answers when all seems over",
        FORGERY_TOOLS
        + """
import atexit, sys, threading, time

def speak():
    for frame in FRAMES:
        forge(frame)

atexit.register(speak)
threading.Thread(target=lambda: (time.sleep(0.02), speak())).start()

def solve(n):
    sys.exit(0)
""",
    ),
    cheat_output(
        "output-after-the-end",
        "a child process or thread that prints the answers after an end by an error",
        f"""
import os, threading, time

def speak():
    time.sleep(0.02)
    os.write(1, {OUTPUT.encode()!r})

threading.Thread(target=speak, daemon=True).start()
raise RuntimeError("never computed")
""",
        ends=frozenset({Status.EXCEPTION}),
    ),
    cheat_output(
        "exit-code-forged-on-channel",
        "a whole program that tells on all descriptors that it went well, and fails",
        FORGERY_TOOLS
        + f"""
os.write(1, {OUTPUT.encode()!r})
for frame in (*FRAMES, b'{{"exit_code": 0}}', b'{{"status": "ok"}}', b"ok", b"0"):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, frame)
        except OSError:
            pass
os._exit(1)
""",
    ),
)
