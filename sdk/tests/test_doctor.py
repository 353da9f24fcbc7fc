"""Findings of `pe doctor`."""

import pytest

import pe_sdk


def test_a_finding_has_one_of_three_levels():
    assert pe_sdk.Finding("driver", "warning", "not here").fix == ""
    with pytest.raises(ValueError, match="one of ok, warning, bad, got True"):
        pe_sdk.Finding("driver", True, "there")
