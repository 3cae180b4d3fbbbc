"""A process that makes one call of a driver, which it is told on stdin, and is killed in it."""

from __future__ import annotations

import pickle
import sys

if __name__ == "__main__":
    kind, installation, config, method, arguments, limit = pickle.load(sys.stdin.buffer)
    getattr(kind(installation, config), method)(*arguments[0], **arguments[1], within=limit)
