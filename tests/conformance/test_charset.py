"""From bytes to text: which encoding is believed, and what becomes of bytes that it does not know."""

from collections.abc import Iterator

import pytest
import webencodings
from hypothesis import example, given
from hypothesis import strategies as st
from standards import standard_bytes

from linkmap.parse.charset import charset_source, decode
from linkmap.parse.prescan import declared_encoding

META = b'<meta charset="iso-8859-2">'
CACAK = "Čačak"
LATIN_2 = META + CACAK.encode("iso-8859-2")


def html5lib_cases() -> Iterator[tuple[bytes, str]]:
    """(page, encoding) of html5lib's tests: blocks of `#data` and `#encoding`."""
    for name in ("tests1.dat", "tests2.dat", "test-yahoo-jp.dat"):
        for block in standard_bytes(f"encoding/{name}").split(b"#data\n")[1:]:
            page, _, label = block.partition(b"\n#encoding\n")
            yield page, webencodings.lookup(label.split(b"\n")[0].decode()).name


def test_the_html5lib_cases_give_the_declared_encoding_or_the_fallback() -> None:
    declared, fallen_back, different = 0, 0, []
    for page, expected in html5lib_cases():
        found = decode(page, None)[1]
        if found == expected:
            declared += 1
        elif found == "utf-8" and expected == "windows-1252" and declared_encoding(page) is None:
            # html5lib always falls back on windows-1252; these pages are ASCII, so that their text is the same.
            assert page.isascii()
            fallen_back += 1
        else:
            different.append((page, expected, found))
    assert different == []
    assert (declared, fallen_back) == (50, 32)


@pytest.mark.parametrize(
    ("body", "header", "encoding", "text", "reason"),
    [
        (b"\xef\xbb\xbf<p>\xc3\xa9", None, "utf-8", "<p>é", "a byte order mark"),
        (b"\xef\xbb\xbf\xc3\xa9", "text/html; charset=iso-8859-2", "utf-8", "é", "which beats the header"),
        (b"\xef\xbb\xbf" + META + b"\xc3\xa9", None, "utf-8", META.decode() + "é", "and the page"),
        (b"\xff\xfe\xe9\x00", None, "utf-16le", "é", "UTF-16, little end first"),
        (b"\xfe\xff\x00\xe9", None, "utf-16be", "é", "and last"),
        (LATIN_2, "text/html; charset=latin1", "windows-1252", META.decode() + "Èaèak", "the header beats the page"),
        (LATIN_2, "text/html", "iso-8859-2", META.decode() + CACAK, "a header without charset says nothing"),
        (LATIN_2, None, "iso-8859-2", META.decode() + CACAK, "nor does none"),
        (LATIN_2, "text/html; charset=klingon", "iso-8859-2", META.decode() + CACAK, "nor one with an unknown label"),
        (b"\xe9", 'text/html; Charset="ISO-8859-1"', "windows-1252", "é", "labels mean what the standard says"),
        (b"\xe9\x00", "text/html; charset=utf-16", "utf-16le", "é", "UTF-16 by the header"),
        (b"\x82\xa0", "text/html;charset=Shift_JIS;x=y", "shift_jis", "あ", "another parameter after it"),
        ("é".encode(), None, "utf-8", "é", "nothing said, and valid UTF-8"),
        (b"caf\xe9 au lait", None, "windows-1252", "café au lait", "nothing said, and not UTF-8"),
        (b"caf\xe9!!", None, "windows-1252", "café!!", "also near the end"),
        ("caf\u00e9".encode()[:-1], None, "utf-8", "caf\ufffd", "UTF-8 cut within its last character"),
        (b"\x80\x93\x94", None, "windows-1252", "€“”", "windows-1252, not ISO-8859-1"),
        (b"<meta charset=bogus>\xe9.", None, "windows-1252", "<meta charset=bogus>é.", "an unknown label in the page"),
        (b"", None, "utf-8", "", "nothing"),
        (b"\xff", "text/html; charset=utf-8", "utf-8", "\ufffd", "what cannot be decoded"),
        (b"a", "text/html; charset=iso-2022-kr", "replacement", "\ufffd", "an encoding that browsers refuse"),
    ],
)
def test_what_is_believed(body: bytes, header: str | None, encoding: str, text: str, reason: str) -> None:
    assert decode(body, header) == (text, encoding), reason


@pytest.mark.parametrize(
    ("body", "header", "source"),
    [
        (b"\xef\xbb\xbf" + META, "text/html; charset=latin1", "byte order mark"),
        (LATIN_2, "text/html; charset=latin1", "Content-Type header"),
        (LATIN_2, "text/html; charset=klingon", "page itself"),
        (b"caf\xe9", "text/html", "guessed from its bytes"),
        (b"", None, "guessed from its bytes"),
    ],
)
def test_who_is_believed_is_said(body: bytes, header: str | None, source: str) -> None:
    assert charset_source(body, header) == source


@pytest.mark.parametrize(
    ("head", "encoding", "reason"),
    [
        (b"<meta charset=utf-16>", "utf-8", "what is read byte by byte is not in UTF-16"),
        (b"<meta charset=utf-16be>", "utf-8", "either way"),
        (b"<meta charset=x-user-defined>", "windows-1252", "the standard's exception"),
        (b"<META CHARSET='EUC-JP'>", "euc-jp", "free of case"),
        (b"<meta/charset=euc-jp/>", None, "a slash after a value belongs to it"),
        (b"<meta/charset=euc-jp />", "euc-jp", "a slash parts a name from its attributes"),
        (b"<meta http-equiv=content-type content='text/html;charset=euc-jp'>", "euc-jp", "the older form"),
        (b"<meta content='text/html;charset=euc-jp' http-equiv=Content-Type>", "euc-jp", "in any order"),
        (b"<meta content='charset charset = \"euc-jp\"' http-equiv=content-type>", "euc-jp", "blanks and quotes"),
        (b"<meta content='charset=euc-jp'>", None, "content without http-equiv"),
        (b"<meta http-equiv=refresh content='0;charset=euc-jp'>", None, "or with another"),
        (b"<meta charset=utf-8 http-equiv=content-type content='charset=euc-jp'>", "utf-8", "charset goes first"),
        (b"<!-- <meta charset=euc-jp> --><meta charset=utf-8>", "utf-8", "comments are passed over"),
        (b"<!--><meta charset=euc-jp>", "euc-jp", "one that ends at once"),
        (b"<!-- <meta charset=euc-jp>", None, "one that never ends"),
        (b"<p title='<meta charset=euc-jp>'><meta charset=utf-8>", "utf-8", "so are attributes"),
        (b"</p title='<meta charset=euc-jp>'><meta charset=utf-8>", "utf-8", "of end tags too"),
        (b"<! <meta charset=euc-jp><meta charset=utf-8>", "utf-8", "and other declarations"),
        (b"<script>'<meta charset=euc-jp>'</script>", "euc-jp", "the prescan does not know scripts"),
        (b"<metacharset=euc-jp>", None, "another element"),
        (b"<meta charset=euc-jp", None, "a tag that never ends"),
        (b"<meta charset=bogus><meta charset=euc-jp>", "euc-jp", "an unknown label is passed over"),
        (b"<meta charset=utf-8 charset=euc-jp>", "utf-8", "the first of two attributes"),
        (b"< meta charset=euc-jp>", None, "a tag begins with its name"),
        (b'<?xml version="1.0" encoding="euc-jp"?><p>', "euc-jp", "an XML declaration"),
        (b'<?xml version="1.0" encoding="euc-jp"?><meta charset=utf-8>', "utf-8", "which a meta element beats"),
        (b' <?xml version="1.0" encoding="euc-jp"?>', None, "and which stands first or not at all"),
        (b'<?xml version="1.0" encoding="utf-16"?>', "utf-8", "read byte by byte"),
        (b"<\0?\0x\0m\0l\0", "utf-16le", "an XML declaration in UTF-16"),
        (b"\0<\0?\0x\0m\0l", "utf-16be", "in either order"),
    ],
)
def test_what_a_page_declares(head: bytes, encoding: str | None, reason: str) -> None:
    found = declared_encoding(head)
    assert (found.name if found else None) == encoding, reason


def test_a_declaration_behind_a_long_script_is_found() -> None:
    page = b"<script>" + b"x" * 20_000 + b"</script>" + LATIN_2
    assert decode(page, None) == (page[: -len(CACAK)].decode() + CACAK, "iso-8859-2")


def test_links_resolve_whatever_the_encoding_makes_of_the_text() -> None:
    page = b'<meta charset=shift_jis><a href="/x">\x82\xa0</a>'
    assert decode(page, None)[0].endswith('<a href="/x">あ</a>')


@given(st.binary(max_size=200), st.sampled_from([None, *sorted(set(webencodings.LABELS.values()))]))
@example(b"\x81\x30\x81\x30" + bytes(range(256)), "gb18030")
@example(b"\x1b$B\xff\x1b(J\x80", "iso-2022-jp")
@example(b"\x00\xd8", "utf-16le")
def test_any_bytes_become_text_that_can_be_stored(body: bytes, label: str | None) -> None:
    text, name = decode(body, f"text/html; charset={label}" if label else None)
    text.encode()
    assert webencodings.lookup(name) is not None


@given(st.lists(st.sampled_from([b"<meta ", b"charset", b"=", b'"', b"'", b">", b"/", b"<!--", b"--", b"<?xml", b" "])))
def test_any_markup_is_scanned_to_an_end(parts: list[bytes]) -> None:
    found = declared_encoding(b"".join(parts))
    assert found is None or found.name
