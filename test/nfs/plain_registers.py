"""Lets kernels that are processes run on processors with more registers than they know.

They keep their programs' registers by ptrace, in a buffer of a fixed size, and die of what AMX adds to that: 8 KiB. Without
this way of asking they keep what all x86-64 processors have, and the upper half of a vector register may be lost where
threads of one program take turns: so programs in the guests are told not to use those (GUEST_ENVIRONMENT).
"""

import ctypes
import struct

GUEST_ENVIRONMENT = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-AVX_Fast_Unaligned_Load",
    "OPENSSL_ia32cap": "~0x1000000010000000:~0x20",  # neither AVX nor AVX2
}

PTRACE, GETREGSET, X86_XSTATE, EINVAL = 101, 0x4204, 0x202, 22
X86_64 = 0xC000003E
PR_SET_SECCOMP, MODE_FILTER = 22, 2
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, FAIL = 0x7FFF0000, 0x00050000


def are_needed():
    """Whether this machine's processors have AMX."""
    with open("/proc/cpuinfo", encoding="ascii") as processors:
        return any(" amx_tile" in line for line in processors)


def keep_only_those():
    """For this process and what it starts: the kernel's question for all registers fails. Needs root."""
    # Each word at its offset in struct seccomp_data; another value leads to ALLOW, the last instruction but one.
    conditions = [(4, X86_64), (0, PTRACE), (16, GETREGSET), (32, X86_XSTATE)]
    program = []
    for at, (offset, value) in enumerate(conditions):
        left = 2 * (len(conditions) - at - 1)
        program += [(LOAD, 0, 0, offset), (EQUAL, 0, left + 1, value)]
    program += [(RETURN, 0, 0, FAIL | EINVAL), (RETURN, 0, 0, ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    libc = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    if libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.c_char_p(header)) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")
