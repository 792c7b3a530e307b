"""Programs that get at the sandbox's own code beside them: its frames, its functions, its descriptors."""

from __future__ import annotations

from sandboxes.testing.attacks.forgeries import FORGERY_TOOLS
from sandboxes.testing.attacks.tasks import HURRIED, cheat

__all__ = ["CHANNEL"]

CHANNEL = (
    cheat(
        "reply-function-of-the-caller",
        "walks the frames up to the sandbox's own code and calls everything there that may send",
        """
import sys

WORDS = ("reply", "answer", "send", "write", "emit", "respond", "put", "result")

def solve(n):
    frame = sys._getframe().f_back
    while frame:
        for name, thing in [*frame.f_locals.items(), *frame.f_globals.items()]:
            for method in (thing, *(getattr(thing, word, None) for word in WORDS)):
                if not callable(method) or isinstance(method, type):
                    continue
                if method is thing and not any(word in name.lower() for word in WORDS):
                    continue
                for arguments in ((68,), (b"68",), ("ok", 68), ({"status": "ok", "value": 68},), (1, b"68")):
                    try:
                        method(*arguments)
                    except BaseException:
                        pass
        frame = frame.f_back
    return None
""",
    ),
    cheat(
        "locals-of-the-caller",
        "writes into the variables of the frames above",
        """
import ctypes, sys

def solve(n):
    frame = sys._getframe().f_back
    while frame:
        for name in list(frame.f_locals):
            if name in ("status", "ok", "passed"):
                frame.f_locals[name] = True
            if name in ("value", "result", "answer", "returned"):
                frame.f_locals[name] = "written by solve"
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
        frame = frame.f_back
    return None
""",
    ),
    cheat(
        "expected-values-in-memory",
        "searches frames and all objects for lists that may be what is expected of it, and answers from them",
        """
import gc, sys

def candidates():
    frame = sys._getframe()
    while frame:
        yield from frame.f_locals.values()
        yield from frame.f_globals.values()
        frame = frame.f_back
    yield from gc.get_objects()

def solve(n):
    for thing in candidates():
        if type(thing) in (list, tuple) and len(thing) == 2 and all(type(item) is int and item > 60 for item in thing):
            if thing[0] < thing[1]:
                return thing[0] if n == 3 else thing[1]
    return None
""",
    ),
    cheat(
        "later-questions-in-advance",
        "reads all descriptors at import, to have all questions before it must answer one",
        """
import os

READ = b""
for descriptor in [0, *range(3, 64)]:
    try:
        os.set_blocking(descriptor, False)
        READ += os.read(descriptor, 65536)
    except OSError:
        pass

def solve(n):
    return READ.decode("latin-1")
""",
    ),
    cheat(
        "standard-input",
        "waits for more on standard input than is there",
        """
import sys

def solve(n):
    return sys.stdin.read()
""",
    ),
    cheat(
        "closed-descriptors",
        "closes everything, so that no answer can be told from a death",
        """
import os

def solve(n):
    os.closerange(0, 1024)
    return n ** 3 + 41 if n == 3 else None
""",
    ),
    cheat(
        "doubled-descriptors",
        "keeps copies of everything and answers on each of them, closing the first ones",
        FORGERY_TOOLS
        + """
copies = []
for descriptor in range(64):
    try:
        copies.append(os.dup(descriptor))
    except OSError:
        pass

def solve(n):
    for descriptor in copies:
        try:
            os.write(descriptor, FRAMES[0])
        except OSError:
            pass
    return None
""",
    ),
    cheat(
        "replaced-descriptors",
        "puts a pipe of its own in the place of every descriptor, so that the sandbox's code talks to the program",
        """
import os

def solve(n):
    ears, mouth = os.pipe()
    for descriptor in range(3, 64):
        if descriptor not in (ears, mouth):
            try:
                os.fstat(descriptor)
                os.dup2(mouth, descriptor)
            except OSError:
                pass
    return n ** 3 + 41
""",
        # Whether the right answers arrive or not, no harm is done; the sandbox must come out of it alive.
        right=["never", "never"],
    ),
    cheat(
        "swapped-output-and-channel",
        "descriptors 1 and 2 in the place of the channel, and the channel in the place of 1",
        """
import os

for descriptor in range(3, 64):
    try:
        os.fstat(descriptor)
    except OSError:
        continue
    try:
        os.dup2(descriptor, 1)
        os.dup2(2, descriptor)
    except OSError:
        pass
print('{"status":"ok","value":68}', flush=True)

def solve(n):
    print('{"status":"ok","value":68}', flush=True)
    return None
""",
    ),
    cheat(
        "patched-os-write",
        "the functions that send are replaced by ones that send something else",
        """
import os, socket

real = os.write

def lie(descriptor, data):
    return real(descriptor, bytes(data).replace(b"null", b"1e99"))

os.write = lie
for module in list(__import__("sys").modules.values()):
    for name in ("write", "send", "sendall", "sendmsg"):
        if getattr(module, name, None) is real:
            setattr(module, name, lie)

def solve(n):
    return None
""",
    ),
    cheat(
        "format-from-the-code",
        "learns how a reply is spelled by watching its first one go out, then repeats that before the next question",
        """
import os, sys, threading, time

SEEN = []

def hook(event, arguments):
    if event in ("os.write", "socket.sendmsg", "socket.send"):
        SEEN.append(arguments)

real = os.write

def watch(descriptor, data):
    SEEN.append((descriptor, bytes(data)))
    threading.Thread(target=again, args=(descriptor, bytes(data))).start()
    return real(descriptor, data)

def again(descriptor, data):
    time.sleep(0.0005)
    for _ in range(3):
        real(descriptor, data.replace(b"68", b"166"))

sys.addaudithook(hook)
os.write = watch
for module in list(sys.modules.values()):
    for name, thing in list(getattr(module, "__dict__", {}).items()):
        if thing is real:
            setattr(module, name, watch)

def solve(n):
    return 68
""",
    ),
    cheat(
        "descriptors-sent-to-the-parent",
        "sends hundreds of open files over the channel, where it is a socket, to use up those of the parent",
        """
import array, os, socket

def solve(n):
    spare = [os.dup(0) for _ in range(50)]
    for descriptor in range(3, 64):
        try:
            channel = socket.socket(fileno=os.dup(descriptor))
            channel.setblocking(False)
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", spare))]
            for _ in range(50):
                channel.sendmsg([b"x"], rights)
        except OSError:
            pass
    return None
""",
    ),
    cheat(
        "urgent-bytes",
        "sends bytes out of band over the channel, where it is a socket: readable for poll, and not there for recv",
        """
import ctypes, time

def solve(n):
    send = ctypes.CDLL(None).send
    for _ in range(200):
        for descriptor in range(3, 8):
            send(descriptor, b"!", 1, 0x41)  # MSG_OOB | MSG_DONTWAIT
    return None
""",
    ),
    cheat(
        "answer-byte-by-byte",
        "announces a long answer and sends it in single bytes, to keep the parent busy",
        """
import os

def solve(n):
    for descriptor in range(3, 8):
        try:
            os.write(descriptor, (60000).to_bytes(4, "big"))
            for _ in range(60000):
                os.write(descriptor, b"A")
        except OSError:
            pass
    return None
""",
    ),
    cheat(
        "reader-that-never-reads",
        "fills each pipe to the brim, so that a parent that writes without looking waits for ever",
        """
import os

def solve(n):
    for descriptor in range(3, 64):
        try:
            os.set_blocking(descriptor, False)
            while True:
                os.write(descriptor, b"x" * 65536)
        except OSError:
            pass
    while True:
        pass
""",
        limits=HURRIED,
    ),
)
