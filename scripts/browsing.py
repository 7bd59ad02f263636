"""Lets a web page use the simulator from another origin, in headless Chromium, and prints what the page found.

The page is a small JavaScript program: it reads, rates, drives the admin API, meets faults and shows an image, as the
tests of a web application do. The browser asks the simulator's leave before requests that need it.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tmdb_ext.testing import Simulator

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "microsoft-edge")
PATIENCE = 60
"""Seconds that the browser has for the page."""

PAGE = """<!doctype html><meta charset="utf-8"><title>A program in a browser</title><pre id="found"></pre>
<script>
const {base, key, token, session} = SETTINGS;
const bearer = {authorization: `Bearer ${token}`};
const json = {'content-type': 'application/json;charset=utf-8'};
// TMDB lets a browser keep what a user has rated, for minutes
const get = async (path, options) => (await fetch(base + path, {cache: 'no-store', ...options})).json();
const checks = {
  'reads with an API key': async () => (await get(`/3/movie/11?api_key=${key}`)).title === 'Star Wars',
  'reads with a token, after asking leave': async () => (await get('/3/tv/41', {headers: bearer})).id === 41,
  'reads version 4': async () => (await get('/4/list/1', {headers: bearer})).id === 1,
  'rates, and sees it': async () => {
    const options = {method: 'POST', headers: {...bearer, ...json}, body: '{"value": 8.5}'};
    const rated = await fetch(`${base}/3/movie/11/rating?session_id=${session}`, options);
    const states = await get(`/3/movie/11/account_states?session_id=${session}`, {headers: bearer});
    return rated.status === 201 && states.rated.value === 8.5;
  },
  'deletes, and sees it': async () => {
    await fetch(`${base}/3/movie/11/rating?session_id=${session}`, {method: 'DELETE', headers: bearer});
    return (await get(`/3/movie/11/account_states?session_id=${session}`, {headers: bearer})).rated === false;
  },
  'reads the body of an error': async () => (await get('/3/movie/11?api_key=wrong')).status_code === 7,
  'sees the headers that it may need': async () => {
    const answer = await fetch(`${base}/3/movie/11?api_key=${key}`);
    return answer.headers.get('etag').startsWith('W/') && answer.headers.get('cache-control').includes('max-age');
  },
  'drives the admin API': async () => {
    const body = JSON.stringify({movie: [{id: 900900, title: 'Rain'}]});
    await get('/simulator/data', {method: 'POST', headers: json, body});
    return (await get(`/3/movie/900900?api_key=${key}`)).title === 'Rain';
  },
  'meets a fault with Retry-After': async () => {
    const body = JSON.stringify({http_status: 429, retry_after: 7, operation: 'movie-details'});
    await get('/simulator/faults', {method: 'POST', headers: json, body});
    const answer = await fetch(`${base}/3/movie/12?api_key=${key}`, {cache: 'no-store'});
    return answer.status === 429 && answer.headers.get('retry-after') === '7';
  },
  'meets a connection that is lost': async () => {
    const body = JSON.stringify({disconnect: true, times: null, path: '/3/movie/13'});
    await get('/simulator/faults', {method: 'POST', headers: json, body});
    const lost = await fetch(`${base}/3/movie/13?api_key=${key}`).then(() => false, () => true);
    await get('/simulator/faults', {method: 'DELETE'});
    return lost;
  },
  'shows an image': async () => {
    const {images} = await get(`/3/configuration?api_key=${key}`);
    const {poster_path} = await get(`/3/movie/11?api_key=${key}`);
    const image = new Image();
    image.src = `${images.secure_base_url}w92${poster_path}`;
    await image.decode();
    return image.naturalWidth === 92;
  },
};
(async () => {
  const found = {};
  for (const [name, check] of Object.entries(checks)) {
    try { found[name] = await check() ? 'yes' : 'no'; } catch (error) { found[name] = String(error); }
  }
  document.getElementById('found').textContent = JSON.stringify(found);
})();
</script>"""


def page_server(page: bytes) -> ThreadingHTTPServer:
    """A server of one page at another origin than the simulator's, which is not yet running."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page if self.path == "/" else b"")

        def log_message(self, *_: Any) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def browse(browser: str, address: str) -> str:
    """The page as it is when its program has ended."""
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [
                browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--proxy-server=direct://", f"--user-data-dir={profile}", f"--virtual-time-budget={PATIENCE * 1000}",
                "--dump-dom", address,
            ],
            check=False, capture_output=True, text=True, timeout=2 * PATIENCE,
        )  # fmt: skip
    if done.returncode:
        sys.exit(f"{browser} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


def main() -> int:
    """Prints what works in the page; returns 1 if something does not."""
    parser = argparse.ArgumentParser(prog="scripts/browser", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--browser", help=f"the browser's command (default: the first of {', '.join(BROWSERS)})")
    options = parser.parse_args()
    browser = options.browser or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(
            "No Chromium here. Install one, such as Debian's package chromium, or name its command with --browser."
        )
    with Simulator() as simulator:
        settings = {
            "base": simulator.base_url, "key": simulator.api_key, "token": simulator.access_token,
            "session": simulator.create_session(),
        }  # fmt: skip
        server = page_server(PAGE.replace("SETTINGS", json.dumps(settings)).encode())
        threading.Thread(target=server.serve_forever, daemon=True).start()
        shown = browse(browser, f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()
        asked = sum(one.method == "OPTIONS" for one in simulator.requests)
    found = re.search(r'<pre id="found">(.+?)</pre>', shown, re.DOTALL)
    if found is None:
        sys.exit(f"The page's program did not come to its end in {PATIENCE} seconds:\n{shown[-2000:]}")
    results: dict[str, str] = json.loads(html.unescape(found[1]))
    for name, result in results.items():
        print(f"{result:4} {name}")
    print(f"The browser asked for leave {asked} times.")
    return 0 if asked and set(results.values()) == {"yes"} else 1


if __name__ == "__main__":
    sys.exit(main())
