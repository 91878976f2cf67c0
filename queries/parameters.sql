-- title: Query parameters in the URLs of pages
--
-- One row per name, as it is written: between ? or & and =, and not decoded. pages counts the known pages whose
-- URL has it, done those of them that answered, hosts their hosts, distinct_values the values it takes. One name
-- with very many values is a session, a filter or a calendar more often than a page, and an --exclude may spare
-- the crawl much. example is the first such URL in the order of the alphabet. http and https only.
--
-- param: limit integer -1 Rows at most; -1 gives all
WITH
asked(page, url, host, done, query) AS (
    SELECT page.id, page.url, origin.host, outcome.state = 'done', substr(page.url, instr(page.url, '?') + 1)
    FROM page
    JOIN origin ON origin.id = page.origin
    JOIN outcome ON outcome.id = page.outcome
    WHERE NOT page.auxiliary AND instr(page.url, '?') > 0
),
pair(page, url, host, done, text, equals) AS (
    SELECT asked.page, asked.url, asked.host, asked.done, part.value, instr(part.value || '=', '=')
    FROM asked
    CROSS JOIN json_each('[' || replace(json_quote(asked.query), '&', '","') || ']') AS part
    WHERE part.value <> ''
)
SELECT substr(text, 1, equals - 1) AS parameter, count(DISTINCT page) AS pages,
       count(DISTINCT iif(done, page, NULL)) AS done, count(DISTINCT host) AS hosts,
       count(DISTINCT substr(text, equals + 1)) AS distinct_values, min(url) AS example
FROM pair
GROUP BY parameter
ORDER BY pages DESC, parameter
LIMIT coalesce(:limit, -1);
