-- title: The words by which other pages link to a page
--
-- links counts the links with this anchor text, source_pages the distinct pages that hold them. An image's
-- link without alternative text has an empty anchor. Redirects, which have no words, and the page's links to
-- itself are left out.
--
-- needs: indexes
-- param: page page required The page's URL
-- param: limit integer 20 Rows at most; -1 gives all
SELECT anchor.text AS anchor, count(*) AS links, count(DISTINCT source.id) AS source_pages
FROM link
CROSS JOIN capture ON capture.id = link.capture
CROSS JOIN page AS source ON source.id = capture.page AND source.links = link.capture AND NOT source.auxiliary
CROSS JOIN anchor ON anchor.id = link.anchor
WHERE link.target IN (SELECT id FROM page WHERE url = :page)
  AND link.kind IN (SELECT id FROM kind WHERE navigation AND name <> 'redirect')
  AND source.id <> link.target
GROUP BY anchor.text
ORDER BY links DESC, anchor.text
LIMIT coalesce(:limit, 20);
