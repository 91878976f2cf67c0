-- title: Pairs of hosts that link to each other
--
-- links_there counts the links from pages of host to pages of other_host, links_back those in return. The pairs
-- with the strongest weaker side come first. Only a page that was fetched shows its links, so that both hosts
-- must lie in the scope of the crawl. Links of navigation kinds only; a host is a name without its port.
-- `reciprocal_pages` names the pages, `links_between` gives the links.
--
-- param: limit integer 20 Rows at most; -1 gives all
WITH
crossing(source, target, links) AS MATERIALIZED (
    SELECT source_origin.host, target_origin.host, count(*)
    FROM page AS source
    CROSS JOIN origin AS source_origin ON source_origin.id = source.origin
    CROSS JOIN link ON link.capture = source.links
    CROSS JOIN page AS target ON target.id = link.target
    CROSS JOIN origin AS target_origin ON target_origin.id = target.origin
    WHERE target_origin.host <> source_origin.host
      AND NOT source.auxiliary
      AND link.kind IN (SELECT id FROM kind WHERE navigation)
    GROUP BY source_origin.host, target_origin.host
)
SELECT host.name AS host, other.name AS other_host, there.links AS links_there, back.links AS links_back
FROM crossing AS there
JOIN crossing AS back ON back.source = there.target AND back.target = there.source
JOIN host ON host.id = there.source
JOIN host AS other ON other.id = there.target
WHERE host.name < other.name
ORDER BY min(there.links, back.links) DESC, max(there.links, back.links) DESC, host, other_host
LIMIT coalesce(:limit, 20);
