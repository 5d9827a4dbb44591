"""The system calls that no program in a bubblewrap machine needs, as a filter for its kernel.

A namespace keeps a program from most of the host. What is denied here are the ways around: kernel interfaces that
namespaces do not cover (AF_VSOCK, keyrings, io_uring), and those that have been used to break out of them. Written by
hand because no maintained binding of libseccomp installs without a compiler; `clone3` hides its flags in memory, so it is
said not to exist, and C libraries fall back to `clone`.
"""

import struct
from errno import EAFNOSUPPORT, ENOSYS, EPERM
from socket import AF_UNIX

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""What the kernel calls the machines there are numbers for; the order is that of the numbers below."""

DENIED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "fanotify_init": (300, 262),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_by_handle_at": (304, 265),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "lookup_dcookie": (212, 18),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "syslog": (103, 116),
    "acct": (163, 89),
    "vhangup": (153, 58),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "_sysctl": (156, None),
}
"""Calls that are not permitted, with their numbers on x86_64 and aarch64."""

SOCKETS = {"socket": (41, 198), "socketpair": (53, 199)}
CLONE, CLONE3 = (56, 220), (435, 435)

NEW_NAMESPACES = 0x7E020000
"""Every flag with which `clone` makes a namespace."""

OTHER_ABI = 0x40000000
"""From here on a number on x86_64 means the x32 variant of a call, which would slip past the list."""

_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16


def seccomp_filter(machine: str) -> bytes:
    """The filter as bubblewrap takes it, for a machine as `platform.machine()` names it.

    Raises:
        KeyError: There are no numbers for such a machine.
    """
    column = list(ARCHITECTURES).index(machine) if machine in ARCHITECTURES else None
    if column is None:
        raise KeyError(machine)
    program = _step(_LOAD, _ARCHITECTURE)
    program += _unless(_EQUAL, ARCHITECTURES[machine], _step(_RETURN, _KILL))
    program += _step(_LOAD, _NUMBER)
    if machine == "x86_64":
        program += _when(_AT_LEAST, OTHER_ABI, _refuse(EPERM))
    for numbers in DENIED.values():
        if (number := numbers[column]) is not None:
            program += _when(_EQUAL, number, _refuse(EPERM))
    program += _when(_EQUAL, CLONE3[column], _refuse(ENOSYS))
    program += _when(_EQUAL, CLONE[column], _step(_LOAD, _FIRST_ARGUMENT) + _namespaces())
    for numbers in SOCKETS.values():
        program += _when(_EQUAL, numbers[column], _step(_LOAD, _FIRST_ARGUMENT) + _families())
    return program + _step(_RETURN, _ALLOW)


def _namespaces() -> bytes:
    return _when(_ANY_BIT, NEW_NAMESPACES, _refuse(EPERM)) + _step(_RETURN, _ALLOW)


def _families() -> bytes:
    return _unless(_EQUAL, AF_UNIX, _refuse(EAFNOSUPPORT)) + _step(_RETURN, _ALLOW)


def _refuse(errno: int) -> bytes:
    return _step(_RETURN, _ERRNO | errno)


def _when(test: int, value: int, then: bytes) -> bytes:
    return _step(test, value, over_if_not=len(then) // 8) + then


def _unless(test: int, value: int, then: bytes) -> bytes:
    return _step(test, value, over_if=len(then) // 8) + then


def _step(code: int, value: int, *, over_if: int = 0, over_if_not: int = 0) -> bytes:
    """One instruction: 8 bytes; a test skips so many instructions by its outcome."""
    return struct.pack("=HBBI", code, over_if, over_if_not, value)
