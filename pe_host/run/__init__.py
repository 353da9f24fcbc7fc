"""A run at rest: its folder, its manifest, its samples and its log."""
