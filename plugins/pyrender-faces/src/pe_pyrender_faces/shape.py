"""Posed vertices and their normals, from coefficients."""

from typing import TYPE_CHECKING

import numpy as np

from pe_pyrender_faces.arrays import Float32, Int32
from pe_sdk.compiled import njit

if TYPE_CHECKING:
    from pe_pyrender_faces.model import Model

STEPS = 8
"""Steps at which partial rotations of the pose are tabulated; others are interpolated."""


@njit
def shape(
    model: "Model",
    coefficients: Float32,
    parts: Int32,
    pose: Float32,
    gaze: Float32,
    positions: Float32,
    normals: Float32,
    segments: Int32,
) -> None:
    """Shape n heads.

    Args:
        model: `model.Model`.
        coefficients, parts, pose, gaze: of `bake.Batch`.
        positions: float32 [n, N, 3], written: vertices of the head, then of its parts, in
            decimetres.
        normals: float32 [n, N, 3], written: unit normals, area-weighted means over the adjacent
            triangles.
        segments: int32 [n, 1 + SLOTS, 4], written: for the head and every slot the first triangle,
            the end of its triangles, its first vertex and the number of the part; a slot without
            a part has no triangles.
    """
    V = len(model.vertices)
    flat_basis = model.basis.reshape(len(model.basis), V * 3)
    flat_neutral = model.vertices.reshape(V * 3)
    turns = np.empty((STEPS + 1, 3, 3), np.float32)
    centres = np.empty((2, 3), np.float32)
    for n in range(len(coefficients)):
        at, normal, segment = positions[n], normals[n], segments[n]
        flat = at.reshape(at.shape[0] * 3)
        for e in range(2):
            for k in range(3):  # assigning a slice takes numba four seconds more to compile
                centres[e, k] = model.eye_centre[e, k]
        for k in range(V * 3):
            flat[k] = flat_neutral[k]
        # add one displacement after the other: the order is that of the basis for any batch
        for b in range(len(flat_basis)):
            c = coefficients[n, b]
            if c != 0:
                row = flat_basis[b]
                for k in range(V * 3):
                    flat[k] += c * row[k]
                for e in range(2):
                    for k in range(3):
                        centres[e, k] += c * model.eye_centre_basis[b, e, k]
        # attach parts to the head before eyes and head turn
        end = V
        segment[0, 0], segment[0, 1], segment[0, 2], segment[0, 3] = 0, model.part_faces[0], 0, -1
        for slot in range(len(model.part)):
            part = model.part[slot, parts[n, slot]]
            (
                segment[slot + 1, 0],
                segment[slot + 1, 1],
                segment[slot + 1, 2],
                segment[slot + 1, 3],
            ) = 0, 0, end, part
            if part >= 0:
                segment[slot + 1, 0], segment[slot + 1, 1] = (
                    model.part_faces[part],
                    model.part_faces[part + 1],
                )
                for v in range(model.part_vertices[part], model.part_vertices[part + 1]):
                    a, b, c = model.anchors[v, 0], model.anchors[v, 1], model.anchors[v, 2]
                    wa, wb, wc = model.weights[v, 0], model.weights[v, 1], model.weights[v, 2]
                    for k in range(3):
                        at[end, k] = (
                            wa * at[a, k] + wb * at[b, k] + wc * at[c, k] + model.offset[v, k]
                        )
                    end += 1
        _rotation(gaze[n, 0], gaze[n, 1], np.float32(0.0), turns[0])
        for v in range(V):
            e = model.eye[v] - 1
            if e >= 0:
                _turn_about(at[v], turns[0], centres[e, 0], centres[e, 1], centres[e, 2])
        for step in range(STEPS + 1):
            share = np.float32(step / STEPS)
            _rotation(pose[n, 0] * share, pose[n, 1] * share, pose[n, 2] * share, turns[step])
        for v in range(V):
            _pose(at[v], model.rigid[v], turns)
        for slot in range(len(model.part)):
            part = segment[slot + 1, 3]
            if part >= 0:
                first, base = model.part_vertices[part], segment[slot + 1, 2]
                for v in range(model.part_vertices[part + 1] - first):
                    _pose(at[base + v], model.part_rigid[first + v], turns)
        _normals(model.faces, segment, at, normal, end)


@njit
def _rotation(yaw: np.float32, pitch: np.float32, roll: np.float32, out: Float32) -> None:
    """Write the matrix that rolls clockwise, then pitches up, then yaws to the viewer's right."""
    cy, sy = np.cos(yaw), np.sin(yaw)
    cp, sp = np.cos(pitch), np.sin(pitch)
    cr, sr = np.cos(roll), np.sin(roll)
    out[0, 0], out[0, 1], out[0, 2] = cy * cr + sy * sp * sr, cy * sr - sy * sp * cr, sy * cp
    out[1, 0], out[1, 1], out[1, 2] = -cp * sr, cp * cr, sp
    out[2, 0], out[2, 1], out[2, 2] = -sy * cr + cy * sp * sr, -sy * sr - cy * sp * cr, cy * cp


@njit
def _turn_about(
    point: Float32, turn: Float32, cx: np.float32, cy: np.float32, cz: np.float32
) -> None:
    x, y, z = point[0] - cx, point[1] - cy, point[2] - cz
    point[0] = turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z + cx
    point[1] = turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z + cy
    point[2] = turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z + cz


@njit
def _pose(point: Float32, rigid: np.float32, turns: Float32) -> None:
    x, y, z = point[0], point[1], point[2]
    t = rigid * np.float32(STEPS)
    step = min(int(t), STEPS - 1)
    f = t - np.float32(step)
    for k in range(3):
        low = turns[step, k, 0] * x + turns[step, k, 1] * y + turns[step, k, 2] * z
        high = turns[step + 1, k, 0] * x + turns[step + 1, k, 1] * y + turns[step + 1, k, 2] * z
        point[k] = low + f * (high - low)


@njit
def _normals(faces: Int32, segment: Int32, at: Float32, normal: Float32, count: int) -> None:
    for v in range(count):
        normal[v, 0], normal[v, 1], normal[v, 2] = np.float32(0), np.float32(0), np.float32(0)
    for s in range(len(segment)):
        base = segment[s, 2]
        for f in range(segment[s, 0], segment[s, 1]):
            a, b, c = faces[f, 0] + base, faces[f, 1] + base, faces[f, 2] + base
            ux, uy, uz = at[b, 0] - at[a, 0], at[b, 1] - at[a, 1], at[b, 2] - at[a, 2]
            vx, vy, vz = at[c, 0] - at[a, 0], at[c, 1] - at[a, 1], at[c, 2] - at[a, 2]
            x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
            for v in (a, b, c):
                normal[v, 0] += x
                normal[v, 1] += y
                normal[v, 2] += z
    for v in range(count):
        x, y, z = normal[v, 0], normal[v, 1], normal[v, 2]
        scale = np.float32(1.0) / np.sqrt(x * x + y * y + z * z + np.float32(1e-20))
        normal[v, 0], normal[v, 1], normal[v, 2] = x * scale, y * scale, z * scale
