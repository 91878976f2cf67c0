-- title: Pages whose answer took the longest
--
-- seconds is the time from the start of the request, the making of the connection included, to the end of what
-- was read of the body, in the newest answer. Whatever answered with a HTTP status is listed, redirects and
-- errors too. A page that gave no answer at all is in `errors_by_host`.
--
-- param: limit integer 20 Rows at most; -1 gives all
SELECT round(capture.seconds, 3) AS seconds, capture.status, capture.bytes, outcome.name AS outcome, page.url
FROM page
CROSS JOIN capture ON capture.id = page.capture
JOIN outcome ON outcome.id = page.outcome
WHERE NOT page.auxiliary AND capture.status IS NOT NULL
ORDER BY capture.seconds DESC, page.url
LIMIT coalesce(:limit, 20);
