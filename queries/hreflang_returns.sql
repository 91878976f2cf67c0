-- title: Pages in other languages that do not name this one in return
--
-- One row per page, alternate and language where the alternate has no hreflang link back to the page; without it,
-- search engines believe neither. problem is `no return link` where the alternate answered, and else why it
-- could not be read: it redirects, failed, or was not fetched. outcome is what became of the alternate.
-- A link of a page to itself needs no return.
--
-- param: limit integer -1 Rows at most; -1 gives all
WITH
named(source, target, language, ordinal) AS MATERIALIZED (
    SELECT page.id, link.target, link.hreflang, min(link.ordinal)
    FROM page
    CROSS JOIN link ON link.capture = page.links
    WHERE NOT page.auxiliary AND link.target <> page.id
      AND link.kind = (SELECT id FROM kind WHERE name = 'alternate_hreflang')
    GROUP BY page.id, link.target, link.hreflang
)
SELECT source.url AS page, named.language AS hreflang, target.url AS alternate,
       CASE WHEN outcome.name IN ('redirect', 'redirect_loop', 'too_many_redirects') THEN 'redirect'
            WHEN outcome.state = 'done' THEN 'no return link'
            WHEN outcome.state = 'failed' THEN 'failed'
            ELSE 'not fetched' END AS problem,
       outcome.name AS outcome
FROM named
JOIN page AS source ON source.id = named.source
JOIN page AS target ON target.id = named.target
JOIN outcome ON outcome.id = target.outcome
WHERE NOT EXISTS (SELECT 1 FROM named AS back WHERE back.source = named.target AND back.target = named.source)
ORDER BY source.url, named.ordinal
LIMIT coalesce(:limit, -1);
