-- title: Links that stand on most pages of a host with the same words
--
-- Menus, footers and badges, found by counting and not by the names of their elements: a link is sitewide where
-- the same target is linked with the same anchor text from many pages of one host. source_pages counts those
-- pages, percent is their share of the host's fetched pages, links counts every occurrence. A page's link to
-- itself counts, as it belongs to the menu. Links of navigation kinds, on pages that were fetched.
--
-- param: percent real 50 Share of the host's fetched pages at least
-- param: pages integer 3 Source pages at least
-- param: limit integer -1 Rows at most; -1 gives all
WITH
same_text(anchor, first) AS MATERIALIZED (
    SELECT id, min(id) OVER (PARTITION BY text) FROM anchor
),
host_size(host, pages) AS MATERIALIZED (
    SELECT origin.host, count(*)
    FROM page
    CROSS JOIN origin ON origin.id = page.origin
    WHERE page.outcome = (SELECT id FROM outcome WHERE name = 'fetched') AND NOT page.auxiliary AND page.manner <> 2
    GROUP BY origin.host
),
repeated(host, target, anchor, links, source_pages) AS (
    SELECT origin.host, link.target, same_text.first, count(*), count(DISTINCT source.id)
    FROM page AS source
    CROSS JOIN origin ON origin.id = source.origin
    CROSS JOIN link ON link.capture = source.links
    CROSS JOIN same_text ON same_text.anchor = link.anchor
    WHERE source.outcome = (SELECT id FROM outcome WHERE name = 'fetched')
      AND NOT source.auxiliary
      AND link.kind IN (SELECT id FROM kind WHERE navigation)
    GROUP BY origin.host, link.target, same_text.first
)
SELECT host.name AS host, round(100.0 * repeated.source_pages / host_size.pages, 1) AS percent,
       repeated.source_pages, repeated.links, anchor.text AS anchor, target.url AS target
FROM repeated
JOIN host_size ON host_size.host = repeated.host
JOIN host ON host.id = repeated.host
JOIN anchor ON anchor.id = repeated.anchor
JOIN page AS target ON target.id = repeated.target
WHERE repeated.source_pages >= coalesce(:pages, 3)
  AND 100.0 * repeated.source_pages >= coalesce(:percent, 50) * host_size.pages
ORDER BY host, repeated.source_pages DESC, repeated.links DESC, anchor, target
LIMIT coalesce(:limit, -1);
