-- title: Pages that a sitemap lists and no other page links to
--
-- Only links of navigation kinds that were found in this crawl count, so read this with `coverage`. lastmod is
-- what the sitemap says; sitemap is the file that lists the page, the first of several. `orphans` adds the seeds.
--
-- needs: indexes
-- param: limit integer -1 Rows at most; -1 gives all
WITH
listed(page, sitemap, lastmod) AS (
    SELECT link.target, min(source.url), link.lastmod
    FROM kind
    CROSS JOIN page AS source ON source.manner = 1
    CROSS JOIN link ON link.capture = source.links AND link.kind = kind.id
    WHERE kind.name = 'sitemap'
    GROUP BY link.target
),
linked(page) AS (
    SELECT link.target
    FROM link
    CROSS JOIN capture ON capture.id = link.capture
    CROSS JOIN page ON page.id = capture.page AND page.links = link.capture
    WHERE link.target IN (SELECT page FROM listed)
      AND link.kind IN (SELECT id FROM kind WHERE navigation)
      AND page.id <> link.target
      AND NOT page.auxiliary
)
SELECT page.url, outcome.name AS outcome, answer.status, listed.lastmod, listed.sitemap
FROM listed
JOIN page ON page.id = listed.page AND NOT page.auxiliary
JOIN outcome ON outcome.id = page.outcome
LEFT JOIN capture AS answer ON answer.id = page.capture
WHERE listed.page NOT IN (SELECT page FROM linked)
ORDER BY page.url
LIMIT coalesce(:limit, -1);
