"""The environment of processes that run plugin code: an allow-list."""

import os
from collections.abc import Mapping

PASS_VARIABLE = "PE_PASS_ENV"
"""Names, separated by commas, of further variables that plugins may see."""

_WITHHELD = frozenset({"PE_DATA", "PE_CONFIG", "PE_OUT"})
"""Variables that say where private data is. No plugin gets them, whatever PE_PASS_ENV names."""

_USER = """
HOME LANG LANGUAGE LOGNAME NO_COLOR PATH SHELL SOURCE_DATE_EPOCH TEMP TERM TMP TMPDIR TZ TZDIR USER
XDG_CACHE_HOME XDG_CONFIG_DIRS XDG_CONFIG_HOME XDG_DATA_DIRS XDG_DATA_HOME
FONTCONFIG_FILE FONTCONFIG_PATH FONTCONFIG_SYSROOT MPLBACKEND MPLCONFIGDIR
"""
_PYTHON = """
CONDA_PREFIX PYTHONDEVMODE PYTHONDONTWRITEBYTECODE PYTHONFAULTHANDLER PYTHONHASHSEED PYTHONHOME
PYTHONIOENCODING PYTHONMALLOC PYTHONNOUSERSITE PYTHONOPTIMIZE PYTHONPATH PYTHONPYCACHEPREFIX
PYTHONSAFEPATH PYTHONUNBUFFERED PYTHONUSERBASE PYTHONUTF8 PYTHONWARNINGS VIRTUAL_ENV
DYLD_FALLBACK_LIBRARY_PATH DYLD_LIBRARY_PATH LD_LIBRARY_PATH LD_PRELOAD MALLOC_ARENA_MAX
"""
_DEVICES = """
BLIS_NUM_THREADS DRI_PRIME GPU_DEVICE_ORDINAL LP_NUM_THREADS NVIDIA_DRIVER_CAPABILITIES
NVIDIA_TF32_OVERRIDE NVIDIA_VISIBLE_DEVICES ONEAPI_DEVICE_SELECTOR RAYON_NUM_THREADS
TOKENIZERS_PARALLELISM VECLIB_MAXIMUM_THREADS
"""
_HUBS = """
CURL_CA_BUNDLE DO_NOT_TRACK HF_ASSETS_CACHE HF_DATASETS_CACHE HF_DATASETS_OFFLINE HF_ENDPOINT
HF_HOME HF_XET_CACHE HUGGINGFACE_HUB_CACHE REQUESTS_CA_BUNDLE SSL_CERT_DIR SSL_CERT_FILE
TRANSFORMERS_CACHE TRANSFORMERS_OFFLINE
"""
_PASSED = frozenset((_USER + _PYTHON + _DEVICES + _HUBS).split()) | {"PE_PLUGINS", "PE_DEV_PLUGIN"}

_FAMILIES = (
    *("LC_", "OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "NUMEXPR_", "NUMBA_"),
    *("EGL_", "__EGL_", "__GL_", "__GLX_", "GALLIUM_", "LIBGL_", "MESA_", "VK_"),
    *("MUJOCO_", "PYOPENGL_", "CUBLAS_", "CUDA_", "CUDNN_", "NCCL_", "HIP_", "HSA_", "MIOPEN_"),
    *("ROCM_", "ROCR_", "HF_HUB_", "JAX_", "PYTORCH_", "TORCH_", "TORCHINDUCTOR_", "TRITON_"),
    "XLA_",
)
_SECRETS = ("AUTH", "CREDENTIAL", "KEY", "PASS", "SECRET", "TOKEN")
_PROXIES = frozenset({"all_proxy", "http_proxy", "https_proxy", "no_proxy"})


def allowed_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables that a plugin's process may see.

    These are the ones by which libraries find their files, devices, caches, threads and proxies,
    and those that PE_PASS_ENV names. PE_DATA, PE_CONFIG and PE_OUT are never among them; a token or
    a password only if PE_PASS_ENV names it.

    Args:
        environ: where to read them; this process's own environment by default.
    """
    environ = os.environ if environ is None else environ
    named = {name.strip() for name in environ.get(PASS_VARIABLE, "").split(",")}
    return {
        name: value
        for name, value in environ.items()
        if (name in named or _is_passed(name, value)) and name not in _WITHHELD
    }


def _is_passed(name: str, value: str) -> bool:
    if name.lower() in _PROXIES:
        return "@" not in value  # user:password@proxy
    secret = any(word in name for word in _SECRETS)
    return name in _PASSED or (name.startswith(_FAMILIES) and not secret)
