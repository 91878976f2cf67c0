-- title: Hosts outside the scope that are linked most
--
-- links counts every link to a page of the host, source_pages the distinct pages that hold such links,
-- target_pages the distinct pages they lead to. External is a page whose outcome is off_scope, or that only
-- `--check external` asked for. Links of navigation kinds only.
--
-- param: limit integer 20 Rows at most; -1 gives all
SELECT host.name AS host, count(*) AS links, count(DISTINCT source.id) AS source_pages,
       count(DISTINCT target.id) AS target_pages
FROM page AS source
CROSS JOIN link ON link.capture = source.links
CROSS JOIN page AS target ON target.id = link.target
JOIN origin ON origin.id = target.origin
JOIN host ON host.id = origin.host
WHERE (target.outcome = (SELECT id FROM outcome WHERE name = 'off_scope') OR (target.manner = 2 AND target.reach < 2))
  AND NOT source.auxiliary
  AND link.kind IN (SELECT id FROM kind WHERE navigation)
GROUP BY host.id
ORDER BY links DESC, host.name
LIMIT coalesce(:limit, 20);
