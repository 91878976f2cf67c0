-- title: Pages in other languages that do not name this one in return
--
-- One row per page, alternate and language where the alternate does not name the page in return; without that,
-- search engines believe neither. What names an alternate is a link element or header of the page, or a sitemap that
-- robots.txt names, in the page's entry: named_by is `page` or `sitemap`, `page` where both do. A return may stand in
-- either, so read this with `coverage` where sitemaps were not read. problem is `no return link` where the alternate
-- was read, and else why it was not: it redirects, failed, was only checked (`not read`), or was not fetched. outcome
-- is what became of the alternate. A link of a page to itself needs no return.
--
-- param: limit integer -1 Rows at most; -1 gives all
WITH
listed(capture, ordinal, entry, target, language) AS (
    -- An entry's own link stands before its translations, and alone has neither rel nor hreflang.
    SELECT link.capture, link.ordinal,
           max(iif(link.hreflang IS NULL AND link.rel = 0, link.ordinal, NULL))
               OVER (PARTITION BY link.capture ORDER BY link.ordinal),
           link.target, link.hreflang
    FROM page
    CROSS JOIN link ON link.capture = page.links AND link.kind = (SELECT id FROM kind WHERE name = 'sitemap')
    WHERE page.manner = 1
),
said(source, target, language, by_sitemap, ordinal) AS (
    SELECT page.id, link.target, link.hreflang, 0, link.ordinal
    FROM page
    CROSS JOIN link ON link.capture = page.links
    WHERE NOT page.auxiliary AND link.kind = (SELECT id FROM kind WHERE name = 'alternate_hreflang')
    UNION ALL
    SELECT entry.target, listed.target, listed.language, 1, listed.ordinal
    FROM listed
    CROSS JOIN link AS entry ON entry.capture = listed.capture AND entry.ordinal = listed.entry
    WHERE listed.language IS NOT NULL
),
named(source, target, language, by_sitemap, ordinal) AS MATERIALIZED (
    SELECT source, target, language, min(by_sitemap), min(ordinal)
    FROM said
    WHERE source <> target
    GROUP BY source, target, language
)
SELECT source.url AS page, named.language AS hreflang, target.url AS alternate,
       iif(named.by_sitemap, 'sitemap', 'page') AS named_by,
       CASE WHEN outcome.name IN ('redirect', 'redirect_loop', 'too_many_redirects') THEN 'redirect'
            WHEN outcome.state = 'done' AND target.manner = 2 THEN 'not read'
            WHEN outcome.state = 'done' THEN 'no return link'
            WHEN outcome.state = 'failed' THEN 'failed'
            ELSE 'not fetched' END AS problem,
       outcome.name AS outcome
FROM named
JOIN page AS source ON source.id = named.source AND NOT source.auxiliary
JOIN page AS target ON target.id = named.target
JOIN outcome ON outcome.id = target.outcome
WHERE NOT EXISTS (SELECT 1 FROM named AS back WHERE back.source = named.target AND back.target = named.source)
ORDER BY source.url, named.by_sitemap, named.ordinal, target.url, named.language
LIMIT coalesce(:limit, -1);
