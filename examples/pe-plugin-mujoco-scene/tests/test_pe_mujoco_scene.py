"""Tests of what is particular to this plugin."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from pe_sdk import CannotMake, Categorical, Int, OutputSpec, Simulator, SourceError
from pe_sdk.random import derive

from pe_mujoco_scene import demo, look, machine
from pe_mujoco_scene.making import Options, make
from pe_mujoco_scene.parameters import KINDS, OBJECTS, SHAPES, SPACE

OUTPUT = OutputSpec.image(32, 32, 3)


@pytest.fixture(scope="module")
def simulator() -> Any:
    return make(OUTPUT, KINDS, Options())


@pytest.fixture(scope="module")
def world() -> Any:
    from pe_mujoco_scene.world import World

    return World()


def rows(n: int, **fixed: float | str) -> dict[str, Any]:
    """Random rows, in which some parameters have the given values."""
    params = SPACE.sample(derive(1, "test", n))
    for name, value in fixed.items():
        choices = getattr(SPACE[name], "choices", ())
        code = choices.index(value) if isinstance(value, str) else value
        params[name] = SPACE[name].column(np.full(n, code))
    return params


def row(**fixed: float | str) -> dict[str, float]:
    return {name: float(column[0]) for name, column in rows(1, **fixed).items()}


def render(simulator: Any, params: dict[str, Any]) -> Any:
    count = len(params["kind"])
    return simulator.render(params, np.zeros(count, np.int64), derive(1, "test", count))


def middles(world: Any, given: dict[str, float]) -> Any:
    """Positions of the dropped objects, [count, 3]."""
    _, data = world.at(given)
    count, extra = int(given["count"]), 1 if KINDS[int(given["kind"])] == "topple" else 0
    return data.xpos[len(data.xpos) - count - extra :][:count]


@pytest.mark.parametrize("shape", [(28, 28, 1), (64, 64, 3), (24, 40, 3), (200, 160, 1)])
def test_pictures_of_any_size_show_something(shape: tuple[int, int, int]) -> None:
    output = OutputSpec.image(*shape)
    simulator = make(output, KINDS, Options())
    pictures = render(simulator, rows(6))
    output.check(pictures, 6)
    # A context that draws nothing leaves pictures black, a camera that looks away leaves them flat.
    assert (pictures.reshape(6, -1).mean(axis=1) > 15).all()
    assert (pictures.reshape(6, -1).std(axis=1) > 4).all()


def test_a_grey_picture_is_the_luminance_of_the_coloured_one(simulator: Any) -> None:
    params = rows(4)
    grey = render(make(OutputSpec.image(32, 32, 1), KINDS, Options()), params)[..., 0]
    luminance = render(simulator, params) @ np.array([0.299, 0.587, 0.114])
    assert np.abs(grey - luminance).max() <= 1.5


def test_a_picture_depends_only_on_its_parameters(simulator: Any) -> None:
    params = rows(8)
    first = render(simulator, params)
    for i in (7, 0, 3):  # other rows between, another simulator, other seeds
        one = {name: column[[i]] for name, column in params.items()}
        other = make(OUTPUT, ("anything",), Options())
        again = other.render(one, np.zeros(1, np.int64), derive(9, "other", 1))
        assert (again[0] == first[i]).all()


def test_a_lower_light_is_darker(simulator: Any) -> None:
    dark = render(simulator, rows(8, light=0.5, ambient=0.2))
    light = render(simulator, rows(8, light=1.0, ambient=0.6))
    assert (light.mean(axis=(1, 2, 3)) > 1.2 * dark.mean(axis=(1, 2, 3))).all()


def test_the_hue_is_the_colour_of_the_objects(simulator: Any) -> None:
    seen: dict[str, float | str] = {"kind": "stack", "count": 6, "size": 0.048, "time": 0.1}
    seen |= {"hue_spread": 0.0, "saturation": 1.0, "value": 1.0, "table_warmth": 0.0}
    warm, cold = (render(simulator, rows(12, hue=h, **seen)).astype(float) for h in (0.0, 240.0))
    assert (warm[..., 0] - warm[..., 2]).mean() > 1
    assert (cold[..., 0] - cold[..., 2]).mean() < -1


def test_a_well_made_tower_stands(world: Any) -> None:
    tower = {"shape": "box", "count": 4, "spread": 0.2, "bounce": 0.0, "friction": 1.0}
    tower |= {"drop": 0.0, "time": 1.2, "size": 0.04, "length": 1.0, "size_spread": 0.0}
    heights = middles(world, row(kind="stack", **tower))[:, 2]
    assert heights == pytest.approx(0.04 * np.array([1, 3, 5, 7]), abs=0.003)


def test_a_tower_of_spheres_falls(world: Any) -> None:
    tower = {"shape": "sphere", "count": 4, "spread": 1.0, "time": 1.2}
    tower |= {"size": 0.04, "size_spread": 0.0}
    heights = middles(world, row(kind="stack", **tower))[:, 2]
    assert heights.max() < 0.2  # the top one was dropped from 0.28


def test_a_tower_that_is_hit_loses_height(world: Any) -> None:
    tower = {"shape": "box", "count": 5, "spread": 0.0, "bounce": 0.0, "friction": 0.6}
    tower |= {"drop": 0.0, "time": 1.2, "size": 0.035, "length": 1.0, "size_spread": 0.0}
    tower |= {"speed": 2.5, "heavy": 4.0}
    stands, falls = (
        middles(world, row(kind=kind, **tower))[:, 2].max() for kind in ("stack", "topple")
    )
    assert falls < stands - 0.05


def test_objects_fall_as_fast_as_gravity_says(world: Any) -> None:
    thrown = {"kind": "scatter", "shape": "sphere", "count": 2, "drop": 0.25}
    early, later = (middles(world, row(time=time, **thrown))[0, 2] for time in (0.1, 0.14))
    # Semi-implicit Euler with steps of 4 ms: n steps fall g h² n (n + 1) / 2.
    assert early - later == pytest.approx(9.81 * 0.004**2 * (35 * 36 - 25 * 26) / 2, rel=1e-3)


def test_what_was_dropped_does_not_fly_away(world: Any) -> None:
    params = rows(40, bounce=1.0, kind="scatter", time=1.2)
    for i in range(40):
        one = {name: float(column[i]) for name, column in params.items()}
        # Contacts that gain energy throw objects metres high.
        assert middles(world, one)[:, 2].max() < 1.0


def test_the_arm_goes_where_it_is_sent(world: Any) -> None:
    reached = {"kind": "reach", "count": 2, "time": 1.2, "arm_lift": 1.0, "drop": 0.25}
    near, far = (world.at(row(arm_reach=reach, arm_turn=0.0, **reached))[1] for reach in (0.0, 1.0))
    assert far.body("hand").xpos[0] > near.body("hand").xpos[0] + 0.05
    turned = world.at(row(arm_reach=1.0, arm_turn=90.0, **reached))[1]
    assert turned.body("hand").xpos[1] == pytest.approx(far.body("hand").xpos[0], abs=0.1)


def among(simulator: Simulator, label: str, name: str) -> tuple[str, ...]:
    parameter = simulator.space_for(label)[name]
    assert isinstance(parameter, Categorical)
    return parameter.among


def test_labels_named_like_kinds_are_these_kinds() -> None:
    simulator = make(OUTPUT, ("stack", "other"), Options())
    assert among(simulator, "stack", "kind") == ("stack",)
    assert among(simulator, "other", "kind") == KINDS


def test_options_narrow_labels_and_all() -> None:
    options = Options(labels={"balls": "shape:sphere"}, only="count:3..5,kind:scatter")
    simulator = make(OUTPUT, ("balls", "stack"), options)
    assert among(simulator, "balls", "shape") == ("sphere",)
    for label in ("balls", "stack"):
        assert simulator.space_for(label)["count"] == Int(3, 5)
        assert among(simulator, label, "kind") == ("scatter",)


@pytest.mark.parametrize(
    ("output", "options", "named"),
    [
        (OutputSpec.series(10, 2), Options(), "images"),
        (OutputSpec.image(4, 32), Options(), "pixels"),
        (OutputSpec.image(32, 4096), Options(), "pixels"),
        (OUTPUT, Options(only="colour:red"), "colour"),
        (OUTPUT, Options(labels={"nobody": "count:3..5"}), "nobody"),
    ],
)
def test_what_cannot_be_made_is_refused(output: OutputSpec, options: Options, named: str) -> None:
    with pytest.raises(CannotMake, match=named):
        make(output, KINDS, options)


def test_without_mujoco_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("simulator", "world"):
        monkeypatch.delitem(sys.modules, f"pe_mujoco_scene.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(CannotMake, match="pip install"):
        make(OUTPUT, KINDS, Options())
    assert [finding.level for finding in machine.check()] == ["bad"]


def test_without_egl_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr("ctypes.CDLL", missing)
    with pytest.raises(CannotMake, match="libEGL"):
        make(OUTPUT, KINDS, Options())
    assert [finding.level for finding in machine.check()] == ["ok", "bad"]


def test_the_doctor_draws() -> None:
    assert [finding.level for finding in machine.check()] == ["ok", "ok"]


def run(program: str) -> None:
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_pyrender_may_draw_in_the_same_process() -> None:
    """This runs in a process of its own, since pyrender keeps its context until the end."""
    pytest.importorskip("pyrender")
    program = """
import os
os.environ["PYOPENGL_PLATFORM"] = "egl"
import numpy as np, pyrender
from pe_sdk import OutputSpec
from pe_sdk.random import derive
from pe_mujoco_scene.making import Options, make
from pe_mujoco_scene.parameters import SPACE
def theirs():
    return renderer.render(scene)[0].copy()
scene = pyrender.Scene(bg_color=(10, 200, 30, 255))
scene.add(pyrender.PerspectiveCamera(yfov=1.0))
renderer = pyrender.OffscreenRenderer(16, 16)
before = theirs()
simulator = make(OutputSpec.image(32, 32, 3), ("stack",), Options())
def ours():
    seeds = derive(1, "t", 2)
    return simulator.render(SPACE.sample(seeds), np.zeros(2, np.int64), seeds)
first = ours()
assert (theirs() == before).all() and before.std() > 10
assert (ours() == first).all() and first.std() > 4
"""
    run(program)


def test_a_small_change_is_nearer_than_another_scene(simulator: Any) -> None:
    params = rows(20)
    seeds = derive(2, "test", 20)
    embedding = look.make(OUTPUT, None)
    here, near, far = (
        embedding.embed(render(simulator, SPACE.vary(params, degree, seeds) if degree else params))
        for degree in (0.0, 0.02, 1.0)
    )
    moved, other = (np.linalg.norm(there - here, axis=1) for there in (near, far))
    assert (moved < other).sum() >= 18


@pytest.mark.parametrize("output", [OutputSpec.series(20, 2), OutputSpec.image(8, 32)])
def test_what_cannot_be_embedded_is_refused(output: OutputSpec) -> None:
    with pytest.raises(CannotMake):
        look.make(output, None)


def test_the_demo_is_what_it_says() -> None:
    location = "demo,records=60,size=24"
    info = demo.describe(location)
    assert info.output == OutputSpec.image(24, 24, 3)
    assert (info.label_names, info.public) == (KINDS, True)
    names = ("reach", "stack")
    table = demo.read(location, info.output, names)
    info.output.check(table.data, 60)
    params = table.parameters
    assert params is not None and SPACE.contains(params).all()
    kinds = [KINDS[k] for k in params["kind"]]
    labels = [names.index(kind) if kind in names else -1 for kind in kinds]
    assert table.labels.tolist() == labels
    assert (params["shape"] == SHAPES.index("box")).mean() > 0.35  # 0.2 of uniform draws
    assert params["count"].min() >= 2 and params["count"].max() <= OBJECTS


def test_reading_loads_no_driver_into_the_host() -> None:
    """MuJoCo and OpenGL in one process with torch cause a segmentation fault."""
    program = """
import sys
from pe_mujoco_scene import demo
demo.read("demo,records=8,size=16", demo.describe("demo,size=16").output, demo.KINDS)
assert "mujoco" not in sys.modules
assert "libEGL" not in open("/proc/self/maps").read()
"""
    run(program)


def test_a_demo_that_cannot_be_drawn_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(SourceError, match="cannot be drawn"):
        demo.read("demo,records=9,size=16", OutputSpec.image(16, 16, 3), KINDS)


@pytest.mark.parametrize(
    "location",
    ["", "faces", "demo,records=x", "demo,size=8", "demo,channels=2", "demo,colour=1"],
)
def test_an_invalid_location_is_refused(location: str) -> None:
    with pytest.raises(SourceError) as caught:
        demo.describe(location)
    assert "mujoco-scene-data:demo" in caught.value.fix
