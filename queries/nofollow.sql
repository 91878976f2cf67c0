-- title: Links that are marked nofollow, with the page that holds them
--
-- One row per occurrence, of every kind, in the order of the source page. rel is all that the link says of
-- itself. outcome is what became of the target: `nofollow` where no other link leads there, so that it was
-- never asked for. What a page says of all of its links at once is not counted here.
--
-- param: limit integer -1 Rows at most; -1 gives all
SELECT source.url AS source, target.url AS target, rel.tokens AS rel, anchor.text AS anchor,
       region.name AS region, kind.name AS kind, outcome.name AS outcome
FROM page AS source
CROSS JOIN link ON link.capture = source.links
CROSS JOIN page AS target ON target.id = link.target
JOIN outcome ON outcome.id = target.outcome
JOIN rel ON rel.id = link.rel
JOIN anchor ON anchor.id = link.anchor
JOIN region ON region.id = link.region
JOIN kind ON kind.id = link.kind
WHERE NOT source.auxiliary
  AND link.rel IN (SELECT id FROM rel WHERE nofollow)
ORDER BY source, link.ordinal
LIMIT coalesce(:limit, -1);
