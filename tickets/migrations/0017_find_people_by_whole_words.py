"""Names and addresses keep their endings, so that robot does not find everybody at robotics.example."""

from django.db import migrations

EXACTLY = """
CREATE TEXT SEARCH CONFIGURATION desk_exact (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION desk_exact
    ALTER MAPPING FOR asciiword, word, asciihword, hword, hword_asciipart, hword_part WITH unaccent, simple;

CREATE FUNCTION desk_person(name text, address text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT to_tsvector('desk_exact', desk_parts(desk_plain(name || ' ' || address)));
END;

-- What somebody looks for: the words one after the other, as they are or by their stems, or the code that they make
-- without punctuation. `is_open`: the last word may go on.
CREATE OR REPLACE FUNCTION desk_query(term text, is_open boolean) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
        WHEN stems = '' THEN ''::tsquery
        WHEN is_open THEN (exact || ':*')::tsquery
        WHEN stems = exact THEN stems::tsquery
        ELSE ('(' || stems || ') | (' || exact || ')')::tsquery END
      || CASE WHEN stems <> '' AND plain ~ '^[[:alnum:]]+([-_./][[:alnum:]]+)+$' AND plain ~ '[-0-9]'
        THEN ('''' || regexp_replace(plain, '[^[:alnum:]]', '', 'g') || '''' || CASE WHEN is_open THEN ':*' ELSE '' END)
            ::tsquery ELSE ''::tsquery END
    FROM (SELECT plain, phraseto_tsquery('desk', desk_parts(plain))::text AS stems,
                 phraseto_tsquery('desk_exact', desk_parts(plain))::text AS exact
          FROM (SELECT left(desk_plain(left(term, 400)), 400) AS plain OFFSET 0) AS asked OFFSET 0) AS parts;
END;

ALTER TABLE tickets_message DROP COLUMN words, ADD COLUMN words tsvector
    GENERATED ALWAYS AS (desk_words(text) || CASE WHEN author = 'customer'
        THEN desk_person(from_name, from_address) ELSE '' END || desk_place(ticket_id, created_at)) STORED;
CREATE INDEX message_words ON tickets_message USING gin (words);
ANALYZE tickets_message (words);
ANALYZE tickets_ticket (words);
"""

STEMMED = """
ALTER TABLE tickets_message DROP COLUMN words, ADD COLUMN words tsvector
    GENERATED ALWAYS AS (desk_words(text) || CASE WHEN author = 'customer'
        THEN desk_words(from_name || ' ' || from_address) ELSE '' END || desk_place(ticket_id, created_at)) STORED;
CREATE INDEX message_words ON tickets_message USING gin (words);
CREATE OR REPLACE FUNCTION desk_query(term text, is_open boolean) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN words = '' OR NOT is_open THEN words::tsquery ELSE (words || ':*')::tsquery END
    FROM (SELECT phraseto_tsquery('desk', desk_parts(desk_plain(left(term, 400))))::text AS words OFFSET 0) AS asked;
END;
DROP FUNCTION desk_person(text, text);
DROP TEXT SEARCH CONFIGURATION desk_exact;
"""


class Migration(migrations.Migration):
    dependencies = [("tickets", "0016_words_know_their_month")]

    operations = [migrations.RunSQL(EXACTLY, STEMMED)]
