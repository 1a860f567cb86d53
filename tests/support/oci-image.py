#!/usr/bin/env python3
"""Makes an image of one's own as an OCI layout, for tests.

usage: oci-image.py LAYOUT NAME CONFIG LAYER...

CONFIG is the JSON of the image's "config". A LAYER is a folder, or `bad:KIND` for one that no machine should take: dotdot, device,
torn, or cut: its gzip ends in the middle. Layers are packed by gzip. The layout gets the image under NAME beside those that it has.
"""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile


def put(layout, data):
    digest = hashlib.sha256(data).hexdigest()
    folder = os.path.join(layout, "blobs/sha256")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, digest), "wb") as blob:
        blob.write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}


def bad_layer(kind, tar):
    entry = tarfile.TarInfo({"dotdot": "../../escaped", "device": "mnt/disk"}.get(kind, "file"))
    if kind == "device":
        entry.type = tarfile.BLKTYPE
        tar.addfile(entry)
        return
    entry.size = 4
    tar.addfile(entry, io.BytesIO(b"text"))


def pack(layer):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        if layer.startswith("bad:"):
            bad_layer(layer[4:], tar)
        else:
            for name in sorted(os.listdir(layer)):
                tar.add(os.path.join(layer, name), arcname=name)
    data = out.getvalue()
    if layer == "bad:torn":
        data = data[:514]
    return data


def squeeze(layer, data):
    data = gzip.compress(data, 1, mtime=0)
    return data[:len(data) // 2] if layer == "bad:cut" else data


def main():
    layout, name, config, *layers = sys.argv[1:]
    os.makedirs(layout, exist_ok=True)
    tars = [pack(layer) for layer in layers]
    image = {"architecture": "amd64", "os": "linux", "config": json.loads(config),
             "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(t).hexdigest() for t in tars]}}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **put(layout, json.dumps(image).encode())},
                "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **put(layout, squeeze(layer, t))}
                           for layer, t in zip(layers, tars)]}
    made = {"mediaType": manifest["mediaType"], **put(layout, json.dumps(manifest).encode()),
            "annotations": {"org.opencontainers.image.ref.name": name}}
    index = {"schemaVersion": 2, "manifests": []}
    path = os.path.join(layout, "index.json")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as old:
            index = json.load(old)
    index["manifests"] = [m for m in index["manifests"] if m["annotations"]["org.opencontainers.image.ref.name"] != name] + [made]
    with open(path, "w", encoding="utf-8") as new:
        json.dump(index, new)
    with open(os.path.join(layout, "oci-layout"), "w", encoding="utf-8") as mark:
        mark.write('{"imageLayoutVersion": "1.0.0"}')
    print(made["digest"])


main()
