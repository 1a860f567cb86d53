"""What upstream's artifacts ask of httpbin: echo, PUT, basic and bearer authentication, a text from base64."""
import base64
import http.server
import json
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "httpbin-stand-in"

    def log_message(self, *_):
        pass

    def answer(self, status, body, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        given = self.headers.get("Authorization", "")
        word, *rest = self.path.strip("/").split("/")
        asked.append((self.command, self.path, given, b""))
        if word == "get":
            self.answer(200, {"url": self.path, "headers": dict(self.headers)})
        elif word == "basic-auth":
            wanted = "Basic " + base64.b64encode(":".join(rest).encode()).decode()
            is_good = given == wanted
            self.answer(200 if is_good else 401, {"authenticated": is_good, "user": rest[0]}, WWW_Authenticate='Basic realm="Fake Realm"')
        elif word == "bearer":
            is_good = given.startswith("Bearer ")
            self.answer(200 if is_good else 401, {"authenticated": is_good, "token": given[7:]}, WWW_Authenticate="Bearer")
        elif word == "base64":
            self.answer(200, base64.urlsafe_b64decode(rest[0]), Content_Type="application/x-www-form-urlencoded")
        else:
            self.answer(404, {"path": self.path})

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = b""
            while (size := int(self.rfile.readline(), 16)):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_PUT(self):
        data = self.body()
        asked.append((self.command, self.path, self.headers.get("Authorization", ""), data))
        self.answer(200 if self.path == "/put" else 404, {"data": data.decode("utf-8", "replace")})

    def do_POST(self):  # a token's address answers it, too
        self.body()
        self.do_GET()


asked = []  # of all tests of the process: (method, path, authorization, body)


class Server:
    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
