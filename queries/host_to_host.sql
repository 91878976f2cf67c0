-- title: Which host links to which, and how often
--
-- weight counts the links from pages of one host to pages of another, source_pages the distinct pages that
-- hold them, target_pages the distinct pages they lead to. A host's links to itself are left out. Links of
-- navigation kinds only; a host is a name without its port.
--
-- param: limit integer 20 Rows at most; -1 gives all
SELECT source_host.name AS source_host, target_host.name AS target_host, count(*) AS weight,
       count(DISTINCT source.id) AS source_pages, count(DISTINCT target.id) AS target_pages
FROM page AS source
CROSS JOIN origin AS source_origin ON source_origin.id = source.origin
CROSS JOIN link ON link.capture = source.links
CROSS JOIN page AS target ON target.id = link.target
CROSS JOIN origin AS target_origin ON target_origin.id = target.origin
CROSS JOIN host AS source_host ON source_host.id = source_origin.host
CROSS JOIN host AS target_host ON target_host.id = target_origin.host
WHERE target_origin.host <> source_origin.host
  AND NOT source.auxiliary
  AND link.kind IN (SELECT id FROM kind WHERE navigation)
GROUP BY source_host.id, target_host.id
ORDER BY weight DESC, source_host, target_host
LIMIT coalesce(:limit, 20);
