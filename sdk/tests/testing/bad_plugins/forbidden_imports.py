"""Breaks the rule `forbidden_imports`."""

import sys
import types

from bad_plugins.good import spec

sys.modules.setdefault("pybullet", types.ModuleType("pybullet"))  # stands for a heavy import

SPEC = spec()
