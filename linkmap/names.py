"""Numbers for names: hosts and origins, rel tokens, anchor texts. New ones are noted for the next batch."""

from linkmap import url as urls
from linkmap.store.batch import Batch
from linkmap.url import Origin

_MOST_ANCHORS = 100_000
_MOST_RELS = 10_000
_COMMON_RELS = frozenset({"nofollow", "ugc", "sponsored", "noopener", "noreferrer", "external"})


class Names:
    """The ids of what many rows name. Ids run on from those that the store holds."""

    def __init__(self) -> None:
        self.host_ids: dict[str, int] = {}
        self._host_names: list[str] = []
        self.origin_ids: dict[Origin, int] = {}
        self.origin_hosts: dict[int, int] = {}
        """Origin id -> host id."""
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

    def anchor(self, text: str, batch: Batch) -> int:
        """The id of an anchor text. Those met long ago may get a second one; memory stays bounded."""
        found = self._anchor_ids.get(text)
        if found is None:
            if len(self._anchor_ids) >= _MOST_ANCHORS:
                self._anchor_ids = {"": 0}
            self.last_anchor += 1
            found = self._anchor_ids[text] = self.last_anchor
            batch.anchors.append((found, text))
        return found


def is_nofollow(tokens: str) -> bool:
    """Whether a link with these rel tokens asks not to be followed."""
    return "nofollow" in tokens and "nofollow" in tokens.split()
