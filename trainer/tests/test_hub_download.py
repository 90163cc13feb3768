"""The Hub's client against a server of our own: HF_ENDPOINT and the token are respected, sizes are said."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from test_cli import call

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def hub(model_paths):
    """Serves the Llama-like model as tiny/model to those who have the token."""
    folder = model_paths["llama"]
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    files["pytorch_model.bin"] = b"nobody should fetch this"
    seen = []

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.path)
            if self.headers.get("authorization") != "Bearer hf_secret":
                return self.reply(401, b"{}")
            if self.path.startswith(f"/api/models/tiny/model/tree/{SHA}"):
                tree = [
                    {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                    for name, data in files.items()
                ]
                return self.reply(200, json.dumps(tree).encode(), {"content-type": "application/json"})
            if self.path.startswith("/api/models/tiny/model"):
                siblings = [{"rfilename": name, "size": len(data)} for name, data in files.items()]
                body = {"id": "tiny/model", "modelId": "tiny/model", "sha": SHA, "siblings": siblings, "private": False}
                return self.reply(200, json.dumps(body).encode(), {"content-type": "application/json"})
            name = self.path.rpartition("/")[2]
            if self.path.startswith("/tiny/model/resolve/") and name in files:
                data = files[name]
                etag = hashlib.sha256(data).hexdigest()
                return self.reply(200, data, {"etag": f'"{etag}"', "x-repo-commit": SHA})
            return self.reply(404, b"{}")

        do_HEAD = do_GET

        def reply(self, status, body, headers={}):
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()


def test_model_comes_from_the_hub_once(hub, tmp_path):
    endpoint, seen = hub
    environment = {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "hf"), "NO_PROXY": "127.0.0.1"}
    arguments = ("model", "--name", "tiny/model", "--cache", tmp_path / "cache")

    code, lines, _ = call(*arguments, **environment)
    assert code == 1 and "on the Hub" in lines[-1]["message"]

    code, lines, errors = call(*arguments, **environment, HF_TOKEN="hf_secret")
    assert code == 0, (lines[-1], errors)
    assert lines[-1]["source"] == "hub" and lines[-1]["revision"] == SHA
    downloads = [line for line in lines if line.get("phase") == "download"]
    assert "MB" in downloads[0]["message"] and downloads[-1]["done"] == downloads[-1]["total"] > 0
    assert not any("pytorch_model.bin" in path for path in seen)

    seen.clear()
    code, lines, _ = call(*arguments, **environment)
    assert code == 0 and lines[-1]["source"] == "cache" and not seen
