"""Runs two kernels as processes, joined by a network cable, and pulls the plug of one when told to.

Usage: kernels.py LAYER FOLDER NODE     NODE: the program of that name that the guests are to run
Lines on stdin: `on NAME`, `off NAME`; NAME is server or clients.
File descriptors 3 and 4 are the consoles of the two kernels' agents. Ends, with both kernels, when stdin does.
"""

import os
import signal
import socket
import subprocess
import sys

import plain_registers

LAYER, FOLDER, NODE = sys.argv[1:]
HERE = os.path.dirname(os.path.abspath(__file__))
CONSOLES = {"server": 3, "clients": 4}
IS_PLAIN = plain_registers.are_needed()
# Both ends stay open here, so that the cable outlives a kernel that is killed.
CABLE = dict(zip(CONSOLES, socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)))


def roomy_folder():
    """Where a kernel's memory may lie: in memory, unless a container left little of it there."""
    try:
        shared = os.statvfs("/dev/shm")
        return "/dev/shm" if shared.f_bavail * shared.f_frsize > 2 << 30 else FOLDER
    except OSError:
        return FOLDER


def words(name):
    console, cable = CONSOLES[name], CABLE[name].fileno()
    return [
        f"{LAYER}/usr/bin/linux.uml",
        *("mem=512M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "quiet", "loglevel=3"),
        *("con=null", "con0=null,fd:2", f"con1=fd:{console},fd:{console}"),
        *(f"ubda={FOLDER}/{name}.img", f"vec0:transport=fd,fd={cable},mac=02:00:00:00:00:0{console}"),
        *(f"init={HERE}/guest/boot", f"name={name}", f"layer={LAYER}", f"agent={HERE}/guest/agent.py", f"node={NODE}"),
        *([f"{name}={value}" for name, value in plain_registers.GUEST_ENVIRONMENT.items()] if IS_PLAIN else []),
    ]


def switch_on(name):
    return subprocess.Popen(
        words(name),
        stdin=subprocess.DEVNULL,
        stdout=2,
        pass_fds=[CONSOLES[name], CABLE[name].fileno()],
        env={"PATH": os.environ["PATH"], "TMPDIR": roomy_folder(), "HOME": FOLDER},
        start_new_session=True,
        preexec_fn=plain_registers.keep_only_those if IS_PLAIN else None,
    )


def switch_off(kernel):
    # The processes of the guest are children of the kernel, in its group; some may have gone by themselves.
    os.killpg(kernel.pid, signal.SIGKILL)
    kernel.wait()


def obey(lines):
    """Follows the orders; whatever ends this, a signal too, ends the kernels."""
    running = {}
    try:
        for line in lines:
            order, name = line.split()
            if order == "on":
                running[name] = switch_on(name)
            else:
                switch_off(running.pop(name))
                print(f"{name} is off", flush=True)
    finally:
        for kernel in running.values():
            switch_off(kernel)


for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, lambda *_: sys.exit())
obey(sys.stdin)
