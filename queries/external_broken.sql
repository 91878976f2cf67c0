-- title: Links to other sites that lead nowhere, with the page that holds them
--
-- One row per occurrence, in the order of the source page. Links out of the scope are asked for with
-- `crawl --check external` alone; without it there is nothing to say here. A link is broken where its target
-- failed, save with `blocked` (many sites refuse programs) and `internal_error` (our own fault). Targets that pages
-- only load (images, scripts, style sheets ...) are left out, whatever their site: `broken_links` has them.
--
-- needs: indexes
-- param: limit integer -1 Rows at most; -1 gives all
WITH
crawled(host) AS MATERIALIZED (
    SELECT DISTINCT origin.host
    FROM page
    CROSS JOIN origin ON origin.id = page.origin
    WHERE page.manner = 0 AND NOT page.auxiliary
      AND page.outcome IN (SELECT id FROM outcome WHERE state IN ('done', 'failed'))
),
broken(page) AS (
    SELECT page.id
    FROM page
    JOIN origin ON origin.id = page.origin
    WHERE page.outcome IN (SELECT id FROM outcome WHERE broken)
      AND NOT page.auxiliary AND page.manner = 2 AND page.reach < 2
      AND NOT (page.resource AND origin.host IN (SELECT host FROM crawled))
)
SELECT source.url AS source, target.url AS target, anchor.text AS anchor, region.name AS region,
       kind.name AS kind, outcome.name AS outcome, answer.status, target.detail
FROM link
CROSS JOIN capture AS holder ON holder.id = link.capture
CROSS JOIN page AS source ON source.id = holder.page AND source.links = link.capture AND NOT source.auxiliary
CROSS JOIN page AS target ON target.id = link.target
LEFT JOIN capture AS answer ON answer.id = target.capture
JOIN outcome ON outcome.id = target.outcome
JOIN anchor ON anchor.id = link.anchor
JOIN region ON region.id = link.region
JOIN kind ON kind.id = link.kind
WHERE link.target IN (SELECT page FROM broken)
ORDER BY source, link.ordinal
LIMIT coalesce(:limit, -1);
