"""The daily review at ten, with reasons to begin with. Admins change both on the settings page."""

from datetime import UTC, datetime

from django.db import migrations

REASONS = {
    "credit": [
        ("We need one more trade reference", "keep"),
        ("The legal name and the tax number do not match", "keep"),
        ("There were too many late payments this year", "keep"),
        ("We keep the present limit for now", "keep"),
        ("We close the account for credit", "close"),
    ],
    "tax": [
        ("The form is not signed or not dated", "reject"),
        ("The name on the form is not the name on the account", "reject"),
        ("The form is for another state or another seller", "reject"),
        ("The certificate has ended", "reject"),
        ("The file cannot be read", "reject"),
    ],
    "refund": [
        ("Please send a photo of the damage", "reject"),
        ("It was bought more than 90 days ago", "reject"),
        ("It was delivered as ordered", "reject"),
        ("We have sent a replacement instead", "reject"),
        ("This was refunded before", "reject"),
    ],
}


def begin(apps, schema_editor):
    rules = apps.get_model("selfservice", "ReviewRules")
    rules.objects.get_or_create(pk=1, defaults={"updated_at": datetime(2026, 11, 22, tzinfo=UTC)})
    reason = apps.get_model("selfservice", "ReviewReason")
    if reason.objects.exists():
        return
    reason.objects.bulk_create(
        reason(kind=kind, position=position, words=words, verdict=verdict)
        for kind, rows in REASONS.items()
        for position, (words, verdict) in enumerate(rows, 1)
    )


class Migration(migrations.Migration):
    dependencies = [("selfservice", "0001_review")]

    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
