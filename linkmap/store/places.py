"""Where a map cannot lie: file systems that several machines share.

SQLite keeps the index of its log in memory that all its readers map (sqlite.org/wal.html: "WAL does not work over a
network filesystem"), and locks there are often promised and not kept. 9p and virtiofs are not among them: sandboxes and
virtual machines show a disk of their own as these, and where memory cannot be shared there SQLite says so.
"""

import os
import re
from pathlib import Path

from linkmap.errors import LinkmapError

# fmt: off
_SHARED = frozenset({
    "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2",
    "orangefs", "smb3", "smbfs", "fuse.ceph", "fuse.davfs2", "fuse.gcsfuse", "fuse.glusterfs", "fuse.rclone",
    "fuse.s3fs", "fuse.sshfs",
})
# fmt: on
_MOUNTS = Path("/proc/self/mountinfo")


def check_place(path: Path) -> None:
    """Raises LinkmapError where a map that is to be written would lie on a file system that machines share."""
    if (kind := shared_file_system(path)) is not None:
        raise LinkmapError(
            f"{path} lies on a network file system ({kind}), where a map cannot be written safely: name a file on a "
            "disk of this machine with --db, and copy the map when it is finished"
        )


def shared_file_system(path: Path) -> str | None:
    """The type of the file system that holds a path, where several machines share it; elsewhere than on Linux None."""
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    kind = file_system(Path(os.path.realpath(path)), mounts)
    return kind if kind in _SHARED else None


def file_system(path: Path, mounts: str) -> str | None:
    """The type of the file system that holds an absolute path, by the text of mountinfo (proc(5)); None: not told.

    Of several mounts at a place the last one counts, as it covers those before it.
    """
    found: tuple[int, str | None] = (-1, None)
    for line in mounts.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if not separator or len(fields) < 6:
            continue
        place = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4]))
        depth = len(place.parts)
        if path.is_relative_to(place) and depth >= found[0]:
            found = depth, after.split(" ")[0]
    return found[1]
