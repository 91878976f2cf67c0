"""A site of 500 real pages with six traps, made on the fly: what leads on without end, and what only looks like it.

The real pages are of many makes, some of them as traps are: a chain of logs by day, articles by number in a
query, deep folders, shops on hosts of their own.
"""

import random
import re
from collections.abc import Callable, Iterable
from hashlib import blake2b

HOST = "site.test"
SHOPS = tuple(f"{name}.{HOST}" for name in ("bakery", "florist", "grocer", "joiner", "tailor"))
ENDLESS_HOSTS = tuple(f"n{number}.{HOST}" for number in range(300))
"""Those that a name is known for; the trap would go on."""
WORDS = (
    "amber", "birch", "cedar", "dusk", "ember", "fjord", "grove", "heron",
    "inlet", "juniper", "kelp", "larch", "moss", "nettle", "otter", "pine",
)  # fmt: skip
FACETS = {"colour": "red blue green black white", "size": "s m l xl xxl", "sort": "up down", "view": "list grid table"}
LOGS, ARTICLES, FOLDERS, PRODUCTS, SESSIONS, SHOP_PAGES = 60, 60, 40, 60, 20, 4
PLAIN = 500 - LOGS - ARTICLES - FOLDERS - PRODUCTS - SESSIONS - SHOP_PAGES * len(SHOPS)


def real_pages() -> set[str]:
    """Host and path of every real page, those with a session without it."""
    paths = ["/", *(f"/page/{n}" for n in range(1, PLAIN))]
    paths += [_log(n) for n in range(LOGS)] + [f"/article?id={n}" for n in range(ARTICLES)]
    paths += [_folder(n) for n in range(FOLDERS)] + [f"/product/{n}" for n in range(PRODUCTS)]
    paths += [f"/account/{n}" for n in range(SESSIONS)]
    shops = {f"{shop}/{'' if n == 0 else n}" for shop in SHOPS for n in range(SHOP_PAGES)}
    return {HOST + path for path in paths} | shops


def is_real(host: str, path: str) -> str | None:
    """The real page that an address shows, whatever its session; None for pages of traps."""
    plain = re.sub(r"\?sid=.*", "", path)
    name = host + plain
    return name if name in _REAL else None


def page(host: str, path: str, port: int) -> str | None:
    """What the server says."""
    if host in SHOPS:
        return _shop(host, path)
    if host in ENDLESS_HOSTS:
        number = int(host.partition(".")[0][1:])
        return _html("Welcome", [f"http://n{2 * number + more}.{HOST}:{port}/" for more in (1, 2)], "")
    for pattern, make in _MAKERS:
        if found := re.fullmatch(pattern, path):
            return make(*found.groups())
    return _home(port) if path == "/" else None


def _html(title: str, links: Iterable[str], text: str, anchor: Callable[[str], str] = lambda _: "more") -> str:
    nav = '<nav><a href="/">Home</a></nav>'
    listed = "".join(f'<a href="{link}">{anchor(link)}</a> ' for link in links)
    return f"<title>{title}</title>{nav}<h1>{title}</h1><p>{text}</p>{listed}"


def _text(seed: str, most: int = 60) -> str:
    chance = random.Random(seed)
    return " ".join(chance.choices(WORDS, k=chance.randrange(5, most)))


def _home(port: int) -> str:
    links = ["/page/1", "/page/2", _log(0), "/article?id=0", _folder(0), "/product/0", "/account/0?sid=start"]
    links += [f"http://{shop}:{port}/" for shop in SHOPS]
    links += ["/calendar/2026/8", "/deeper/a/", "/loop/again/", "/catalog?sort=up", f"http://n0.{HOST}:{port}/"]
    return _html("The site", links, "Welcome to all of it.", lambda link: link)


def _plain(number: str) -> str | None:
    n = int(number)
    links = [f"/page/{m}" for m in (3 * n, 3 * n + 1, 3 * n + 2, (7 * n) % PLAIN) if 0 < m < PLAIN]
    return _html(f"Page {n}", links, _text(number)) if 0 < n < PLAIN else None


def _log(n: int) -> str:
    return f"/log/2025-{1 + n // 28:02}-{1 + n % 28:02}"


def _day(month: str, day: str) -> str | None:
    n = 28 * (int(month) - 1) + int(day) - 1
    if not 0 <= n < LOGS:
        return None
    return _html(f"Log of 2025-{month}-{day}", [_log(n + 1)] if n + 1 < LOGS else [], _text(f"{month}{day}", 400))


def _article(number: str) -> str:
    n = int(number)
    return _html(
        f"Article {n}: {_text(number, 9)}", [f"/article?id={n + 1}"] if n + 1 < ARTICLES else [], _text(number)
    )


def _folder(n: int) -> str:
    return f"/manual/guide/{'/'.join(WORDS[int(digit) + 2 * place] for place, digit in enumerate(f'{n:04}'))}/{n}"


def _manual(number: str) -> str:
    n = int(number)
    links = [_folder(m) for m in (2 * n + 1, 2 * n + 2) if m < FOLDERS]
    return _html(f"Chapter {n}", links, _text(number), lambda link: f"Chapter {link.rpartition('/')[2]}")


def _product(number: str) -> str | None:
    links = [f"/product/{(int(number) + 1) % PRODUCTS}", "/catalog?sort=down"]
    return _html(f"Product {number}", links, _text(number))


def _account(number: str, sid: str) -> str | None:
    n, fresh = int(number), blake2b(f"{number}{sid}".encode(), digest_size=8).hexdigest()
    links = [f"/account/{m}?sid={fresh}" for m in (n + 1, n + 2, 0) if m < SESSIONS]
    return _html(f"Account {n}", links, _text(number)) if n < SESSIONS else None


def _shop(host: str, path: str) -> str | None:
    name, number = host.partition(".")[0], path.removeprefix("/") or "0"
    if not number.isdigit():
        return None
    links = [f"/{int(number) + 1}"] if int(number) + 1 < SHOP_PAGES else []
    return _html(f"{name} {number}", links, _text(name + number))


def _month(year: str, month: str) -> str:
    number = 12 * int(year) + int(month or 1) - 1
    links = [f"/calendar/{m // 12}/{m % 12 + 1}" for m in (number - 1, number + 1)] + [f"/calendar/{int(year) + 1}"]
    days = [f"/calendar/{year}/{month}/{day}" for day in range(1, 29)] if month else []
    return _html(f"{year}, month {month}", links + days, "No event", lambda link: link.rpartition("/")[2])


def _date(year: str, month: str, day: str) -> str:
    links = [f"/calendar/{year}/{month}", f"/calendar/{year}/{month}/{int(day) % 28 + 1}"]
    return _html(f"{day}.{month}.{year}", links, "No event", lambda _: "next")


def _growing(path: str) -> str:
    name = blake2b(path.encode(), digest_size=3).hexdigest()
    return _html("Deeper", [f"/deeper/{path}{name}/", f"/deeper/{path}x{name}/"], "Go on.")


def _again(_: str) -> str:
    return _html("Again", ["again/", "and/again/"], "Once more.")


def _catalog(query: str) -> str:
    chosen = dict(part.partition("=")[::2] for part in query.split("&"))
    links = [
        "/catalog?" + "&".join(f"{name}={value}" for name, value in sorted({**chosen, facet: value}.items()))
        for facet, values in FACETS.items()
        for value in values.split()
    ]
    shown = [f"/product/{n}" for n in range(len(query) % 7 + 3)]
    return _html("Catalog", links + shown, _text(query), lambda link: link.rpartition("=")[2])


_MAKERS: tuple[tuple[str, Callable[..., str | None]], ...] = (
    (r"/page/(\d+)", _plain),
    (r"/log/2025-(\d\d)-(\d\d)", _day),
    (r"/article\?id=(\d+)", _article),
    (r"/manual/.*/(\d+)", _manual),
    (r"/product/(\d+)", _product),
    (r"/account/(\d+)\?sid=(\w+)", _account),
    (r"/calendar/(\d+)()", _month),
    (r"/calendar/(\d+)/(\d+)", _month),
    (r"/calendar/(\d+)/(\d+)/(\d+)", _date),
    (r"/deeper/(.*/)", _growing),
    (r"/loop/(.*/)", _again),
    (r"/catalog\?(.*)", _catalog),
)
_REAL = real_pages()
