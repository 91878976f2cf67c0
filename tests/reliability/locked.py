"""Who holds a map: `python -m reliability.locked MAP` prints the process whose SQLite lock keeps writers out, or 0.

A process of its own, as closing a file drops the locks that its process has on it (fcntl(2)).
"""

import fcntl
import os
import struct
import sys

SHARED_BYTES = (0x40000002, 510)
"""What SQLite locks of a file while it is open in WAL mode (sqlite.org/lockingv3.html)."""


def main() -> None:
    descriptor = os.open(sys.argv[1], os.O_RDWR)
    wanted = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, *SHARED_BYTES, 0)
    kind, _, _, _, process = struct.unpack("hhqqi", fcntl.fcntl(descriptor, fcntl.F_GETLK, wanted))
    print(0 if kind == fcntl.F_UNLCK else process)


if __name__ == "__main__":
    main()
