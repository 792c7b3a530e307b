"""What holds for every test."""

import os
import signal
import sys

from hypothesis import HealthCheck, settings

# Tests run in parallel on few cores: numerical libraries that start a thread a core get in each other's way. They read
# this when they are first imported, here and in the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell that runs the tests in the background lets them ignore Ctrl-C. The programs that they start would inherit
# that, and are tested for what they do when it comes.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> str:
    """In which sandboxes these tests run."""
    if sys.platform != "linux":
        return "sandboxes: the zygote sandbox needs Linux"
    from sandboxes.tiers import probe_tiers

    found = [f"{report.tier} ({report.means})" for report in probe_tiers() if report.available]
    return f"sandboxes: {', '.join(found) or 'no tier can be had here'}"


# How fast a machine is decides about no test. In continuous integration the examples are the same each time, so that
# a failure is the change's; elsewhere new ones are drawn.
settings.register_profile(
    "default_profile",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
    print_blob=True,
)
settings.load_profile("default_profile")
