"""A language server, used like an editor does: JSON-RPC over its standard streams.

with LanguageServer(folder) as server:
    server.open("caller.py", text)
    server.hover("caller.py", text, "width")
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple


class Place(NamedTuple):
    """A position in a file, both numbers from 0."""

    line: int
    character: int


def place(text: str, mark: str, *, after: bool = False) -> Place:
    """The first position of a text in a file, or its end."""
    position = text.index(mark) + (len(mark) if after else 0)
    return Place(text.count("\n", 0, position), position - (text.rfind("\n", 0, position) + 1))


class LanguageServer:
    """Pyright's language server over a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._sent = 0

    def __enter__(self) -> LanguageServer:
        command = [sys.executable, "-c", "from pyright.langserver import main; main('--stdio')"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=self.folder
        )
        hover = {"contentFormat": ["markdown"]}
        completion = {"completionItem": {"documentationFormat": ["markdown"]}}
        self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": self.folder.as_uri(),
                "workspaceFolders": [{"uri": self.folder.as_uri(), "name": "folder"}],
                "capabilities": {
                    "textDocument": {"hover": hover, "completion": completion, "diagnostic": {}},
                    "workspace": {"configuration": True, "workspaceFolders": True},
                },
            },
        )
        self._notify("initialized", {})
        return self

    def __exit__(self, *_: object) -> None:
        self.request("shutdown", None)
        self._notify("exit", None)
        self._process.communicate(timeout=10)

    def open(self, name: str, text: str) -> None:
        """Open a file with a text; it need not be on disk."""
        self._notify(
            "textDocument/didOpen",
            {"textDocument": {"uri": self._uri(name), "languageId": "python", "version": 1, "text": text}},
        )

    def hover(self, name: str, where: Place) -> str:
        """The hover Markdown at a position."""
        answer = self._at("textDocument/hover", name, where)
        return str(answer["contents"]["value"]) if answer else ""

    def completions(self, name: str, where: Place) -> dict[str, Any]:
        """The completions at a position, by label."""
        answer = self._at("textDocument/completion", name, where)
        items = answer["items"] if isinstance(answer, dict) else answer or []
        return {item["label"]: item for item in items}

    def definition(self, name: str, where: Place) -> list[tuple[str, Place]]:
        """The files and positions of the definition of a symbol."""
        found = self._at("textDocument/definition", name, where) or []
        starts = [(entry["uri"], entry["range"]["start"]) for entry in found]
        return [(uri.rpartition("/")[2], Place(start["line"], start["character"])) for uri, start in starts]

    def diagnostics(self, name: str) -> list[tuple[Place, str]]:
        """The diagnostics of a file."""
        found = self.request("textDocument/diagnostic", {"textDocument": {"uri": self._uri(name)}})
        starts = [(entry["range"]["start"], entry["message"]) for entry in found["items"]]
        return [(Place(start["line"], start["character"]), message) for start, message in starts]

    def request(self, method: str, parameters: Any) -> Any:
        """Send a request and wait for the answer."""
        self._sent += 1
        self._write({"id": self._sent, "method": method, "params": parameters})
        while True:
            message = self._read()
            if message.get("id") == self._sent and "method" not in message:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message.get("result")
            self._take(message)

    def _at(self, method: str, name: str, where: Place) -> Any:
        return self.request(method, {"textDocument": {"uri": self._uri(name)}, "position": where._asdict()})

    def _take(self, message: Any) -> None:
        """Answer the server's requests."""
        if "id" in message and message.get("method") == "workspace/configuration":
            self._write({"id": message["id"], "result": [self._settings(item) for item in message["params"]["items"]]})
        elif "id" in message and "method" in message:
            self._write({"id": message["id"], "result": None})

    def _settings(self, item: Any) -> Any:
        if item.get("section") == "python":
            return {"pythonPath": sys.executable}
        return {"typeCheckingMode": "strict"} if item.get("section") == "python.analysis" else {}

    def _notify(self, method: str, parameters: Any) -> None:
        self._write({"method": method, "params": parameters})

    def _uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def _write(self, message: Any) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
        self._process.stdin.flush()

    def _read(self) -> Any:
        stream = self._process.stdout
        assert stream
        length = 0
        while (line := stream.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode("ascii").partition(":")
            if name.lower() == "content-length":
                length = int(value)
        if not length:
            raise RuntimeError("the language server ended")
        return json.loads(stream.read(length))
