"""Breaks the rule `import_budget`."""

import time

from bad_plugins.good import spec

end = time.process_time() + 1.2
while time.process_time() < end:
    pass

SPEC = spec()
