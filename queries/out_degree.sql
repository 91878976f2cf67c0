-- title: Pages that link to the most other pages
--
-- out_degree counts the distinct pages that a page links to, out_links every such link. Links of navigation
-- kinds only; a page's links to itself do not count. A page that never answered is left out: what it links
-- to is not known. The table `degree` answers where it is as new as the newest page, else the links are
-- counted anew, so that the answer is right in the middle of a crawl too.
--
-- needs: indexes
-- param: limit integer 20 Rows at most; -1 gives all
WITH
stored(fresh) AS (
    SELECT EXISTS (SELECT 1 FROM computed WHERE name = 'degree' AND capture = (SELECT max(id) FROM capture))
),
least(out_pages) AS (
    SELECT coalesce((SELECT out_pages FROM degree INDEXED BY degree_out_pages WHERE out_pages > 0
                     ORDER BY out_pages DESC LIMIT 1 OFFSET max(coalesce(:limit, 20), 1) - 1), 0)
    WHERE coalesce(:limit, 20) >= 0
    UNION ALL
    SELECT 0 WHERE coalesce(:limit, 20) < 0
),
occurrence(page, target) AS (
    SELECT page.id, link.target
    FROM stored
    CROSS JOIN page
    CROSS JOIN link ON link.capture = page.links
    WHERE NOT stored.fresh AND NOT page.auxiliary AND link.target <> page.id
      AND link.kind IN (SELECT id FROM kind WHERE navigation)
    UNION ALL
    SELECT page.id, NULL
    FROM stored
    CROSS JOIN page
    WHERE NOT stored.fresh AND NOT page.auxiliary
      AND page.manner <> 2 AND page.outcome IN (SELECT id FROM outcome WHERE state = 'done')
),
counted(page, out_pages, out_links) AS (
    SELECT degree.page, degree.out_pages, degree.out_links
    FROM stored
    CROSS JOIN least
    CROSS JOIN degree INDEXED BY degree_out_pages ON degree.out_pages >= least.out_pages AND degree.out_pages > 0
    WHERE stored.fresh
    UNION ALL
    SELECT degree.page, 0, 0
    FROM stored
    CROSS JOIN least
    CROSS JOIN degree ON least.out_pages = 0 AND degree.out_pages = 0
    WHERE stored.fresh
    UNION ALL
    SELECT page, count(DISTINCT target), count(target) FROM occurrence GROUP BY page
)
SELECT counted.out_pages AS out_degree, counted.out_links, outcome.name AS outcome, page.url
FROM counted
JOIN page ON page.id = counted.page
JOIN outcome ON outcome.id = page.outcome
WHERE counted.out_pages > 0 OR (page.manner <> 2 AND outcome.state = 'done')
ORDER BY out_degree DESC, page.url
LIMIT coalesce(:limit, 20);
