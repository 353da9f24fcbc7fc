"""The hooks of this plugin. Importing it is cheap, because `pe` does so to describe it."""

from collections.abc import Iterable

from pe_sdk import GeneratorSpec, ReaderSpec, hookimpl

from pe_queue_traces import reader, schema, simulator


@hookimpl
def pe_generators() -> Iterable[GeneratorSpec]:
    return [
        GeneratorSpec(
            name="queue-traces",
            summary="load of servers as time series, by simulating queues",
            factory=simulator.make,
            options=simulator.Options,
            labels=("web", "batch", "streaming"),
            default_data="queue-traces-data:demo",
            exact=True,  # each trace is computed independently
            output=schema.series(),
        )
    ]


@hookimpl
def pe_readers() -> Iterable[ReaderSpec]:
    return [
        ReaderSpec(
            name="queue-traces-data",
            summary="a folder with CLASS.npy for each class; or demo",
            describe=reader.describe,
            read=reader.read,
        )
    ]
