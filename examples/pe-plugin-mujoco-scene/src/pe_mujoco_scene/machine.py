"""Check for `pe doctor`: is MuJoCo installed, and can it draw on this machine?"""

from collections.abc import Iterator

from pe_sdk import CannotMake, Finding, OutputSpec


def check() -> Iterator[Finding]:
    try:
        import mujoco
    except ImportError as error:
        yield Finding("MuJoCo", "bad", f"cannot be imported: {error}", "pip install 'mujoco>=3.2'")
        return
    yield Finding("MuJoCo", "ok", f"version {mujoco.__version__}")
    import numpy as np
    from pe_sdk.random import derive

    from pe_mujoco_scene.making import Options, make

    seeds = derive(0, "doctor", 1)
    try:
        simulator = make(OutputSpec.image(32, 32, 3), ("scatter",), Options())
    except CannotMake as error:
        yield Finding("OpenGL", "bad", str(error), "install Mesa: libegl1, libgl1-mesa-dri")
        return
    picture = simulator.render(simulator.space.sample(seeds), np.zeros(1, np.int64), seeds)
    if picture.std() < 1:
        what = "a scene is drawn as one flat colour"
        yield Finding("OpenGL", "bad", what, "install another version of Mesa")
    else:
        yield Finding("OpenGL", "ok", "it draws a scene without a screen")
