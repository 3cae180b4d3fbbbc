"""``python -m tests.real.openstack install|start|health|stop|wipe|run``: the bed by hand, or with its tests.

``run`` installs what is missing, starts the bed, runs the contract and the bed's own tests on it, and stops it.
"""

from __future__ import annotations

import sys

from tests.real.openstack.bed import Bed
from tests.run import main as proofs


def main(arguments: list[str]) -> int:
    bed = Bed()
    match arguments:
        case ["install"]:
            bed.install()
        case ["start"]:
            bed.install()
            bed.start()
        case ["health"]:
            healthy = bed.running() and bed.healthy()
            print("healthy" if healthy else "not healthy")
            return int(not healthy)
        case ["stop"]:
            bed.stop()
        case ["wipe"]:
            bed.stop(wipe=True)
        case ["run"]:
            with bed.up():
                return proofs(["openstack"])
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
