"""The words of a dated text also name its month and year, so that a search before a day need not pass what is newer."""

from django.db import migrations

PLACE = """
-- Where a text stands among the tickets, and when it was written, as words that no text has.
CREATE FUNCTION desk_place(ticket bigint, at timestamptz) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT array_to_tsvector(ARRAY['~11:' || (ticket >> 11), '~14:' || (ticket >> 14), '~17:' || (ticket >> 17),
        '~y:' || extract(year FROM at AT TIME ZONE 'UTC')::int,
        '~m:' || (extract(year FROM at AT TIME ZONE 'UTC') * 12 + extract(month FROM at AT TIME ZONE 'UTC'))::int]);
END;
"""

COLUMNS = """
ALTER TABLE tickets_ticket DROP COLUMN words, ADD COLUMN words tsvector
    GENERATED ALWAYS AS (desk_words(subject) || desk_place(id, created_at)) STORED;
ALTER TABLE tickets_message DROP COLUMN words, ADD COLUMN words tsvector
    GENERATED ALWAYS AS (desk_words(text) || CASE WHEN author = 'customer'
        THEN desk_words(from_name || ' ' || from_address) ELSE '' END || desk_place(ticket_id, created_at)) STORED;
CREATE INDEX ticket_words ON tickets_ticket USING gin (words);
CREATE INDEX message_words ON tickets_message USING gin (words);
"""

COLUMNS_BEFORE = """
ALTER TABLE tickets_ticket DROP COLUMN words, ADD COLUMN words tsvector
    GENERATED ALWAYS AS (desk_words(subject) || desk_place(id)) STORED;
ALTER TABLE tickets_message DROP COLUMN words, ADD COLUMN words tsvector
    GENERATED ALWAYS AS (desk_words(text) || CASE WHEN author = 'customer'
        THEN desk_words(from_name || ' ' || from_address) ELSE '' END || desk_place(ticket_id)) STORED;
CREATE INDEX ticket_words ON tickets_ticket USING gin (words);
CREATE INDEX message_words ON tickets_message USING gin (words);
"""


class Migration(migrations.Migration):
    dependencies = [("tickets", "0015_note_tickets_that_are_closed")]

    operations = [
        migrations.RunSQL(PLACE, "DROP FUNCTION desk_place(bigint, timestamptz)"),
        migrations.RunSQL(COLUMNS, COLUMNS_BEFORE),
    ]
