-- title: Hosts outside the scope that are linked most
--
-- links counts every link to a page of the host, source_pages the distinct pages that hold such links,
-- target_pages the distinct pages they lead to. External is a page whose outcome is off_scope, or that only
-- `--check external` asked for; images and the like on hosts that were crawled are not. Links of navigation kinds
-- only.
--
-- param: limit integer 20 Rows at most; -1 gives all
WITH
crawled(host) AS MATERIALIZED (
    SELECT DISTINCT origin.host
    FROM page
    CROSS JOIN origin ON origin.id = page.origin
    WHERE page.manner = 0 AND NOT page.auxiliary
      AND page.outcome IN (SELECT id FROM outcome WHERE state IN ('done', 'failed'))
)
SELECT host.name AS host, count(*) AS links, count(DISTINCT source.id) AS source_pages,
       count(DISTINCT target.id) AS target_pages
FROM page AS source
CROSS JOIN link ON link.capture = source.links
CROSS JOIN page AS target ON target.id = link.target
JOIN origin ON origin.id = target.origin
JOIN host ON host.id = origin.host
WHERE (target.outcome = (SELECT id FROM outcome WHERE name = 'off_scope') 
       OR (target.manner = 2 AND target.reach < 2
           AND NOT (target.resource AND origin.host IN (SELECT host FROM crawled))))
  AND NOT source.auxiliary
  AND link.kind IN (SELECT id FROM kind WHERE navigation)
GROUP BY host.id
ORDER BY links DESC, host.name
LIMIT coalesce(:limit, 20);
