"""`python -m pe_host` is `pe`."""

import sys

from pe_host.cli import main

if __name__ == "__main__":
    sys.exit(main())
