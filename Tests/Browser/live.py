"""A visitor of a daemon's pages in a real browser, and the accounts on the server behind it."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from harness.redeeming import Invited
from harness.web_proxy import Passed, WebProxy

TIMEOUT = 30
SIZES = {"phone": (360, 740), "desktop": (1280, 800)}
# What such devices say they are.
AGENTS = {
    "phone": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
    "desktop": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
}
# Tidy 5.6 is of 2017: it does not know some attributes of today's HTML, nor that `href` may be empty.
NEWER = re.compile(r'proprietary attribute "(aria-current|minlength|loading|autocapitalize)"|attribute "href" lacks value')


@dataclass(frozen=True)
class Site:
    """A daemon, and where its pages are."""

    invited: Invited
    base: str

    def url(self, host: str, token: str) -> str:
        return f"{self.base}{host}/{token}"


@dataclass(frozen=True)
class Look:
    """What a visitor has in their hands."""

    language: str = "en"
    size: str = "phone"
    scheme: str = "light"
    scripts: bool = True

    def __str__(self) -> str:
        return f"{self.language}-{self.size}-{self.scheme}-{'scripts' if self.scripts else 'no-scripts'}"


class LiveBrowser:
    """Chromium without a window. All it loads is the proxy's to see."""

    def __init__(self, driver, proxy: WebProxy, site: Site, pictures: Path) -> None:
        self.driver = driver
        self.proxy = proxy
        self.site = site
        self._pictures = pictures

    def begin(self, look: Look = Look()) -> None:
        """As a device that has been nowhere yet."""
        self.look = look
        self.command("Network.clearBrowserCache")
        self.command("Network.setUserAgentOverride", userAgent=AGENTS[look.size], acceptLanguage=look.language)
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": look.scheme}])
        self.command("Emulation.setScriptExecutionDisabled", value=not look.scripts)
        self._resize()
        self.driver.get_log("browser")

    def _resize(self, height: int = 0) -> None:
        width, least = SIZES[self.look.size]
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=max(height, least), deviceScaleFactor=1,
                     mobile=self.look.size == "phone")

    def command(self, name: str, **parameters: object):
        return self.driver.execute_cdp_cmd(name, parameters)

    def run(self, script: str, *arguments: object):
        return self.driver.execute_script(script, *arguments)

    def open(self, url: str) -> None:
        self.driver.get(url)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element("css selector", selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements("css selector", selector)

    def text(self, selector: str = "main") -> str:
        """The visible text, without the characters that isolate directions."""
        return re.sub("[\u2066-\u2069]", "", self.find(selector).text)

    def follow(self, element: WebElement, press: Callable[[WebElement], None] = WebElement.click) -> None:
        """Clicks the element, and waits until the next page is loaded."""
        before = self.find("html")
        press(element)
        # The element of another document, or none in between.
        WebDriverWait(self.driver, TIMEOUT, 0.02).until(
            lambda _: before not in self.all("html") and self.run("return document.readyState") == "complete")

    def fill(self, **fields: str) -> None:
        """Types as people do, in the place of what was there."""
        for name, value in fields.items():
            self.find(f"[name={name}]").send_keys(Keys.CONTROL + "a", Keys.NULL, value or Keys.BACKSPACE)

    def send(self, **fields: str) -> None:
        """Fills in the form of the page and sends it, with the keyboard: an answer about a name may move the button at any time."""
        self.fill(**fields)
        self.follow(self.find("form button[type=submit]"), lambda button: button.send_keys(Keys.ENTER))

    def await_focus(self, element: WebElement) -> None:
        """Until the element has the keyboard, which a page gives away when it is first painted."""
        WebDriverWait(self.driver, TIMEOUT, 0.02).until(lambda driver: driver.switch_to.active_element == element)

    def await_status(self, state: str) -> str:
        """The form's text about the name, once it has this state."""
        WebDriverWait(self.driver, TIMEOUT, 0.02).until(
            lambda _: self.find("#username-status").get_attribute("data-state") == state)
        return self.text("#username-status")

    @property
    def asked(self) -> list[Passed]:
        """What the form has asked about names."""
        return [each for each in self.passed if each.path.endswith("/register/username")]

    # Pictures and complaints

    def picture(self, name: str) -> None:
        """Stores a picture of the whole page, for people to inspect."""
        self._resize(self.run("return document.documentElement.scrollHeight"))
        self._pictures.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(self._pictures / f"{name}-{self.look}.png"))
        self._resize()

    @property
    def passed(self) -> list[Passed]:
        """What the visitor has loaded."""
        with self.proxy.lock:
            return [*self.proxy.passed]

    def page(self) -> Passed:
        """The page that was loaded last, as the daemon has sent it."""
        return [each for each in self.passed if each.type == "text/html"][-1]

    def complaints(self) -> list[str]:
        """The browser's errors: what the policy forbids, scripts that fail, missing files. A page with
        another status than 200 is no error."""
        pages = {each.url for each in self.passed if each.type == "text/html" and each.status != 200}
        return [entry["message"] for entry in self.driver.get_log("browser")
                if not any(entry["message"].startswith(f"{url} - Failed to load resource") for url in pages)]

    # What holds for each page

    def assert_sound(self, axe: str) -> None:
        """The page is valid, in its language, no wider than the screen, and accessible."""
        checked = subprocess.run(["tidy", "-quiet", "-errors", "-utf8", "--drop-empty-elements", "no"],
                                 input=self.page().body, stderr=subprocess.PIPE)
        assert [line for line in checked.stderr.decode().splitlines() if not NEWER.search(line)] == [], self.page().url
        root = self.find("html")
        assert root.get_attribute("lang") == self.look.language
        assert root.get_attribute("dir") == ("rtl" if self.look.language == "ar" else "ltr")
        assert self.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        if not self.look.scripts:
            return
        self.run("for (const details of document.querySelectorAll('main details')) details.open = true")
        self.run(axe)
        result = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run({resultTypes: ['violations']}).then(done)")
        assert [(each["id"], node["html"][:120]) for each in result["violations"] for node in each["nodes"]] == []
