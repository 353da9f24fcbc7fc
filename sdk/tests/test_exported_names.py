"""The face of the SDK: what plugins may import is a promise, so a name that comes or goes is changed here too."""

import pytest

import pe_sdk

NAMES = """
    CannotMake Categorical Column Columns Degree DoctorSpec Embedding EmbeddingSpec Feature Finding Float Generator GeneratorSpec
    Int Level NoOptions OptionError OptionInfo OutputSpec PARAMETERS_KNOWN Parameter ParameterSpace Peers PluginError PluginWarning
    ReaderSpec Released Samples Seeds Simulator SimulatorGenerator SourceError SourceInfo Table TrainableEmbedding Weights
    describe_options hookimpl label_spaces narrowed option option_values parse_options random
"""


def test_the_exported_names_are_exactly_these():
    assert sorted(pe_sdk.__all__) == sorted(NAMES.split())
    assert all(hasattr(pe_sdk, name) for name in pe_sdk.__all__)


def test_no_other_public_name_is_lying_about():
    modules = """
        adapter compiled constraints doctor embedding errors generator hookspecs options output parameters peers released samples space
        specs testing
    """
    public = {
        name for name in vars(pe_sdk) if not name.startswith(("_", "@"))
    }  # @: pytest's, which knows its plugins
    assert public - set(modules.split()) == set(pe_sdk.__all__)


def test_a_source_error_says_what_where_and_what_next():
    error = pe_sdk.SourceError("there is no such file", where="x.npz", fix="name one")
    assert (str(error), error.what, error.where, error.fix) == (
        "x.npz: there is no such file",
        "there is no such file",
        "x.npz",
        "name one",
    )
    assert str(pe_sdk.SourceError("empty")) == "empty"


def test_a_finding_has_one_of_three_levels():
    assert pe_sdk.Finding("driver", "warning", "not here").fix == ""
    with pytest.raises(ValueError, match="one of ok, warning, bad, got True"):
        pe_sdk.Finding("driver", True, "there")
