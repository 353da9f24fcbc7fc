"""Compiled code is up to date with its sources."""

import os
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_a_change_in_another_file_is_compiled(tmp_path):
    """By itself numba keeps outdated code of functions in other files."""
    folder = tmp_path / "kernels"
    folder.mkdir()
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    head = "from pe_sdk.compiled import njit\n"
    (folder / "b.py").write_text(
        f"{head}from kernels.a import inner\n\n@njit\ndef outer():\n    return inner()\n"
    )
    seen = []
    for value in (1, 2, 2):
        (folder / "a.py").write_text(f"{head}\n@njit\ndef inner():\n    return {value}\n")
        code = "from kernels.b import outer; print(outer(), sum(outer.stats.cache_hits.values()))"
        done = subprocess.run(
            [sys.executable, "-B", "-c", code],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        seen.append(done.stdout.split())
    assert [value for value, _ in seen] == ["1", "2", "2"]
    assert [hits for _, hits in seen] == ["0", "0", "1"]


def test_the_contracts_are_imported_without_numba():
    code = "import sys, pe_sdk, pe_sdk.compiled; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
