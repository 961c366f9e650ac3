"""Which folders lie on drives whose changes the system does not tell about."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_REMOTE = frozenset(
    "nfs nfs4 cifs smb3 smbfs afs afpfs webdav davfs ftp ncpfs ceph glusterfs lustre beegfs gpfs gfs2 ocfs2 coda 9p "
    "virtiofs vboxsf vmhgfs prl_fs".split()
)
_FUSE = ("fuse", "macfuse", "osxfuse")
# Any other file system in user space may be a network folder. "fuseblk" is a local disk.
_LOCAL_FUSE = frozenset("fuseblk fuse.ntfs-3g fuse.exfat fuse.encfs fuse.gocryptfs fuse.cryfs fuse.mergerfs".split())
_MOUNTS = Path("/proc/self/mountinfo")
_MOUNT_LINE = re.compile(r".* on (.*) \(([^,)]+)" if sys.platform == "darwin" else r"(?:\S+ ){4}(\S+) .*? - (\S+) ")


def needs_polling(path: Path | str) -> bool:
    """Whether the path lies where the system does not tell of changes made elsewhere: on a network drive, for one."""
    real = os.path.realpath(path)
    if sys.platform == "win32":
        drive = os.path.splitdrive(real)[0]
        on_server = drive.startswith("\\\\") and not drive.startswith(("\\\\?\\", "\\\\.\\"))
        return on_server or ctypes.windll.kernel32.GetDriveTypeW(f"{drive}\\") == 4  # a network drive with a letter
    found, kind = "", ""
    for mounted, of_kind in _mounts():
        inside = real == mounted or real.startswith(mounted.rstrip("/") + "/")
        if inside and len(mounted) >= len(found):  # of two on the same folder, the later one covers the other
            found, kind = mounted, of_kind
    return kind in _REMOTE or (kind.startswith(_FUSE) and kind not in _LOCAL_FUSE)


def _mounts() -> Iterator[tuple[str, str]]:
    """What is mounted where, and the kind of its file system; nothing when the system does not say."""
    try:
        if sys.platform == "darwin":
            listing = subprocess.run(["/sbin/mount"], capture_output=True, timeout=5, check=True).stdout
            lines = os.fsdecode(listing).split("\n")
        else:
            lines = os.fsdecode(_MOUNTS.read_bytes()).split("\n")
    except (OSError, subprocess.SubprocessError):
        return
    for line in lines:
        if match := _MOUNT_LINE.match(line):
            # White space in names is written as an octal number.
            yield re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), match[1]), match[2]
