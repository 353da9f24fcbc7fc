"""`import pe_sdk` is light, because describing a plugin imports its module.

This counts modules; benchmarks/startup.py measures time.
"""

import json
import subprocess
import sys

CODE = """
import json, sys
import numpy, pluggy
before = set(sys.modules)
import pe_sdk
added = set(sys.modules) - before
stdlib = sys.stdlib_module_names
print(json.dumps([name for name in added if name.partition('.')[0] not in stdlib]))
"""

HEAVY = {
    "asyncio",
    "concurrent",
    "email",
    "http",
    "importlib.metadata",
    "multiprocessing",
    "sqlite3",
    "subprocess",
    "unittest",
    "urllib",
}


def run(code):
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return set(json.loads(done.stdout))


def test_the_sdk_imports_only_numpy_pluggy_and_its_exported_modules():
    """Fails if a third package comes in, or a module that is rarely used: `compiled`, `testing`."""
    added = run(CODE)
    assert {name.partition(".")[0] for name in added} <= {"pe_sdk", "numpy", "pluggy"}
    assert not added & {"pe_sdk.compiled", "pe_sdk.testing"}


def test_the_sdk_imports_no_heavy_part_of_the_standard_library():
    """Ignores what numpy and pluggy import themselves."""
    code = CODE.replace("not in stdlib", "in stdlib")
    assert not run(code) & HEAVY
