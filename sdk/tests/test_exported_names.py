"""Public names of the SDK are a promise to plugins: a change of them changes this test."""

import pe_sdk

NAMES = """
    CannotMake Categorical Column Columns Degree DoctorSpec Embedding EmbeddingSpec Feature
    Finding Float Generator GeneratorSpec Int Level NoOptions OptionError OptionInfo OutputSpec
    PARAMETERS_KNOWN Parameter ParameterSpace Peers PluginError PluginWarning ReaderSpec
    Records Released Samples Seeds Simulator SimulatorGenerator SourceError SourceInfo
    SourceOptions Table
    TrainableEmbedding Weights describe_options hookimpl label_spaces narrowed option
    option_values parse_options path_options random
"""


def test_the_exported_names_are_exactly_these():
    assert sorted(pe_sdk.__all__) == sorted(NAMES.split())
    assert all(hasattr(pe_sdk, name) for name in pe_sdk.__all__)


def test_no_other_public_name_is_lying_about():
    modules = """
        adapter compiled constraints doctor embedding errors generator hookspecs options
        output parameters peers pictures records released samples source_options space specs
        testing
    """
    public = {
        name for name in vars(pe_sdk) if not name.startswith(("_", "@"))
    }  # "@" starts names that pytest adds
    assert public - set(modules.split()) == set(pe_sdk.__all__)
