"""Contracts of `pe` plugins: parameter spaces, generators, embeddings, readers and their hooks."""

from pe_sdk import random
from pe_sdk.adapter import SimulatorGenerator
from pe_sdk.constraints import label_spaces, narrowed
from pe_sdk.doctor import DoctorSpec, Finding, Level
from pe_sdk.embedding import Embedding, TrainableEmbedding, Weights
from pe_sdk.errors import CannotMake, OptionError, PluginError, PluginWarning, SourceError
from pe_sdk.generator import Generator, Simulator
from pe_sdk.hookspecs import hookimpl
from pe_sdk.options import (
    NoOptions,
    OptionInfo,
    describe_options,
    option,
    option_values,
    parse_options,
    path_options,
)
from pe_sdk.output import Feature, OutputSpec
from pe_sdk.parameters import Categorical, Column, Float, Int, Parameter
from pe_sdk.peers import Peers
from pe_sdk.random import Seeds
from pe_sdk.records import Records
from pe_sdk.released import Released
from pe_sdk.samples import PARAMETERS_KNOWN, Samples
from pe_sdk.source_options import SourceOptions
from pe_sdk.space import Columns, Degree, ParameterSpace
from pe_sdk.specs import EmbeddingSpec, GeneratorSpec, ReaderSpec, SourceInfo, Table

__all__ = [
    "PARAMETERS_KNOWN",
    "CannotMake",
    "Categorical",
    "Column",
    "Columns",
    "Degree",
    "DoctorSpec",
    "Embedding",
    "EmbeddingSpec",
    "Feature",
    "Finding",
    "Float",
    "Generator",
    "GeneratorSpec",
    "Int",
    "Level",
    "NoOptions",
    "OptionError",
    "OptionInfo",
    "OutputSpec",
    "Parameter",
    "ParameterSpace",
    "Peers",
    "PluginError",
    "PluginWarning",
    "ReaderSpec",
    "Records",
    "Released",
    "Samples",
    "Seeds",
    "Simulator",
    "SimulatorGenerator",
    "SourceError",
    "SourceInfo",
    "SourceOptions",
    "Table",
    "TrainableEmbedding",
    "Weights",
    "describe_options",
    "hookimpl",
    "label_spaces",
    "narrowed",
    "option",
    "option_values",
    "parse_options",
    "path_options",
    "random",
]
