-- title: Canonicals that name a page which is itself not to be shown
--
-- One row per page that names another page as its canonical where that one redirects, names yet another, says noindex,
-- is blocked by robots.txt or failed. problem says which; it is `loop` where the canonicals and redirects come back to a
-- page on the way. hops counts canonicals and redirects up to the final page, ten at most, and final_reason is why
-- that page is indexable or not. Canonicals of pages that were not fetched are not judged. The longest chains come first.
--
-- param: limit integer -1 Rows at most; -1 gives all
WITH RECURSIVE
verdict(page, indexable, reason, canonical) AS MATERIALIZED (
    SELECT page, indexable, reason, canonical FROM indexability
),
step(page, next) AS MATERIALIZED (
    SELECT page, canonical FROM verdict WHERE canonical IS NOT NULL
    UNION ALL
    SELECT verdict.page, link.target
    FROM verdict
    CROSS JOIN page ON page.id = verdict.page
    CROSS JOIN link ON link.capture = page.links AND link.kind = (SELECT id FROM kind WHERE name = 'redirect')
    WHERE verdict.reason = 'redirect'
),
chain(start, first, page, hops, seen, closed) AS (
    SELECT page, canonical, canonical, 1, ',' || page || ',' || canonical || ',', 0
    FROM verdict
    WHERE canonical IS NOT NULL
    UNION ALL
    SELECT chain.start, chain.first, step.next, chain.hops + 1, chain.seen || step.next || ',',
           instr(chain.seen, ',' || step.next || ',') > 0
    FROM chain
    JOIN step ON step.page = chain.page
    WHERE NOT chain.closed AND chain.hops < 10
)
SELECT start.url AS page, first.url AS canonical, iif(chain.closed, 'loop', near.reason) AS problem,
       chain.hops, final.url AS final, far.reason AS final_reason
FROM chain
JOIN page AS start ON start.id = chain.start
JOIN page AS first ON first.id = chain.first
JOIN page AS final ON final.id = chain.page
JOIN verdict AS near ON near.page = chain.first
JOIN verdict AS far ON far.page = chain.page
WHERE (chain.closed OR chain.hops = 10 OR chain.page NOT IN (SELECT page FROM step))
  AND near.indexable = 0
ORDER BY chain.hops DESC, start.url
LIMIT coalesce(:limit, -1);
