"""`import pe_sdk` is light: a plugin's module is imported to be described. Modules are counted here, time in benchmarks/startup.py."""

import json
import subprocess
import sys

CODE = """
import json, sys
import numpy, pluggy
before = set(sys.modules)
import pe_sdk
print(json.dumps(sorted(name for name in set(sys.modules) - before if name.partition('.')[0] not in sys.stdlib_module_names)))
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


def test_the_sdk_imports_numpy_and_pluggy_alone_and_only_the_modules_of_its_face():
    """Fails where a third package comes in, or where `import pe_sdk` draws in what is used now and then: `compiled`, `testing`."""
    added = run(CODE)
    assert {name.partition(".")[0] for name in added} <= {"pe_sdk", "numpy", "pluggy"}
    assert not added & {"pe_sdk.compiled", "pe_sdk.testing"}


def test_it_draws_in_no_heavy_part_of_the_standard_library():
    """Beyond what numpy and pluggy import by themselves."""
    code = CODE.replace("not in sys.stdlib_module_names", "in sys.stdlib_module_names")
    assert not run(code) & HEAVY
