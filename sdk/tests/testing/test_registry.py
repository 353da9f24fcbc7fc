"""The register of checks."""

import pytest

from pe_sdk.testing import checks


@pytest.mark.parametrize(("kind", "count"), [("generator", 27), ("embedding", 12), ("reader", 9)])
def test_no_check_is_missing(kind, count):
    # Fails if a module of checks is not imported: every plugin would pass.
    assert len(checks(kind)) == count


def test_every_rule_is_a_sentence():
    for kind in ("generator", "embedding", "reader"):
        assert all(len(c.rule) > 20 and c.rule.endswith(".") for c in checks(kind))


def test_an_unknown_level_is_refused():
    with pytest.raises(ValueError, match="unknown level 'deep'; choose from static, basic, full"):
        checks("generator", "deep")
