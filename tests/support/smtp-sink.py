"""A mail server for stories: smtp-sink.py PORT NOTES. Takes every mail and notes it as a line of JSON: from, to, data."""
import json
import socketserver
import sys


class Handler(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def take_data(self):
        lines = []
        while (line := self.rfile.readline()).rstrip(b"\r\n") != b".":
            if not line:
                return None
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines).decode()

    def handle(self):
        mail = {"from": "", "to": []}
        self.say("220 sink")
        while line := self.rfile.readline().decode().strip():
            verb = line.upper()
            if verb.startswith("MAIL FROM:"):
                mail["from"] = line[10:].strip().split(" ")[0].strip("<>")
            elif verb.startswith("RCPT TO:"):
                mail["to"].append(line[8:].strip().split(" ")[0].strip("<>"))
            elif verb == "DATA":
                self.say("354 go on")
                data = self.take_data()
                if data is None:
                    return
                with open(sys.argv[2], "a", encoding="utf-8") as notes:
                    notes.write(json.dumps({**mail, "data": data}) + "\n")
                mail = {"from": "", "to": []}
            elif verb == "QUIT":
                self.say("221 bye")
                return
            self.say("250 fine")


socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
