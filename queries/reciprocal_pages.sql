-- title: Pairs of pages on different hosts that link to each other
--
-- links_there counts the links from page to other_page, links_back those in return. The pairs with the strongest
-- weaker side come first. Pairs within one host are left out: where every page has the same menu, nearly all of
-- them link to each other. Links of navigation kinds only.
--
-- param: limit integer 20 Rows at most; -1 gives all
WITH
crossing(source, target, links) AS MATERIALIZED (
    SELECT source.id, target.id, count(*)
    FROM page AS source
    CROSS JOIN origin AS source_origin ON source_origin.id = source.origin
    CROSS JOIN link ON link.capture = source.links
    CROSS JOIN page AS target ON target.id = link.target
    CROSS JOIN origin AS target_origin ON target_origin.id = target.origin
    WHERE target_origin.host <> source_origin.host
      AND NOT source.auxiliary
      AND target.links IS NOT NULL
      AND link.kind IN (SELECT id FROM kind WHERE navigation)
    GROUP BY source.id, target.id
)
SELECT page.url AS page, other.url AS other_page, there.links AS links_there, back.links AS links_back
FROM crossing AS there
JOIN crossing AS back ON back.source = there.target AND back.target = there.source
JOIN page ON page.id = there.source
JOIN page AS other ON other.id = there.target
WHERE page.url < other.url
ORDER BY min(there.links, back.links) DESC, max(there.links, back.links) DESC, page.url, other_page
LIMIT coalesce(:limit, 20);
