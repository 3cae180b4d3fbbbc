"""Bodies that are bytes: taken in as they come, a little of each in memory and the rest in a file without a name."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from egovcloud.domain.errors import Invalid

IN_MEMORY = 512 * 1024  # of each request; hundreds may be on their way
PIECE = 64 * 1024


@dataclass(frozen=True)
class Incoming:
    """What was sent: a file that can be read again, from its beginning, and its size in bytes."""

    file: BinaryIO
    size: int


@contextmanager
def receive(stream: IO[bytes], limit: int) -> Iterator[Incoming]:
    """Everything in ``stream``; ``Invalid("input.size")`` beyond ``limit`` bytes."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        size = 0
        while piece := stream.read(PIECE):
            size += len(piece)
            if size > limit:
                raise Invalid("input.size", limit=limit)
            file.write(piece)
        file.seek(0)
        yield Incoming(cast(BinaryIO, file), size)
