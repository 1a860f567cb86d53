#!/usr/bin/env python3
"""The pods of isolation image that run, for crash tests: pods-alive.py DATA.

A line each: folder, pid of the shim with the time of its start, then for each container that runs its id, with the pid of its first
process and the time of its start. The folder DATA/pods is read as the daemon left it (pods/shim/plan.h): the daemon need not run.
"""
import glob
import os
import struct
import sys

RECORD = struct.Struct("<8sIiqqiiII80s64s320s")
BEGUN = 1


def started(pid):
    """The time of a process's start in ticks since the machine's; 0 for one that has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            words = stat.read().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if words[0] == "Z" else int(words[19])


def first_of(group):
    """pid:start of the oldest process in a control group, in whichever hierarchy it is; "" when there is none."""
    for procs in glob.glob(f"/sys/fs/cgroup{group}/cgroup.procs") + glob.glob(f"/sys/fs/cgroup/*{group}/cgroup.procs"):
        with open(procs, encoding="utf-8") as file:
            pids = [(started(pid), int(pid)) for pid in file.read().split()]
        if any(start for start, _ in pids):
            start, pid = min(p for p in pids if p[0])
            return f"{pid}:{start}"
    return ""


def line(folder, data):
    _, state, pid, *_, plan_bytes, _, _, _ = RECORD.unpack_from(data)
    words = [word.decode() for word in data[RECORD.size:RECORD.size + plan_bytes].split(b"\0")]
    if state != BEGUN or not started(pid):
        return None
    groups = [value for key, value in zip(words[::2], words[1::2]) if key == "cgroup"]
    inside = [f"{os.path.basename(group)}={first}" for group in groups if (first := first_of(group))]
    return " ".join([folder, f"{pid}:{started(pid)}", *inside])


def main():
    for record in sorted(glob.glob(os.path.join(sys.argv[1], "pods/*/*/record"))):
        try:
            with open(record, "rb") as file:
                text = line(os.path.dirname(record), file.read())
        except OSError:
            continue
        if text:
            print(text)


main()
