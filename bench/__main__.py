"""``python -m bench``: everything."""

import sys

from bench.control_plane import main

main(sys.argv[1:])
