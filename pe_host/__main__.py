"""Entry point of `python -m pe_host`, which is the same as `pe`."""

import sys

from pe_host.cli import main

if __name__ == "__main__":
    sys.exit(main())
