"""Fingerprints of rational functions modulo a 61-bit prime, for expressions that are too large to expand.

Two different rational functions of total degree d agree at a random point with a chance of at most about d / 2^61
(Schwartz, J. ACM 27, 1980; Zippel, EUROSAM 1979).
"""

from __future__ import annotations

import hashlib

from flint import fmpz

from reasoning_envs.symbolic.equality.rings import nodes
from reasoning_envs.symbolic.syntax.expression import Expr

__all__ = ["prime_from", "residue", "same_residues"]


def prime_from(seed: bytes) -> int:
    """A 61-bit prime that depends on the seed, so that no input can be built against a prime known beforehand."""
    candidate = int.from_bytes(hashlib.blake2b(seed, digest_size=8).digest()) % (1 << 60) | (1 << 60) | 1
    while not fmpz(candidate).is_prime():
        candidate += 2
    return candidate


def residue(expr: Expr, prime: int, seed: bytes) -> int | None:
    """The value of a rational expression modulo ``prime`` at a pseudo-random point that ``seed`` fixes.

    None where a divisor is 0 there.
    """
    stack: list[int] = []
    for node in nodes(expr):
        op = node.op
        if op == "num":
            value = node.number
            under = value.denominator % prime
            if under == 0:
                return None
            stack.append(value.numerator * pow(under, -1, prime) % prime if under != 1 else value.numerator % prime)
        elif op == "sym":
            digest = hashlib.blake2b(str(node.value).encode(), key=seed[:64], digest_size=16).digest()
            stack.append(int.from_bytes(digest) % prime)
        elif op == "neg":
            stack[-1] = -stack[-1] % prime
        elif op == "add":
            count = len(node.args)
            total = sum(stack[-count:]) % prime
            del stack[-count:]
            stack.append(total)
        elif op == "mul":
            count = len(node.args)
            total = 1
            for value in stack[-count:]:
                total = total * value % prime
            del stack[-count:]
            stack.append(total)
        elif op == "div":
            under = stack.pop()
            if under == 0:
                return None
            stack[-1] = stack[-1] * pow(under, -1, prime) % prime
        elif op == "pow" and isinstance(node.args[1].value, int):
            exponent = node.args[1].value
            if stack[-1] == 0 and exponent <= 0:
                return None
            stack[-1] = pow(stack[-1], exponent, prime)
        else:
            raise ValueError(f"{node.op} is no rational operation")
    return stack[0]


def same_residues(left: Expr, right: Expr, rounds: int = 3) -> bool | None:
    """Do two rational expressions agree at one point modulo each of some primes?

    Points and primes depend on both expressions. None where no point could be evaluated.
    """
    compared = False
    for turn in range(rounds):
        seed = hashlib.blake2b(left.tokens + b"\x00" + right.tokens, digest_size=32, salt=bytes([turn])).digest()
        prime = prime_from(seed)
        first, second = residue(left, prime, seed), residue(right, prime, seed)
        if first is None or second is None:
            continue
        if first != second:
            return False
        compared = True
    return True if compared else None
