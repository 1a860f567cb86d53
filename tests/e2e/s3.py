"""The S3 server of the rows that need one: moto (tools/install-moto), started for the first of them and ended with the program."""
import atexit
import json
import os
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUCKETS = ("my-bucket", "my-bucket-2", "my-bucket-3")  # those of upstream's runs
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "my-minio-cred"},
          "stringData": {"accesskey": "admin", "secretkey": "password"}}
SIGNED = "AWS4-HMAC-SHA256 Credential=admin/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"
LOCK = threading.Lock()
RUNNING = []


def shared():
    with LOCK:
        if not RUNNING:
            RUNNING.append(Server())
        return RUNNING[0]


class Server:
    def __init__(self):
        subprocess.run([os.path.join(ROOT, "tools/install-moto")], check=True, stdout=subprocess.DEVNULL)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.endpoint = f"127.0.0.1:{port}"
        self.child = subprocess.Popen([os.path.join(ROOT, "build/moto/bin/moto_server"), "-H", "127.0.0.1", "-p", str(port)],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        atexit.register(self.child.kill)
        for _ in range(600):
            try:
                self.call("GET", "moto-api/")
                break
            except OSError:
                time.sleep(0.05)
        for bucket in BUCKETS:
            self.call("PUT", bucket)

    def call(self, method, path, body=None):
        request = urllib.request.Request(f"http://{self.endpoint}/{path}", method=method, data=body, headers={"Authorization": SIGNED})
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.read()

    def place(self, bucket="my-bucket", **more):
        """Where something is, as an artifact's `s3` says it."""
        return {"endpoint": self.endpoint, "bucket": bucket, "insecure": True,
                "accessKeySecret": {"name": "my-minio-cred", "key": "accesskey"},
                "secretKeySecret": {"name": "my-minio-cred", "key": "secretkey"}, **more}

    def repository(self):
        return json.dumps({"archiveLogs": True, "s3": self.place()})

    def object(self, key, bucket="my-bucket"):
        """Its content, or None."""
        try:
            return self.call("GET", f"{bucket}/{urllib.request.quote(key)}")
        except urllib.error.HTTPError as wrong:
            if wrong.code != 404:
                raise
            return None

    def keys(self, prefix, bucket="my-bucket"):
        answer = xml.etree.ElementTree.fromstring(self.call("GET", f"{bucket}?list-type=2&prefix={urllib.request.quote(prefix)}"))
        return [e.text for e in answer.iter() if e.tag.endswith("}Key")]
