"""Lines made to break a judge of mathematics, and what each must come to instead.

None is executed, none takes long, none changes how the next line is judged. A line marked UNPARSED is refused by the
parser; one marked UNSAFE parses and is refused by :func:`reasoning_envs.symbolic.bounds.check_bounds`. A test of any
component that reads text runs through all of them.
"""

from __future__ import annotations

from reasoning_envs.types import Status

__all__ = ["HOSTILE_LINES", "expected_status"]

_UNPARSED = (
    # code
    "__import__('os').system('echo hacked')",
    '__import__("os").system("rm -rf /")',
    "exec('import os')",
    "eval('2+2')",
    "open('/etc/passwd').read()",
    "().__class__.__bases__[0].__subclasses__()",
    "(1).__class__",
    "x.__class__.__mro__",
    "lambda: 0",
    "[x for x in range(10**9)]",
    "import os",
    "print(1)",
    "f'{1}'",
    "x = 1; y = 2",
    "x := 5",
    "exit()",
    "while True: pass",
    "globals()['x']",
    "sympify('x')",
    "Integral(x, (x, 0, oo)).doit()",
    "${7*7}",
    "<script>alert(1)</script>",
    "'; DROP TABLE answers; --",
    "%s%s%s%n",
    "../../../etc/passwd",
    "#include <stdio.h>",
    # brackets, bars and signs without end or partner
    "(" * 10_000,
    ")" * 10_000,
    "(" * 10_000 + "x" + ")" * 10_000,
    "(" * 900 + "x" + ")" * 900,
    "[" * 100 + "1" + "]" * 100,
    "|" * 10_000,
    "|" * 999,
    "sqrt(" * 300 + "2" + ")" * 300,
    "√" * 600 + "2",
    "2^" * 900,
    "2^(" * 300 + "2" + ")" * 300,
    "-" * 10_000 + "x",
    "x" + "!" * 1000,
    "2/" * 400 + "2",
    "x^" * 300 + "x",
    "(x + 1",
    "x + 1)",
    "(x]",
    "{x)",
    "|x",
    "|2|x|+1|",
    # length and digits
    "",
    " ",
    "\t",
    "\n",
    "x" * 1_000_000,
    "9" * 1_000_000,
    "9" * 201,
    "1e999999999",
    "1e-999999999",
    "0." + "1" * 1000,
    "x = " + "1 + " * 500 + "1",
    "x + " * 100_000 + "x",
    # characters that are not what they seem
    "\0",
    "\0" * 1_000_000,
    "x\0 = 2",
    "x\u202e = 2",
    "x\u200b = 2",
    "\ufeffx = 2",
    "x\u0301 = 2",
    "\u0445 = 2",
    "\u03bf + 1",
    "\u0430 = 1",
    "x = \u0662",
    "x = ①",
    "90º",
    "x\r\n= 2",
    "x\u2028= 2",
    "\ud800",
    "\U0010ffff",
    "😀 = 2",
    # what is not a line
    "\\input{/etc/passwd}",
    "\\frac{1}{0}",
    "$x = 2$",
    "x = 2 x = 3",
    "x = = 2",
    "= 2",
    "x =",
    "x = 2 or",
    "or x = 2",
    "2 or 3",
    "a = b = c",
    "1 < x > 0",
    "x ** ** 2",
    "x = 1,000",
    "1.2.3",
    "x2",
    "2 3",
    "2e-3",
    "sin",
    "log(1, 2, 3)",
    "sqrt()",
    "the answer is 2",
    "x is 2",
    "foo(x) = 2",
    "nan",
    "None",
    "no",
    "all",
    "~x",
    "x ? 1 : 2",
    "x & y",
    "0x1F",
    "1_000",
    "5!!",
    "x'",
    "y = ±±2",
    "± x = 2",
)

_UNSAFE = (
    "9**9**9**9",
    "9^9^9^9",
    "x = 9^9^9^9",
    "9^(9^9)",
    "2^(2^(2^(2^9)))",
    "(10^500)^500",
    "10^" + "9" * 100,
    "10^(-" + "9" * 100 + ")",
    "factorial(10**9)",
    "(10^9)!",
    "99999999999999!",
    "((3!)!)!",
    "10000!/9999!",
    "((x + 1)^99)^99",
    "(x + 1)^(10^10)",
    "x^(10^10)",
    "x^-99999",
    "1/(x + 1)^99999",
    "(a + b + c + d)^200",
    "(a+b+c)(d+f+g)(h+j+k)(l+m+n)(p+q+r)(s+t+u)(v+w+x)(y+z+A)(B+C+D)",
    "x^x^x^x",
    "2^(2^(2^x))",
    "exp(exp(exp(x)))",
    "exp(10^9)",
    "e^(10^10)",
    "2^sqrt(10^20)",
    "2^(10^9*x) = 1",
    "(10^9*x)! = 1",
    "2^(x^99) = 1",
    "x^(1/1000003) = 2",
    "root(x, 10^9) = 2",
    "pi^(10^8)",
    "sqrt(2)^(10^10) = x",
    "cosh(10^12)",
    "x = 1 or x = 9^9^9",
    "(x = 1 or 2^99999 > x) and x != 3",
)

_STATUS = {**dict.fromkeys(_UNPARSED, Status.UNPARSED), **dict.fromkeys(_UNSAFE, Status.UNSAFE)}

HOSTILE_LINES: tuple[str, ...] = tuple(_STATUS)
"""All of them, a few of one megabyte."""


def expected_status(line: str) -> Status:
    """UNPARSED or UNSAFE: what the line is to be refused as.

    Raises:
        KeyError: it is none of :data:`HOSTILE_LINES`.
    """
    return _STATUS[line]
