"""Tickets that were closed before closings were noted get theirs, so that opening them again is noted too."""

from django.db import migrations

NOTE = """
insert into tickets_closing (ticket_id, at, by_id)
select id, closed_at, closed_by_id from tickets_ticket where category = 'closed'
on conflict do nothing
"""


class Migration(migrations.Migration):

    dependencies = [("tickets", "0014_note_when_tickets_were_closed")]

    operations = [migrations.RunSQL(NOTE, migrations.RunSQL.noop)]
