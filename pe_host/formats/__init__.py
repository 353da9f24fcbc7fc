"""Formats of records in files, for readers and writers alike."""
