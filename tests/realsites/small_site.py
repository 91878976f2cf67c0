"""A site of eleven files whose every link is worked out by hand below: what the packages lack stands here."""

from collections import Counter
from pathlib import Path

from .oracle import Page, Walk

INDEX = """<!DOCTYPE html><title>Start</title>
<a href="b.html">B</a> <a href="b.html#part">B again</a> <A HREF=./b.html>B, written otherwise</A>
<a href="b.html?x=1">another page</a> <a href="">this page</a> <a href="#top">this page</a>
<a href="folder">a folder without its slash</a> <a href="{user}b.html">credentials are no part of a page</a>
<a rel="NoFollow noopener" href="only-nofollow.html">not followed</a>
<a rel="nofollow" href="c.html">followed elsewhere</a>
<a href="mailto:ann@example.org">mail</a> <a href="http://[bad">no URL</a>
<a href="https://example.org/%7Eann#me">elsewhere</a>
<a href="javascript:void(0)">inert</a> <a href="data:text/html,x">inert</a> <a name="top">no link</a>
<map name="m"><area href="area.html" alt="area"></map> <iframe src="framed.html"></iframe>
<template><base href="/wrong/"><a href="inert.html">inert</a></template>
<!-- <a href="comment.html">no</a> --> <script>"<a href='script.html'>no</a>"</script>
<textarea><a href="textarea.html">no</a></textarea>
<a href="missing.html">dead</a> <a href="data.bin">no HTML</a>
<a href="  padded.html&#9;">white space around</a> <a href="lines&#10;.html">a line end within</a>
<link rel=stylesheet href=style.css> <link rel="next nofollow" href=c.html> <link rel=NEXT href=next.html>
<link rel=alternate hreflang=de href=de.html> <link rel="alternate" href=feed.xml> <link rel=icon href="">
<img src=picture.png alt=p> <img src=""> <script src=go.js></script> <form action=search></form> <object data=data.bin>
</object> <form method=post action=post></form> <embed src=c.html> <video src=film.ogv><track src=words.vtt></video>
<audio><source src=song.ogg></audio> <link rel=icon href=https://example.org/icon>
<table><tr><a href="foster.html">moved before the table</a></table>
<img srcset="one.png 1x, picture.png 2x" alt=""><link rel=preload as=image imagesrcset="one.png, picture.png 2x">
<link rel=icon imagesrcset="no.png"><video poster=picture.png></video>
<form action=search><button formaction=exact>E</button><button type=button formaction=no>N</button>
<input type=submit formaction=post formmethod=post></form><button formaction=no>of no form</button>
<a href="outer.html">never closed <a href="inner.html">closes it</a>
"""

FILES = {
    "index.html": INDEX,
    "b.html": '<a href="c.html">C</a><a href="folder/">the folder</a>',
    "c.html": "<p>An end.",
    "folder/index.html": '<a href="#x">by base</a><base href="/other/"><base href="/second/">'
    '<a href="d.html">D</a><a href="../frames.html">frames</a>',
    "other/d.html": '<a href="/c.html" rel="nofollow">C</a>',
    "frames.html": '<frameset><frame src="b.html"><frame src="b.html"><frame src="c.html"></frameset>',
    "framed.html": '<base href="http://[bad"><a href="index.html">back</a>',
    "next.html": '<meta http-equiv=Refresh content="5; URL=later.html"><link rel=canonical href=next.html>',
    "later.html": "<p>An end.",
    "data.bin": '<a href="not-read.html">not HTML</a>',
    "empty/other.txt": "this folder has no index.html",
}

FOUND = """
index.html  a  b.html  4
index.html  a  b.html?x=1  1
index.html  a  index.html  2
index.html  a  folder  1
index.html  a  only-nofollow.html  1
index.html  a  c.html  1
index.html  a  mailto:ann@example.org  1
index.html  a  http://[bad  1
index.html  a  https://example.org/%7Eann  1
index.html  area  area.html  1
index.html  iframe  framed.html  1
index.html  a  missing.html  1
index.html  a  data.bin  1
index.html  a  padded.html  1
index.html  a  lines.html  1
index.html  a  foster.html  1
index.html  a  outer.html  1
index.html  a  inner.html  1
index.html  stylesheet  style.css  1
index.html  next  c.html  1
index.html  next  next.html  1
index.html  alternate_hreflang  de.html  1
index.html  link  feed.xml  1
index.html  img  picture.png  2
index.html  img  one.png  1
index.html  link  one.png  1
index.html  link  picture.png  1
index.html  video  picture.png  1
index.html  form  exact  1
index.html  script  go.js  1
index.html  form  search  2
index.html  object  data.bin  1
index.html  embed  c.html  1
index.html  video  film.ogv  1
index.html  track  words.vtt  1
index.html  source  song.ogg  1
index.html  link  https://example.org/icon  1
next.html  meta_refresh  later.html  1
next.html  canonical  next.html  1
b.html  a  c.html  1
b.html  a  folder/  1
b.html?x=1  a  c.html  1
b.html?x=1  a  folder/  1
folder  redirect  folder/  1
folder/  a  other/  1
folder/  a  other/d.html  1
folder/  a  frames.html  1
other/d.html  a  c.html  1
frames.html  frame  b.html  2
frames.html  frame  c.html  1
framed.html  a  index.html  1
"""
"""Source, kind, target, occurrences. b.html four times: twice plain, once with a fragment, once with
credentials. `folder/` resolves against /other/, its first base, even before that element."""

PAGES = """
index.html  fetched  200  0
b.html  fetched  200  1
b.html?x=1  fetched  200  1
c.html  fetched  200  2
folder  redirect  301  1
folder/  fetched  200  1
other/  client_error  404  2
other/d.html  fetched  200  2
frames.html  fetched  200  2
framed.html  fetched  200  1
data.bin  not_html  200  1
only-nofollow.html  nofollow  -  -
mailto:ann@example.org  unsupported_scheme  -  1
http://[bad  invalid  -  1
https://example.org/%7Eann  off_scope  -  1
next.html  fetched  200  1
later.html  fetched  200  1
de.html  client_error  404  1
style.css  kind_not_followed  -  -
feed.xml  kind_not_followed  -  -
picture.png  kind_not_followed  -  -
one.png  kind_not_followed  -  -
exact  kind_not_followed  -  -
go.js  kind_not_followed  -  -
search  kind_not_followed  -  -
film.ogv  kind_not_followed  -  -
words.vtt  kind_not_followed  -  -
song.ogg  kind_not_followed  -  -
https://example.org/icon  off_scope  -  -
area.html  client_error  404  1
missing.html  client_error  404  1
padded.html  client_error  404  1
lines.html  client_error  404  1
foster.html  client_error  404  1
outer.html  client_error  404  1
inner.html  client_error  404  1
"""
"""Page, outcome, status, depth. c.html: only nofollow from the start, so followed at depth 2, from b.html.
The redirect from `folder` costs nothing, so `folder/` has depth 1, though b.html's link alone would make it 2; nor
does the refresh of next.html to later.html."""


def write_site(folder: Path, base: str) -> None:
    """Write the files, to be served at `base`."""
    for name, text in FILES.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text.replace("{user}", base.replace("://", "://ann:secret@")), encoding="utf-8")


def by_hand(base: str) -> Walk:
    """The two tables above, as the oracle would say them."""
    walk = Walk()
    for line in PAGES.split("\n")[1:-1]:
        name, outcome, status, depth = line.split("  ")
        numbers = [None if value == "-" else int(value) for value in (status, depth)]
        walk.pages[_url(base, name)] = Page(outcome, *numbers)
    walk.links = Counter()
    for line in FOUND.split("\n")[1:-1]:
        source, kind, target, occurrences = line.split("  ")
        walk.links[_url(base, source), _url(base, target), kind] = int(occurrences)
    return walk


def _url(base: str, name: str) -> str:
    return name if ":" in name else base + name
