#!/usr/bin/env python3
"""A proxy between a client and a server that goes wrong: cutting-proxy.py PORT FOLDER.

It listens on a port of its own, written to FOLDER/port. FOLDER/cuts says how: lines of "up N" or "down N", of which each connection
that carries so many bytes in that direction takes the first away and is closed there; with the third word "stop" FOLDER/down is made.
While FOLDER/down is there, nobody is let in. With the third word "hold" the connection is not closed: it stands still as long as
FOLDER/held-up (held-down), which is made then, is there. For each
connection it looks into /proc, at whatever runs while the client waits, for the texts of FOLDER/secrets, a line each: who has
one in its arguments, or in the environment of a program that is no container, is noted in FOLDER/found, unless FOLDER/known has the
number of its session; FOLDER/looked has a line a look.
"""
import os
import socket
import sys
import threading
import time

TARGET, FOLDER = int(sys.argv[1]), sys.argv[2]
LOCK = threading.Lock()


def lines(name):
    try:
        with open(os.path.join(FOLDER, name), encoding="utf-8") as text:
            return text.read().split("\n")[:-1]
    except FileNotFoundError:
        return []


def note(name, line):
    with LOCK, open(os.path.join(FOLDER, name), "a", encoding="utf-8") as text:
        text.write(line + "\n")


def is_known(pid, known):
    try:
        return str(os.getsid(int(pid))) in known
    except OSError:
        return False


def look():
    secrets = [line.encode() for line in lines("secrets") if line]
    known = lines("known")
    for pid in filter(str.isdigit, os.listdir("/proc") if secrets else []):
        if is_known(pid, known):
            continue
        for kind in ("cmdline", "environ"):
            try:
                with open(f"/proc/{pid}/{kind}", "rb") as text:
                    content = text.read()
            except OSError:
                continue
            if int(pid) != os.getpid() and any(secret in content for secret in secrets):
                note("found", f"{kind} of {pid}: {content[:200]!r}")
    if secrets:
        note("looked", "once")


def take_cut(way, carried):
    """The third word of the first cut that is left, if it is one of this way and so much has been carried: it is taken; else None."""
    with LOCK:
        left = lines("cuts")
        if not left or left[0].split()[0] != way or carried < int(left[0].split()[1]):
            return None
        with open(os.path.join(FOLDER, "cuts"), "w", encoding="utf-8") as text:
            text.write("".join(line + "\n" for line in left[1:]))
        word = (left[0].split() + [""])[2]
        if word:
            with open(os.path.join(FOLDER, "down" if word == "stop" else "held-" + way), "w", encoding="ascii"):
                pass
        return word


def is_cut(way, carried):
    """Stands still, or says that here is the end."""
    word = take_cut(way, carried)
    if word != "hold":
        return word is not None
    while os.path.exists(os.path.join(FOLDER, "held-" + way)):
        time.sleep(0.02)
    return False


def close(*ends):
    for end in ends:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def carry(way, here, there):
    carried = 0
    try:
        while data := here.recv(1 << 16):
            carried += len(data)
            there.sendall(data)
            if is_cut(way, carried):
                break
    except OSError:
        pass
    close(here, there)


def serve(client):
    look()
    try:
        server = socket.create_connection(("127.0.0.1", TARGET))
    except OSError:
        client.close()
        return
    back = threading.Thread(target=carry, args=("down", server, client), daemon=True)
    back.start()
    carry("up", client, server)
    back.join()
    client.close()
    server.close()


listener = socket.create_server(("127.0.0.1", 0))
with open(os.path.join(FOLDER, "port.new"), "w", encoding="utf-8") as port:
    port.write(str(listener.getsockname()[1]))
os.rename(os.path.join(FOLDER, "port.new"), os.path.join(FOLDER, "port"))
while True:
    peer, _ = listener.accept()
    if os.path.exists(os.path.join(FOLDER, "down")):
        peer.close()
        continue
    threading.Thread(target=serve, args=(peer,), daemon=True).start()
