"""Forms by which people ask on the web: on our own page, or inside somebody else's."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from tickets.choices import FormLanguage, Priority

MOST_ORIGINS = 20


class ContactForm(models.Model):
    """A form that an admin made, at /help/<slug>/. Only pages of the sites in `origins` may frame it."""

    slug = models.SlugField(max_length=40, unique=True, help_text="Its place in the address.")
    name = models.CharField(max_length=80, help_text="For staff.")
    heading = models.CharField(max_length=120)
    intro = models.CharField(max_length=500, blank=True)
    thanks = models.CharField(max_length=500, blank=True)
    language = models.CharField(max_length=5, choices=FormLanguage, default=FormLanguage.ENGLISH)
    topic_label = models.CharField(max_length=80, blank=True)
    takes_files = models.BooleanField(default=True)
    origins = ArrayField(models.CharField(max_length=260), default=list, blank=True, size=MOST_ORIGINS)
    team = models.ForeignKey("tickets.Team", models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.ForeignKey("tickets.ContactReason", models.SET_NULL, null=True, blank=True, related_name="+")
    priority = models.CharField(max_length=10, choices=Priority, default=Priority.NORMAL)
    is_active = models.BooleanField(default=True)
    fields = models.JSONField(
        null=True, blank=True, help_text="Of the desk's own fields: [{key, label}] in order. Null: all for customers."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(heading=""), name="a contact form has a heading"),
            models.CheckConstraint(
                condition=Q(language__in=FormLanguage.values, priority__in=Priority.values),
                name="a contact form has a known language and priority",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ContactTopic(models.Model):
    """What a visitor may choose that it is about; it may lead to a team and a reason of its own."""

    form = models.ForeignKey(ContactForm, models.CASCADE, related_name="topics")
    name = models.CharField(max_length=80)
    team = models.ForeignKey("tickets.Team", models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.ForeignKey("tickets.ContactReason", models.SET_NULL, null=True, blank=True, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["form", "name"], name="a form has a topic once"),
            models.CheckConstraint(condition=~Q(name=""), name="a topic has a name"),
        ]

    def __str__(self) -> str:
        return self.name
