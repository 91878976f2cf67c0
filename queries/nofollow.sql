-- title: Links that are not to be followed, with the page that holds them
--
-- One row per occurrence, of every kind, in the order of the source page. said_by is `link` where the link says so
-- itself, among its rel, and `page` where its page does, by meta robots or X-Robots-Tag, for all of its links.
-- outcome is what became of the target: `nofollow` where no other link leads there, so that it was never asked for.
--
-- param: limit integer -1 Rows at most; -1 gives all
SELECT source.url AS source, target.url AS target, iif(rel.nofollow, 'link', 'page') AS said_by,
       rel.tokens AS rel, anchor.text AS anchor, region.name AS region, kind.name AS kind, outcome.name AS outcome
FROM page AS source
CROSS JOIN capture ON capture.id = source.links
CROSS JOIN link ON link.capture = source.links
CROSS JOIN page AS target ON target.id = link.target
JOIN outcome ON outcome.id = target.outcome
JOIN rel ON rel.id = link.rel
JOIN anchor ON anchor.id = link.anchor
JOIN region ON region.id = link.region
JOIN kind ON kind.id = link.kind
WHERE NOT source.auxiliary
  AND (link.rel IN (SELECT id FROM rel WHERE nofollow)
       OR (capture.nofollow
           AND link.kind NOT IN (SELECT id FROM kind
                                 WHERE name IN ('redirect', 'meta_refresh', 'canonical', 'alternate_hreflang',
                                               'sitemap', 'sitemap_file'))))
ORDER BY source, link.ordinal
LIMIT coalesce(:limit, -1);
