"""A live run: its start, its loop, its embedding, its release and its evaluation."""
