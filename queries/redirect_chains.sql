-- title: Redirects that somebody runs into, and where they end
--
-- A chain starts at a redirecting page that is a seed, or that something other than a redirect links to, or
-- that no page redirects to. hops counts the redirects up to the final page; outcome and status are the
-- final page's. Where the redirects come back to a page of the chain, that page is the final one and the
-- outcome is redirect_loop. The longest chains come first.
--
-- needs: indexes
-- param: limit integer -1 Rows at most; -1 gives all
WITH RECURSIVE
hop(page, next) AS MATERIALIZED (
    SELECT page.id, link.target
    FROM page
    CROSS JOIN link ON link.capture = page.links
    WHERE page.outcome IN (SELECT id FROM outcome
                           WHERE name IN ('redirect', 'redirect_loop', 'too_many_redirects'))
      AND NOT page.auxiliary
      AND link.kind = (SELECT id FROM kind WHERE name = 'redirect')
),
entered(page) AS (
    SELECT page FROM seed
    UNION
    SELECT link.target
    FROM link
    CROSS JOIN capture ON capture.id = link.capture
    CROSS JOIN page ON page.id = capture.page AND page.links = link.capture AND NOT page.auxiliary
    WHERE link.target IN (SELECT page FROM hop)
      AND link.kind <> (SELECT id FROM kind WHERE name = 'redirect')
    UNION
    SELECT page FROM hop WHERE page NOT IN (SELECT next FROM hop)
),
chain(start, page, hops, seen, closed) AS (
    SELECT page, page, 0, ',' || page || ',', 0 FROM hop WHERE page IN (SELECT page FROM entered)
    UNION ALL
    SELECT chain.start, hop.next, chain.hops + 1, chain.seen || hop.next || ',',
           instr(chain.seen, ',' || hop.next || ',') > 0
    FROM chain
    JOIN hop ON hop.page = chain.page
    WHERE NOT chain.closed
)
SELECT start.url AS start, chain.hops, final.url AS final,
       iif(chain.closed, 'redirect_loop', outcome.name) AS outcome, capture.status
FROM chain
JOIN page AS start ON start.id = chain.start
JOIN page AS final ON final.id = chain.page
JOIN outcome ON outcome.id = final.outcome
LEFT JOIN capture ON capture.id = final.capture
WHERE chain.closed OR chain.page NOT IN (SELECT page FROM hop)
ORDER BY chain.hops DESC, start
LIMIT coalesce(:limit, -1);
