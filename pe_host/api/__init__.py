"""`pe` from Python: calls of the command line in a process of its own, and finished runs.

The process that calls has no wall around it and may hold plugins, so private records never come
here: `generate` starts `pe generate`, which confines itself as always.
"""
