"""A TLS server that asks its callers for a certificate, and the certificates for it and for them (openssl)."""
import http.server
import json
import os
import ssl
import subprocess
import threading


def openssl(folder, *args):
    subprocess.run(["openssl", *args], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make(folder):
    """ca.crt, and NAME.crt with NAME.key for server and client."""
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-days", "2",
            "-subj", "/CN=Test CA")
    with open(os.path.join(folder, "ext"), "w", encoding="ascii") as text:
        text.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for name in ("server", "client"):
        openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "ext", "-out", f"{name}.crt")


class Asking:
    """Notes the serial of the certificate behind each request in serials. @handler answers; without one it tells a version."""

    def __init__(self, folder, handler=None):
        self.folder, self.serials = os.path.join(folder, "certificates"), []
        os.makedirs(self.folder)
        make(self.folder)
        shown = subprocess.run(["openssl", "x509", "-in", self.path("client.crt"), "-noout", "-serial"], check=True,
                               stdout=subprocess.PIPE, text=True).stdout
        self.serial = int(shown.split("=")[1], 16)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path("server.crt"), self.path("server.key"))
        context.load_verify_locations(self.path("ca.crt"))
        context.verify_mode = ssl.CERT_REQUIRED
        serials = self.serials

        class Telling(handler or http.server.BaseHTTPRequestHandler):
            def setup(self):
                self.request.do_handshake()
                serials.append(int(self.request.getpeercert()["serialNumber"], 16))
                super().setup()

            def log_message(self, *_):
                pass

            if not handler:
                def do_GET(self):
                    body = json.dumps({"version": "v0.0.0"}).encode()
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Telling)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.address = f"localhost:{self.server.server_address[1]}"

    def path(self, name):
        return os.path.join(self.folder, name)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
