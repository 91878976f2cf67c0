-- title: Images without a text for those who do not see them
--
-- One row per page and image, in the order of the page, where the img element has no alt attribute; times counts
-- how often it stands there so. An empty one (alt="") says that the image is decoration, which is fine. Each
-- candidate of a srcset is an image of its own. in_title is what the image's title says instead, if anything.
--
-- param: limit integer -1 Rows at most; -1 gives all
SELECT page.url AS page, image.url AS image, count(*) AS times, max(anchor.text) AS in_title
FROM page
CROSS JOIN link ON link.capture = page.links
CROSS JOIN page AS image ON image.id = link.target
JOIN anchor ON anchor.id = link.anchor
WHERE NOT page.auxiliary AND link.flags & 2
GROUP BY page.id, image.id
ORDER BY page.url, min(link.ordinal)
LIMIT coalesce(:limit, -1);
