-- title: Pages known from a seed or sitemap that no other page links to
--
-- Only links of navigation kinds that were found in this crawl count, so read this with `coverage`: while
-- pages wait to be fetched, an orphan may yet be linked. An address that was only guessed for a seed written
-- without a scheme, and failed, is no orphan.
--
-- needs: indexes
-- param: limit integer -1 Rows at most; -1 gives all
WITH
listed(page, known_from) AS (
    SELECT seed.page, 'seed'
    FROM seed
    JOIN page ON page.id = seed.page
    JOIN outcome ON outcome.id = page.outcome
    WHERE NOT (seed.guess = 1 AND outcome.state = 'failed')
    UNION
    SELECT link.target, 'sitemap'
    FROM kind
    CROSS JOIN link ON link.kind = kind.id
    CROSS JOIN capture ON capture.id = link.capture
    CROSS JOIN page ON page.id = capture.page AND page.links = link.capture
    WHERE kind.name = 'sitemap'
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
SELECT page.url, group_concat(listed.known_from, ', ') AS known_from, outcome.name AS outcome
FROM listed
JOIN page ON page.id = listed.page AND NOT page.auxiliary
JOIN outcome ON outcome.id = page.outcome
WHERE listed.page NOT IN (SELECT page FROM linked)
GROUP BY page.id
ORDER BY page.url
LIMIT coalesce(:limit, -1);
