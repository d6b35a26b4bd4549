"""A headless Chromium over WebDriver, by the standard library alone.

Needs Debian's chromium and chromium-driver. The network is off: every host
resolves to nothing, and the log of requests is kept for the test to read.
"""

import base64
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request


counted = {"passed": 0, "failed": 0}


def check(what, holds, detail=""):
    counted["passed" if holds else "failed"] += 1
    if not holds:
        print(f"FAILED: {what} {detail}", file=sys.stderr, flush=True)


def done():
    """The closing line; the exit status."""
    print(f"{counted['passed']} passed, {counted['failed']} failed")
    return counted["failed"] > 0 or counted["passed"] == 0


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Browser:
    def __init__(self, dark=False, scripts=True):
        port = free_port()
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.base = f"http://127.0.0.1:{port}"
        args = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
                "--host-resolver-rules=MAP * ~NOTFOUND", f"--blink-settings=preferredColorScheme={0 if dark else 1}"]
        options = {"args": args}
        if not scripts:
            options["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options,
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        for _ in range(100):
            try:
                self.session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise RuntimeError("chromedriver does not answer")

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"].split("\n")[0]) from None

    def ask(self, method, path, body=None):
        return self.call(method, f"/session/{self.session}{path}", body)

    def open(self, path):
        self.ask("POST", "/url", {"url": "file://" + path})

    def run(self, script, *args):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(args)})

    def later(self, script, *args):
        """The last argument of the script is a function to call when it is done."""
        return self.ask("POST", "/execute/async", {"script": script, "args": list(args)})

    def size(self, width, height):
        self.ask("POST", "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}})

    def media(self, feature, value):
        """What the reader has asked of the system."""
        self.ask("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {"features": [{"name": feature, "value": value}]}})

    def downloads(self, folder):
        """What a page saves goes there."""
        self.ask("POST", "/goog/cdp/execute", {"cmd": "Browser.setDownloadBehavior", "params": {"behavior": "allow", "downloadPath": folder}})

    def element(self, css):
        return list(self.ask("POST", "/element", {"using": "css selector", "value": css}).values())[0]

    def keys(self, css, text):
        self.ask("POST", f"/element/{self.element(css)}/value", {"text": text})

    def click(self, css, right=0):
        """The middle of an element, or so far to the right of it."""
        where = {"element-6066-11e4-a52e-4f735466cecf": self.element(css)}
        self.run("arguments[0].scrollIntoView({block: 'center'})", where)
        self.ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [
            {"type": "pointerMove", "duration": 0, "origin": where, "x": round(right), "y": 0}, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]}]})

    def heap(self):
        """Bytes of the page's live objects."""
        self.ask("POST", "/goog/cdp/execute", {"cmd": "HeapProfiler.collectGarbage", "params": {}})
        return self.ask("POST", "/goog/cdp/execute", {"cmd": "Runtime.getHeapUsage", "params": {}})["usedSize"]

    def hover(self, css):
        where = {"element-6066-11e4-a52e-4f735466cecf": self.element(css)}
        self.ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [
            {"type": "pointerMove", "duration": 0, "origin": where, "x": 0, "y": 0}]}]})

    def drag(self, x, y, right, down):
        self.ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [
            {"type": "pointerMove", "duration": 0, "x": x, "y": y}, {"type": "pointerDown", "button": 0},
            {"type": "pointerMove", "duration": 50, "x": x + right, "y": y + down}, {"type": "pointerUp", "button": 0}]}]})

    def complaints(self):
        """Lines of the console that warn or worse."""
        return [line["message"] for line in self.ask("POST", "/se/log", {"type": "browser"}) if line["level"] in ("WARNING", "SEVERE")]

    def requests(self):
        """Addresses that were asked for."""
        found = []
        for line in self.ask("POST", "/se/log", {"type": "performance"}):
            message = json.loads(line["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
        return found

    def shot(self, path):
        height = self.run("return document.documentElement.scrollHeight")
        width = self.run("return innerWidth")
        self.size(width, height)
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.ask("GET", "/screenshot")))

    def close(self):
        try:
            self.ask("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()
