"""What a test needs beside the daemon: an HTTP server in this process, an S3 server (moto)."""
import contextlib
import http.server
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILDING = threading.Lock()


@contextlib.contextmanager
def web(answer):
    """Serves answer(path) -> (status, text); gives its URL."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # pylint: disable=invalid-name
            status, text = answer(self.path)
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):  # pylint: disable=arguments-differ
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def s3(w, bucket="my-bucket"):
    """An S3 server with a bucket and upstream's Secret for it; gives host:port. tools/install-moto puts it here."""
    subprocess.run([os.path.join(ROOT, "tools/install-moto")], check=True, timeout=300)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{probe.getsockname()[1]}"
    with open(os.path.join(w.server.dir, "moto.log"), "wb") as log:
        child = subprocess.Popen([os.path.join(ROOT, "build/moto/bin/moto_server"), "-H", "127.0.0.1", "-p", place.split(":")[1]],
                                 stdout=log, stderr=log)
    try:
        end = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://{place}/moto-api/", timeout=5).close()
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        urllib.request.urlopen(urllib.request.Request(f"http://{place}/{bucket}", method="PUT"), timeout=30).close()
        w.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "my-minio-cred"},
                  "stringData": {"accesskey": "admin", "secretkey": "password"}})
        yield place
    finally:
        child.terminate()
        child.wait(20)


def at(place):
    """A change of a manifest: upstream's S3 server is this one."""
    def change(v):
        for key, item in list(v.items()) if isinstance(v, dict) else enumerate(v if isinstance(v, list) else []):
            if item == "minio:9000":
                v[key] = place
            change(item)
    return change


def archives():
    """Flags for a daemon in isolation image, with an image of busybox and argosay to be had; built once."""
    folder = os.path.join(ROOT, "build/conformance/images")
    with BUILDING:
        if not os.path.exists(os.path.join(folder, "layout/index.json")):
            root = os.path.join(folder, "root")
            os.makedirs(os.path.join(root, "bin"), exist_ok=True)
            os.makedirs(os.path.join(root, "tmp"), exist_ok=True)
            os.chmod(os.path.join(root, "tmp"), 0o1777)
            shutil.copy(shutil.which("busybox"), os.path.join(root, "bin/busybox"))
            shutil.copy(os.path.join(ROOT, "build/conformance/bin/argosay"), os.path.join(root, "bin/argosay"))
            for word in ("sh", "cat", "dd", "dirname", "echo", "grep", "id", "ls", "mkdir", "printf", "sleep"):
                if not os.path.lexists(os.path.join(root, "bin", word)):
                    os.symlink("busybox", os.path.join(root, "bin", word))
            with open(os.path.join(root, "bin/bash"), "w", encoding="ascii") as bash:
                bash.write('#!/bin/sh\nexec sh "$@"\n')
            os.chmod(os.path.join(root, "bin/bash"), 0o755)
            subprocess.run([os.path.join(ROOT, "tests/support/oci-image.py"), os.path.join(folder, "layout"), "argosay",
                            '{"Entrypoint": ["/bin/argosay"], "Env": ["PATH=/bin"]}', root], check=True, stdout=subprocess.DEVNULL)
    return ["--image-archives", folder]


def in_image(v):
    """A change of a manifest: every container runs in the image of archives(), with the image's PATH; argosay is its entrypoint."""
    if isinstance(v, dict) and "image" in v:
        v["image"] = "oci:layout:argosay"
        v["env"] = [e for e in v.get("env", []) if e["name"] != "PATH"]
        if v.get("command") == ["argosay"]:
            v.pop("command")
    for item in v.values() if isinstance(v, dict) else v if isinstance(v, list) else []:
        in_image(item)
