-- title: Redirects that go round in a circle
--
-- One row per page of each circle, in the order in which they send on; after the last step comes the first again.
-- loop is where the circle is said to begin: its first URL in the order of the alphabet. pages is the number of
-- pages on the circle, status the page's answer. links_in counts the links, redirects among them, by which pages
-- outside lead here. The longest circles come first. `redirect_chains` tells from where one runs into them.
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
-- A circle is known by its lowest page, from which one comes back to it over higher ones alone. UNION ends what
-- runs into a circle without being on it.
reached(start, page) AS (
    SELECT next, next FROM hop WHERE next <= page
    UNION
    SELECT reached.start, hop.next
    FROM reached
    JOIN hop ON hop.page = reached.page
    WHERE hop.next > reached.start
),
walk(start, page, step) AS MATERIALIZED (
    SELECT reached.start, reached.start, 0
    FROM reached
    JOIN hop ON hop.page = reached.page AND hop.next = reached.start
    UNION ALL
    SELECT walk.start, hop.next, walk.step + 1
    FROM walk
    JOIN hop ON hop.page = walk.page
    WHERE hop.next <> walk.start
),
member(page, url, pages, step, loop, first_step) AS MATERIALIZED (
    SELECT page.id, page.url, count(*) OVER (PARTITION BY walk.start), walk.step,
           first_value(page.url) OVER by_url, first_value(walk.step) OVER by_url
    FROM walk
    JOIN page ON page.id = walk.page
    WINDOW by_url AS (PARTITION BY walk.start ORDER BY page.url)
),
entry(page, links) AS MATERIALIZED (
    SELECT link.target, count(*)
    FROM link
    CROSS JOIN capture ON capture.id = link.capture
    CROSS JOIN page ON page.id = capture.page AND page.links = link.capture AND NOT page.auxiliary
    WHERE link.target IN (SELECT page FROM member)
      AND page.id NOT IN (SELECT page FROM member)
    GROUP BY link.target
)
SELECT member.loop, member.pages, (member.step - member.first_step + member.pages) % member.pages + 1 AS step,
       capture.status, coalesce(entry.links, 0) AS links_in, member.url
FROM member
JOIN page ON page.id = member.page
LEFT JOIN capture ON capture.id = page.capture
LEFT JOIN entry ON entry.page = member.page
ORDER BY member.pages DESC, member.loop, step
LIMIT coalesce(:limit, -1);
