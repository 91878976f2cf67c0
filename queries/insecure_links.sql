-- title: Links from https pages to http addresses
--
-- One row per occurrence, of every kind, in the order of the source page. outcome is what became of the target
-- and status its answer: a redirect may well lead to https, yet the first request goes out in the clear.
-- A redirect from https to http is listed too.
--
-- needs: indexes
-- param: limit integer -1 Rows at most; -1 gives all
SELECT source.url AS source, target.url AS target, anchor.text AS anchor, region.name AS region,
       kind.name AS kind, outcome.name AS outcome, answer.status
FROM link
CROSS JOIN capture AS holder ON holder.id = link.capture
CROSS JOIN page AS source ON source.id = holder.page AND source.links = link.capture AND NOT source.auxiliary
CROSS JOIN page AS target ON target.id = link.target
LEFT JOIN capture AS answer ON answer.id = target.capture
JOIN outcome ON outcome.id = target.outcome
JOIN anchor ON anchor.id = link.anchor
JOIN region ON region.id = link.region
JOIN kind ON kind.id = link.kind
WHERE link.target IN (SELECT id FROM page WHERE origin IN (SELECT id FROM origin WHERE scheme = 'http'))
  AND source.origin IN (SELECT id FROM origin WHERE scheme = 'https')
ORDER BY source, link.ordinal
LIMIT coalesce(:limit, -1);
