-- title: Pages that search engines may show, and why others they may not
--
-- One row per page, those that are not indexable first, then those that are, then those of which the map does not
-- tell. reason is the first that holds: blocked by robots.txt, redirect, failed, not fetched, noindex (meta robots
-- or X-Robots-Tag), canonical elsewhere, not HTML, only checked (`crawl --check`: its headers alone are known),
-- indexable. detail is its evidence: the outcome and status, the directives, the canonical's URL, the media type. A
-- page that names itself among its canonicals is its own.
-- in_pages counts the distinct other pages that link to it by links of navigation kinds.
--
-- needs: indexes
-- param: indexable text optional Only pages of which this is so
-- choices: indexable yes, no, unknown
-- param: reason text optional Only pages with this reason
-- choices: reason blocked by robots.txt, redirect, failed, not fetched, noindex, canonical elsewhere, not HTML, only checked, indexable
-- param: limit integer -1 Rows at most; -1 gives all
WITH
stored(fresh) AS (
    SELECT EXISTS (SELECT 1 FROM computed WHERE name = 'degree' AND capture = (SELECT max(id) FROM capture))
),
counted(page, in_pages) AS MATERIALIZED (
    SELECT degree.page, degree.in_pages FROM stored CROSS JOIN degree WHERE stored.fresh
    UNION ALL
    SELECT link.target, count(DISTINCT page.id)
    FROM stored
    CROSS JOIN page
    CROSS JOIN link ON link.capture = page.links
    WHERE NOT stored.fresh AND NOT page.auxiliary AND link.target <> page.id
      AND link.kind IN (SELECT id FROM kind WHERE navigation)
    GROUP BY link.target
),
verdict(page, indexable, reason, canonical) AS MATERIALIZED (
    SELECT page, CASE indexable WHEN 1 THEN 'yes' WHEN 0 THEN 'no' ELSE 'unknown' END, reason, canonical
    FROM indexability
)
SELECT verdict.indexable, verdict.reason,
       CASE verdict.reason WHEN 'noindex' THEN answer.robots_flags
                           WHEN 'canonical elsewhere' THEN canonical.url
                           WHEN 'not HTML' THEN answer.content_type
                           WHEN 'indexable' THEN NULL
                           ELSE outcome.name || coalesce(' ' || answer.status, '') END AS detail,
       coalesce(counted.in_pages, 0) AS in_pages, page.url
FROM verdict
JOIN page ON page.id = verdict.page
JOIN outcome ON outcome.id = page.outcome
LEFT JOIN capture AS answer ON answer.id = page.capture
LEFT JOIN page AS canonical ON canonical.id = verdict.canonical
LEFT JOIN counted ON counted.page = verdict.page
WHERE verdict.indexable = coalesce(:indexable, verdict.indexable)
  AND verdict.reason = coalesce(:reason, verdict.reason)
ORDER BY verdict.indexable = 'unknown', verdict.indexable, verdict.reason, in_pages DESC, page.url
LIMIT coalesce(:limit, -1);
