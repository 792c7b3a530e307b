"""Hostile programs in JavaScript, C and Bash: none is scored as right, none looks like a fault of ours, none stays."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sandboxes import Execution, Job, Limits, Sandbox, SandboxUnavailable, Status, open_sandbox, same
from sandboxes.testing.outside import Outside, named

if sys.platform != "linux":
    pytest.skip("bubblewrap needs Linux", allow_module_level=True)

LIMITS = Limits(cpu_seconds=2.0, wall_seconds=6.0, memory_bytes=256 << 20, output_bytes=1 << 16, processes=8)
STDIN, RIGHT = "3\n5\n", "68\n166\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    try:
        opened = open_sandbox("bubblewrap")
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    with opened:
        yield opened


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with Outside() as opened:
        yield opened


def run(sandbox: Sandbox, job: Job) -> Execution:
    try:
        return sandbox.run_job(job)
    except SandboxUnavailable as error:
        pytest.skip(str(error))


WHOLE = {
    # language -> name -> program; each is given STDIN, and RIGHT is what it should print, and then end well
    "bash": {
        "right, then an error": "printf '68\\n166\\n'; exit 3",
        "right, then a signal": "printf '68\\n166\\n'; kill -9 $$",
        "kills its parent": "kill -9 $PPID; printf '68\\n166\\n' >&2",
        "kills all": "kill -9 -1; exit 1",
        "stops its parent": "kill -STOP $PPID; kill -STOP $$",
        "closes everything": "exec 0<&- 1>&- 2>&-; echo 68",
        "prints to the error stream": "printf '68\\n166\\n' >&2",
        "writes to all descriptors": 'for i in 3 4 5 6 7 8 9; do printf "68\\n166\\n" >&$i; done 2>/dev/null; exit 0',
        "leaves a child that answers": "(sleep 1; printf '68\\n166\\n') & exit 1",
        "fork bomb": "f() { f | f & }; f; wait",
        "ignores signals": "trap '' TERM INT HUP XCPU PROF; while :; do :; done",
        "flood": "yes 68",
        "becomes another program": "exec /bin/true",
        "raises its limits": "ulimit -t unlimited -v unlimited -f unlimited && printf '68\\n166\\n'; exit 1",
        "shell options": "set -n; printf '68\\n166\\n'",
        "reads on": "cat >/dev/null; read line; echo $line",
    },
    "c": {
        "right, then an error": '#include <stdio.h>\nint main(void){puts("68\\n166");return 1;}',
        "right, then a signal": "#include <stdio.h>\n#include <stdlib.h>\n"
        'int main(void){puts("68\\n166");fflush(stdout);abort();}',
        "ends before main": "#include <unistd.h>\n__attribute__((constructor)) void f(void){_exit(0);}\n"
        "int main(void){return 0;}",
        "main is no function": "int main = 195;",
        "reads its input while it is compiled": '#include "/dev/stdin"\nint main(void){return 0;}',
        "the compiler never ends": "#include __FILE__\nint main(void){return 0;}",
        "macros without end": "\n".join(
            [
                "#define a0 68,68,68,68,68,68,68,68,68,68",
                *(f"#define a{i + 1} " + ",".join([f"a{i}"] * 10) for i in range(9)),
            ]
        )
        + "\nint x[] = {a9};\nint main(void){return 0;}",
        "a program of gigabytes": "int x[1 << 29] = {1};\nint main(void){return x[0];}",
        "prints while it is compiled": '#pragma message("68\\n166")\n#error 68\nint main(void){return 0;}',
        "raw system calls": "#include <unistd.h>\n#include <sys/syscall.h>\n"
        "int main(void){for(int i=0;i<512;i++){if(i!=60&&i!=231&&i!=34&&i!=61)syscall(i,-1,-1,-1,-1,-1,-1);}return 0;}",
        "destroys its stack": "int main(void){volatile char a[1]; for(long i=0;;i++) a[i]=0;}",
        "endless recursion": "int f(int n){volatile char a[4096]; a[0]=n; return f(n+1)+a[0];}\n"
        "int main(void){return f(0);}",
        "takes all memory": "#include <stdlib.h>\n#include <string.h>\n"
        "int main(void){for(;;){char*p=malloc(1<<20);if(p)memset(p,1,1<<20);}}",
    },
    "javascript": {
        "right, then an error": "console.log('68\\n166'); throw new Error('no')",
        "right, then a code": "console.log('68\\n166'); process.exitCode = 3",
        "right, then a signal": "require('fs').writeSync(1, '68\\n166\\n'); process.kill(process.pid, 'SIGKILL')",
        "exits at once": "process.exit(0)",
        "rejects": "console.log('68\\n166'); Promise.reject(new Error('no'))",
        "handlers that exit well": "process.on('uncaughtException', () => process.exit(0)); throw new Error('no')",
        "prints to the error stream": "console.error('68\\n166')",
        "never ends": "setInterval(() => {}, 1000)",
        "takes all memory": "const a = []; for (;;) a.push(new Array(1e6).fill(68))",
        "starts others": "require('child_process').spawnSync('/bin/echo', ['68'], {stdio: 'inherit'})",
        "a worker answers": "new (require('worker_threads').Worker)('console.log(68)', {eval: true})",
        "binds natively": "process.binding('spawn_sync'); process._kill && process._kill(1, 9)",
        "regular expression without end": "/^(a+)+$/.test('a'.repeat(60) + '!')",
    },
}

CALLED = {
    # program whose solve(n) should give n ** 3 + 41, and is called for 3 and for 5
    "exits": "function solve(n) { process.exit(0) }",
    "exits at the start": "process.exit(0); function solve(n) { return 68 }",
    "equal to everything": "class E { valueOf() { return 68 } toJSON() { return 68 } [Symbol.toPrimitive]() { "
    "return 68 } }\n"
    "function solve(n) { return new E() }",
    "a number object": "function solve(n) { return new Number(n ** 3 + 41) }",
    "text": "function solve(n) { return String(n ** 3 + 41) }",
    "an array of one": "function solve(n) { return [n ** 3 + 41] }",
    "a promise": "async function solve(n) { return n ** 3 + 41 }",
    "a generator": "function* solve(n) { yield n ** 3 + 41 }",
    "almost": "function solve(n) { return n ** 3 + 41 + 1e-9 }",
    "a heir of Array": "class A extends Array {}\nfunction solve(n) { return A.from([n ** 3 + 41]) }",
    "a proxy": "function solve(n) { return new Proxy({}, { get: () => 68, getPrototypeOf: () => Number.prototype }) }",
    "a symbol": "function solve(n) { return Symbol('68') }",
    "an exception": "function solve(n) { throw { name: 'ValueError', message: 68 } }",
    "an error whose text throws": "function solve(n) { throw { toString() { throw 1 } } }",
    "early answers": "const fs = require('fs');\n"
    "const b = Buffer.from('\\0\\0\\0\\x13A' + '0'.repeat(16) + '68', 'latin1');\n"
    "fs.writeSync(3, b);\nfunction solve(n) { return 0 }",
    "noise": "const fs = require('fs');\n"
    "function solve(n) { for (let i = 3; i < 30; i++) try { fs.writeSync(i, 'x'.repeat(99)) } catch {}\n"
    "return 0 }",
    "closes its channel": "function solve(n) { require('fs').closeSync(3); return 68 }",
    "patches what sends": "const fs = require('fs'); fs.writeSync = fs.readSync = JSON.stringify = JSON.parse = "
    "() => 68;\n"
    "Array.isArray = () => true; Buffer.concat = () => Buffer.alloc(0);\nfunction solve(n) { return undefined }",
    "poisons prototypes": "Object.prototype.status = 'ok'; Array.prototype.toJSON = () => 'passed';\n"
    "function solve(n) { return {} }",
    "not a function": "const solve = 68",
    "nothing": "",
    "no program": "function solve(n) { return",
    "never answers": "function solve(n) { for (;;); }",
    "a deep answer": "function solve(n) { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a }",
    "an answer that holds itself": "function solve(n) { const a = []; a.push(a); return a }",
    "a large answer": "function solve(n) { return 'x'.repeat(1 << 24) }",
    "the right answer once": "let c = 0;\nfunction solve(n) { return c++ ? 68 : n ** 3 + 41 }",
}

UNSCORED = {Status.INFRASTRUCTURE, Status.REFUSED, Status.NOT_RUN}


@pytest.mark.parametrize(("language", "name"), [(language, name) for language in WHOLE for name in WHOLE[language]])
def test_whole_programs(sandbox: Sandbox, outside: Outside, language: str, name: str) -> None:
    execution = run(sandbox, Job(WHOLE[language][name], language=language, stdin=STDIN, limits=LIMITS))
    assert not (execution.ok and execution.stdout == RIGHT), execution
    assert execution.status not in UNSCORED, execution
    assert list(outside.evidence()) == []


@pytest.mark.parametrize("name", CALLED)
def test_calls(sandbox: Sandbox, name: str) -> None:
    calls: list[Any] = [((3,), {}), ((5,), {})]
    execution = run(sandbox, Job(CALLED[name], entry="solve", calls=calls, language="javascript", limits=LIMITS))
    assert not (execution.ok and same(execution.values, [68, 166])), execution
    assert execution.status not in UNSCORED, execution
    tests = "def check(candidate):\n    for n in (3, 5):\n        assert candidate(n) == n ** 3 + 41\n"
    tested = run(sandbox, Job(CALLED[name], entry="solve", tests=tests, language="javascript", limits=LIMITS))
    assert not tested.ok, tested
    assert tested.status not in UNSCORED, tested


HONEST = {
    "bash": "while read n; do echo $((n * n * n + 41)); done",
    "c": '#include <stdio.h>\nint main(void){int n;while(scanf("%d",&n)==1)printf("%d\\n",n*n*n+41);return 0;}',
    "javascript": "for (const n of require('fs').readFileSync(0, 'utf8').trim().split('\\n')) console.log(n ** 3 + 41)",
}


@pytest.mark.parametrize("language", HONEST)
def test_honest_programs_are_right(sandbox: Sandbox, language: str) -> None:
    limits = Limits(cpu_seconds=20.0, wall_seconds=60.0)
    execution = run(sandbox, Job(HONEST[language], language=language, stdin=STDIN, limits=limits))
    assert execution.ok, execution
    assert execution.stdout == RIGHT


@pytest.mark.parametrize("language", ["bash", "c"])
def test_what_stays_behind_is_ended(sandbox: Sandbox, outside: Outside, language: str) -> None:
    mark = str(outside.targets["mark"])
    source = {
        "bash": f"cp /bin/sleep /tmp/{mark} && (setsid /tmp/{mark} 30 & setsid /tmp/{mark} 30 &); exit 0",
        "c": "#include <stdio.h>\n#include <sys/prctl.h>\n#include <unistd.h>\nint main(void){"
        f'prctl(PR_SET_NAME,"{mark}");if(!fork()){{setsid();if(!fork())sleep(30);sleep(30);}}return 0;}}',
    }[language]
    run(sandbox, Job(source, language=language, limits=Limits(files=8, processes=8)))
    for _ in range(50):
        if not named(mark):
            break
        time.sleep(0.05)
    assert not named(mark)


def test_secrets_of_the_host_are_not_there_while_a_program_is_compiled(sandbox: Sandbox, outside: Outside) -> None:
    secret = outside.targets["secret_file"]
    for source in (
        f'#include "{secret}"\nint main(void){{return 0;}}',
        (
            f'#include <stdio.h>\n__asm__(".globl s\\ns: .incbin \\"{secret}\\"\\n.byte 0");\nextern char s[];\n'
            "int main(void){puts(s);return 0;}"
        ),
    ):
        execution = run(sandbox, Job(source, language="c", limits=LIMITS))
        assert outside.secret not in execution.stdout + execution.stderr + execution.reason
