"""Worker processes, which make and embed candidates and never hold private data.

`pool.Workers` is the public face.
"""
