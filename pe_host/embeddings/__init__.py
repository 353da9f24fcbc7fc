"""Embeddings: samples to vectors in the unit ball, and the integer grid on which votes are counted."""
