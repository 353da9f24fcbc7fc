"""Where candidates are made and embedded: worker processes that never hold private data.

`pool.Workers` is the public face.
"""
