-- title: Pages that answered with the very same body
--
-- One row per copy. original is the page to keep among those with this body: the one with the highest PageRank
-- (where `linkmap rank` was run), then the one fetched by the newest run, then the shortest URL, then the first
-- in the order of the alphabet. pages counts the original and its copies, bytes is the size of the body. Same
-- means equal byte by byte, by the digest. HTML pages only; a body that was cut or that ended too early is left
-- out, because its rest is not known.
--
-- param: limit integer -1 Rows at most; -1 gives all
WITH
body(page, digest, bytes, run) AS MATERIALIZED (
    SELECT page.id, capture.digest, capture.bytes, capture.run
    FROM page
    CROSS JOIN capture ON capture.id = page.capture
    WHERE page.outcome = (SELECT id FROM outcome WHERE name = 'fetched')
      AND NOT page.auxiliary
      AND capture.digest IS NOT NULL AND NOT capture.cut AND NOT capture.truncated
),
shared(digest, pages) AS MATERIALIZED (
    SELECT digest, count(*) FROM body GROUP BY digest HAVING count(*) > 1
),
ordered(page, digest, bytes, pages, original, place) AS (
    SELECT body.page, body.digest, body.bytes, shared.pages,
           first_value(body.page) OVER best, row_number() OVER best
    FROM body
    JOIN shared ON shared.digest = body.digest
    JOIN page ON page.id = body.page
    LEFT JOIN rank ON rank.page = body.page
    WINDOW best AS (PARTITION BY body.digest
                    ORDER BY rank.pagerank DESC NULLS LAST, body.run DESC, length(page.url), page.url)
)
SELECT ordered.pages, ordered.bytes, original.url AS original, page.url AS copy
FROM ordered
JOIN page ON page.id = ordered.page
JOIN page AS original ON original.id = ordered.original
WHERE ordered.place > 1
ORDER BY ordered.pages DESC, original, ordered.place
LIMIT coalesce(:limit, -1);
