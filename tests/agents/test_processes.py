"""Processes beside this one: Ctrl-C is the business of the one that started them, from their first moment on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

SLOW_TO_START = '''
"""What a child imports takes a while, as torch does; meanwhile its parent is at work."""
import os, signal, sys, time
if __name__ == "__mp_main__":
    os.write(1, b"child imports\\n")
    time.sleep(1.0)

def work() -> None:
    os.write(1, b"child works\\n")

if __name__ == "__main__":
    from agents.processes import start_process
    process = start_process(work, (), "slow")
    if signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()):
        sys.exit("the parent no longer hears Ctrl-C")
    process.join()
    sys.exit(process.exitcode)
'''


def test_ctrl_c_does_not_reach_a_process_that_still_imports(tmp_path: Path) -> None:
    script = tmp_path / "slow_to_start.py"
    script.write_text(SLOW_TO_START, encoding="utf-8")
    command = [sys.executable, str(script)]
    path = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=path) as parent:
        assert parent.stdout is not None
        assert parent.stderr is not None
        assert parent.stdout.readline() == "child imports\n"
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text(encoding="utf-8").split()
        for child in children:
            os.kill(int(child), signal.SIGINT)
        assert parent.stdout.read() == "child works\n"
        assert parent.stderr.read() == ""
    assert parent.returncode == 0
