-- title: Fetched pages that link to no other page
--
-- A dead end is a page with outcome fetched from which no link of a navigation kind leads to another page.
--
-- param: limit integer -1 Rows at most; -1 gives all
SELECT page.depth, page.url
FROM page
WHERE page.outcome = (SELECT id FROM outcome WHERE name = 'fetched')
  AND NOT page.auxiliary
  AND page.manner <> 2
  AND NOT EXISTS (SELECT 1 FROM link
                  WHERE link.capture = page.links AND link.target <> page.id
                    AND link.kind IN (SELECT id FROM kind WHERE navigation))
ORDER BY page.depth, page.url
LIMIT coalesce(:limit, -1);
