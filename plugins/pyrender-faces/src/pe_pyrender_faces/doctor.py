"""What `pe doctor` says of this plugin: which of its two renderers draw a face here."""

from collections.abc import Iterable

from pe_sdk import DoctorSpec, Finding, hookimpl


def check() -> Iterable[Finding]:
    """Draws with both. One that works is enough, so a missing OpenGL is a warning."""
    from pe_pyrender_faces.backends import probe

    tried = probe()
    working = [name for name, works, _ in tried if works]
    for name, works, detail in tried:
        if works:
            yield Finding(name, "ok", detail)
        elif working:
            fix = f"nothing needs to be done: faces are drawn by {working[0]}"
            if name == "pyrender":
                fix += "; for pyrender install an EGL library and Mesa's drivers (Debian: libegl1, libgl1-mesa-dri)"
            yield Finding(name, "warning", detail, fix)
        else:
            yield Finding(
                name,
                "bad",
                detail,
                "install the plugin anew, with numba, pyrender and their libraries",
            )


@hookimpl
def pe_doctor() -> Iterable[DoctorSpec]:
    return [DoctorSpec("pyrender-faces", "which of the two renderers of faces work", check)]
