"""Resident memory of this process and its children, from /proc (Linux)."""

import os


def memory():
    """{"residentBytes", "peakBytes"}: summed over the process and all its descendants."""
    totals = {"VmRSS": 0, "VmHWM": 0}
    for pid in _family(os.getpid()):
        try:
            with open(f"/proc/{pid}/status", encoding="utf-8") as file:
                for line in file:
                    name, _, value = line.partition(":")
                    if name in totals:
                        totals[name] += int(value.split()[0]) * 1024
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile and holds nothing any more
    return {"residentBytes": totals["VmRSS"], "peakBytes": totals["VmHWM"]}


def _family(pid):
    yield pid
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
            children = file.read().split()
    except (FileNotFoundError, ProcessLookupError):
        return
    for child in children:
        yield from _family(int(child))
