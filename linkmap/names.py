"""Numbers for names: hosts and origins, rel tokens, anchor texts. New ones are noted for the next batch."""

from collections.abc import Sequence

from linkmap import url as urls
from linkmap.store.batch import Batch
from linkmap.url import Origin

_MOST_ANCHORS = 100_000
_MOST_RELS = 10_000
_SHORTEST_ORIGIN = len("http://a")
_COMMON_RELS = frozenset({"nofollow", "ugc", "sponsored", "noopener", "noreferrer", "external"})


class Names:
    """The ids of what many rows name. Ids run on from those that the store holds."""

    def __init__(self) -> None:
        self.host_ids: dict[str, int] = {}
        self._host_names: list[str] = []
        self.origin_ids: dict[Origin, int] = {}
        self.origin_hosts: dict[int, int] = {}
        """Origin id -> host id."""
        self._origins_by_prefix: dict[str, int] = {}
        """A URL up to its path -> origin id."""
        self.rel_ids: dict[str, int] = {"": 0}
        self._anchor_ids: dict[str, int] = {"": 0}
        self.last_anchor = 0

    def host(self, name: str, batch: Batch) -> int:
        """The id of a host name, without port."""
        found = self.host_ids.get(name)
        if found is None:
            found = self.load_host(name)
            batch.hosts.append((found, name, urls.reversed_host(name), urls.registrable_domain(name)))
        return found

    def load_host(self, name: str) -> int:
        """The id of a host name that is new here; those of a store come in the order of their ids."""
        self._host_names.append(name)
        self.host_ids[name] = len(self._host_names)
        return len(self._host_names)

    def host_name(self, host: int) -> str:
        """The name of a host by its id."""
        return self._host_names[host - 1]

    def origin(self, origin: Origin, batch: Batch) -> int:
        """The id of an origin."""
        found = self.origin_ids.get(origin)
        if found is None:
            host = self.host(origin.host, batch)
            found = self.origin_ids[origin] = len(self.origin_ids) + 1
            self.origin_hosts[found] = host
            batch.origins.append((found, origin.scheme, host, origin.port))
        return found

    def origin_of(self, url: str, batch: Batch) -> int:
        """The id of the origin of a serialised URL; 0 where it is none of http(s)."""
        prefix = url[: url.find("/", _SHORTEST_ORIGIN)]
        found = self._origins_by_prefix.get(prefix, 0)
        if not found and (origin := urls.origin(url)):
            found = self._origins_by_prefix[prefix] = self.origin(origin, batch)
        return found

    def rels(self, tokens: Sequence[str], batch: Batch) -> list[int]:
        """The ids of the rel tokens of many links."""
        found = [self.rel_ids.get(each) for each in tokens]
        if None not in found:
            return found  # type: ignore[return-value]
        return [self.rel(each, batch) for each in tokens]

    def anchors(self, texts: Sequence[str], batch: Batch) -> list[int]:
        """The ids of the anchor texts of many links. Those met long ago may get a second one; memory stays bounded."""
        found = list(map(self._anchor_ids.get, texts))
        if None not in found:
            return found  # type: ignore[return-value]
        if len(self._anchor_ids) >= _MOST_ANCHORS:
            self._anchor_ids = {"": 0}
            found = list(map(self._anchor_ids.get, texts))
        ids = self._anchor_ids
        for place, anchor in enumerate(found):
            if anchor is None:
                found[place] = anchor = ids.setdefault(texts[place], self.last_anchor + 1)
                if anchor > self.last_anchor:
                    self.last_anchor = anchor
                    batch.anchors.append((anchor, texts[place]))
        return found  # type: ignore[return-value]

    def rel(self, tokens: str, batch: Batch) -> int:
        """The id of a set of rel tokens. Past 10,000 sets only the tokens that bear on crawling are told apart."""
        found = self.rel_ids.get(tokens)
        if found is not None:
            return found
        if len(self.rel_ids) >= _MOST_RELS:
            common = " ".join(token for token in tokens.split() if token in _COMMON_RELS)
            if common != tokens:
                return self.rel(common, batch)
        found = self.rel_ids[tokens] = len(self.rel_ids)
        batch.rels.append((found, tokens, is_nofollow(tokens)))
        return found


def is_nofollow(tokens: str) -> bool:
    """Whether a link with these rel tokens asks not to be followed."""
    return "nofollow" in tokens and "nofollow" in tokens.split()
