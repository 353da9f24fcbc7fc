"""Random sequences of disturbed and resumed runs, each held against the noise that was drawn."""
