"""Four spaces to begin with (R100). Admins rename, change and put them away on the settings page of the wiki.

Nothing comes back that somebody changed: a wiki that has spaces keeps its own.
"""

from django.db import migrations

# Key, name, what it is for, icon, who reads it, whether a second person approves.
SPACES = (
    ("help", "Help", "Answers for everybody, without signing in.", "book", "public", True),
    ("customers", "For customers", "For people who bought something, once they are signed in.", "people", "customers",
     True),
    ("work", "How we work", "Our processes and what we need to know. Only staff read it.", "list", "staff", False),
    ("templates", "Templates", "Mails that leave by themselves, word for word.", "send", "staff", True),
)  # fmt: skip


def begin(apps, schema_editor):
    space = apps.get_model("knowledgebase", "Space")
    if space.objects.exists():
        return
    space.objects.bulk_create(
        space(
            key=key, name=name, about=about, icon=icon, visibility=visibility, needs_approval=needs_approval,
            position=10 * place,
        )
        for place, (key, name, about, icon, visibility, needs_approval) in enumerate(SPACES, 1)
    )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("knowledgebase", "0001_spaces_and_articles")]

    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
