-- title: Every link from one host or page to another
--
-- Each end is the URL of a page, or the name of a host and then any of its pages. One row per occurrence,
-- of every kind, in the order of the source page.
--
-- param: source place required A host's name or a page's URL
-- param: target place required A host's name or a page's URL
-- param: limit integer -1 Rows at most; -1 gives all
WITH
starting(page) AS MATERIALIZED (
    SELECT id FROM page WHERE url = :source
    UNION
    SELECT page.id FROM host JOIN origin ON origin.host = host.id JOIN page ON page.origin = origin.id
    WHERE host.name = :source
),
ending(page) AS MATERIALIZED (
    SELECT id FROM page WHERE url = :target
    UNION
    SELECT page.id FROM host JOIN origin ON origin.host = host.id JOIN page ON page.origin = origin.id
    WHERE host.name = :target
)
SELECT source.url AS source, target.url AS target, kind.name AS kind, rel.tokens AS rel,
       region.name AS region, anchor.text AS anchor, outcome.name AS outcome
FROM starting
CROSS JOIN page AS source ON source.id = starting.page AND NOT source.auxiliary
CROSS JOIN link ON link.capture = source.links
CROSS JOIN page AS target ON target.id = link.target
JOIN outcome ON outcome.id = target.outcome
JOIN kind ON kind.id = link.kind
JOIN rel ON rel.id = link.rel
JOIN region ON region.id = link.region
JOIN anchor ON anchor.id = link.anchor
WHERE link.target IN (SELECT page FROM ending)
ORDER BY source, link.ordinal
LIMIT coalesce(:limit, -1);
