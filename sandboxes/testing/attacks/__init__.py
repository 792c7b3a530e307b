"""The hostile programs, by what they try: plain data, readable one by one."""

from __future__ import annotations

from sandboxes.testing.attacks.channel import CHANNEL
from sandboxes.testing.attacks.endless import ENDLESS
from sandboxes.testing.attacks.exits import EXITS
from sandboxes.testing.attacks.forgeries import FORGERIES
from sandboxes.testing.attacks.hungry import HUNGRY
from sandboxes.testing.attacks.impostors import IMPOSTORS
from sandboxes.testing.attacks.interpreter import INTERPRETER
from sandboxes.testing.attacks.kernel import KERNEL
from sandboxes.testing.attacks.leftovers import LEFTOVERS
from sandboxes.testing.attacks.network import NETWORK
from sandboxes.testing.attacks.processes import PROCESSES
from sandboxes.testing.attacks.proxy import PROXY
from sandboxes.testing.attacks.reading import READING
from sandboxes.testing.attacks.signals import SIGNALS
from sandboxes.testing.attacks.values import VALUES
from sandboxes.testing.attacks.writing import WRITING

__all__ = ["ATTACKS", "FAMILIES"]

FAMILIES = {
    "exits": EXITS,
    "values": VALUES,
    "impostors": IMPOSTORS,
    "interpreter": INTERPRETER,
    "forgeries": FORGERIES,
    "channel": CHANNEL,
    "proxy": PROXY,
    "endless": ENDLESS,
    "hungry": HUNGRY,
    "processes": PROCESSES,
    "reading": READING,
    "writing": WRITING,
    "network": NETWORK,
    "signals": SIGNALS,
    "leftovers": LEFTOVERS,
    "kernel": KERNEL,
}
"""Family -> its programs."""

ATTACKS = tuple(program for family in FAMILIES.values() for program in family)
"""All of them."""
