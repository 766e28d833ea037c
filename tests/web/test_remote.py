"""The page for others: behind nginx with TLS, below a path, with the password."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard.testing.tls import make_authority
from running import modelyard
from server.serving import served
from web.pages import until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is the proxy")]

PASSWORD = "four random words"
CONF = """
daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port} ssl; ssl_certificate {tls}/leaf.pem; ssl_certificate_key {tls}/leaf.key;
    location /yard/ {{
      proxy_pass http://127.0.0.1:{behind}/; proxy_http_version 1.1;
      proxy_set_header Host $host:$server_port; proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Prefix /yard;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection;
    }}
  }}
}}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as made:
        return int(made.getsockname()[1])


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where nginx shows the service."""
    tls, home, port, behind = tmp_path / "tls", tmp_path / "yard", free_port(), free_port()
    tls.mkdir()
    make_authority(tls)
    assert modelyard("serve", "--set-password", env={"MODELYARD_HOME": str(home)}, stdin=f"{PASSWORD}\n").code == 0
    conf = tmp_path / "nginx.conf"
    conf.write_text(CONF.format(folder=tmp_path, tls=tls, port=port, behind=behind))
    how = ("--listen", "127.0.0.1", "--name", f"localhost:{port}", "--trusted-proxy", "127.0.0.1")
    with served(home, *how, "--port", str(behind)):
        proxy = subprocess.Popen(["nginx", "-c", str(conf), "-p", str(tmp_path)], stderr=subprocess.PIPE)
        try:
            until(lambda: _listens(port))
            yield f"https://localhost:{port}/yard"
        finally:
            proxy.terminate()
            proxy.communicate()


def _listens(port: int) -> bool:
    with socket.socket() as made:
        return made.connect_ex(("127.0.0.1", port)) == 0


def test_a_person_comes_in_by_password_below_a_path_and_sees_what_happens(browser: Any, address: str) -> None:
    window = browser.new_context(locale="en", ignore_https_errors=True)
    page = window.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{address}/library?sort=name")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Come in").click()
    page.get_by_role("alert").wait_for()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Come in").click()
    page.get_by_role("heading", level=1, name="Library").wait_for(state="attached")
    assert page.url.startswith(f"{address}/library")
    page.get_by_role("link", name="Settings").click()
    page.wait_for_url(f"{address}/settings")
    page.reload()
    page.get_by_role("heading", name="Folders").wait_for()
    page.get_by_role("link", name="Downloads").first.click()
    page.get_by_role("button", name="Paste a link").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Link, model or list").fill("hf:ink/one\nhf:ink/two")  # a write, with the session's own proof
    dialog.get_by_role("list", name="Lines of the list").get_by_text("hf:ink/two").wait_for()
    assert page.get_by_text("The service does not answer.").count() == 0
    assert not said, said
    window.close()
