-- title: Pages that link to the best authorities
--
-- Kleinberg's HITS: a good hub links to good authorities, a good authority is linked from good hubs. The
-- scores of all pages add up to 1. `linkmap rank` computes and stores them.
--
-- needs: rank
-- param: limit integer 20 Rows at most; -1 gives all
SELECT rank.hub, outcome.name AS outcome, page.url
FROM rank
JOIN page ON page.id = rank.page
JOIN outcome ON outcome.id = page.outcome
ORDER BY rank.hub DESC, page.url
LIMIT coalesce(:limit, 20);
