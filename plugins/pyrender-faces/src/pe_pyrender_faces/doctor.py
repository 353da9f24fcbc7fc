"""The check of `pe doctor` for this plugin: which of its two renderers draw a face here."""

from collections.abc import Iterable

from pe_sdk import DoctorSpec, Finding, hookimpl


def check() -> Iterable[Finding]:
    """Draw with both renderers. One that works is enough, so missing OpenGL is a warning.

    Running out of time is a warning too: on a busy machine the first compilation takes longer.
    """
    from pe_pyrender_faces.backends import probe, too_slow

    tried = probe()
    working = [name for name, works, _ in tried if works]
    for name, works, detail in tried:
        if works:
            yield Finding(name, "ok", detail)
        elif working:
            fix = f"nothing to do: {working[0]} draws the faces"
            if name == "pyrender":
                fix += (
                    "; for pyrender, install an EGL library and Mesa's drivers "
                    "(Debian: libegl1, libgl1-mesa-dri)"
                )
            yield Finding(name, "warning", detail, fix)
        elif detail == too_slow():
            fix = "run `pe doctor` again when the machine is less busy; the first run compiles code"
            yield Finding(name, "warning", detail, fix)
        else:
            yield Finding(
                name,
                "bad",
                detail,
                "reinstall the plugin with numba, pyrender and their libraries",
            )


@hookimpl
def pe_doctor() -> Iterable[DoctorSpec]:
    return [DoctorSpec("pyrender-faces", "which of the two face renderers work", check)]
