import json
import subprocess
import sys


def pe(*words, **environment):
    import os

    return subprocess.run(
        [sys.executable, "-m", "pe_host", "check-plugin", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


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
