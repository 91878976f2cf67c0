-- title: Pages that the best hubs link to
--
-- Kleinberg's HITS: a good authority is linked from good hubs, a good hub links to good authorities. The
-- scores of all pages add up to 1. `linkmap rank` computes and stores them.
--
-- needs: rank
-- param: limit integer 20 Rows at most; -1 gives all
SELECT rank.authority, outcome.name AS outcome, page.url
FROM rank
JOIN page ON page.id = rank.page
JOIN outcome ON outcome.id = page.outcome
ORDER BY rank.authority DESC, page.url
LIMIT coalesce(:limit, 20);
