"""A browser without a window, asked over pipes: Chromium's DevTools protocol, a JSON document a message, NUL after each."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_PATIENCE = 60.0  # seconds for an answer
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
_OPTIONS = ("--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-dev-shm-usage")


def program() -> str | None:
    """The browser of this machine."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def axe() -> Path:
    """axe-core, which `script/bootstrap --dev` installs; its rules are WCAG's and good practice."""
    return Path(sys.prefix, "share/action-validator/node_modules/axe-core/axe.min.js")


class Page:
    """One page: `console` holds what went wrong in it, a policy that refused something too."""

    def __init__(self, reader: int, writer: int) -> None:
        self._reader, self._writer = reader, writer
        self._buffer = b""
        self._last = 0
        self._session: str | None = None
        self.console: list[str] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Sends a command and waits for its answer."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        os.write(
            self._writer, json.dumps(message | ({"sessionId": self._session} if self._session else {})).encode() + b"\0"
        )
        while True:
            answer = self._next()
            if answer.get("id") == self._last:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def open(
        self, file: Path, *, width: int = 1280, height: int = 900, dark: bool = False, paper: bool = False
    ) -> None:
        """Opens a file of this machine in a window of that width; a narrow one is a phone's. Or as it is printed."""
        phone = width < 600
        self.console.clear()
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.ask("Emulation.setEmulatedMedia", features=features, media="print" if paper else "screen")
        self.ask("Page.navigate", url=file.resolve().as_uri())
        end = time.monotonic() + _PATIENCE
        while self.evaluate("document.readyState + location.protocol") != "completefile:":
            assert time.monotonic() < end

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page, promises waited for."""
        answer = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def violations(self) -> list[str]:
        """What axe finds, each with where."""
        self.evaluate(axe().read_text(encoding="utf-8"))
        found = self.evaluate("axe.run().then(found => found.violations)")
        return [
            f"{one['id']}: {node['html'][:200]}: {node['failureSummary']}" for one in found for node in one["nodes"]
        ]

    def press(self, key: str, code: int, text: str = "") -> None:
        """A key, pressed and released; `text` is what it writes."""
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, windowsVirtualKeyCode=code, text=text)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=code)

    def screenshot(self, file: Path) -> None:
        """The whole page as PNG."""
        data = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        file.write_bytes(base64.b64decode(data))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._reader], [], [], _PATIENCE)
            assert ready, "the browser says nothing"
            data = os.read(self._reader, 1 << 20)
            assert data, "the browser has ended"
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        told: dict[str, Any] = json.loads(message)
        self._notice(told)
        return told

    def _notice(self, told: dict[str, Any]) -> None:
        match told.get("method"):
            case "Log.entryAdded":
                self.console.append(told["params"]["entry"]["text"])
            case "Runtime.exceptionThrown" | "Runtime.consoleAPICalled":
                self.console.append(json.dumps(told["params"]))
            case "Network.requestWillBeSent" if not told["params"]["request"]["url"].startswith("file:"):
                self.console.append(f"asked for {told['params']['request']['url']}")


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """A browser with a profile of its own below the folder; it ends with the block."""
    named = program()
    assert named
    to_read, to_write = os.pipe()
    answers_read, answers_write = os.pipe()
    line = f'exec "$0" "$@" 3<&{to_read} 4>&{answers_write}'
    process = subprocess.Popen(
        ["bash", "-c", line, named, *_OPTIONS, *_sandbox(), "--remote-debugging-pipe", f"--user-data-dir={folder}"],
        pass_fds=(to_read, answers_write),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_read)
    os.close(answers_write)
    try:
        page = Page(answers_read, to_write)
        yield page
        page._session = None
        page.ask("Browser.close")
        process.wait(timeout=30)
    finally:
        process.kill()
        process.wait()
        os.close(answers_read)
        os.close(to_write)


def _sandbox() -> list[str]:
    """Root may have none."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []
