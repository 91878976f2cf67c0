-- title: Failed pages, by host and kind of failure
--
-- One row per host and outcome, the host with the most failed pages first. example is the first such URL in
-- the order of the alphabet, detail the evidence of its failure.
--
-- param: limit integer -1 Rows at most; -1 gives all
SELECT host.name AS host, outcome.name AS outcome, count(*) AS pages, min(page.url) AS example, page.detail
FROM page
JOIN outcome ON outcome.id = page.outcome
JOIN origin ON origin.id = page.origin
JOIN host ON host.id = origin.host
WHERE outcome.state = 'failed' AND NOT page.auxiliary
GROUP BY host.id, outcome.id
ORDER BY sum(count(*)) OVER (PARTITION BY host.id) DESC, host, pages DESC, outcome
LIMIT coalesce(:limit, -1);
