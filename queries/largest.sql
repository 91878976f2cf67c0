-- title: Pages with the largest bodies
--
-- bytes is the size of the newest answer's body, decompressed, as far as it was read: cut is 1 where it went on
-- past --max-bytes, truncated is 1 where the connection ended first. A body that was not read, because it is
-- not HTML say, has no size here and is left out.
--
-- param: limit integer 20 Rows at most; -1 gives all
SELECT capture.bytes, capture.cut, capture.truncated, capture.content_type, outcome.name AS outcome, page.url
FROM page
CROSS JOIN capture ON capture.id = page.capture
JOIN outcome ON outcome.id = page.outcome
WHERE NOT page.auxiliary AND capture.bytes > 0
ORDER BY capture.bytes DESC, page.url
LIMIT coalesce(:limit, 20);
