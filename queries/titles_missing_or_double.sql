-- title: Pages without a title, or with the title of another page
--
-- One row per fetched page whose title is missing, or double: borne by other pages of the same host too. pages
-- counts the pages of the host that share this title, or that have none. Titles are compared letter by letter,
-- with their white space folded.
--
-- param: limit integer -1 Rows at most; -1 gives all
WITH
titled(page, host, title, pages) AS (
    SELECT page.id, origin.host, coalesce(capture.title, ''),
           count(*) OVER (PARTITION BY origin.host, coalesce(capture.title, ''))
    FROM page
    CROSS JOIN capture ON capture.id = page.capture
    CROSS JOIN origin ON origin.id = page.origin
    WHERE page.outcome = (SELECT id FROM outcome WHERE name = 'fetched')
      AND NOT page.auxiliary
      AND page.manner <> 2
)
SELECT iif(titled.title = '', 'missing', 'double') AS problem, host.name AS host, titled.pages, titled.title, page.url
FROM titled
JOIN page ON page.id = titled.page
JOIN host ON host.id = titled.host
WHERE titled.title = '' OR titled.pages > 1
ORDER BY problem DESC, titled.pages DESC, host, titled.title, page.url
LIMIT coalesce(:limit, -1);
