"""Pages in a real browser. Some come from `render-pages`, which writes every page in every language into a directory, and from a web
server of ours that serves it with the fields that the daemon's answers have; the others from daemons behind real servers."""

import functools
import http.server
import os
import pathlib
import subprocess
import threading
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from harness.module_servers import KINDS
from harness.redeeming import Invited
from harness.web_proxy import WebProxy
from live import LiveBrowser, Site
from server_files import ServerFiles, ejabberds, prosodies

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("INVITED_BUILD", REPOSITORY / ".build/debug"))
# Where pictures of the pages are stored, for people to inspect.
PICTURES = pathlib.Path(os.environ.get("INVITED_PICTURES", REPOSITORY / ".build/pictures"))

SIZES = {"narrow": (320, 640), "phone": (360, 740), "desktop": (1280, 800)}

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; {more}form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Of a form that asks about names.
SCRIPTS = "script-src 'self'; connect-src 'self'; "


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files with the policy of pages, and 404 for others."""

    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8"}

    def end_headers(self):
        more = SCRIPTS if "/registration" in self.path else ""
        self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY.format(more=more))
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def do_POST(self):
        """Answers a form's request about a name, with no information about it."""
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"state":"possible","text":""}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        self.server.log.append(self.requestline + " " + str(arguments[1] if len(arguments) > 1 else ""))


@pytest.fixture(scope="session")
def rendered(tmp_path_factory):
    """The directory with the pages."""
    directory = tmp_path_factory.mktemp("pages")
    subprocess.run([BUILD / "render-pages", directory], check=True, timeout=300)
    return directory


@pytest.fixture(scope="session")
def server(rendered):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(rendered)))
    server.log = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class Browser:
    """Chromium without a window."""

    def __init__(self, driver, server):
        self.driver = driver
        self.base = f"http://127.0.0.1:{server.server_port}"
        self.server = server

    def look(self, size="desktop", scheme="light", scripts=True, motion=None):
        """As a device of a size and with a preference."""
        width, height = SIZES[size]
        self.size, self.scheme = size, scheme
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=size != "desktop")
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.command("Emulation.setScriptExecutionDisabled", value=not scripts)

    def command(self, name, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def open(self, path):
        self.driver.get(f"{self.base}/{path}")

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def picture(self, name):
        """Of the whole page."""
        width, height = SIZES[self.size]
        height = max(height, self.run("return document.documentElement.scrollHeight"))
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=self.size != "desktop")
        file = PICTURES / f"{name.replace('/', '-')}-{self.size}-{self.scheme}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(file))
        self.look(self.size, self.scheme)
        return file


@pytest.fixture(scope="session")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProxy]:
    with WebProxy(tmp_path_factory.mktemp("proxy")) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def driver(proxy):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--no-first-run",
                     # No name is asked of any server: those of daemons are the proxy's, and there are no others.
                     f"--host-resolver-rules=MAP *.invite.example 127.0.0.1:{proxy.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                     "--ignore-certificate-errors"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    driver.set_page_load_timeout(60)
    driver.set_script_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture
def browser(driver, server):
    browser = Browser(driver, server)
    browser.look()
    driver.get_log("browser")
    yield browser
    # About what the policy forbids, and about missing files. `/favicon.ico` is requested by the browser's own view of an SVG.
    complaints = [entry["message"] for entry in driver.get_log("browser") if "favicon.ico" not in entry["message"]]
    assert complaints == []


@pytest.fixture(scope="session")
def axe():
    path = subprocess.run([REPOSITORY / "scripts/lib/axe-core"], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    return pathlib.Path(path).read_text()


# A daemon behind each real server


@pytest.fixture(scope="session", params=[files for files in [*prosodies(), *ejabberds()] if files.name in KINDS], ids=str)
def server_files(request: pytest.FixtureRequest) -> ServerFiles:
    """Each version of each server that there is a module for."""
    return request.param


@pytest.fixture(scope="session")
def site(server_files: ServerFiles, proxy: WebProxy) -> Iterator[Site]:
    """The pages of a daemon behind that server, with a user on each host. Who changes more than users and invites changes it back."""
    name = f"{server_files}.invite.example"
    with Invited.running(server_files, web=f"https://{name}/") as running:
        proxy.daemons[name] = running.installation.web_socket
        running.register("alice", "a.example")
        running.register("bob", "b.example")
        running.daemon.await_log("pages are served")
        yield Site(running, f"https://{name}/")


@pytest.fixture
def live(driver, proxy: WebProxy, site: Site) -> Iterator[LiveBrowser]:
    """A new visitor of that site, who has never been there."""
    proxy.renew()
    browser = LiveBrowser(driver, proxy, site, PICTURES / "live" / str(site.invited.server.files))
    browser.begin()
    yield browser
    assert browser.complaints() == []
