"""http_artifacts_test.go: artifacts by HTTP, with each kind of authentication."""
import json

import certificates
import httpbin
from world import check, check_equal, row

FILE = "http_artifacts_test.go"
TOKEN_PATH = "base64/YWNjZXNzX3Rva2VuPWZha2V0b2tlbg=="  # "access_token=faketoken"


def at(w, source, address):
    return json.loads(json.dumps(w.docs(f"e2e/testdata/http/{source}.yaml")).replace("httpbin:9100", address))


def runs(w, source, address, **more):
    w.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "my-httpbin-cred"}, "stringData": {
        "user": "admin", "pass": "password", "clientID": "admin", "clientSecret": "password",
        "tokenURL": f"http://{address}/{TOKEN_PATH}", **more}})
    for doc in at(w, source, address):
        w.submit(doc)
    w.wait("Succeeded")


def asked(method, path):
    return [call for call in httpbin.asked if call[:2] == (method, path)]


@row(FILE, "TestInputArtifactHttp", isolation="host")
def get(w):
    with httpbin.Server() as server:
        runs(w, "input-artifact-http", server.address)


@row(FILE, "TestOutputArtifactHttp", isolation="host")
def put(w):
    with httpbin.Server() as server:
        runs(w, "output-artifact-http", server.address)
    check(asked("PUT", "/put"), "nothing was put")


@row(FILE, "TestBasicAuthArtifactHttp", isolation="host")
def basic(w):
    with httpbin.Server() as server:
        runs(w, "basic-auth-artifact-http", server.address)


@row(FILE, "TestOAuthArtifactHttp", isolation="host")
def oauth(w):
    with httpbin.Server() as server:
        runs(w, "oauth-artifact-http", server.address)
    check_equal({call[2] for call in asked("GET", "/bearer")}, {"Bearer faketoken"})


@row(FILE, "TestClientCertAuthArtifactHttp", isolation="host")
def client_cert(w):
    """Upstream's httpbin asks for none over plain HTTP: the certificate is read and not shown."""
    with httpbin.Server() as server, certificates.Asking(w.server.dir) as asking:
        pem = {}
        for name, file in (("cert.pem", "client.crt"), ("key.pem", "client.key")):
            with open(asking.path(file), encoding="ascii") as text:
                pem[name] = text.read()
        runs(w, "clientcert-auth-artifact-http", server.address, **pem)


@row(FILE, "TestArtifactoryArtifacts", isolation="host")
def artifactory(w):
    with httpbin.Server() as server:
        runs(w, "artifactory-artifact", server.address)
    check([call for call in asked("PUT", "/put") if call[2].startswith("Basic ")], "nothing was put with a password")
