from django.db import migrations

KNOW = """
insert into tickets_tag (name, becomes, made_at)
select tag, '', min(created_at) from tickets_ticket, unnest(tags) as tag where tag <> '' group by tag
on conflict do nothing
"""


class Migration(migrations.Migration):
    dependencies = [("tickets", "0008_moves_relations_fields_and_tags")]

    operations = [migrations.RunSQL(KNOW, migrations.RunSQL.noop)]
