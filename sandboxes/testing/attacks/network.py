"""Programs that want to talk to somebody: sockets of all families. The kit listens on those that it can open."""

from __future__ import annotations

from sandboxes.testing.attacks.tasks import SYSTEM, escape
from sandboxes.testing.program import Wall

__all__ = ["NETWORK"]

NETWORK = (
    escape(
        Wall.NETWORK,
        "tcp",
        "connects to a port of this machine",
        """
import socket

def attack(targets):
    lines = []
    for host in ("127.0.0.1", "::1"):
        try:
            with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as client:
                client.settimeout(1)
                client.connect((host, targets["tcp_port"]))
                client.sendall(b"hello")
            lines.append(f"REACHED {host}")
        except OSError as error:
            lines.append(f"{host}: {error.strerror}")
    return lines
""",
    ),
    escape(
        Wall.NETWORK,
        "tcp-fast-open",
        "sends with the first packet, by sendto, where only connect is watched",
        """
import socket

def attack(targets):
    try:
        with socket.socket() as client:
            client.settimeout(1)
            client.sendto(b"hello", 0x20000000, ("127.0.0.1", targets["tcp_port"]))  # MSG_FASTOPEN
    except OSError as error:
        return [str(error.strerror)]
    return ["REACHED the port"]
""",
    ),
    escape(
        Wall.NETWORK,
        "tcp-listen",
        "lets others in",
        """
import socket

def attack(targets):
    try:
        with socket.socket() as server:
            server.bind(("0.0.0.0", 0))
            server.listen()
            port = server.getsockname()[1]
    except OSError as error:
        return [str(error.strerror)]
    return [f"REACHED port {port}"]
""",
        usual_in=frozenset({"bubblewrap"}),
    ),
    escape(
        Wall.NETWORK,
        "udp",
        "one packet, for which no connection is needed",
        """
import socket

def attack(targets):
    try:
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.sendto(b"hello", ("127.0.0.1", targets["udp_port"]))
    except OSError as error:
        return [str(error.strerror)]
    return ["sent"]
""",
    ),
    escape(
        Wall.NETWORK,
        "names",
        "secrets leave a machine in the names that are looked up",
        """
import socket

def attack(targets):
    try:
        return [f"REACHED {socket.getaddrinfo('example.com', 80)}"]
    except OSError as error:
        return [str(error)]
""",
    ),
    escape(
        Wall.NETWORK,
        "unix-socket",
        "a socket that is a file: those of databases and desktops are",
        """
import socket

def attack(targets):
    lines = []
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        try:
            with socket.socket(socket.AF_UNIX, kind) as client:
                client.connect(targets["unix_path"])
            lines.append("REACHED the socket")
        except OSError as error:
            lines.append(str(error.strerror))
    return lines
""",
    ),
    escape(
        Wall.NETWORK,
        "abstract-socket",
        "a socket with a name and no file, which no rule about files stops",
        """
import socket

def attack(targets):
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect("\\0" + targets["abstract_name"])
    except OSError as error:
        return [str(error.strerror)]
    return ["REACHED the socket"]
""",
    ),
    escape(
        Wall.NETWORK,
        "raw-sockets",
        "packets of its own making, and the sockets by which the kernel is set up",
        """
import socket

def attack(targets):
    lines = []
    for family, kind, protocol in ((2, 3, 1), (2, 3, 255), (16, 3, 0), (16, 3, 9), (17, 3, 0), (38, 5, 0), (29, 3, 1),
                                   (31, 3, 1), (15, 3, 2), (44, 3, 0), (30, 5, 0), (21, 5, 0)):
        try:
            socket.socket(family, kind, protocol).close()
            lines.append(f"REACHED family {family}")
        except OSError as error:
            lines.append(f"family {family}: {error.strerror}")
    return lines
""",
        usual_in=frozenset({"bubblewrap"}),
    ),
    escape(
        Wall.NETWORK,
        "vsock",
        "the line between a virtual machine and its host",
        """
import socket

def attack(targets):
    lines = []
    for host in (1, 2):  # itself, and the host of the virtual machine
        try:
            with socket.socket(socket.AF_VSOCK) as client:
                client.settimeout(0.3)
                client.connect((host, targets["vsock_port"]))
            lines.append(f"REACHED {host}")
        except OSError as error:
            # A host that refuses has been reached.
            refused = error.errno in (104, 111)
            lines.append(f"{'REACHED ' if refused else ''}{host}: {error.strerror or error}")
    return lines
""",
    ),
    escape(
        Wall.NETWORK,
        "raw-socket-call",
        "the system call socket itself, for those who only patch Python",
        SYSTEM
        + """
def attack(targets):
    return [
        f"family {family}: {error}" if error else f"REACHED family {family}"
        for family in (1, 2, 10, 40)
        for answer, error in [syscall("socket", family, 1, 0)]
    ]
""",
        usual_in=frozenset({"bubblewrap"}),
    ),
    escape(
        Wall.NETWORK,
        "inherited-sockets",
        "uses sockets that were left open instead of making any",
        """
import socket

def attack(targets):
    lines = []
    for descriptor in range(64):
        try:
            left = socket.socket(fileno=descriptor)
        except OSError:
            continue
        try:
            # A connected pair is the channel; anything else can be turned round.
            if left.family != socket.AF_UNIX:
                lines.append(f"REACHED a socket of family {left.family}")
            left.connect(targets["unix_path"])
            lines.append("REACHED the socket")
        except OSError as error:
            lines.append(str(error.strerror))
        finally:
            left.detach()
    return lines
""",
    ),
)
