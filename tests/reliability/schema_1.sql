-- The map of a crawl that Ctrl-C stopped, as linkmap of commit 8d11513 left it: schema 1, an early form.
PRAGMA application_id = 0x6c6d6170;
PRAGMA user_version = 1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
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
INSERT INTO run VALUES(1,1795369394.235446453,1795369396.5329074859,'stopped','0.1.0','linkmap/0.1.0','{"allow_private": true, "concurrency": null, "contact": null, "delay_s": 0.5, "depth": 3, "exclude": [], "include": [], "max_bytes": 10485760, "max_pages": 10000, "max_pages_per_host": 0, "per_host": 1, "resolve": [], "robots": true, "scope": "domain", "timeout_s": 30.0, "user_agent": null, "workers": 0}','{"page": {"pending": 4, "fetched": 3, "redirect": 1, "off_scope": 1, "nofollow": 1, "unsupported_scheme": 1}, "auxiliary": {"not_html": 1}}','["stopped by Ctrl-C"]');
CREATE TABLE seed (
    id       INTEGER PRIMARY KEY,
    run      INTEGER NOT NULL,
    page     INTEGER NOT NULL,
    written  TEXT NOT NULL,
    guess    INTEGER NOT NULL
);
INSERT INTO seed VALUES(1,1,1,'http://127.0.0.1:37667/',0);
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
INSERT INTO host VALUES(1,'127.0.0.1','127.0.0.1','127.0.0.1',NULL,NULL,4,4,0,1);
INSERT INTO host VALUES(2,'elsewhere.test','test.elsewhere','elsewhere.test',NULL,NULL,0,0,0,1);
CREATE TABLE origin (
    id              INTEGER PRIMARY KEY,
    scheme          TEXT NOT NULL,
    host            INTEGER NOT NULL REFERENCES host (id),
    port            INTEGER NOT NULL,
    robots          TEXT NOT NULL DEFAULT 'unknown',
    robots_capture  INTEGER,
    robots_text     TEXT
);
INSERT INTO origin VALUES(1,'http',1,37667,'rules',1,replace('User-agent: *\nDisallow: /private\n','\n',char(10)));
INSERT INTO origin VALUES(2,'http',2,80,'unknown',NULL,NULL);
CREATE TABLE outcome (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    state   TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed', 'excluded')),
    broken  INTEGER NOT NULL
);
INSERT INTO outcome VALUES(0,'pending','pending',0);
INSERT INTO outcome VALUES(1,'fetched','done',0);
INSERT INTO outcome VALUES(2,'not_html','done',0);
INSERT INTO outcome VALUES(3,'redirect','done',0);
INSERT INTO outcome VALUES(4,'not_modified','done',0);
INSERT INTO outcome VALUES(10,'client_error','failed',1);
INSERT INTO outcome VALUES(11,'blocked','failed',0);
INSERT INTO outcome VALUES(12,'server_error','failed',1);
INSERT INTO outcome VALUES(13,'timeout','failed',1);
INSERT INTO outcome VALUES(14,'dns_error','failed',1);
INSERT INTO outcome VALUES(15,'connect_error','failed',1);
INSERT INTO outcome VALUES(16,'tls_error','failed',1);
INSERT INTO outcome VALUES(17,'protocol_error','failed',1);
INSERT INTO outcome VALUES(18,'redirect_loop','failed',1);
INSERT INTO outcome VALUES(19,'too_many_redirects','failed',1);
INSERT INTO outcome VALUES(20,'internal_error','failed',0);
INSERT INTO outcome VALUES(30,'robots_denied','excluded',0);
INSERT INTO outcome VALUES(31,'robots_unreachable','excluded',0);
INSERT INTO outcome VALUES(32,'off_scope','excluded',0);
INSERT INTO outcome VALUES(33,'excluded','excluded',0);
INSERT INTO outcome VALUES(34,'too_deep','excluded',0);
INSERT INTO outcome VALUES(35,'over_budget','excluded',0);
INSERT INTO outcome VALUES(36,'nofollow','excluded',0);
INSERT INTO outcome VALUES(37,'kind_not_followed','excluded',0);
INSERT INTO outcome VALUES(38,'unsupported_scheme','excluded',0);
INSERT INTO outcome VALUES(39,'invalid','excluded',0);
INSERT INTO outcome VALUES(40,'private_address','excluded',0);
INSERT INTO outcome VALUES(41,'trap','excluded',0);
CREATE TABLE kind (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    navigation  INTEGER NOT NULL,
    followed    INTEGER NOT NULL,
    free        INTEGER NOT NULL
);
INSERT INTO kind VALUES(1,'a',1,1,0);
INSERT INTO kind VALUES(2,'area',1,1,0);
INSERT INTO kind VALUES(3,'iframe',1,1,0);
INSERT INTO kind VALUES(4,'frame',1,1,0);
INSERT INTO kind VALUES(5,'redirect',1,1,1);
CREATE TABLE region (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO region VALUES(0,'');
INSERT INTO region VALUES(1,'nav');
INSERT INTO region VALUES(2,'header');
INSERT INTO region VALUES(3,'main');
INSERT INTO region VALUES(4,'article');
INSERT INTO region VALUES(5,'aside');
INSERT INTO region VALUES(6,'footer');
CREATE TABLE rel (id INTEGER PRIMARY KEY, tokens TEXT NOT NULL UNIQUE, nofollow INTEGER NOT NULL);
INSERT INTO rel VALUES(0,'',0);
INSERT INTO rel VALUES(1,'nofollow',1);
CREATE TABLE anchor (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
INSERT INTO anchor VALUES(0,'');
INSERT INTO anchor VALUES(1,'a');
INSERT INTO anchor VALUES(2,'b');
INSERT INTO anchor VALUES(3,'c');
INSERT INTO anchor VALUES(4,'e');
INSERT INTO anchor VALUES(5,'m');
INSERT INTO anchor VALUES(6,'moved');
INSERT INTO anchor VALUES(7,'gone');
INSERT INTO anchor VALUES(8,'home');
INSERT INTO anchor VALUES(9,'f');
CREATE TABLE page (
    id         INTEGER PRIMARY KEY,
    url        TEXT NOT NULL,
    url_key    BLOB NOT NULL,
    origin     INTEGER REFERENCES origin (id), -- NULL: not http(s)
    auxiliary  INTEGER NOT NULL,               -- 1: robots.txt that nobody links to; no node of any graph
    depth      INTEGER,                        -- least number of followed links from a seed; NULL: no such path
    hops       INTEGER NOT NULL,               -- least number of redirects in a row that end here
    reach      INTEGER NOT NULL,               -- 0 followed, 1 nofollow only, 2 kinds not followed only, 3 none: auxiliary
    outcome    INTEGER NOT NULL REFERENCES outcome (id),
    detail     TEXT,                           -- the evidence behind the outcome
    tries      INTEGER NOT NULL,
    due_at     REAL,                           -- Unix time of the next try
    run        INTEGER NOT NULL REFERENCES run (id),
    referrer   INTEGER REFERENCES page (id),   -- the page whose link was seen first
    capture    INTEGER REFERENCES capture (id),-- the newest answer
    links      INTEGER REFERENCES capture (id) -- the capture whose links this page shows
);
INSERT INTO page VALUES(1,'http://127.0.0.1:37667/',X'37d1081992ef7ba1b3e08ca3',1,0,0,0,0,1,NULL,1,NULL,1,NULL,2,2);
INSERT INTO page VALUES(2,'http://127.0.0.1:37667/robots.txt',X'7f49cc9bebdaa0708a40f4fe',1,1,NULL,0,3,2,NULL,1,NULL,1,NULL,1,NULL);
INSERT INTO page VALUES(3,'http://127.0.0.1:37667/a',X'2e36bee15dc8f50828d61a1b',1,0,1,0,0,1,NULL,1,NULL,1,1,3,3);
INSERT INTO page VALUES(4,'http://127.0.0.1:37667/b',X'3c2949a0600a76f52747a645',1,0,NULL,0,1,36,NULL,0,NULL,1,1,NULL,NULL);
INSERT INTO page VALUES(5,'http://127.0.0.1:37667/c',X'efb7abf2294516fc7ee6bb18',1,0,1,0,0,1,NULL,1,NULL,1,1,4,4);
INSERT INTO page VALUES(6,'http://elsewhere.test/',X'55d316090b379c2bfae6a0cd',2,0,1,0,0,32,NULL,0,NULL,1,1,NULL,NULL);
INSERT INTO page VALUES(7,'mailto:me@x.test',X'b022488e3b719035bd28e3c4',NULL,0,1,0,0,38,NULL,0,NULL,1,1,NULL,NULL);
INSERT INTO page VALUES(8,'http://127.0.0.1:37667/moved',X'6f1bebd156e30b56eb29952b',1,0,2,0,0,3,NULL,1,NULL,1,3,5,5);
INSERT INTO page VALUES(9,'http://127.0.0.1:37667/gone',X'f4abb1a015f9bf8594f9d49d',1,0,2,0,0,0,NULL,0,NULL,1,3,NULL,NULL);
INSERT INTO page VALUES(10,'http://127.0.0.1:37667/e',X'152b197667c4af4f89e2560f',1,0,2,0,0,0,NULL,0,NULL,1,5,NULL,NULL);
INSERT INTO page VALUES(11,'http://127.0.0.1:37667/f',X'0c48dd5c10a4491b05cdf05b',1,0,2,0,0,0,NULL,0,NULL,1,5,NULL,NULL);
INSERT INTO page VALUES(12,'http://127.0.0.1:37667/d',X'cb13e1435cac5743d6f01952',1,0,2,1,0,0,NULL,0,NULL,1,8,NULL,NULL);
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
    robots_flags   TEXT,
    etag           TEXT,
    last_modified  TEXT,
    digest         BLOB,                       -- 16-byte blake2b of the decoded body
    links_digest   BLOB,                       -- 16-byte blake2b of the links and the rules' version
    links          INTEGER,                    -- the capture that holds the links: this one, or an equal one before
    inert_links    INTEGER NOT NULL            -- data:, javascript: and blob: references, counted only
);
INSERT INTO capture VALUES(1,2,1,1795369394.2696967124,2,200,'text/plain',NULL,33,0,0,0.0062078810005914419889,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'a5d9e76cd0f624f656f0b0cd91deac2e',NULL,NULL,0);
INSERT INTO capture VALUES(2,1,1,1795369394.775787115,1,200,'text/html','utf-8',183,0,0,0.0016449100003228522837,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'48b197fd89872e53a191cd559a69b0eb',X'9f83cf50255ad1f03f86a32491b46a5e',2,0);
INSERT INTO capture VALUES(3,3,1,1795369395.2823183536,1,200,'text/html','utf-8',81,0,0,0.0045309640008781570941,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'faff59128bf2b972d69ccbb74dd47d3f',X'011205cf40dcff92057b194b2270a395',3,0);
INSERT INTO capture VALUES(4,5,1,1795369395.7876656055,1,200,'text/html','utf-8',36,0,0,0.0032263590001093689352,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'6bef19e3b3d619c75b8271dae0c45751',X'f6a3aee32150a7e7b9cac157841b3966',4,0);
INSERT INTO capture VALUES(5,8,1,1795369396.2915387153,3,302,'text/html',NULL,0,0,0,0.00097373199969297274947,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'7d42c9d71821830ad2d111c70ed07b05',5,0);
CREATE TABLE link (
    capture      INTEGER NOT NULL,
    ordinal      INTEGER NOT NULL,
    target       INTEGER NOT NULL,
    kind         INTEGER NOT NULL,
    rel          INTEGER NOT NULL,
    region       INTEGER NOT NULL,
    anchor       INTEGER NOT NULL,
    credentials  INTEGER NOT NULL,             -- 1: carried user:password, which is not stored
    PRIMARY KEY (capture, ordinal)
) WITHOUT ROWID;
INSERT INTO link VALUES(2,0,3,1,0,0,1,0);
INSERT INTO link VALUES(2,1,4,1,1,0,2,0);
INSERT INTO link VALUES(2,2,5,1,0,0,3,1);
INSERT INTO link VALUES(2,3,6,1,0,0,4,0);
INSERT INTO link VALUES(2,4,7,1,0,0,5,0);
INSERT INTO link VALUES(3,0,8,1,0,1,6,0);
INSERT INTO link VALUES(3,1,9,1,0,0,7,0);
INSERT INTO link VALUES(3,2,1,1,0,0,8,0);
INSERT INTO link VALUES(4,0,10,1,0,0,4,0);
INSERT INTO link VALUES(4,1,11,1,0,0,9,0);
INSERT INTO link VALUES(5,0,12,5,0,0,0,0);
CREATE TABLE degree (
    page       INTEGER PRIMARY KEY,
    in_links   INTEGER NOT NULL,
    in_pages   INTEGER NOT NULL,
    in_hosts   INTEGER NOT NULL,
    out_links  INTEGER NOT NULL,
    out_pages  INTEGER NOT NULL
);
CREATE TABLE rank (
    page       INTEGER PRIMARY KEY,
    pagerank   REAL NOT NULL,
    hub        REAL NOT NULL,
    authority  REAL NOT NULL
);
CREATE TABLE computed (
    name         TEXT PRIMARY KEY,             -- 'degree', 'rank'
    capture      INTEGER NOT NULL,
    computed_at  REAL NOT NULL,
    settings     TEXT NOT NULL                 -- JSON
);
CREATE UNIQUE INDEX host_name ON host (name);
CREATE INDEX host_reversed ON host (reversed);
CREATE INDEX page_pending ON page (origin, depth, id) WHERE outcome = 0;
CREATE VIEW links AS
SELECT source.id AS source, link.target AS target, link.ordinal AS ordinal,
       source.url AS source_url, target.url AS target_url,
       kind.name AS kind, rel.tokens AS rel, rel.nofollow AS nofollow, region.name AS region,
       anchor.text AS anchor, link.credentials AS credentials
FROM page AS source
JOIN link ON link.capture = source.links
JOIN capture ON capture.id = link.capture AND capture.page = source.id
JOIN page AS target ON target.id = link.target
JOIN kind ON kind.id = link.kind
JOIN rel ON rel.id = link.rel
JOIN region ON region.id = link.region
JOIN anchor ON anchor.id = link.anchor
WHERE unlikely(source.auxiliary = 0);
CREATE VIEW edges AS
SELECT page.id AS source, link.target AS target, count(*) AS weight
FROM page
JOIN link ON link.capture = page.links
JOIN capture ON capture.id = link.capture AND capture.page = page.id
WHERE unlikely(page.auxiliary = 0)
  AND link.target <> page.id
  AND link.kind IN (SELECT id FROM kind WHERE navigation)
GROUP BY page.id, link.target;
COMMIT;
