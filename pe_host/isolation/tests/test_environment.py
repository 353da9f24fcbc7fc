import os

import pytest

from pe_host.isolation.environment import allowed_environment

PASSED = {
    "PATH": "/bin",
    "LC_ALL": "C",
    "XDG_CACHE_HOME": "/c",
    "PYTHONPATH": "/p",
    "LD_LIBRARY_PATH": "/l",
    "CUDA_VISIBLE_DEVICES": "0",
    "LIBGL_ALWAYS_SOFTWARE": "1",
    "NUMBA_CACHE_DIR": "/n",
    "HF_HOME": "/h",
    "HF_HUB_OFFLINE": "1",
    "PE_PLUGINS": "echo",
    "PE_DEV_PLUGIN": "a=b",
    "https_proxy": "http://proxy:3128",
}
PRIVATE = {"PE_DATA": "/private", "PE_CONFIG": "/private.toml", "PE_OUT": "/run"}
SECRET = {
    "AWS_SECRET_ACCESS_KEY": "s",
    "HF_TOKEN": "s",
    "HF_HUB_TOKEN": "s",
    "NVIDIA_API_KEY": "s",
    "SSH_AUTH_SOCK": "/s",
    "GITHUB_TOKEN": "s",
    "HTTPS_PROXY": "http://user:s@proxy:3128",
    "PE_SEED": "1",
    "UNHEARD_OF": "1",
}


def test_only_what_libraries_need_is_passed_on():
    assert allowed_environment({**PASSED, **PRIVATE, **SECRET}) == PASSED


def test_the_operator_passes_more_on_by_name_but_never_where_private_data_is():
    named = {"PE_PASS_ENV": "HF_TOKEN, UNHEARD_OF,,PE_DATA,PE_CONFIG,PE_OUT,NOWHERE"}
    assert allowed_environment({**PASSED, **PRIVATE, **SECRET, **named}) == {
        **PASSED,
        "HF_TOKEN": "s",
        "UNHEARD_OF": "1",
    }


@pytest.mark.parametrize("name", [*PRIVATE, "HF_TOKEN"])
def test_a_launched_process_sees_the_allowed_and_the_given(said, monkeypatch, name):
    """Fails where `launch` passes `os.environ` on."""
    monkeypatch.setenv(name, "hidden")
    monkeypatch.setenv("OMP_PROC_BIND", "shown")
    answer = said("say(**os.environ)")
    assert name not in answer and answer["OMP_PROC_BIND"] == "shown"
    assert answer["PATH"] == os.environ["PATH"] and answer["PYTHONPATH"]
