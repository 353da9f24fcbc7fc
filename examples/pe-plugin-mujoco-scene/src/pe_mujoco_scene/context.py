"""An OpenGL context without a screen, made with nothing but EGL.

MuJoCo's own `MUJOCO_GL=egl` goes through PyOpenGL and fails to import with its version 3.1.0, which
pyrender pins, so the two do not work in one environment. MuJoCo draws into whatever context is
current, so a few calls of libEGL make one here.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

DEVICES = 16

EGL_PLATFORM_DEVICE_EXT, EGL_EXTENSIONS, EGL_OPENGL_API = 0x313F, 0x3055, 0x30A2
# OpenGL pbuffers with 8 bits per channel and 24 of depth; MuJoCo brings a framebuffer of its own.
ATTRIBUTES = (0x3033, 0x0001, 0x3040, 0x0008, 0x3024, 8, 0x3023, 8, 0x3022, 8, 0x3025, 24, 0x3038)


class NoContextError(Exception):
    """No OpenGL context without a screen on this machine; the message says what is missing."""


class Context:
    """A context, on Mesa's software device if there is one, so pictures do not depend on a GPU."""

    def __init__(self) -> None:
        try:
            self._egl = ctypes.CDLL("libEGL.so.1")
        except OSError as error:
            raise NoContextError("there is no libEGL.so.1") from error
        for name in (
            "eglGetProcAddress",
            "eglQueryString",
            "eglCreateContext",
            "eglGetCurrentContext",
            "eglGetCurrentDisplay",
            "eglGetCurrentSurface",
        ):
            getattr(self._egl, name).restype = ctypes.c_void_p
        self._display, self.device = self._initialised()
        self._egl.eglBindAPI(EGL_OPENGL_API)
        config, found = ctypes.c_void_p(), ctypes.c_int()
        wanted = (ctypes.c_int * len(ATTRIBUTES))(*ATTRIBUTES)
        self._egl.eglChooseConfig(
            self._display, wanted, ctypes.byref(config), 1, ctypes.byref(found)
        )
        handle = (
            self._egl.eglCreateContext(self._display, config, None, None) if found.value else None
        )
        if not handle:
            raise NoContextError("EGL has a device, but no OpenGL on it")
        self._context = ctypes.c_void_p(handle)

    @contextmanager
    def current(self) -> Iterator[None]:
        """Make this context current; afterwards, the one before is current again."""
        egl = self._egl
        before = [ctypes.c_void_p(egl.eglGetCurrentDisplay())]
        before += [ctypes.c_void_p(egl.eglGetCurrentSurface(which)) for which in (0x3059, 0x305A)]
        before += [ctypes.c_void_p(egl.eglGetCurrentContext())]
        egl.eglBindAPI(EGL_OPENGL_API)
        if not egl.eglMakeCurrent(self._display, None, None, self._context):
            raise NoContextError("the context is in use by another thread")
        try:
            yield
        finally:
            if before[0].value and before[3].value:
                egl.eglMakeCurrent(*before)
            else:
                egl.eglMakeCurrent(self._display, None, None, None)

    def _initialised(self) -> tuple[ctypes.c_void_p, str]:
        """The display of the first device that works, software first, and the kind of device."""
        query = self._extension(b"eglQueryDevicesEXT", ctypes.c_uint)
        describe = self._extension(b"eglQueryDeviceStringEXT", ctypes.c_char_p)
        platform = self._extension(b"eglGetPlatformDisplayEXT", ctypes.c_void_p)
        devices, count = (ctypes.c_void_p * DEVICES)(), ctypes.c_int()
        query(DEVICES, devices, ctypes.byref(count))
        found = []
        for handle in devices[: count.value]:
            device = ctypes.c_void_p(handle)
            extensions = describe(device, EGL_EXTENSIONS) or b""
            found.append((b"EGL_MESA_device_software" not in extensions, device))
        for hardware, device in sorted(found, key=lambda item: item[0]):
            display = ctypes.c_void_p(platform(EGL_PLATFORM_DEVICE_EXT, device, None))
            if display.value and self._egl.eglInitialize(display, None, None):
                return display, "hardware" if hardware else "software"
        raise NoContextError("EGL has no device that works")

    def _extension(self, name: bytes, result: Any) -> Any:
        address = self._egl.eglGetProcAddress(name)
        if not address:
            raise NoContextError(f"EGL has no {name.decode()}")
        if name == b"eglQueryDevicesEXT":
            takes: tuple[Any, ...] = (ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
        elif name == b"eglQueryDeviceStringEXT":
            takes = (ctypes.c_void_p, ctypes.c_int)
        else:
            takes = (ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p)
        return ctypes.CFUNCTYPE(result, *takes)(address)
