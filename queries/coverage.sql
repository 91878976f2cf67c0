-- title: What became of every page, and whether ranks can be trusted
--
-- discovered = pending + done + failed + excluded, then each state with its outcomes; percent is the share of
-- all discovered pages. robots.txt files, which are no nodes of any graph, are left out here (`linkmap status`
-- counts them). ranks says in words what degrees and ranks are worth: "inconclusive" while pages wait to be
-- fetched, or where a budget or a trap rule cut the crawl, because pages that were never asked cannot link.
WITH
counted(outcome, state, pages) AS MATERIALIZED (
    SELECT outcome.id, outcome.state, count(*)
    FROM page
    JOIN outcome ON outcome.id = page.outcome
    WHERE NOT page.auxiliary
    GROUP BY outcome.id
),
total(pages, waiting, cut) AS (
    SELECT coalesce(sum(pages), 0), coalesce(sum(pages) FILTER (WHERE state = 'pending'), 0),
           coalesce(sum(pages) FILTER (
               WHERE outcome IN (SELECT id FROM outcome WHERE name IN ('over_budget', 'trap'))), 0)
    FROM counted
),
state(name, place) AS (VALUES ('pending', 1), ('done', 2), ('failed', 3), ('excluded', 4)),
ranked(capture) AS (SELECT capture FROM computed WHERE name = 'rank'),
line(place, state, outcome, pages, ranks) AS (
    SELECT 0, 'discovered', NULL, total.pages,
           CASE
               WHEN total.pages = 0 THEN 'inconclusive: no page is known yet'
               WHEN waiting > 0 THEN 'inconclusive: ' || waiting || iif(waiting = 1, ' page waits', ' pages wait') || ' to be fetched'
               WHEN cut > 0 THEN 'inconclusive: a budget or a trap rule left out ' || cut || iif(cut = 1, ' page', ' pages')
               WHEN EXISTS (SELECT 1 FROM run WHERE id = (SELECT max(id) FROM run)
                                                AND (state IN ('running', 'stopped') OR cuts <> '[]'))
                   THEN 'inconclusive: the crawl did not end by itself'
               WHEN NOT EXISTS (SELECT 1 FROM ranked)
                   THEN 'complete for its scope and depth; not ranked yet'
               WHEN (SELECT capture FROM ranked) < (SELECT max(id) FROM capture)
                   THEN 'complete for its scope and depth; the ranks are older than the newest pages'
               ELSE 'complete for its scope and depth; the ranks speak for all of it'
           END
    FROM total
    UNION ALL
    SELECT state.place, state.name, NULL, coalesce(sum(counted.pages), 0), NULL
    FROM state
    LEFT JOIN counted ON counted.state = state.name
    GROUP BY state.place
    UNION ALL
    SELECT state.place, state.name, outcome.name, counted.pages, NULL
    FROM counted
    JOIN outcome ON outcome.id = counted.outcome
    JOIN state ON state.name = counted.state
)
SELECT line.state, line.outcome, line.pages,
       CASE WHEN total.pages > 0 THEN round(100.0 * line.pages / total.pages, 1) END AS percent, line.ranks
FROM line
CROSS JOIN total
ORDER BY line.place, line.outcome IS NOT NULL, line.pages DESC, line.outcome;
