-- The map: facts, appended. Nothing is deleted in place and no id is used twice.
-- Identity, scope and levels are views over these tables. docs/store.md explains each column.
PRAGMA application_id = 0x6c6d6170;
PRAGMA user_version = 2;

-- One crawl run. counts: {"page": {outcome: number}, "auxiliary": {outcome: number}}, JSON, of the whole map
-- as of the run's last commit; outcomes without a page are left out.
CREATE TABLE run (
    id          INTEGER PRIMARY KEY,
    started_at  REAL NOT NULL,                 -- Unix time, seconds
    ended_at    REAL,
    state       TEXT NOT NULL CHECK (state IN ('running', 'indexing', 'stopped', 'finished')),
    version     TEXT NOT NULL,
    user_agent  TEXT NOT NULL,
    settings    TEXT NOT NULL,                 -- JSON; never holds a password or a header value
    counts      TEXT NOT NULL,                 -- JSON
    cuts        TEXT NOT NULL DEFAULT '[]'     -- JSON array: what ended the crawl before its time
);

-- The seeds as given. guess: 0 a full URL, 1 https guessed for a bare name, 2 http after https failed.
CREATE TABLE seed (
    id       INTEGER PRIMARY KEY,
    run      INTEGER NOT NULL,
    page     INTEGER NOT NULL,
    written  TEXT NOT NULL,
    guess    INTEGER NOT NULL
);

-- pending .. excluded: pages of this host by state, auxiliary ones left out, kept at each commit. reversed: org.example.www
CREATE TABLE host (
    id        INTEGER PRIMARY KEY,
    name      TEXT NOT NULL,
    reversed  TEXT NOT NULL,
    domain    TEXT NOT NULL,                   -- registrable domain
    delay_s   REAL,                            -- robots.txt Crawl-delay, where it is longer than --delay
    due_at    REAL,                            -- Unix time before which a Retry-After forbids a request
    pending   INTEGER NOT NULL DEFAULT 0,
    done      INTEGER NOT NULL DEFAULT 0,
    failed    INTEGER NOT NULL DEFAULT 0,
    excluded  INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX host_name ON host (name);
CREATE INDEX host_reversed ON host (reversed);

-- Scheme, host and port: the unit of robots.txt (RFC 9309, 2.3).
-- robots: 'unknown', 'rules', 'allow' (4xx: all allowed), 'unreachable' (nothing allowed)
CREATE TABLE origin (
    id              INTEGER PRIMARY KEY,
    scheme          TEXT NOT NULL,
    host            INTEGER NOT NULL REFERENCES host (id),
    port            INTEGER NOT NULL,
    robots          TEXT NOT NULL DEFAULT 'unknown',
    robots_capture  INTEGER,
    robots_text     TEXT
);

CREATE TABLE outcome (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    state   TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed', 'excluded')),
    broken  INTEGER NOT NULL
);
INSERT INTO outcome (id, name, state, broken) VALUES
    (0,  'pending',            'pending',  0),
    (1,  'fetched',            'done',     0),
    (2,  'not_html',           'done',     0),
    (3,  'redirect',           'done',     0),
    (4,  'not_modified',       'done',     0),
    (10, 'client_error',       'failed',   1),
    (11, 'blocked',            'failed',   0),
    (12, 'server_error',       'failed',   1),
    (13, 'timeout',            'failed',   1),
    (14, 'dns_error',          'failed',   1),
    (15, 'connect_error',      'failed',   1),
    (16, 'tls_error',          'failed',   1),
    (17, 'protocol_error',     'failed',   1),
    (18, 'redirect_loop',      'failed',   1),
    (19, 'too_many_redirects', 'failed',   1),
    (20, 'internal_error',     'failed',   0),
    (30, 'robots_denied',      'excluded', 0),
    (31, 'robots_unreachable', 'excluded', 0),
    (32, 'off_scope',          'excluded', 0),
    (33, 'excluded',           'excluded', 0),
    (34, 'too_deep',           'excluded', 0),
    (35, 'over_budget',        'excluded', 0),
    (36, 'nofollow',           'excluded', 0),
    (37, 'kind_not_followed',  'excluded', 0),
    (38, 'unsupported_scheme', 'excluded', 0),
    (39, 'invalid',            'excluded', 0),
    (40, 'private_address',    'excluded', 0),
    (41, 'trap',               'excluded', 0);

-- navigation: an edge of the graph. followed: by default. free: costs no depth.
CREATE TABLE kind (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    navigation  INTEGER NOT NULL,
    followed    INTEGER NOT NULL,
    free        INTEGER NOT NULL
);
INSERT INTO kind (id, name, navigation, followed, free) VALUES
    (1,  'a',                  1, 1, 0),
    (2,  'area',               1, 1, 0),
    (3,  'iframe',             1, 1, 0),
    (4,  'frame',              1, 1, 0),
    (5,  'redirect',           1, 1, 1),
    (6,  'meta_refresh',       1, 1, 1),
    (7,  'canonical',          0, 1, 0),
    (8,  'alternate_hreflang', 0, 1, 0),
    (9,  'next',               0, 1, 0),
    (10, 'prev',               0, 1, 0),
    (11, 'link',               0, 0, 0),
    (12, 'form',               0, 0, 0),
    (13, 'img',                0, 0, 0),
    (14, 'source',             0, 0, 0),
    (15, 'script',             0, 0, 0),
    (16, 'embed',              0, 0, 0),
    (17, 'object',             0, 0, 0),
    (18, 'video',              0, 0, 0),
    (19, 'audio',              0, 0, 0),
    (20, 'track',              0, 0, 0),
    (21, 'sitemap',            0, 1, 0),
    (22, 'sitemap_file',       0, 1, 0),
    (23, 'feed',               0, 0, 0),
    (24, 'stylesheet',         0, 0, 0),
    (25, 'css',                0, 0, 0);

CREATE TABLE region (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO region (id, name) VALUES
    (0, ''), (1, 'nav'), (2, 'header'), (3, 'main'), (4, 'article'), (5, 'aside'), (6, 'footer');

-- Interned: a link holds a number for its rel tokens and for its anchor text. id 0 is the empty text.
-- An anchor may stand here more than once; a set of rel tokens (sorted, lower case) stands once.
CREATE TABLE rel (id INTEGER PRIMARY KEY, tokens TEXT NOT NULL UNIQUE, nofollow INTEGER NOT NULL);
CREATE TABLE anchor (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
INSERT INTO rel (id, tokens, nofollow) VALUES (0, '', 0);
INSERT INTO anchor (id, text) VALUES (0, '');

-- A URL that was a seed, was linked to, or was a redirect's target. url_key: 12-byte blake2b of url.
CREATE TABLE page (
    id         INTEGER PRIMARY KEY,
    url        TEXT NOT NULL,
    url_key    BLOB NOT NULL,
    origin     INTEGER REFERENCES origin (id), -- NULL: not http(s)
    auxiliary  INTEGER NOT NULL,               -- 1: robots.txt or sitemap that no page links to; no node of any graph
    depth      INTEGER,                        -- least number of followed links from a seed; NULL: no such path
    hops       INTEGER NOT NULL,               -- least number of redirects and refreshes in a row that end here
    reach      INTEGER NOT NULL,               -- 0 followed, 1 nofollow only, 2 kinds not followed only, 3 none: auxiliary
    resource   INTEGER NOT NULL DEFAULT 0,     -- 1: a page loads it: an image, a script, a style sheet ...
    manner     INTEGER NOT NULL DEFAULT 0,     -- how it is requested: 0 page, 1 sitemap, 2 only checked, 3 robots.txt
    sitemap    INTEGER NOT NULL DEFAULT 0,     -- files in a row from robots.txt to this sitemap; 0: none named so
    outcome    INTEGER NOT NULL REFERENCES outcome (id),
    detail     TEXT,                           -- the evidence behind the outcome
    tries      INTEGER NOT NULL DEFAULT 0,
    due_at     REAL,                           -- Unix time of the next try
    run        INTEGER NOT NULL REFERENCES run (id),
    referrer   INTEGER REFERENCES page (id),   -- the page whose link was seen first
    capture    INTEGER REFERENCES capture (id),-- the newest answer
    links      INTEGER REFERENCES capture (id) -- the capture whose links this page shows
);
CREATE INDEX page_pending ON page (origin, depth, id) WHERE outcome = 0;
CREATE INDEX page_trap ON page (detail) WHERE outcome = 41;

-- Pages made up without end that a rule on shares found: the `detail` of those left is 'rule: pattern'.
CREATE TABLE trap (
    id        INTEGER PRIMARY KEY,
    run       INTEGER NOT NULL REFERENCES run (id),
    rule      TEXT NOT NULL,                   -- 'calendar', 'session id', 'facets' ...; see docs/crawling.md
    pattern   TEXT NOT NULL,                   -- what their URLs have in common
    evidence  TEXT NOT NULL
);

-- One answer, or the failure to get one, at one time. nofollow, noindex: whether robots_flags has the word, not stored.
CREATE TABLE capture (
    id             INTEGER PRIMARY KEY,
    page           INTEGER NOT NULL REFERENCES page (id),
    run            INTEGER NOT NULL REFERENCES run (id),
    fetched_at     REAL NOT NULL,
    outcome        INTEGER NOT NULL REFERENCES outcome (id),
    status         INTEGER,
    content_type   TEXT,
    charset        TEXT,
    bytes          INTEGER NOT NULL,           -- decoded body that was read
    cut            INTEGER NOT NULL,           -- 1: body longer than --max-bytes
    truncated      INTEGER NOT NULL,           -- 1: connection ended before the body
    seconds        REAL NOT NULL,
    title          TEXT,
    description    TEXT,
    h1             TEXT,
    language       TEXT,
    base           TEXT,                       -- where it is not the page's own URL
    script_evidence TEXT,                      -- why its links seem to be written by script; NULL: they do not
    robots_flags   TEXT,                       -- meta robots and X-Robots-Tag: sorted words, such as 'nofollow noindex'
    etag           TEXT,
    last_modified  TEXT,
    digest         BLOB,                       -- 16-byte blake2b of the decoded body
    links_digest   BLOB,                       -- 16-byte blake2b of the links and the rules' version
    links          INTEGER,                    -- the capture that holds the links: this one, or an equal one before
    inert_links    INTEGER NOT NULL,           -- data:, javascript: and blob: references, counted only
    nofollow       INTEGER AS (coalesce(instr(' ' || robots_flags || ' ', ' nofollow ') > 0, 0)),
    noindex        INTEGER AS (coalesce(instr(' ' || robots_flags || ' ', ' noindex ') > 0, 0))
);

CREATE INDEX capture_scripted ON capture (page) WHERE script_evidence IS NOT NULL;

-- One occurrence. ordinal: place among the links of the page, from 0, in document order.
CREATE TABLE link (
    capture      INTEGER NOT NULL,
    ordinal      INTEGER NOT NULL,
    target       INTEGER NOT NULL,
    kind         INTEGER NOT NULL,
    rel          INTEGER NOT NULL,
    region       INTEGER NOT NULL,
    anchor       INTEGER NOT NULL,
    flags        INTEGER NOT NULL,             -- 1: carried user:password, which is not stored; 2: an img without alt
    hreflang     TEXT,                         -- as written, white space folded
    lastmod      TEXT,                         -- of a sitemap's entry, as written
    written      TEXT,                         -- the reference, where it differs in more than the base; see docs/store.md
    PRIMARY KEY (capture, ordinal)
) WITHOUT ROWID;

-- Computed. Navigation kinds, self-links and auxiliary pages left out.
CREATE TABLE degree (
    page       INTEGER PRIMARY KEY,
    in_links   INTEGER NOT NULL,
    in_pages   INTEGER NOT NULL,
    in_hosts   INTEGER NOT NULL,
    out_links  INTEGER NOT NULL,
    out_pages  INTEGER NOT NULL
);
CREATE INDEX degree_in_pages ON degree (in_pages);
CREATE INDEX degree_out_pages ON degree (out_pages) WHERE out_pages > 0;
CREATE TABLE rank (
    page       INTEGER PRIMARY KEY,
    pagerank   REAL NOT NULL,
    hub        REAL NOT NULL,
    authority  REAL NOT NULL
);
-- What is computed and as of which capture; older than max(capture.id) is stale.
CREATE TABLE computed (
    name         TEXT PRIMARY KEY,             -- 'degree', 'rank'
    capture      INTEGER NOT NULL,
    computed_at  REAL NOT NULL,
    settings     TEXT NOT NULL                 -- JSON
);

-- Every link of every page's newest state, whatever its kind. `capture` leads from a link back to its page, so
-- that a filter on target starts at the index link_target; `unlikely` keeps every other query page first, where
-- a page's links are one range (link first took twice as long over 1 M links, and 300 times with a source_url).
CREATE VIEW links AS
SELECT source.id AS source, link.target AS target, link.ordinal AS ordinal,
       source.url AS source_url, target.url AS target_url,
       kind.name AS kind, rel.tokens AS rel,
       rel.nofollow OR (capture.nofollow AND kind.name NOT IN
           ('redirect', 'meta_refresh', 'canonical', 'alternate_hreflang', 'sitemap', 'sitemap_file')) AS nofollow,
       CASE WHEN rel.nofollow THEN 'link'
            WHEN capture.nofollow AND kind.name NOT IN
                ('redirect', 'meta_refresh', 'canonical', 'alternate_hreflang', 'sitemap', 'sitemap_file') THEN 'page'
            ELSE '' END AS nofollow_by,            -- '' where it is not
       region.name AS region,
       anchor.text AS anchor, link.flags & 1 AS credentials, link.flags & 2 > 0 AS no_alt, link.hreflang AS hreflang,
       link.lastmod AS lastmod, link.written AS written
FROM page AS source
JOIN link ON link.capture = source.links
JOIN capture ON capture.id = link.capture AND capture.page = source.id
JOIN page AS target ON target.id = link.target
JOIN kind ON kind.id = link.kind
JOIN rel ON rel.id = link.rel
JOIN region ON region.id = link.region
JOIN anchor ON anchor.id = link.anchor
WHERE unlikely(source.auxiliary = 0);

-- The graph: navigation links between two pages, self-links left out. weight: occurrences.
CREATE VIEW edges AS
SELECT page.id AS source, link.target AS target, count(*) AS weight
FROM page
JOIN link ON link.capture = page.links
JOIN capture ON capture.id = link.capture AND capture.page = page.id
WHERE unlikely(page.auxiliary = 0)
  AND link.target <> page.id
  AND link.kind IN (SELECT id FROM kind WHERE navigation)
GROUP BY page.id, link.target;

-- Whether a search engine may show a page, and why not: the first reason that holds. indexable: 1, 0, or NULL where the
-- map does not tell; of a page that was only checked it knows the headers alone. canonical: the page that is to be shown instead, the first where several are named; NULL where
-- a page names none, or itself.
CREATE VIEW indexability AS
SELECT page, reason, canonical,
       CASE WHEN reason = 'indexable' THEN 1 WHEN reason NOT IN ('not fetched', 'not HTML', 'only checked') THEN 0
            END AS indexable
FROM (SELECT page, canonical,
             CASE WHEN outcome = 'robots_denied' THEN 'blocked by robots.txt'
                  WHEN outcome IN ('redirect', 'redirect_loop', 'too_many_redirects') THEN 'redirect'
                  WHEN state = 'failed' THEN 'failed'
                  WHEN state <> 'done' THEN 'not fetched'
                  WHEN noindex THEN 'noindex'
                  WHEN canonical IS NOT NULL THEN 'canonical elsewhere'
                  WHEN outcome = 'not_html' THEN 'not HTML'
                  WHEN manner = 2 THEN 'only checked'
                  ELSE 'indexable' END AS reason
      FROM (SELECT page.id AS page, outcome.name AS outcome, outcome.state AS state, page.manner AS manner,
                   capture.noindex AS noindex,
                   (SELECT link.target
                    FROM link
                    WHERE link.capture = page.links AND link.kind = (SELECT id FROM kind WHERE name = 'canonical')
                      AND NOT EXISTS (SELECT 1
                                      FROM link AS own
                                      WHERE own.capture = page.links AND own.target = page.id AND own.kind = link.kind)
                    ORDER BY link.ordinal
                    LIMIT 1) AS canonical
            FROM page
            JOIN outcome ON outcome.id = page.outcome
            LEFT JOIN capture ON capture.id = page.capture
            WHERE page.auxiliary = 0));
