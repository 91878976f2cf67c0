-- title: Pages that the most other pages link to
--
-- in_degree counts the distinct pages that link here, in_links every such link, in_hosts the hosts of those
-- pages. Links of navigation kinds only; a page's links to itself do not count. Pages nobody links to are
-- listed with 0 where they answered or link elsewhere. The table `degree` answers where it is as new as the
-- newest page, else the links are counted anew, so that the answer is right in the middle of a crawl too.
--
-- needs: indexes
-- param: limit integer 20 Rows at most; -1 gives all
WITH
stored(fresh) AS (
    SELECT EXISTS (SELECT 1 FROM computed WHERE name = 'degree' AND capture = (SELECT max(id) FROM capture))
),
least(in_pages) AS (
    SELECT coalesce((SELECT in_pages FROM degree INDEXED BY degree_in_pages
                     ORDER BY in_pages DESC LIMIT 1 OFFSET max(coalesce(:limit, 20), 1) - 1), 0)
    WHERE coalesce(:limit, 20) >= 0
    UNION ALL
    SELECT 0 WHERE coalesce(:limit, 20) < 0
),
occurrence(page, source, host) AS (
    SELECT link.target, page.id, origin.host
    FROM stored
    CROSS JOIN page
    CROSS JOIN link ON link.capture = page.links
    JOIN origin ON origin.id = page.origin
    WHERE NOT stored.fresh AND NOT page.auxiliary AND link.target <> page.id
      AND link.kind IN (SELECT id FROM kind WHERE navigation)
    UNION ALL
    SELECT page.id, NULL, NULL
    FROM stored
    CROSS JOIN page
    WHERE NOT stored.fresh AND NOT page.auxiliary
      AND (page.manner <> 2 AND page.outcome IN (SELECT id FROM outcome WHERE state = 'done')
           OR EXISTS (SELECT 1 FROM link
                      WHERE link.capture = page.links AND link.target <> page.id
                        AND link.kind IN (SELECT id FROM kind WHERE navigation)))
),
counted(page, in_pages, in_links, in_hosts) AS (
    SELECT degree.page, degree.in_pages, degree.in_links, degree.in_hosts
    FROM stored
    CROSS JOIN least
    CROSS JOIN degree INDEXED BY degree_in_pages ON degree.in_pages >= least.in_pages
    WHERE stored.fresh
    UNION ALL
    SELECT page, count(DISTINCT source), count(source), count(DISTINCT host) FROM occurrence GROUP BY page
)
SELECT counted.in_pages AS in_degree, counted.in_links, counted.in_hosts, outcome.name AS outcome, page.url
FROM counted
JOIN page ON page.id = counted.page
JOIN outcome ON outcome.id = page.outcome
ORDER BY in_degree DESC, page.url
LIMIT coalesce(:limit, 20);
