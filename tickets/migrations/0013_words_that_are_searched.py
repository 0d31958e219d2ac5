"""How this desk takes text apart, and the words of everything, kept by the database. See docs/decisions/search.md."""

from django.contrib.postgres.operations import UnaccentExtension
from django.db import migrations

CONFIGURATION = """
CREATE TEXT SEARCH DICTIONARY desk_stem (TEMPLATE = snowball, LANGUAGE = english);
CREATE TEXT SEARCH CONFIGURATION desk (COPY = english);
ALTER TEXT SEARCH CONFIGURATION desk
    ALTER MAPPING FOR asciiword, word, asciihword, hword, hword_asciipart, hword_part WITH unaccent, desk_stem;

-- Lower case, one form of every letter; signs of scripts that write no spaces stand alone.
CREATE FUNCTION desk_plain(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN octet_length(given) = length(given) THEN lower(given) ELSE
        regexp_replace(lower(normalize(given, nfkc)), '([\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])',
                       ' \\1 ', 'g') END;
END;

-- Punctuation inside words ends them, so that no address, path or minus sign hides a word or a number.
CREATE FUNCTION desk_parts(plain text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT translate(plain, '-_./@:\\|&=?#%+~*''’', '                  ');
END;

-- Codes without their punctuation: w8 w8ben w8bene for W-8BEN-E, po2231 for PO-2231, email for e-mail.
CREATE FUNCTION desk_codes(plain text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce((SELECT string_agg(regexp_replace(found[1], '[^[:alnum:]]', '', 'g'), ' ')
                     FROM regexp_matches(plain, '([[:alnum:]]+(?:[-_./][[:alnum:]]+)+)', 'g') AS found
                     WHERE found[1] ~ '[-0-9]'), '')
        || ' ' ||
        coalesce((SELECT string_agg(translate(found[1] || ' ' || found[2], '-_./#', ''), ' ')
                  FROM regexp_matches(plain, '(([[:alpha:]]+[-_./#]?[0-9]+)[[:alpha:]]*)', 'g') AS found), '');
END;

-- At most 100,000 signs of a text are searched, and codes among the first 50,000: a vector may not pass 1 MB.
CREATE FUNCTION desk_words(given text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT to_tsvector('desk', desk_parts(plain))
        || CASE WHEN plain ~ '[-0-9]' THEN to_tsvector('simple', desk_codes(left(plain, 50000))) ELSE '' END
    FROM (SELECT left(desk_plain(left(given, 100000)), 100000) AS plain OFFSET 0) AS text;
END;

-- Where a text stands among the tickets, as words: blocks of 2,048, 16,384 and 131,072 numbers. No text has such words.
CREATE FUNCTION desk_place(ticket bigint) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT array_to_tsvector(ARRAY['~11:' || (ticket >> 11), '~14:' || (ticket >> 14), '~17:' || (ticket >> 17)]);
END;

-- What somebody looks for: the words one after the other, or the code that they make without punctuation. `is_open`:
-- the last word may go on.
CREATE FUNCTION desk_query(term text, is_open boolean) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
        WHEN words = '' THEN ''::tsquery
        WHEN plain ~ '^[[:alnum:]]+([-_./][[:alnum:]]+)+$' AND plain ~ '[-0-9]'
            THEN (words || ending || ' | ''' || regexp_replace(plain, '[^[:alnum:]]', '', 'g') || '''' || ending)::tsquery
        ELSE (words || ending)::tsquery END
    FROM (SELECT plain, phraseto_tsquery('desk', desk_parts(plain))::text AS words,
                 CASE WHEN is_open THEN ':*' ELSE '' END AS ending
          FROM (SELECT left(desk_plain(left(term, 400)), 400) AS plain OFFSET 0) AS asked OFFSET 0) AS parts;
END;
"""

NO_CONFIGURATION = """
DROP FUNCTION desk_query(text, boolean);
DROP FUNCTION desk_place(bigint);
DROP FUNCTION desk_words(text);
DROP FUNCTION desk_codes(text);
DROP FUNCTION desk_parts(text);
DROP FUNCTION desk_plain(text);
DROP TEXT SEARCH CONFIGURATION desk;
DROP TEXT SEARCH DICTIONARY desk_stem;
"""

# Columns that the models do not name: no page reads them by accident.
COLUMNS = """
ALTER TABLE tickets_ticket ADD COLUMN words tsvector
    GENERATED ALWAYS AS (desk_words(subject) || desk_place(id)) STORED;
ALTER TABLE tickets_message ADD COLUMN words tsvector
    GENERATED ALWAYS AS (desk_words(text) || CASE WHEN author = 'customer'
        THEN desk_words(from_name || ' ' || from_address) ELSE '' END || desk_place(ticket_id)) STORED;
ALTER TABLE tickets_note ADD COLUMN words tsvector
    GENERATED ALWAYS AS (desk_words(text) || desk_place(ticket_id)) STORED;
ALTER TABLE tickets_filetext ADD COLUMN words tsvector
    GENERATED ALWAYS AS (desk_words(name) || desk_words(text) || desk_place(ticket_id)) STORED;
CREATE INDEX ticket_words ON tickets_ticket USING gin (words);
CREATE INDEX message_words ON tickets_message USING gin (words);
CREATE INDEX note_words ON tickets_note USING gin (words);
CREATE INDEX file_words ON tickets_filetext USING gin (words);
"""

NO_COLUMNS = """
ALTER TABLE tickets_ticket DROP COLUMN words;
ALTER TABLE tickets_message DROP COLUMN words;
ALTER TABLE tickets_note DROP COLUMN words;
ALTER TABLE tickets_filetext DROP COLUMN words;
"""

# Whoever attaches a file or moves a message: the row that says what the file holds comes and goes with it.
FOLLOWING = """
CREATE FUNCTION tickets_file_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tickets_filetext (attachment_id, ticket_id, name, text, state, reason, attempts)
    SELECT NEW.id, owner.ticket_id, NEW.name, '', 'waiting', '', 0
    FROM (SELECT ticket_id FROM tickets_message WHERE id = NEW.message_id
          UNION ALL SELECT ticket_id FROM tickets_note WHERE id = NEW.note_id) AS owner
    ON CONFLICT (attachment_id) DO UPDATE SET ticket_id = excluded.ticket_id, name = excluded.name;
    RETURN NULL;
END $$;
CREATE TRIGGER file_came AFTER INSERT OR UPDATE OF name, message_id, note_id ON tickets_attachment
    FOR EACH ROW EXECUTE FUNCTION tickets_file_came();

CREATE FUNCTION tickets_message_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tickets_filetext SET ticket_id = NEW.ticket_id
    WHERE attachment_id IN (SELECT id FROM tickets_attachment WHERE message_id = NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER message_moved AFTER UPDATE OF ticket_id ON tickets_message
    FOR EACH ROW WHEN (OLD.ticket_id <> NEW.ticket_id) EXECUTE FUNCTION tickets_message_moved();

CREATE FUNCTION tickets_note_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tickets_filetext SET ticket_id = NEW.ticket_id
    WHERE attachment_id IN (SELECT id FROM tickets_attachment WHERE note_id = NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER note_moved AFTER UPDATE OF ticket_id ON tickets_note
    FOR EACH ROW WHEN (OLD.ticket_id <> NEW.ticket_id) EXECUTE FUNCTION tickets_note_moved();

INSERT INTO tickets_filetext (attachment_id, ticket_id, name, text, state, reason, attempts)
SELECT file.id, coalesce(message.ticket_id, note.ticket_id), file.name, '', 'waiting', '', 0
FROM tickets_attachment AS file
    LEFT JOIN tickets_message AS message ON message.id = file.message_id
    LEFT JOIN tickets_note AS note ON note.id = file.note_id;
"""

NO_FOLLOWING = """
DROP TRIGGER note_moved ON tickets_note;
DROP TRIGGER message_moved ON tickets_message;
DROP TRIGGER file_came ON tickets_attachment;
DROP FUNCTION tickets_note_moved();
DROP FUNCTION tickets_message_moved();
DROP FUNCTION tickets_file_came();
"""


class Migration(migrations.Migration):
    dependencies = [("tickets", "0012_keep_the_words_of_everything")]

    operations = [
        UnaccentExtension(),
        migrations.RunSQL(CONFIGURATION, NO_CONFIGURATION),
        migrations.RunSQL(FOLLOWING, NO_FOLLOWING),
        migrations.RunSQL(COLUMNS, NO_COLUMNS),
    ]
