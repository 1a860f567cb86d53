# An artifact plugin on grpcio: artifact-plugin.py STORE NOTES SOCKET. It keeps files and folders below STORE by their keys
# and writes a line of JSON for each call into NOTES. The configuration of an artifact says what goes wrong:
# "fail WORDS", "missing", "die" (the process ends at once), "half" (it ends behind the first part of a stream), "hold FILE" (the first call
# copies a part, makes the file and goes no further).
import json
import os
import shutil
import signal
import sys
import time
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

store, notes, socket = sys.argv[1:4]
TYPES = {"string": 9, "int32": 5, "bool": 8, "bytes": 12}
MESSAGES = {
    "PluginArtifact": "name:string configuration:string connection_timeout_seconds:int32 key:string",
    "Artifact": "name:string path:string mode:int32 from:string plugin:PluginArtifact optional:bool sub_path:string "
    "recurse_mode:bool from_expression:string deleted:bool",
    "LoadArtifactRequest": "input_artifact:Artifact path:string",
    "SaveArtifactRequest": "path:string output_artifact:Artifact",
    "ArtifactRequest": "artifact:Artifact",
    "Done": "success:bool error:string",
    "OpenStreamResponse": "data:bytes is_end:bool error:string",
    "ListObjectsResponse": "objects:string* error:string",
    "IsDirectoryResponse": "is_directory:bool error:string",
}


def build():
    file = descriptor_pb2.FileDescriptorProto(name="artifact.proto", package="artifact", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field in enumerate(fields.split(), 1):
            key, kind = field.rstrip("*").split(":")
            row = message.field.add(name=key, number=number, label=3 if field.endswith("*") else 1)
            if kind in TYPES:
                row.type = TYPES[kind]
            else:
                row.type, row.type_name = 11, ".artifact." + kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName("artifact." + name)) for name in MESSAGES}


M = build()


def place(artifact):
    return os.path.join(store, artifact.plugin.key)


def note(method, artifact, path=""):
    with open(notes, "a") as file:
        said = {"method": method, "name": artifact.name, "path": artifact.path, "plugin": artifact.plugin.name,
                "key": artifact.plugin.key, "configuration": artifact.plugin.configuration, "file": path}
        file.write(json.dumps(said) + "\n")


def trouble(artifact, context):
    words = artifact.plugin.configuration.strip()
    if words == "die":
        os._exit(3)
    if words == "missing":
        context.abort(grpc.StatusCode.NOT_FOUND, "no such thing: 100% sure")
    return words[5:] if words.startswith("fail ") else ""


def copy(start, end, how=""):
    words = how.split()
    if words[:1] == ["hold"] and not os.path.exists(words[1]):
        os.makedirs(os.path.dirname(end), exist_ok=True)
        with open(start, "rb") as source, open(end, "wb") as target:
            target.write(source.read(20000000))
        with open(words[1], "w", encoding="ascii"):
            pass
        time.sleep(600)
    if os.path.isdir(start):
        shutil.copytree(start, end, symlinks=True, dirs_exist_ok=True)
    else:
        os.makedirs(os.path.dirname(end), exist_ok=True)
        shutil.copyfile(start, end)


def load(request, context):
    artifact = request.input_artifact
    note("Load", artifact, request.path)
    error = trouble(artifact, context)
    if not error and not os.path.exists(place(artifact)):
        context.abort(grpc.StatusCode.NOT_FOUND, "nothing is stored at " + artifact.plugin.key)
    if not error:
        copy(place(artifact), request.path, artifact.plugin.configuration)
    return M["Done"](success=not error, error=error)


def save(request, context):
    artifact = request.output_artifact
    note("Save", artifact, request.path)
    error = trouble(artifact, context)
    if not error:
        copy(request.path, place(artifact), artifact.plugin.configuration)
    return M["Done"](success=not error, error=error)


def delete(request, context):
    note("Delete", request.artifact)
    error = trouble(request.artifact, context)
    if not error and os.path.isdir(place(request.artifact)):
        shutil.rmtree(place(request.artifact))
    elif not error and os.path.exists(place(request.artifact)):
        os.unlink(place(request.artifact))
    return M["Done"](success=not error, error=error)


def list_objects(request, context):
    note("ListObjects", request.artifact)
    error = trouble(request.artifact, context)
    found = [os.path.relpath(os.path.join(folder, name), store)
             for folder, _, names in os.walk(place(request.artifact)) for name in names]
    return M["ListObjectsResponse"](objects=sorted(found), error=error)


def is_directory(request, context):
    note("IsDirectory", request.artifact)
    return M["IsDirectoryResponse"](is_directory=os.path.isdir(place(request.artifact)))


def open_stream(request, context):
    note("OpenStream", request.artifact)
    is_half = os.path.exists(os.path.join(store, "half"))
    with open(place(request.artifact), "rb") as file:
        while data := file.read(65536):
            yield M["OpenStreamResponse"](data=data)
            if is_half:
                os._exit(4)
    yield M["OpenStreamResponse"](is_end=True)


def handler(kind, function, request, answer):
    return kind(function, request_deserializer=M[request].FromString, response_serializer=M[answer].SerializeToString)


unary = grpc.unary_unary_rpc_method_handler
server = grpc.server(futures.ThreadPoolExecutor(8))
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("artifact.ArtifactService", {
    "Load": handler(unary, load, "LoadArtifactRequest", "Done"),
    "Save": handler(unary, save, "SaveArtifactRequest", "Done"),
    "Delete": handler(unary, delete, "ArtifactRequest", "Done"),
    "ListObjects": handler(unary, list_objects, "ArtifactRequest", "ListObjectsResponse"),
    "IsDirectory": handler(unary, is_directory, "ArtifactRequest", "IsDirectoryResponse"),
    "OpenStream": handler(grpc.unary_stream_rpc_method_handler, open_stream, "ArtifactRequest", "OpenStreamResponse"),
}),))
server.add_insecure_port("unix:" + socket)
signal.signal(signal.SIGTERM, lambda *_: server.stop(1))
server.start()
print("serves", socket, flush=True)
server.wait_for_termination()
