import json
import os
import subprocess
import sys


def pe(*words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "pe_host", "check-plugin", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


READER = """
from pe_sdk import ReaderSpec, SourceError, hookimpl

def fail(location, *more):
    raise SourceError("the picture is damaged", where="lung, row 3", name="john-smith.png")

@hookimpl
def pe_readers():
    return [ReaderSpec("naming", "a reader whose source is damaged", fail, fail)]
"""


def test_no_name_of_a_private_file_is_shown(tmp_path, install):
    """There is no option to show it: rows are enough for the authors of a reader."""
    modules = {"naming_reader": READER}
    site = install("pe-naming", {"naming": "naming_reader"}, modules=modules, group="pe.readers")
    words = ("naming", "--kind", "reader", "--location", str(tmp_path), "--level", "basic")
    for more in ((), ("--json",)):
        done = pe(*words, *more, PYTHONPATH=str(site))
        assert done.returncode == 3 and "lung, row 3" in done.stdout, done.stderr
        assert "john-smith" not in done.stdout + done.stderr


TERMINAL = """
import dataclasses, os, sys
import pe_echo
print("a line", flush=True)
os.write(2, b"\\x1b]0;title\\x07")
print([os.isatty(n) for n in range(3)], file=sys.stderr, flush=True)
SPEC = dataclasses.replace(next(iter(pe_echo.pe_generators())), name="typist")
"""


def test_the_plugin_holds_no_terminal(tmp_path):
    """It could read what is typed there. What it prints is shown, made harmless."""
    (tmp_path / "typist_plugin.py").write_text(TERMINAL)
    leader, terminal = os.openpty()
    words = ("check-plugin", "typist", "--level", "static")
    with subprocess.Popen(
        [sys.executable, "-m", "pe_host", *words],
        env={
            **os.environ,
            "PE_DEV_PLUGIN": "typist=typist_plugin:SPEC",
            "PYTHONPATH": str(tmp_path),
        },
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    ) as process:
        os.close(terminal)
        shown = b""
        while process.poll() is None or not shown.endswith(b"\n"):
            try:
                shown += os.read(leader, 1 << 12)
            except OSError:  # nobody holds the terminal any longer
                break
    os.close(leader)
    assert process.returncode == 0, shown
    assert b"a line" in shown and b"[False, False, False]" in shown
    assert b"\\x1b]0;title\\x07" in shown and b"\x1b]0" not in shown


def test_a_good_plugin_passes_and_says_so_as_json():
    done = pe("echo", "--level", "basic", "--json")
    results = json.loads(done.stdout)["results"]
    assert done.returncode == 0, done.stderr
    assert {r["status"] for r in results} == {"passed", "skipped"} and all(
        r["rule"] for r in results
    )


def test_a_broken_rule_is_named_with_exit_3(tmp_path):
    code = (
        "import dataclasses, pe_echo\n"
        "spec = next(iter(pe_echo.pe_generators()))\n"
        "SPEC = dataclasses.replace(spec, name='worse', block=0)\n"
    )
    (tmp_path / "worse_plugin.py").write_text(code)
    done = pe(
        "worse",
        "--level",
        "static",
        PE_DEV_PLUGIN="worse=worse_plugin:SPEC",
        PYTHONPATH=str(tmp_path),
    )
    assert done.returncode == 3 and "block is 0" in done.stdout and "next:" in done.stdout
    assert "Traceback" not in done.stderr


def test_unknown_plugins_levels_and_options_are_errors_in_one_line():
    assert pe("no-such-plugin").returncode == 3
    assert pe("echo", "--level", "some").returncode == 2
    wrong = pe("echo", "--level", "basic", "--set", "sized=3")
    assert wrong.returncode == 2 and "sized" in wrong.stderr and "Traceback" not in wrong.stderr
