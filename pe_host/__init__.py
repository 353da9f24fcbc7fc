"""The host: finds generator plugins and runs Private Evolution with them.

Importing it loads nothing else.
"""

__version__ = "1.0.0"
