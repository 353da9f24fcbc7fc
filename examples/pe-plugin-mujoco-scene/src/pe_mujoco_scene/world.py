"""Physics by MuJoCo: from a row of parameters to a model, and on to the moment of the picture.

Specs are made once; each row edits the bodies of one and compiles it, which takes about a
millisecond, so that masses, inertias and bounds are MuJoCo's own. A picture depends only on its
row: every row has fresh data, and all steps have the same length.
"""

import colorsys
from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray
from pe_sdk import Categorical

from pe_mujoco_scene.parameters import KINDS, OBJECTS, SHAPES, SPACE

STEP = 0.004
"""Length of a step in seconds."""

AREA = 0.2
"""Largest distance in metres from the centre at which an object is dropped."""

STRETCH = 4.0
"""Inverse of the largest offset of an object in a tower, in widths."""

Row = Mapping[str, float]

_SCENE = f"""
<mujoco>
  <option timestep="{STEP}" integrator="implicitfast" iterations="20" ls_iterations="10"/>
  <visual>
    <headlight diffuse="0 0 0" specular="0 0 0"/>
    <map znear="0.02" zfar="20" shadowclip="0.8"/>
    <quality shadowsize="512" offsamples="0" numslices="20" numstacks="12" numquads="2"/>
    <rgba haze="0.6 0.65 0.7 1"/>
  </visual>
  <statistic center="0 0 0.1" extent="1"/>
  <asset>
    <texture name="sky" type="skybox" builtin="gradient"
             rgb1="0.75 0.8 0.85" rgb2="0.35 0.38 0.42" width="32" height="192"/>
    <texture name="plain" type="2d" builtin="flat" rgb1="1 1 1" width="16" height="16"/>
    <texture name="checks" type="2d" builtin="checker" rgb1="1 1 1" rgb2="0.55 0.55 0.55"
             width="64" height="64"/>
    <texture name="boards" type="2d" builtin="flat" mark="edge" rgb1="1 1 1"
             markrgb="0.45 0.4 0.35" width="64" height="64"/>
    <material name="plain" texture="plain" specular="0.2"/>
    <material name="checks" texture="checks" texrepeat="10 10" specular="0.2"/>
    <material name="boards" texture="boards" texrepeat="16 4" specular="0.2"/>
    <material name="thing" specular="0.5" shininess="0.5"/>
    <material name="metal" specular="0.9" shininess="0.8" rgba="0.75 0.76 0.78 1"/>
    <material name="joint" specular="0.5" shininess="0.5" rgba="0.9 0.45 0.1 1"/>
  </asset>
  <worldbody>
    <light name="key" type="directional" castshadow="true"/>
    <geom name="table" type="box" size="0.4 0.4 0.02" pos="0 0 -0.02" material="plain"/>
    <geom name="rim_1" type="box" size="0.015 0.415 0.03" pos="0.4 0 0.01" material="plain"/>
    <geom name="rim_2" type="box" size="0.015 0.415 0.03" pos="-0.4 0 0.01" material="plain"/>
    <geom name="rim_3" type="box" size="0.385 0.015 0.03" pos="0 0.4 0.01" material="plain"/>
    <geom name="rim_4" type="box" size="0.385 0.015 0.03" pos="0 -0.4 0.01" material="plain"/>
    <geom name="floor" type="plane" size="4 4 0.1" pos="0 0 -0.6" rgba="0.45 0.47 0.5 1"/>
    <body name="arm" pos="0 0 0">
      <geom name="base" type="cylinder" size="0.06 0.03" pos="0 0 0.03" material="metal"/>
      <body name="upper" pos="0 0 0.07">
        <joint name="turn" axis="0 0 1" damping="2" armature="0.1"/>
        <joint name="shoulder" axis="0 1 0" damping="2" armature="0.1"/>
        <geom type="sphere" size="0.045" material="joint"/>
        <geom type="capsule" fromto="0 0 0 0 0 0.26" size="0.028" material="metal"/>
        <body name="fore" pos="0 0 0.26">
          <joint name="elbow" axis="0 1 0" damping="2" armature="0.1"/>
          <geom type="sphere" size="0.038" material="joint"/>
          <geom type="capsule" fromto="0 0 0 0 0 0.2" size="0.022" material="metal"/>
          <body name="hand" pos="0 0 0.22">
            <joint name="wrist" axis="0 1 0" damping="1" armature="0.05"/>
            <geom type="box" size="0.02 0.05 0.015" material="joint"/>
            <body name="left" pos="0 0.01 0.045">
              <joint name="left" type="slide" axis="0 1 0" damping="5" armature="0.1"/>
              <geom type="box" size="0.01 0.006 0.035" material="metal"/>
            </body>
            <body name="right" pos="0 -0.01 0.045">
              <joint name="right" type="slide" axis="0 -1 0" damping="5" armature="0.1"/>
              <geom type="box" size="0.01 0.006 0.035" material="metal"/>
            </body>
          </body>
        </body>
      </body>
    </body>
  </worldbody>
  <actuator>
    <position joint="turn" kp="60" kv="8"/>
    <position joint="shoulder" kp="60" kv="8"/>
    <position joint="elbow" kp="60" kv="8"/>
    <position joint="wrist" kp="30" kv="4"/>
    <position joint="left" kp="100" kv="10"/>
    <position joint="right" kp="100" kv="10"/>
  </actuator>
</mujoco>
"""

_TYPES = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
}


class World:
    """Factory of models from rows. It is not thread-safe: specs are edited in place."""

    def __init__(self) -> None:
        self.still = mujoco.MjSpec.from_string(_SCENE).compile()
        """A model with the textures of all others, for the renderer."""
        self._specs = {
            (count, arm): _spec(count, arm)
            for count in range(2, OBJECTS + 2)
            for arm in (False, True)
        }

    def at(self, row: Row) -> tuple[Any, Any]:
        """The model of a row, and its data after `time` seconds."""
        kind = KINDS[int(row["kind"])]
        count = int(row["count"]) + (kind == "topple")
        spec = self._specs[count, kind == "reach"]
        _surroundings(spec, row)
        places = _objects(spec, row, kind)
        model = spec.compile()
        data = mujoco.MjData(model)
        free = 6 if kind == "reach" else 0
        for i, place in enumerate(places):
            data.qpos[free + 7 * i : free + 7 * i + 7] = place
        if kind == "topple":
            angle = np.deg2rad(row["direction"])
            data.qvel[-6:-4] = 1.6 * row["speed"] * np.array([np.cos(angle), np.sin(angle)])
        elif kind == "scatter":
            angle = np.deg2rad(row["direction"])
            push = 0.3 * row["speed"] * np.array([np.cos(angle), np.sin(angle)])
            data.qvel[free:].reshape(-1, 6)[:, :2] = push
        if kind == "reach":
            data.qpos[:6] = (np.deg2rad(row["arm_turn"]), 0.0, 0.5, 0.5, 0.02, 0.02)
            data.ctrl[:] = _pose(row)
        mujoco.mj_step(model, data, int(np.rint(row["time"] / STEP)))
        # A step ends with new joints, but with bodies where they were before it.
        mujoco.mj_kinematics(model, data)
        return model, data


def _spec(count: int, arm: bool) -> Any:
    spec = mujoco.MjSpec.from_string(_SCENE)
    if not arm:
        for actuator in list(spec.actuators):
            spec.delete(actuator)
        spec.delete(spec.body("arm"))
    for i in range(count):
        body = spec.worldbody.add_body(name=f"object_{i}")
        body.add_freejoint()
        body.add_geom(
            name=f"object_{i}",
            material="thing",
            type=mujoco.mjtGeom.mjGEOM_SPHERE,
            size=[0.03, 0.03, 0.03],
        )
    return spec


def _surroundings(spec: Any, row: Row) -> None:
    table = spec.geom("table")
    materials = SPACE["table"]
    assert isinstance(materials, Categorical)
    table.material = materials.choices[int(row["table"])]
    warm = row["table_warmth"]
    table.rgba = [*(row["table_value"] * np.array([1.0, 1.0 - 0.3 * warm, 1.0 - 0.65 * warm])), 1.0]
    _surface(table, row)
    for i in range(1, 5):
        rim = spec.geom(f"rim_{i}")
        rim.rgba = [*(0.7 * np.asarray(table.rgba[:3])), 1.0]
        _surface(rim, row)
    light = spec.light("key")
    light.dir = -_on_sphere(row["light_azimuth"], row["light_elevation"])
    light.pos = 1.5 * _on_sphere(row["light_azimuth"], row["light_elevation"])
    light.diffuse = np.full(3, row["light"])
    light.ambient = np.zeros(3)
    spec.visual.headlight.ambient = np.full(3, row["ambient"])
    light.specular = np.full(3, 0.4 * row["light"])


def _surface(geom: Any, row: Row) -> None:
    geom.friction = [row["friction"], 0.005, 0.0005]
    geom.solref = [0.02, 1.0 - 0.7 * row["bounce"]]


def _objects(spec: Any, row: Row, kind: str) -> list[list[float]]:
    """Set shapes and colours of the objects; returns where each begins: [x, y, z, quaternion]."""
    count, places, top = int(row["count"]), [], 0.0
    tower = kind in ("stack", "topple")
    for i in range(count):
        name = SHAPES[int(row["shape"])]
        name = SHAPES[i % 4] if name == "mixed" else name
        # Towers narrow from the bottom up; other objects have individual sizes.
        share = i / max(count - 1, 1)
        smaller = share if tower else (0.0, 0.7, 0.3, 1.0, 0.5, 0.85)[i]
        radius = row["size"] * (1 - row["size_spread"] * smaller)
        half = radius * row["length"]
        geom = spec.geom(f"object_{i}")
        geom.type = _TYPES[name]
        geom.size = [radius, radius, half] if name == "box" else [radius, half, 0.0]
        geom.density = 500.0 * (row["heavy"] if i == count - 1 else 1.0)
        geom.rgba = [*_colour(row, share), 1.0]
        _surface(geom, row)
        height = {"box": half, "cylinder": half, "sphere": radius, "capsule": half + radius}[name]
        x, y = row[f"x_{i + 1}"], row[f"y_{i + 1}"]
        turn = np.deg2rad(row[f"turn_{i + 1}"])
        if tower:
            reach = row["spread"] * radius / STRETCH
            places.append([reach * x, reach * y, top + height + 0.001, *_turned(turn, 0.0)])
            top += 2 * height + 0.001 + 0.2 * row["drop"] / count
        else:
            reach = AREA * (0.45 + 0.55 * row["spread"])
            tilt = np.deg2rad(row["tilt"])
            z = half + 2 * radius + 0.5 * row["drop"] + 0.11 * i
            places.append([reach * x, reach * y, z, *_turned(turn, tilt)])
    if kind == "topple":
        ball = spec.geom(f"object_{count}")
        ball.type, ball.size = _TYPES["sphere"], [1.1 * row["size"], 0.0, 0.0]
        ball.density = 1500.0 * row["heavy"]
        ball.rgba = [0.12, 0.12, 0.14, 1.0]
        _surface(ball, row)
        angle = np.deg2rad(row["direction"])
        height = 0.6 * top
        places.append([-0.3 * np.cos(angle), -0.3 * np.sin(angle), height, *_turned(0.0, 0.0)])
    return places


def _pose(row: Row) -> list[float]:
    """Joint positions towards which the servos of the arm pull."""
    shoulder = 0.15 + 1.0 * row["arm_reach"]
    elbow = 2.3 - 1.4 * row["arm_reach"] - 0.7 * row["arm_lift"]
    wrist = np.pi - shoulder - elbow
    return [np.deg2rad(row["arm_turn"]), shoulder, elbow, wrist, *(2 * [0.035 * (1 - row["grip"])])]


def _colour(row: Row, share: float) -> tuple[float, float, float]:
    hue = (row["hue"] + row["hue_spread"] * (share - 0.5)) / 360.0 % 1.0
    return colorsys.hsv_to_rgb(hue, row["saturation"], row["value"])


def _on_sphere(azimuth: float, elevation: float) -> NDArray[np.float64]:
    """Unit vector at these angles in degrees."""
    a, e = np.deg2rad(azimuth), np.deg2rad(elevation)
    return np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])


def _turned(turn: float, tilt: float) -> list[float]:
    """Quaternion of a tilt about x, then a turn about z."""
    c, s, ct, st = np.cos(turn / 2), np.sin(turn / 2), np.cos(tilt / 2), np.sin(tilt / 2)
    return [c * ct, c * st, s * st, s * ct]
