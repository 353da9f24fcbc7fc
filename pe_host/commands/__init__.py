"""The commands, without a terminal: what each one does."""
