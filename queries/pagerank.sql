-- title: Pages with the highest PageRank
--
-- PageRank is the share of its time that a reader spends on a page who follows links at random and now and
-- then starts anew anywhere; the shares of all pages add up to 1. `linkmap rank` computes and stores it.
--
-- needs: rank
-- param: limit integer 20 Rows at most; -1 gives all
SELECT rank.pagerank, outcome.name AS outcome, page.url
FROM rank
JOIN page ON page.id = rank.page
JOIN outcome ON outcome.id = page.outcome
ORDER BY rank.pagerank DESC, page.url
LIMIT coalesce(:limit, 20);
