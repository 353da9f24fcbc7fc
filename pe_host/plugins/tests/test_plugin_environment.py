from pe_host.plugins.environment import plugin_environment


def test_plugins_are_not_told_where_private_data_is(monkeypatch):
    monkeypatch.setenv("PE_DATA", "/somewhere/private")
    monkeypatch.setenv("PE_CONFIG", "/somewhere/private.toml")
    monkeypatch.setenv("PE_WORKER_SECONDS", "5")
    environment = plugin_environment()
    assert not {"PE_DATA", "PE_CONFIG"} & set(environment)
    assert environment["PE_WORKER_SECONDS"] == "5"
