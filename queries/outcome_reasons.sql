-- title: Why pages ended as they did: every outcome with its evidence
--
-- One row per outcome, HTTP status and detail, by state; the outcome with the most pages comes first in its
-- state, its most frequent reason first in the outcome. status is that of the newest answer, where there was
-- one; detail is the evidence where the status alone does not tell. example is the first such URL in the order
-- of the alphabet. docs/outcomes.md says of each outcome what happened.
--
-- param: limit integer -1 Rows at most; -1 gives all
WITH
state(name, place) AS (VALUES ('pending', 1), ('done', 2), ('failed', 3), ('excluded', 4)),
reason(outcome, status, detail, pages, hosts, example) AS (
    SELECT page.outcome, capture.status, page.detail, count(*), count(DISTINCT origin.host), min(page.url)
    FROM page
    LEFT JOIN capture ON capture.id = page.capture
    LEFT JOIN origin ON origin.id = page.origin
    WHERE NOT page.auxiliary
    GROUP BY page.outcome, capture.status, page.detail
)
SELECT outcome.state, outcome.name AS outcome, reason.status, reason.detail, reason.pages, reason.hosts, reason.example
FROM reason
JOIN outcome ON outcome.id = reason.outcome
JOIN state ON state.name = outcome.state
ORDER BY state.place, sum(reason.pages) OVER (PARTITION BY reason.outcome) DESC, outcome.name,
         reason.pages DESC, reason.status, reason.detail
LIMIT coalesce(:limit, -1);
