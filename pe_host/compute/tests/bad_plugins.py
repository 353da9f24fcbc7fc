"""Plugins for the tests of this package: some good, most of them bad in one way.

They are loaded by reference: `bad_plugins:NAME`. PE_TEST_MARK names a file that lets a plugin fail
the first time only.
"""

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pe_sdk import (
    CannotMake,
    Embedding,
    EmbeddingSpec,
    Float,
    Generator,
    GeneratorSpec,
    Int,
    ParameterSpace,
    PluginWarning,
    Samples,
    Simulator,
    TrainableEmbedding,
    option,
    random,
)

FATAL = 777
"""The seed of the row that makes a plugin fail."""

print("printed while imported")
warnings.filterwarnings("ignore")  # as some libraries do


@dataclass(frozen=True)
class Options:
    gain: float = option(1.0, "factor")
    word: str = option("", "any")


class Plain(Simulator):
    """Grey level times gain; calls `fail` if the seed of a row is FATAL."""

    space = ParameterSpace({"level": Float(0, 255), "steps": Int(0, 9)})

    def __init__(self, output, gain=1.0):
        self.output, self.gain = output, gain

    def render(self, params, labels, seeds):
        if (seeds == FATAL).any():
            self.fail()
        grey = np.clip(params["level"] * self.gain, 0, 255).astype(np.uint8)
        return np.broadcast_to(grey[:, None, None, None], (len(labels), *self.output.shape)).copy()

    def fail(self):
        raise LookupError("fatal row")


class BlackBox(Generator):
    """Keeps data and a text that depend on the whole block: equal only if the blocks are equal."""

    def __init__(self, output):
        self.output = output

    def random(self, labels, seeds):
        return self._make(labels, seeds)

    def vary(self, samples, degree, seeds):
        return self._make(samples.labels, seeds ^ samples.state["own"])

    def _make(self, labels, seeds):
        block = np.bitwise_xor.reduce(seeds)
        data = random.integers(seeds ^ block, "data", 256, size=int(np.prod(self.output.shape)))
        prompts = np.array(["p" * (1 + int(seed % 7)) for seed in seeds])
        state = {
            "own": seeds.copy(),
            "prompt": prompts,
            "latent": random.normals(seeds, "latent", size=3),
        }
        return Samples(
            data.reshape(len(labels), *self.output.shape).astype(np.uint8), labels, state
        )


def spec(name, factory, **fields):
    return GeneratorSpec(
        name, "for tests", factory, options=Options, block=fields.pop("block", 8), **fields
    )


def plain(name, **methods):
    """A Plain with other methods."""
    kind = type(name, (Plain,), methods)
    return spec(name, lambda output, labels, options: kind(output, options.gain))


def black_box(name, **methods):
    kind = type(name, (BlackBox,), methods)
    return spec(name, lambda output, labels, options: kind(output))


def first_time():
    mark = Path(os.environ["PE_TEST_MARK"])
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


good = plain("good", fail=lambda self: None)
blocky = black_box("blocky")


def _raise(error):
    raise error


raising = plain("raising")
exiting = plain("exiting", fail=lambda self: sys.exit("leaving"))
dying = plain("dying", fail=lambda self: (os.write(2, b"last words\x1b[31m\n"), os._exit(3)))
crashing = plain("crashing", fail=lambda self: os.kill(os.getpid(), signal.SIGSEGV))
hanging = plain("hanging", fail=lambda self: time.sleep(1000))
dying_once = plain("dying_once", fail=lambda self: first_time() and os._exit(3))
hanging_once = plain("hanging_once", fail=lambda self: first_time() and time.sleep(1000))


def _garbage(self):
    for descriptor in range(3, 20):
        try:
            os.write(descriptor, b"garbage" * 100)
        except OSError:
            continue


garbage = plain("garbage", fail=_garbage)


def _chatty_render(self, params, labels, seeds):
    print("x" * (1 << 17))
    os.write(1, b"y" * (1 << 17))
    assert sys.stdin.read() == ""
    return Plain.render(self, params, labels, seeds)


chatty = plain("chatty", render=_chatty_render)
wrong_shape = plain(
    "wrong_shape", render=lambda self, p, labels, s: np.zeros((len(labels), 2, 2, 1), np.uint8)
)
wrong_dtype = plain(
    "wrong_dtype", render=lambda self, p, labels, s: np.zeros((len(labels), *self.output.shape))
)
no_array = plain("no_array", render=lambda self, p, labels, s: [0] * len(labels))


class BadSpace(ParameterSpace):
    def __init__(self, value):
        super().__init__({"level": Float(0, 255), "steps": Int(0, 9)})
        self.value = value

    def sample(self, seeds):
        params = super().sample(seeds)
        params["level"][:] = self.value
        return params


nan_parameters = plain("nan_parameters", space=BadSpace(np.nan))
outside_parameters = plain("outside_parameters", space=BadSpace(256.0))
changing_labels = black_box(
    "changing_labels", random=lambda self, labels, seeds: self._make(labels[::-1].copy(), seeds)
)


def _in_place(self, labels, seeds):
    labels[:] = 0
    return self._make(labels, seeds)


labels_in_place = black_box("labels_in_place", random=_in_place)
no_data = black_box("no_data", random=lambda self, labels, seeds: Samples(None, labels, {}))
object_state = black_box(
    "object_state",
    random=lambda self, labels, seeds: Samples(
        self._make(labels, seeds).data, labels, {"o": labels.astype(object)}
    ),
)
no_samples = black_box("no_samples", random=lambda self, labels, seeds: "samples")
infinite_state = black_box(
    "infinite_state",
    random=lambda self, labels, seeds: Samples(
        self._make(labels, seeds).data, labels, {"x": np.full(len(labels), np.inf)}
    ),
)
other_columns = black_box(
    "other_columns",
    vary=lambda self, samples, degree, seeds: Samples(
        samples.data, samples.labels, {"else": seeds}
    ),
)


def _vary_in_place(self, samples, degree, seeds):
    samples.state["own"] ^= seeds
    samples.data[:] ^= (seeds & np.uint64(255)).astype(np.uint8)[:, None, None, None]
    return samples


in_place = black_box("in_place", vary=_vary_in_place)
refusing = spec("refusing", lambda output, labels, options: _raise(CannotMake("only spheres")))
not_a_generator = spec("not_a_generator", lambda output, labels, options: 7)
bad_block = spec("bad_block", lambda output, labels, options: Plain(output), block=0)


def _of_each_process(output, labels, options):
    kind = type("Own", (Plain,), {"space": ParameterSpace({"level": Float(0, os.getpid())})})
    return kind(output)


disagreeing = spec("disagreeing", _of_each_process)


class Adapting(BlackBox):
    """Its variations are as grey as the iteration says: t, or 100 if it was never adapted."""

    def __init__(self, output, grey=100):
        super().__init__(output)
        self.grey = grey

    def vary(self, samples, degree, seeds):
        varied = super().vary(samples, degree, seeds)
        return Samples(np.full_like(varied.data, self.grey), varied.labels, varied.state)

    def adapt(self, released):
        assert (
            released.votes.dtype == np.int64
            and released.iterations == 4
            and len(released.state["own"]) == 2
        )
        return Adapting(
            self.output, released.t + int(released.votes.sum()) + (10 if self.grey != 100 else 0)
        )


def _composed(output, labels, options, peers):
    return peers.make(options.word, output, labels, {"gain": "2"} if options.word == "good" else {})


adapting = spec("adapting", lambda output, labels, options: Adapting(output))
composed = spec("composed", _composed, composes=True)


def _warn(text):
    warnings.warn(PluginWarning(text), stacklevel=1)


def _warning_render(self, params, labels, seeds):
    for seed in seeds:
        _warn(f"row {int(seed)}")
    warnings.warn("not for people", UserWarning, stacklevel=1)
    return Plain.render(self, params, labels, seeds)


def _warning_factory(output, labels, options):
    _warn("while loading")
    warnings.filterwarnings("ignore")
    return type("Warning", (Plain,), {"render": _warning_render})(output)


warning = spec("warning", _warning_factory)


def _surroundings(output, labels, options):
    """Reports, as a warning, what the worker process can see."""
    descriptors = {}
    for entry in Path("/proc/self/fd").iterdir():
        try:
            descriptors[entry.name] = str(entry.readlink())
        except OSError:
            continue  # that of the listing itself
    threads = int(
        next(
            line for line in Path("/proc/self/status").read_text().splitlines() if "Threads" in line
        ).split()[1]
    )
    found = {
        "descriptors": descriptors,
        "threads": threads,
        "path": sys.path,
        "environment": {
            name: os.environ.get(name)
            for name in ("OMP_NUM_THREADS", "LP_NUM_THREADS", "PYTHONHASHSEED")
        },
        "modules": [
            name for name in sys.modules if name.startswith(("pe_host.privacy", "multiprocessing"))
        ],
    }
    _warn(json.dumps(found))
    return Plain(output)


surroundings = spec("surroundings", _surroundings)


def _with_child(output, labels, options):
    _warn(str(subprocess.Popen(["sleep", "1000"]).pid))
    return Plain(output)


with_child = spec("with_child", _with_child)


class Mean(Embedding):
    """One coordinate: mean grey, in [0, 1]."""

    dim = 1

    def embed(self, data):
        return (data.reshape(len(data), -1).mean(axis=1, keepdims=True) / 255).astype(np.float32)


class Weighted(TrainableEmbedding):
    dim = 2

    def __init__(self, weights=None):
        self.weights = weights

    def embed(self, data):
        return (data.reshape(len(data), -1)[:, :1] / 255 * self.weights["w"]).astype(np.float32)

    def fit(self, examples, space, label_count, seed):
        return {"w": np.full(2, 0.5)}

    def with_weights(self, weights):
        return Weighted(weights)


class WrongWidth(Mean):
    def embed(self, data):
        return np.zeros((len(data), 2), np.float32)


class Infinite(Mean):
    def embed(self, data):
        return np.full((len(data), 1), np.inf, np.float32)


mean = EmbeddingSpec("mean", "for tests", lambda output, options: Mean())
weighted = EmbeddingSpec("weighted", "for tests", lambda output, options: Weighted())
wrong_width = EmbeddingSpec("wrong_width", "for tests", lambda output, options: WrongWidth())
infinite = EmbeddingSpec("infinite", "for tests", lambda output, options: Infinite())
