-- title: Pages whose links seem to be written by script, which linkmap does not run
--
-- One row per page, the most linked first. evidence counts the scripts, links and characters of text that stand in
-- its HTML, and says what else speaks for it: an empty element for the app to appear in, or a noscript that
-- asks for JavaScript. Such a page's links are missing in the map; all that it leads to may be. in_pages counts the
-- distinct other pages that link to it by links of navigation kinds.
--
-- needs: indexes
-- param: limit integer -1 Rows at most; -1 gives all
WITH
rendered(page, evidence) AS MATERIALIZED (
    SELECT page.id, capture.script_evidence
    FROM capture
    CROSS JOIN page ON page.id = capture.page AND page.capture = capture.id AND NOT page.auxiliary
    WHERE capture.script_evidence IS NOT NULL
),
counted(page, in_pages) AS MATERIALIZED (
    SELECT link.target, count(DISTINCT source.id)
    FROM link
    CROSS JOIN capture ON capture.id = link.capture
    CROSS JOIN page AS source ON source.id = capture.page AND source.links = link.capture AND NOT source.auxiliary
    WHERE link.target IN (SELECT page FROM rendered) AND link.target <> source.id
      AND link.kind IN (SELECT id FROM kind WHERE navigation)
    GROUP BY link.target
)
SELECT coalesce(counted.in_pages, 0) AS in_pages, rendered.evidence, page.url
FROM rendered
JOIN page ON page.id = rendered.page
LEFT JOIN counted ON counted.page = rendered.page
ORDER BY in_pages DESC, page.url
LIMIT coalesce(:limit, -1);
