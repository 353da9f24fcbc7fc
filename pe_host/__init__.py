"""The host: finds generator plugins and runs Private Evolution over them. Importing it costs nothing."""

__version__ = "1.0.0"
