"""Every page at the size of a phone and of a screen, in light and in dark, in three languages of which one runs from right to left."""

import pathlib
import re
import subprocess

import pytest
from selenium.webdriver.support.ui import WebDriverWait

LANGUAGES = ["en", "de", "ar"]
LOOKS = [("phone", "light"), ("phone", "dark"), ("desktop", "light"), ("desktop", "dark")]


def pages(rendered, language, platform):
    """The paths of all pages without `.html`, in order."""
    return sorted(str(file.relative_to(rendered)) for file in (rendered / language / platform).glob("*.html"))


def platform_of(size):
    return "linux" if size == "desktop" else "android"


def test_there_are_pages(rendered):
    for language in LANGUAGES:
        assert len(pages(rendered, language, "android")) == len(pages(rendered, language, "linux")) >= 25


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size, scheme", LOOKS)
def test_nothing_keeps_people_out(browser, rendered, axe, language, size, scheme):
    """axe-core finds nothing, in the rules of WCAG 2.2 at level AA and in its best practices, with all that can be opened open."""
    browser.look(size, scheme)
    found = []
    for page in pages(rendered, language, platform_of(size)):
        browser.open(page)
        browser.run("for (const details of document.querySelectorAll('main details')) details.open = true")
        browser.run(axe)
        result = browser.driver.execute_async_script("const done = arguments[0]; axe.run({resultTypes: ['violations']}).then(done)")
        for violation in result["violations"]:
            found += [(page, violation["id"], violation["impact"], node["html"][:120]) for node in violation["nodes"]]
    assert found == []


@pytest.mark.parametrize("language", LANGUAGES + ["ru"])
@pytest.mark.parametrize("size, scheme", [("narrow", "light"), ("phone", "light"), ("desktop", "dark")])
def test_nothing_is_wider_than_the_screen(browser, rendered, language, size, scheme):
    browser.look(size, scheme)
    for page in pages(rendered, language, platform_of(size)):
        browser.open(page)
        assert browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page
        browser.picture(page.removesuffix(".html"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_can_be_pressed_is_large_enough(browser, rendered, language):
    """24 by 24 at least (WCAG 2.2 §2.5.8), and 44 high where it is more than a word in a sentence."""
    browser.look("phone")
    for page in pages(rendered, language, "android"):
        browser.open(page)
        small = browser.run(
            """
            return [...document.querySelectorAll('a, button, summary, input:not([type=hidden]):not(.hidden)')]
                .filter(item => item.checkVisibility() && getComputedStyle(item).display !== 'inline')
                .map(item => [item.outerHTML.slice(0, 80), item.getBoundingClientRect()])
                .filter(([, box]) => box.height < 44 || box.width < 24)
                .map(([html, box]) => [html, box.width, box.height])
            """
        )
        assert small == [], page


def test_the_keyboard_gets_everywhere_and_is_seen(browser):
    browser.open("en/linux/both.html")
    seen = []
    for _ in range(60):
        browser.command("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        browser.command("Input.dispatchKeyEvent", type="keyUp", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        item, width = browser.run(
            "const item = document.activeElement;"
            "return [item === document.body ? '' : item.outerHTML.slice(0, 200), parseFloat(getComputedStyle(item).outlineWidth)]"
        )
        if not item or item in seen:
            break
        assert width >= 2, item
        seen.append(item)
    everything = browser.run("return [...document.querySelectorAll('a[href], summary')].filter(item => item.checkVisibility()).length")
    assert len(seen) == everything > 8


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_works_without_scripts(browser, rendered, language):
    """Only a form with a name to choose has one, which adds to it; what opens is opened by the browser."""
    with_script = {f"{language}/linux/{name}.html" for name in ("registration", "registration-taken", "registration-short")}
    for page in pages(rendered, language, "linux"):
        assert ("<script" in (rendered / page).read_text()) == (page in with_script), page
    browser.look("phone", scripts=False)
    browser.open(f"{language}/android/both.html")
    more = browser.driver.find_element("css selector", "details.more")
    assert more.get_attribute("open") is None
    more.find_element("css selector", "summary").click()
    assert more.get_attribute("open") == "true"
    apps = more.find_elements("css selector", ".apps a")
    assert len(apps) > 5 and all(app.is_displayed() and app.rect["height"] > 44 for app in apps)


def test_the_form_is_filled_in_and_sent_by_the_browser_alone(browser):
    browser.open("en/linux/registration.html")
    fields = browser.run("return [...document.forms[0].elements].map(field => [field.name, field.type, !!field.required])")
    assert fields == [["username", "text", True], ["password", "password", True], ["seal", "hidden", False], ["", "submit", False]]
    assert browser.run("return document.forms[0].method") == "post"
    assert not browser.run("return document.forms[0].checkValidity()")
    browser.driver.find_element("id", "username").send_keys("bob")
    browser.driver.find_element("id", "password").send_keys("a long enough password")
    assert browser.run("return document.forms[0].checkValidity()")


def test_a_mistake_has_the_keyboard_and_is_read_out(browser):
    browser.open("de/linux/registration-taken.html")
    # The page gives the keyboard away when it is first painted.
    WebDriverWait(browser.driver, 30, 0.02).until(lambda _: browser.run("return document.activeElement.id") == "username")
    described = browser.run("return document.activeElement.getAttribute('aria-describedby').split(' ').map(id => document.getElementById(id).textContent.trim())")
    assert len(described) == 3 and "gibt es schon" in described[2]
    assert browser.run("return document.activeElement.getAttribute('aria-invalid')") == "true"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_camera_reads_the_code(browser, scheme, tmp_path):
    """From a picture of the page, as displayed there, also in the dark scheme."""
    browser.look("desktop", scheme)
    browser.open("en/linux/both.html")
    image = browser.driver.find_element("css selector", ".qr img")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", image)
    browser.driver.execute_async_script("const [image, done] = arguments; image.decode().then(done)", image)
    file = tmp_path / "page.png"
    browser.driver.save_screenshot(str(file))
    read = subprocess.run(["zbarimg", "--quiet", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", file], text=True, stdout=subprocess.PIPE)
    expected = browser.driver.find_element("css selector", "a.button[href^='xmpp:']").get_attribute("href")
    assert read.stdout.strip() == expected


def test_the_language_is_changed_by_a_link(browser):
    browser.open("ar/linux/both.html")
    browser.driver.find_element("css selector", ".switch summary").click()
    links = browser.driver.find_elements("css selector", ".switch a")
    assert [link.get_attribute("hreflang") for link in links if link.is_displayed()] == [link.get_attribute("hreflang") for link in links]
    assert len(links) == 10
    assert browser.run("return [...document.querySelectorAll('.switch a')].every(link => { const box = link.getBoundingClientRect(); return box.left >= 0 && box.right <= innerWidth })")
    assert browser.run("return getComputedStyle(document.body).direction") == "rtl"
    browser.picture("ar/linux/both-languages")


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_else_is_asked(browser, rendered, server, language):
    """All that a page loads is from our server and exists."""
    for page in pages(rendered, language, "android"):
        browser.open(page)
        loaded = browser.run("return performance.getEntriesByType('resource').map(entry => [entry.name, entry.responseStatus])")
        assert loaded and all(name.startswith(browser.base) and status == 200 for name, status in loaded), (page, loaded)
        weight = browser.run(
            "return performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
            ".reduce((sum, entry) => sum + entry.decodedBodySize, 0)"
        )
        assert 5_000 < weight < 60_000, page


@pytest.mark.parametrize("language", ["en", "ar", "zh-Hans"])
def test_the_markup_is_valid(rendered, language):
    """Tidy 5.6 is of 2017: it does not know some attributes of today's HTML, nor that `href` may be empty."""
    newer = re.compile(r'proprietary attribute "(aria-current|minlength|loading|autocapitalize)"|attribute "href" lacks value')
    for platform in ("android", "linux"):
        for page in pages(rendered, language, platform):
            checked = subprocess.run(
                ["tidy", "-quiet", "-errors", "-utf8", "--drop-empty-elements", "no", rendered / page], text=True, stderr=subprocess.PIPE
            )
            assert [line for line in checked.stderr.splitlines() if not newer.search(line)] == [], page


def test_ids_are_unique_and_what_they_name_is_there(rendered):
    for file in pathlib.Path(rendered).glob("*/*/*.html"):
        text = file.read_text()
        ids = re.findall(r'\sid="([^"]+)"', text)
        assert len(ids) == len(set(ids)), file
        named = " ".join(re.findall(r'\s(?:for|aria-labelledby|aria-describedby)="([^"]+)"', text)).split()
        assert set(named) <= set(ids), file
