"""An HTTP server for stories: http-target.py PORT NOTES [CERTIFICATE KEY]: with these it speaks TLS, and takes clients' certificates of
that authority. Notes each request as a line of JSON. /status/N answers N; ?fail_first=N
answers 500 N times for that path, then 200; anything else 200. ?body=TEXT is the body of a 200."""
import http.server
import json
import ssl
import sys
import time
import urllib.parse

failures = {}


class Handler(http.server.BaseHTTPRequestHandler):
    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        first = int(query.get("fail_first", ["0"])[0])
        failures[url.path] = failures.get(url.path, 0) + 1
        status = 200
        if url.path.startswith("/status/"):
            status = int(url.path.split("/")[2])
        elif failures[url.path] <= first:
            status = 500
        peer = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
        client = dict(part[0] for part in peer["subject"])["commonName"] if peer else None
        with open(sys.argv[2], "a", encoding="utf-8") as notes:
            notes.write(json.dumps({"at_ms": int(time.time() * 1000), "method": self.command, "path": self.path, "status": status, "client": client,
                                    "headers": dict(self.headers), "body": body}) + "\n")
        self.send_response(status)
        self.end_headers()
        if status == 200 and "body" in query:
            self.wfile.write(query["body"][0].encode())

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = handle_any

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    context.load_verify_locations(sys.argv[3])
    context.verify_mode = ssl.CERT_OPTIONAL
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
