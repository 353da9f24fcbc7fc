"""Private Evolution: the loop (arXiv 2305.15560, Algorithm 1), its schedules and its selection.

This room sees only released values.
"""
