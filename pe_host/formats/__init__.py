"""Records in files, for readers and writers alike."""
