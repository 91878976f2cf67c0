-- title: Links to other sites that lead nowhere, with the page that holds them
--
-- One row per occurrence, in the order of the source page. Links out of the scope are asked for with
-- `crawl --check external` alone; without it there is nothing to say here. A link is broken where its target
-- failed, save with `blocked` (many sites refuse programs) and `internal_error` (our own fault).
--
-- needs: indexes
-- param: limit integer -1 Rows at most; -1 gives all
WITH
broken(page) AS (
    SELECT id FROM page
    WHERE outcome IN (SELECT id FROM outcome WHERE broken) AND NOT auxiliary AND manner = 2 AND reach < 2
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
