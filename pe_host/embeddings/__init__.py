"""Embeddings map samples to vectors in the unit ball; votes are counted on an integer grid."""
