-- title: How many pages lie how many links away from a seed
--
-- depth is the least number of followed links from any seed; a redirect costs none. The pages without a depth,
-- to which no followed path leads, come last.
SELECT page.depth, count(*) AS pages,
       sum(outcome.state = 'pending') AS pending, sum(outcome.state = 'done') AS done,
       sum(outcome.state = 'failed') AS failed, sum(outcome.state = 'excluded') AS excluded
FROM page
JOIN outcome ON outcome.id = page.outcome
WHERE NOT page.auxiliary
GROUP BY page.depth
ORDER BY page.depth NULLS LAST;
